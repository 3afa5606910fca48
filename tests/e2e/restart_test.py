"""An agent that is killed at any moment, again and again, while connections carry requests.

    RESTART_ROUNDS=200 RESTART_CONNECTIONS=1000 PYTHONPATH=tests python3 -m e2e.run killed
"""

from __future__ import annotations

import os
import random
import signal
import time

from e2e.fixture import PORT, ClusterTest
from e2e.held_connections import HeldConnections
from lab.cluster import Pod
from lab.cluster_readings import first_sync_writes, serving

NAMESPACE = "restart"
NODE = "node1"
ROUNDS = int(os.environ.get("RESTART_ROUNDS", "5"))
CONNECTIONS = int(os.environ.get("RESTART_CONNECTIONS", "100"))
SEED = int(os.environ.get("RESTART_SEED", "1"))
# Seconds from the start of the new agent: what is promised, and what an emulated machine is given,
# where the handshake with the API server alone may take two.
CONVERGED = 2.0
CONVERGED_EMULATED = 10.0
PODS = 4


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
        limit = CONVERGED if self.cluster.lab.native else CONVERGED_EMULATED
        slow = []
        for number in range(ROUNDS):
            seconds = self.one_round(moments.uniform(0, 1))
            if seconds > limit:
                slow.append(f"round {number}: {seconds:.2f} s")
        result = held.let_go()
        self.assertEqual((result["failures"], result["reconnects"]), (0, 0), result)
        self.assertEqual(slow, [], f"longer than {limit:.0f} s, of {ROUNDS} rounds")

    def one_round(self, moment: float) -> float:
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
        seconds = time.monotonic() - started
        self.assert_whole()
        return seconds

    def disturb(self) -> None:
        """A virtual server that is missing is work for an audit; nobody is connected to it."""
        self.cluster.run(NODE, "ipvsadm", "-D", "-t", "10.96.0.10:53")

    def assert_whole(self) -> None:
        wanted = {f"{pod.address4}:{PORT}" for pod in self.pods}
        server = ("TCP", f"{self.address}:{PORT}")
        self.wait_for_table(NODE, lambda table: serving(table.get(server, {})) == wanted
                            and ("TCP", "10.96.0.10:53") in table,
                            f"{server[1]} and the cluster's DNS to be whole on {NODE}")
