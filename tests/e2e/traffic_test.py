"""Connections that must survive: a killed agent, a rolling update."""

from __future__ import annotations

import json
import signal
import time

from e2e.fixture import PORT, SOON, ClusterTest
from e2e.held_connections import HeldConnections
from lab.cluster import Pod
from lab.cluster_readings import first_sync_writes

NAMESPACE = "traffic"


class Traffic(ClusterTest):
    pods: list[Pod]
    caller: Pod
    address: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.pods, cls.address = cls.make_served(NAMESPACE, 5)
        cls.caller = cls.make_caller(NAMESPACE)

    def test_a_killed_agent_breaks_no_connection_and_its_successor_writes_nothing(self) -> None:
        self.hold(100)
        before = {node: self.table(node) for node in self.node_names()}
        for node in self.node_names():
            self.cluster.agents.stop(node, signal.SIGKILL)
        for node in self.node_names():
            self.cluster.agents.start(node)
        for node in self.node_names():
            self.wait_for_first_sync(node)
        self.carry_on(seconds=3)
        result = self.let_go()
        self.assertEqual((result["failures"], result["reconnects"]), (0, 0), result)
        for node in self.node_names():
            self.assertEqual(first_sync_writes(self.cluster.agents.log(node)), 0, node)
            self.assertEqual(self.table(node), before[node])

    def test_a_rolling_update_under_traffic_ends_converged(self) -> None:
        self.hold(20)
        self.cluster.kubectl("set", "env", "deployment/httpenv", "EDITION=two", "-n", NAMESPACE)
        self.cluster.kubectl("rollout", "status", "deployment/httpenv", "-n", NAMESPACE,
                             "--timeout=50s")
        self.cluster.wait_for(self.only_the_new_edition_runs, SOON, "five pods of the new edition")
        pods = self.cluster.pods("app=httpenv", NAMESPACE)
        self.assertFalse({pod.name for pod in pods} & {pod.name for pod in self.pods})
        self.wait_until_served("TCP", self.address, pods)
        result = self.let_go()
        self.assertEqual(result["failures"], 0, result)
        self.assert_fifty_rotate(self.caller.place, f"http://{self.address}:{PORT}", pods)
        wanted = {f"{pod.address4}:{PORT}": 1 for pod in pods}
        for node in self.node_names():
            self.wait_for_table(node, lambda table: table[self.server] == wanted,
                                f"{node} to have drained the old pods")
        type(self).pods = pods

    @property
    def server(self) -> tuple[str, str]:
        return ("TCP", f"{self.address}:{PORT}")

    def wait_for_first_sync(self, node: str) -> None:
        self.cluster.wait_for(
            lambda: first_sync_writes(self.cluster.agents.log(node)) is not None, SOON,
            f"the first sync of the new agent on {node}")

    def only_the_new_edition_runs(self) -> bool:
        listed = json.loads(self.cluster.kubectl(
            "get", "pods", "-l", "app=httpenv", "-n", NAMESPACE, "-o", "json"))["items"]
        editions = [pod["spec"]["containers"][0].get("env") for pod in listed
                    if not pod["metadata"].get("deletionTimestamp")]
        return editions == [[{"name": "EDITION", "value": "two"}]] * 5

    def hold(self, connections: int) -> None:
        self._held = HeldConnections(self.cluster, self.caller.place, self.address, PORT,
                                     connections)
        self.addCleanup(self._held.kill)

    def carry_on(self, seconds: float) -> None:
        """Lets the traffic flow; the time itself is the condition."""
        done = time.monotonic() + seconds
        self.cluster.wait_for(lambda: time.monotonic() > done, seconds + 1, "time to pass")

    def let_go(self) -> dict[str, int]:
        result = self._held.let_go()
        self.assertGreater(result["requests"], 0)
        return result
