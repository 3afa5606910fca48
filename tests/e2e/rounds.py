#!/usr/bin/env python3
"""Rounds of random faults of the API server: how long after each the agent was current again.

    PYTHONPATH=tests python3 -m e2e.rounds [ROUNDS] [--seed N] [--freeze SECONDS] [--lab]

Prints a line per round, then p50, p99 and the longest of each fault and of all. Ends with 1 if one
took longer than the 2 s that are promised. The first freeze is as long as SECONDS says (120), the
others take 1 to 20. What is followed is the agent's client (api_follower), beside the API server;
--lab: a whole agent on a node of the lab.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from e2e.fault_rounds import NAMESPACE, FaultRounds
from e2e.fixture import AGENT_OPTIONS, build_dir, running_lab
from e2e.followed_agent import AgentInLab, ClientOnHost, FollowedAgent
from lab.cluster import Cluster
from lab.control_plane import ControlPlane
from lab.kubectl import Kubectl

PROMISED = 2.0


class Plan:
    """Which fault comes when: the same for the same seed."""

    def __init__(self, rounds: FaultRounds, seed: int, freeze: float) -> None:
        self._random = random.Random(seed)
        self._rounds = rounds
        self._long_freeze: float | None = freeze
        self._faults: dict[str, Callable[[], None]] = {
            "restart": rounds.faults.restart,
            "freeze": self._freeze,
            "compaction": rounds.faults.compact,
            "token": rounds.token_renewed,
            "restore": rounds.restored,
        }

    def next(self) -> tuple[str, Callable[[], None]]:
        return self._random.choice(list(self._faults.items()))

    def _freeze(self) -> None:
        seconds = self._long_freeze or self._random.uniform(1, 20)
        self._long_freeze = None
        self._rounds.faults.freeze(seconds)


def percentile(values: Sequence[float], part: float) -> float:
    """The value that so large a part of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def summary(name: str, values: Sequence[float]) -> str:
    return (f"{name:<11} {len(values):>4} rounds  p50 {percentile(values, 0.5):.2f} s  "
            f"p99 {percentile(values, 0.99):.2f} s  max {max(values):.2f} s")


def run(control_plane: ControlPlane, agent: FollowedAgent, count: int, seed: int,
        freeze: float) -> dict[str, list[float]]:
    Kubectl(control_plane.endpoints).run("create", "namespace", NAMESPACE)
    rounds = FaultRounds(control_plane, agent)
    plan = Plan(rounds, seed, freeze)
    taken: dict[str, list[float]] = {}
    for number in range(1, count + 1):
        name, fault = plan.next()
        seconds = rounds.seconds_after(fault)
        taken.setdefault(name, []).append(seconds)
        print(f"round {number:>3}  {name:<11} {seconds:.2f} s", flush=True)
    return taken


@contextlib.contextmanager
def setting(in_lab: bool) -> Iterator[tuple[ControlPlane, FollowedAgent]]:
    """A control plane and an agent of it."""
    if in_lab:
        cluster = Cluster.start(running_lab(), build_dir(), dns=False, agent_options=AGENT_OPTIONS)
        try:
            yield cluster.control_plane, AgentInLab(cluster, cluster.nodes[0].name)
        finally:
            cluster.stop()
        return
    control_plane = ControlPlane.start()
    with tempfile.TemporaryDirectory() as folder:
        program = build_dir() / "tests" / "kube" / "api_follower"
        yield control_plane, ClientOnHost(program, Path(folder), control_plane.endpoints.port)
    control_plane.stop()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rounds", type=int, nargs="?", default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--freeze", type=float, default=120.0)
    parser.add_argument("--lab", action="store_true")
    chosen = parser.parse_args(arguments)
    with setting(chosen.lab) as (control_plane, agent):
        taken = run(control_plane, agent, chosen.rounds, chosen.seed, chosen.freeze)
    for name in sorted(taken):
        print(summary(name, taken[name]))
    everything = [seconds for values in taken.values() for seconds in values]
    print(summary("all", everything))
    return 0 if max(everything) <= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
