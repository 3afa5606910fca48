"""An agent that is killed at any moment, again and again, while connections carry requests.

    RESTART_ROUNDS=200 RESTART_CONNECTIONS=1000 PYTHONPATH=tests python3 -m e2e.run killed
"""

from __future__ import annotations

import os
import random
import re
import signal
import statistics
import sys
import time
from dataclasses import dataclass

from e2e.fixture import PORT, ClusterTest
from e2e.held_connections import HeldConnections
from lab.cluster import Pod
from lab.cluster_readings import first_sync_writes, serving

NAMESPACE = "restart"
NODE = "node1"
ROUNDS = int(os.environ.get("RESTART_ROUNDS", "5"))
CONNECTIONS = int(os.environ.get("RESTART_CONNECTIONS", "100"))
SEED = int(os.environ.get("RESTART_SEED", "1"))
CONVERGED = 2.0  # seconds from the start of the new agent, on an emulated machine too
STALLS = 1  # rounds that an emulated machine, which others use, may make longer
PODS = 4
TICKS = 100.0  # of a processor's second, in /proc


@dataclass(frozen=True)
class Start:
    """From an agent's start to its first sync."""

    seconds: float
    cpu: float  # seconds of processor that the agent itself has used


class Restart(ClusterTest):
    pods: list[Pod]
    caller: Pod
    address: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.pods, cls.address = cls.make_served(NAMESPACE, PODS)
        cls.caller = cls.make_caller(NAMESPACE, NODE)

    def test_an_agent_killed_at_any_moment_breaks_nothing_and_its_successor_converges(self) -> None:
        moments = random.Random(SEED)
        held = HeldConnections(self.cluster, self.caller.place, self.address, PORT, CONNECTIONS)
        self.addCleanup(held.kill)
        starts = [self.one_round(moments.uniform(0, 1)) for _ in range(ROUNDS)]
        result = held.let_go()
        tell(starts)
        slow = [f"round {number}: {start.seconds:.2f} s, {start.cpu:.2f} s of them its own"
                for number, start in enumerate(starts) if start.seconds > CONVERGED]
        self.assertEqual((result["failures"], result["reconnects"]), (0, 0), result)
        self.assertLessEqual(len(slow), 0 if self.cluster.lab.native else STALLS,
                             f"longer than {CONVERGED:.0f} s, of {ROUNDS} rounds: {slow}")

    def one_round(self, moment: float) -> Start:
        """Makes the agent busy and kills it `moment` seconds later; how long the next one took."""
        agents = self.cluster.agents
        self.disturb()
        done = time.monotonic() + moment
        self.cluster.wait_for(lambda: time.monotonic() >= done, moment + 1, "the moment to kill")
        agents.stop(NODE, signal.SIGKILL)
        self.disturb()
        started = time.monotonic()
        agents.start(NODE)
        self.cluster.wait_for(lambda: first_sync_writes(agents.log(NODE)) is not None, 30,
                              "the first sync of the new agent")
        start = Start(time.monotonic() - started, self.processor_seconds())
        self.assert_whole()
        return start

    def processor_seconds(self) -> float:
        """What the present agent has used so far."""
        found = re.search(r"\d\.\d{6} +(\d+) ", self.cluster.agents.log(NODE))
        self.assertIsNotNone(found, "no process id in the agent's log")
        stat = self.cluster.output(NODE, "cat", f"/proc/{found[1] if found else 0}/stat")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS

    def disturb(self) -> None:
        """A virtual server that is missing is work for an audit; nobody is connected to it."""
        self.cluster.run(NODE, "ipvsadm", "-D", "-t", "10.96.0.10:53")

    def assert_whole(self) -> None:
        wanted = {f"{pod.address4}:{PORT}" for pod in self.pods}
        server = ("TCP", f"{self.address}:{PORT}")
        self.wait_for_table(NODE, lambda table: serving(table.get(server, {})) == wanted
                            and ("TCP", "10.96.0.10:53") in table,
                            f"{server[1]} and the cluster's DNS to be whole on {NODE}")


def tell(starts: list[Start]) -> None:
    """How the starts went, below the test."""
    for what, values in (("to the first sync", [start.seconds for start in starts]),
                         ("of them the agent's own processor time", [start.cpu for start in starts])):
        print(f"        {what}: median {statistics.median(values):.2f} s, "
              f"longest {max(values):.2f} s, of {len(values)}", file=sys.stderr)
