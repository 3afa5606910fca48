"""Runs probes in the lab: one process per place for all that start there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lab.cluster import Cluster
from packets import verdict
from packets.world import Probe

_LONGEST = 120.0


# What only a service proxy can deliver: documentation's addresses, and those of Services.
_NOWHERE = ("203.0.113.0/24", "10.96.0.0/12", "10.112.0.0/16", "2001:db8::/32", "fd00:10:96::/48")


def prepare(cluster: Cluster) -> None:
    """Nobody answers for addresses that no node captures, and the client can choose its node."""
    cluster.output("root", "sh", "-ec", "\n".join(
        f"ip {'-6' if ':' in prefix else '-4'} route replace blackhole {prefix}"
        for prefix in _NOWHERE))
    _prepare_client(cluster)


def _prepare_client(cluster: Cluster) -> None:
    """The client's packets with mark N go to node N, whatever their destination."""
    commands = []
    for node in cluster.nodes:
        table = str(100 + node.number)
        for option, gateway in zip(("-4", "-6"), node.addresses, strict=True):
            ip = f"ip {option}"
            # Only one rule, however often it is asked for.
            commands += [f"{ip} rule del fwmark {node.number} 2>/dev/null || :",
                         f"{ip} rule add fwmark {node.number} lookup {table}",
                         f"{ip} route replace default via {gateway} table {table}"]
    cluster.output("client", "sh", "-ec", "\n".join(commands))


def complaints(cluster: Cluster, probes: Sequence[Probe]) -> list[str]:
    """Runs them side by side; per probe what contradicts its row, or an empty text."""
    by_place: dict[str, list[int]] = {}
    for number, probe in enumerate(probes):
        by_place.setdefault(probe.start.place, []).append(number)
    attempts: dict[int, list[verdict.Attempt]] = {}
    with ThreadPoolExecutor(max(1, len(by_place))) as pool:
        for found in pool.map(lambda place: _run(cluster, place, by_place[place], probes),
                              by_place):
            attempts |= found
    return [verdict.complaint(probe, attempts.get(number, []))
            for number, probe in enumerate(probes)]


def complaints_after(cluster: Cluster, probes: Sequence[Probe], seconds: float) -> list[str]:
    """As `complaints`; what is wrong is tried again for so long."""
    deadline = time.monotonic() + seconds
    wrong = complaints(cluster, probes)
    while any(wrong) and time.monotonic() < deadline:
        again = [number for number, text in enumerate(wrong) if text]
        for number, text in zip(again, complaints(cluster, [probes[n] for n in again]),
                                strict=True):
            wrong[number] = text
    return wrong


def _run(cluster: Cluster, place: str, numbers: Sequence[int],
         probes: Sequence[Probe]) -> dict[int, list[verdict.Attempt]]:
    program = str(cluster.build_dir / "tests" / "pods" / "probe")
    lines = [verdict.request(number, probes[number]) for number in numbers]
    done = cluster.lab.run(place, [program], timeout=_LONGEST, stdin="\n".join(lines) + "\n")
    if done.code != 0:
        raise RuntimeError(f"probe in {place} ended with {done.code}: {done.err}")
    return verdict.parse(done.out)
