"""Makes the topology inside the lab: the router, the nodes, the client, and pods on request."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab import forwarder, topology
from lab.places import Place
from lab.settings import HOST_ADDRESS, LabError

NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,98}[a-z0-9])?")

MASQUERADE = """
table ip lab {
  chain postrouting {
    type nat hook postrouting priority srcnat
    oifname "eth0" masquerade
  }
}
"""

# Written in every place, for a new namespace may inherit the host's own choices.
SYSCTLS = {
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv6/conf/all/disable_ipv6": "0",
    "net/ipv6/conf/default/disable_ipv6": "0",
    # Addresses are usable at once; nothing here could be a duplicate.
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
}
FORWARDING = SYSCTLS | {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    "net/ipv6/conf/all/forwarding": "1",
}


class Network:
    """The places of one lab. Thread-safe."""

    def __init__(self, nodes: int, native: bool) -> None:
        self._nodes = nodes
        self._lock = threading.Lock()
        self._pods: dict[str, topology.Pod] = {}
        self._leaving: list[topology.Pod] = []  # their addresses are still routed
        self._places = {topology.ROOT: Place(topology.ROOT, native, own_run=False)}
        hosts = {topology.node_name(i): topology.node_address(i) for i in range(1, nodes + 1)}
        hosts[topology.CLIENT] = topology.OUTSIDE
        for name in hosts:
            self._places[name] = Place(name)
        self._make_router(list(hosts), native)
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._join_bridge, hosts, hosts.values()))

    def names(self) -> list[str]:
        with self._lock:
            return list(self._places)

    def place(self, name: str) -> Place:
        with self._lock:
            if name not in self._places:
                raise LabError(
                    f"the lab has no place {name!r}: it has {', '.join(self._places)}; "
                    "make pods with add_pod"
                )
            return self._places[name]

    def add_pod(
        self, name: str, node: str, address4: str | None, address6: str | None,
        nameserver: str | None, search: Sequence[str],
    ) -> topology.Pod:  # fmt: skip
        """Makes a pod; an address not given is the first free one of its node."""
        with self._lock:
            pod = self._plan_pod(name, node, address4, address6)
            self._pods[name] = pod
            self._places[name] = Place(name)
        try:
            self._connect(pod)
            if nameserver:
                self.place(name).use_resolver(resolver_text(nameserver, search))
        except (LabError, OSError):
            self.delete_pod(name)
            raise
        return pod

    def delete_pod(self, name: str) -> None:
        """Kills the pod's processes and removes it. Unknown pods are an error."""
        with self._lock:
            if name not in self._pods:
                raise LabError(f"the lab has no pod {name!r}: add_pod makes one")
            pod = self._pods.pop(name)
            place = self._places.pop(name)
            self._leaving.append(pod)
        kill_all_in(place)
        # Deleting the link, not waiting for the namespace: the routes are gone on return.
        with contextlib.suppress(LabError):
            self.place(topology.node_name(pod.node)).ip([f"link del {pod.link}"])
        place.close()
        with self._lock:
            self._leaving.remove(pod)

    def _plan_pod(
        self, name: str, node: str, address4: str | None, address6: str | None
    ) -> topology.Pod:
        if not NAME.fullmatch(name):
            raise LabError(f"{name!r} is no name for a pod: use a-z, 0-9, '-' and '.'")
        if name in self._places:
            raise LabError(f"the place {name} is there already: delete_pod removes a pod")
        number = next((i for i in range(1, self._nodes + 1) if topology.node_name(i) == node), None)
        if number is None:
            raise LabError(f"no node {node!r}: the lab has node1 to node{self._nodes}")
        others = [*self._pods.values(), *self._leaving]
        taken = {p.address4 for p in others} | {p.address6 for p in others}
        for position in range(1, 254):
            free = topology.default_pod_address(number, position)
            if free.v4 not in taken and free.v6 not in taken:
                return topology.Pod(name, number, address4 or free.v4, address6 or free.v6)
        raise LabError(f"{node} has no free pod address left: delete_pod some")

    def _connect(self, pod: topology.Pod) -> None:
        place = self.place(pod.name)
        place.set_sysctls(SYSCTLS)
        node = self.place(topology.node_name(pod.node))
        # By thread: the node has its own /run, hence none of the names in /run/netns.
        node.ip(topology.node_side(pod, str(place.thread_id)))
        place.ip(topology.pod_side(pod))

    def _make_router(self, hosts: list[str], native: bool) -> None:
        router = self.place(topology.ROOT)
        router.set_sysctls(FORWARDING)
        rules = forwarder.RULES if native else MASQUERADE
        lines = topology.root_links(hosts) + topology.pod_range_routes(self._nodes)
        if native:
            lines.append(f"addr add {HOST_ADDRESS}/32 dev lo")
        else:
            lines += [
                "link set eth0 up",
                "addr add 10.0.2.15/24 dev eth0",
                f"route add default via {HOST_ADDRESS}",
            ]
        router.ip(lines)
        load_rules(router, rules)
        if native:
            forwarder.start(router)

    def _join_bridge(self, name: str, address: topology.Address) -> None:
        place = self.place(name)
        lines = topology.host_on_bridge(address)
        if name == topology.CLIENT:
            place.set_sysctls(SYSCTLS)
        else:
            place.set_sysctls(FORWARDING)
            number = int(name.removeprefix("node"))
            lines += topology.pod_range_routes(self._nodes, beside=number)
        place.ip(lines)


def resolver_text(nameserver: str, search: Sequence[str]) -> str:
    """A resolv.conf as kubelet writes it for a pod."""
    lines = [f"nameserver {nameserver}"]
    if search:
        lines.append("search " + " ".join(search))
    return "\n".join([*lines, "options ndots:5", ""])


def load_rules(place: Place, text: str) -> None:
    result = place.call(
        lambda: subprocess.run(
            ["nft", "-f", "-"], input=text.encode(), capture_output=True, check=False
        )
    )
    if result.returncode != 0:
        raise LabError(f"nft in {place.name}: {result.stderr.decode().strip()}")


def kill_all_in(place: Place) -> None:
    """Kills every process whose network namespace is the place's."""
    wanted = os.stat(place.namespace)
    for entry in Path("/proc").iterdir():
        # A process may end while we look at it.
        with contextlib.suppress(OSError, ValueError):
            found = os.stat(entry / "ns/net")
            # This server's own main thread is elsewhere, so it is never among them.
            if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
                os.kill(int(entry.name), signal.SIGKILL)
