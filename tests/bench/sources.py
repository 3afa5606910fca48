"""Every measurement there is: the figures it yields, the programs it needs, and how it is made.

To add one: a program that prints its figures as JSON lines (figures.py) is one line here; anything
else is a function that yields them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import commands, core, packets, peer
from bench.figures import Figure, parse
from bench.place import Place

# The sizes; smaller ones for a look in passing.
SERVICES = os.environ.get("BENCH_SERVICES", "10000")
CHURN_SECONDS = os.environ.get("BENCH_CHURN_SECONDS", "600")


@dataclass(frozen=True)
class Source:
    """One run that yields some figures; `targets` are built before."""

    figures: tuple[str, ...]
    targets: tuple[str, ...]
    measure: Callable[[Place], Iterator[Figure]]

    def wanted(self, words: list[str]) -> bool:
        """Whether one of the words is the beginning of one of the figures' names."""
        return not words or any(name.startswith(word) for word in words for name in self.figures)


def printed_on_host(*argv: str) -> Callable[[Place], Iterator[Figure]]:
    """The figures that a program of the build folder prints, run on this machine."""
    return lambda place: parse(place.on_host(place.program(argv[0]), *argv[1:]))


def printed_on_node(*argv: str, timeout: float = 1800) -> Callable[[Place], Iterator[Figure]]:
    """The same on a node of the lab, for what needs a kernel with IPVS."""
    return lambda place: parse(place.on_node(place.program(argv[0]), *argv[1:], timeout=timeout))


SOURCES = (
    Source(("core.full", "core.change", "core.change.flat"), ("core_bench",), core.measure),
    Source(("client.decode_vs_sax", "client.overhead", "client.bytes_per_endpoint",
            "client.event_allocations"), ("client_bench",),
           printed_on_host("tests/bench/client_bench")),
    Source(("apply.seconds", "apply.vs_raw", "apply.vs_ipvsadm", "apply.first_sync",
            "audit.seconds", "audit.noop", "audit.repair", "audit.repair_vs_raw"), ("apply_bench",),
           printed_on_node("tests/bench/apply_bench", SERVICES)),
    Source(("node.rss", "change.latency", "churn", "churn.memory"), ("change_bench",),
           printed_on_node("tests/bench/change_bench", SERVICES, CHURN_SECONDS)),
    Source(commands.FIGURES, ("asked_agent", "kube-ipvs", "fake_api_server"), commands.measure),
    Source(peer.FIGURES, ("kube-ipvs", "table_watch"), peer.measure),
    Source(peer.LARGE_FIGURES, ("kube-ipvs", "table_watch"), peer.measure_large),
    Source(("packets.few", "packets.many", "packets.flat"),
           ("kube-ipvs", "fake_api_server", "httpenv", "traffic"), packets.measure),
)
