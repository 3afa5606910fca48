"""What a connection through a ClusterIP costs with ten and with ten thousand Services present.

Side by side: two nodes of the lab with a cluster of their own each, a client and a server on both. The
agents write everything and are ended: what is measured is the kernel's work alone. Short rounds take
turns, and the fastest fifth of each side counts: what else the host does adds to a round, which it then
does to some of them, and never takes away.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.figures import Figure, figure, observed
from bench.place import Place
from lab.client import Lab
from lab.cluster_agents import Agents
from lab.cluster_embedded import SERVICES, SLICES, kubeconfig_of, start_api_server
from lab.cluster_readings import first_sync_writes
from lab.kubelet import Node
from lab.kubelet_api import Api, Object
from lab.settings import LabError, state_folder
from lab.waiting import wait_for

FEW, MANY = 10, 10_000
PORT = 8888
ROUNDS, CONNECTIONS = 200, 40


def measure(place: Place) -> Iterator[Figure]:
    """The figures `packets.few`, `packets.many` and `packets.flat`."""
    with contextlib.ExitStack() as stack:
        nodes = [stack.enter_context(_prepared(place, "node1", FEW)),
                 stack.enter_context(_prepared(place, "node2", MANY))]
        rounds = [[_round(place, *node) for node in nodes] for _ in range(ROUNDS)]
    few, many = (_undisturbed(times) for times in zip(*rounds, strict=True))
    yield observed("packets.few", few, "us", f"CPU per connection, {FEW} Services")
    yield observed("packets.many", many, "us", f"CPU per connection, {MANY} Services")
    yield figure("packets.flat", many / few, "", "<=", 1.05, f"{ROUNDS} rounds of each")


def _undisturbed(times: Sequence[float]) -> float:
    return statistics.median(sorted(times)[:len(times) // 5])


def _round(place: Place, client: str, address: str) -> float:
    program = place.program("tests/pods/traffic")
    words = (program, "churn", address, str(PORT), str(CONNECTIONS))
    return float(place.on_node(*words, node=client))


@contextlib.contextmanager
def _prepared(place: Place, node: str, services: int) -> Iterator[tuple[str, str]]:
    """A node that serves so many Services: the client's place, and the one that is measured."""
    lab, folder = place.lab, Path(tempfile.mkdtemp(prefix="packets-", dir=state_folder()))
    server, port = start_api_server(place.build, folder / "port")
    places = (f"bench-server-{node}", f"bench-client-{node}")
    try:
        pods = [lab.add_pod(name, node)["address4"] for name in places]
        lab.spawn(places[0], places[0], [place.program("tests/pods/httpenv")])
        _fill(Api(port), node, services, pods[0])
        agents = Agents(lab, Path(place.program("reconcile/kube-ipvs")), [node],
                        str(kubeconfig_of(folder, port)))
        _write(agents, node)
        yield places[1], _address(services // 2)
    finally:
        server.kill()
        server.wait()
        _clear(lab, node, places)
        shutil.rmtree(folder, ignore_errors=True)


def _write(agents: Agents, node: str) -> None:
    """Everything is in the kernel and the agent is gone."""
    agents.start(node)
    wait_for(lambda: first_sync_writes(agents.log(node)) is not None, 600,
             f"the first sync on {node}")
    agents.stop(node, signal.SIGKILL)


def _clear(lab: Lab, node: str, places: tuple[str, ...]) -> None:
    for name in places:
        with contextlib.suppress(LabError):  # not all may have been made
            lab.delete_pod(name)
    lab.run(node, ["sh", "-c", "ipvsadm -C; ip link del kube-ipvs0; "
                   "nft delete table inet kube-ipvs"], timeout=300)


def _fill(api: Api, node: str, services: int, endpoint: str) -> None:
    """That many Services with one endpoint each; the one in the middle has the true one."""

    def make(number: int) -> None:
        address = endpoint if number == services // 2 else "10.244.9.9"
        for path, body in ((SERVICES, _service(number)), (SLICES, _slice(number, node, address))):
            api.post(path, body)

    api.post("/api/v1/nodes", Node(int(node.removeprefix("node"))).as_object())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(services)))


def _address(number: int) -> str:
    return f"10.96.{1 + number // 250}.{1 + number % 250}"


def _service(number: int) -> Object:
    address = _address(number)
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": f"s{number}", "namespace": "default"},
            "spec": {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address],
                     "ipFamilies": ["IPv4"], "ports": [{"protocol": "TCP", "port": PORT}]}}


def _slice(number: int, node: str, address: str) -> Object:
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"s{number}", "namespace": "default",
                         "labels": {"kubernetes.io/service-name": f"s{number}"}},
            "ports": [{"name": "", "protocol": "TCP", "port": PORT}],
            "endpoints": [{"addresses": [address], "nodeName": node}]}
