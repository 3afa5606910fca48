"""Pods as the lab can have them: a place with addresses, and one process that plays the container.

Which process is decided by the image's name: `httpenv` is the tests' web server, `coredns` the real
CoreDNS, `echo` tells on the ports of its containers who asks; any other image is a pod that sleeps,
in which the tests run their own commands.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.client import Lab
from lab.settings import LabError

CLUSTER_DNS = "10.96.0.10"
_START_PATIENCE = 60.0

COREFILE = """\
.:53 {{
    errors
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        ttl 1
    }}
}}
"""


@dataclass(frozen=True)
class PodWish:
    """What a pod shall be. `place` names it in the lab, and its process too."""

    place: str
    namespace: str
    node: str
    image: str
    host_network: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: Sequence[str] = ()  # of all its containers: "8080/TCP"


@dataclass(frozen=True)
class Image:
    """A container's stand-in: the program, and how to know that it listens."""

    argv: Sequence[str]
    listens: Callable[[Lab, PodWish], bool]
    wants_ports: bool = False  # as its arguments


class PodHost:
    """Makes and removes pods. Thread-safe."""

    def __init__(self, lab: Lab, images: Mapping[str, Image]) -> None:
        self._lab = lab
        self._images = images

    def start(self, wish: PodWish, node_addresses: Sequence[str]) -> list[str]:
        """Makes the pod and waits until its process listens; returns its addresses, IPv4 first."""
        if wish.host_network:
            self._end_predecessor(wish)
        addresses = list(node_addresses) if wish.host_network else self._add_place(wish)
        image = self._images.get(_short_name(wish.image))
        if image:
            place = wish.node if wish.host_network else wish.place
            argv = (*image.argv, *wish.ports) if image.wants_ports else image.argv
            self._lab.spawn(place, wish.place, argv, env=dict(wish.environment))
            self._wait_until_it_listens(image, wish)
        return addresses

    def stop(self, wish: PodWish, grace: float) -> None:
        """Ends the process, by force after `grace` seconds, and removes the place."""
        if _short_name(wish.image) in self._images:
            self._end_process(wish.place, grace)
        if not wish.host_network:
            self._lab.delete_pod(wish.place)

    def kill(self, wish: PodWish) -> None:
        """Ends the process at once, also while `stop` waits for it."""
        if _short_name(wish.image) in self._images:
            self._lab.signal(wish.place, signal.SIGKILL)

    def _add_place(self, wish: PodWish) -> list[str]:
        domain = "svc.cluster.local"
        made = self._lab.add_pod(wish.place, wish.node, nameserver=CLUSTER_DNS,
                                 search=(f"{wish.namespace}.{domain}", domain, "cluster.local"))
        return [made["address4"], made["address6"]]

    def _end_predecessor(self, wish: PodWish) -> None:
        """What a cluster that broke off has left on the node: it has no place to end with."""
        with contextlib.suppress(LabError):  # usually there is none
            self._lab.signal(wish.place, signal.SIGKILL)
            self._lab.wait(wish.place, timeout=10)

    def _wait_until_it_listens(self, image: Image, wish: PodWish) -> None:
        deadline = time.monotonic() + _START_PATIENCE
        while not image.listens(self._lab, wish):
            if not self._lab.alive(wish.place) or time.monotonic() > deadline:
                raise LabError(f"pod {wish.place} does not listen; its log:\n"
                               f"{self._lab.log(wish.place)}")
            time.sleep(0.05)

    def _end_process(self, name: str, grace: float) -> None:
        self._lab.signal(name, signal.SIGTERM)
        try:
            self._lab.wait(name, timeout=grace)
        except LabError:
            self._lab.signal(name, signal.SIGKILL)


def image_of_httpenv(program: Path) -> Image:
    return Image((str(program),), _says_that_it_listens)


def image_of_echo(program: Path) -> Image:
    return Image((str(program),), _says_that_it_listens, wants_ports=True)


def image_of_coredns(program: Path, kubeconfig: Path, folder: Path) -> Image:
    """CoreDNS; it reaches the API server through the Service `kubernetes`, as in real clusters."""
    corefile = folder / "Corefile"
    corefile.write_text(COREFILE.format(kubeconfig=kubeconfig))
    return Image((str(program), "-conf", str(corefile)), _coredns_is_ready)


def _says_that_it_listens(lab: Lab, wish: PodWish) -> bool:
    return "listening on" in lab.log(wish.place)


def _coredns_is_ready(lab: Lab, wish: PodWish) -> bool:
    if "CoreDNS-" not in lab.log(wish.place):
        return False
    probe = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8181/ready")
    return lab.run(wish.place, probe).out == "200"


def _short_name(image: str) -> str:
    """"registry.k8s.io/coredns/coredns:v1.12" is "coredns"."""
    return image.rsplit("/", 1)[-1].split(":")[0]
