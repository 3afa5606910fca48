"""A list that takes most of the cluster away, from a real API server: an older snapshot is restored.

The second list, which would agree, is put off: what happens here happens by the operator's word.
"""

from __future__ import annotations

import json

from e2e.api_server_faults import ApiServerFaults
from e2e.fixture import AGENT_OPTIONS, SOON, ClusterTest
from lab.client import Completed

NAMESPACE = "brake"
SERVICES = 80
NEVER = "10h"


class Brake(ClusterTest):
    node: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.node = cls.node_names()[0]
        cls.use_agent_options(cls.node, *AGENT_OPTIONS, "--api-brake-pause", NEVER)
        cls.make_namespace(NAMESPACE)

    def test_what_a_restored_snapshot_lacks_is_kept_until_the_operator_lets_it_go(self) -> None:
        self.assertEqual(self.release().code, 1)
        backup = self.cluster.control_plane.back_up()
        self.make_services()
        self.wait_until_served_here(SERVICES)

        ApiServerFaults(self.cluster.control_plane).restore(backup)
        self.cluster.wait_for(lambda: self.held() == ["services"], SOON,
                              "the list without the Services to be held")
        self.assertEqual(self.served_here(), SERVICES)
        self.cluster.wait_for(lambda: "ListHeld" in self.events(), SOON, "the Event that says so")

        released = self.release()
        self.assertEqual((released.code, released.out),
                         (0, "released; the next list is believed: services\n"))
        self.wait_until_served_here(0)
        self.cluster.wait_for(lambda: self.held() == [], SOON, "no list to be held")
        again = self.release()
        self.assertEqual(again.code, 1)
        self.assertIn("no list is held", again.err)

    def make_services(self) -> None:
        items = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"many-{number}"},
                  "spec": {"ports": [{"port": 80}]}} for number in range(SERVICES)]
        self.cluster.kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": items}))

    def served_here(self) -> int:
        shown = json.loads(self.ask("get", "services", "-n", NAMESPACE, "-o", "json"))
        return len(shown["items"])

    def wait_until_served_here(self, count: int) -> None:
        self.cluster.wait_for(lambda: self.served_here() == count, SOON,
                              f"the agent to know {count} Services of {NAMESPACE}")

    def held(self) -> list[str]:
        """The kinds whose list is held."""
        watches = json.loads(self.ask("get", "watches", "-o", "json"))["items"]
        return [watch["resource"] for watch in watches if watch["state"] == "Braking"]

    def events(self) -> str:
        return self.cluster.kubectl("get", "events", "-A")

    def release(self) -> Completed:
        return self.kube_ipvs(self.node, "release-brake")

    def ask(self, *words: str) -> str:
        done = self.kube_ipvs(self.node, *words)
        self.assertEqual(done.code, 0, done.err)
        return done.out
