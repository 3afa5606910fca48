"""A rolling update loses nothing, also for clients outside of the cluster."""

from __future__ import annotations

import json

from e2e.fixture import PORT, ClusterTest
from e2e.held_connections import HeldConnections

NAMESPACE = "rolling"
NODE = "node1"
CLUSTER_PORT, LOCAL_PORT = 31901, 31902


class RollingUpdates(ClusterTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.make_namespace(NAMESPACE)
        cls.make_deployment(NAMESPACE, 0)
        # All on one node: under the policy Local that node must never be without a pod.
        selector = {"spec": {"template": {"spec": {"nodeSelector": {
            "kubernetes.io/hostname": NODE}}}}}
        cls.cluster.kubectl("patch", "deployment", "httpenv", "-n", NAMESPACE,
                            "-p", json.dumps(selector))
        cls.scale(NAMESPACE, 3)
        for name, policy, port in (("wide", "Cluster", CLUSTER_PORT), ("near", "Local", LOCAL_PORT)):
            cls.cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", stdin=json.dumps({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                "spec": {"type": "NodePort", "externalTrafficPolicy": policy,
                         "selector": {"app": "httpenv"},
                         "ports": [{"port": PORT, "nodePort": port}]}}))
        cls.wait_until_node_ports_serve()

    def test_no_client_of_a_node_port_notices_under_either_policy(self) -> None:
        wide = self.hold("node3", CLUSTER_PORT)
        near = self.hold(NODE, LOCAL_PORT)
        self.cluster.kubectl("set", "env", "deployment/httpenv", "EDITION=two", "-n", NAMESPACE)
        self.cluster.kubectl("rollout", "status", "deployment/httpenv", "-n", NAMESPACE,
                             "--timeout=50s")
        self.wait_until_node_ports_serve()
        for policy, held in (("Cluster", wide), ("Local", near)):
            with self.subTest(policy):
                result = held.let_go()
                self.assertGreater(result["requests"], 0)
                self.assertEqual(result["failures"], 0, held.log())

    def hold(self, node: str, port: int) -> HeldConnections:
        held = HeldConnections(self.cluster, "client", self.address_of(node), port, 10)
        self.addCleanup(held.kill)
        return held

    @classmethod
    def address_of(cls, node: str) -> str:
        return next(known.addresses[0] for known in cls.cluster.nodes if known.name == node)

    @classmethod
    def wait_until_node_ports_serve(cls) -> None:
        """Returns when both nodes send to exactly the pods that there are."""
        wanted = {f"{pod.address4}:{PORT}" for pod in cls.cluster.pods("app=httpenv", NAMESPACE)}
        for node, port in (("node3", CLUSTER_PORT), (NODE, LOCAL_PORT)):
            server = ("TCP", f"{cls.address_of(node)}:{port}")
            cls.wait_for_table(
                node, lambda table, server=server: wanted == {
                    backend for backend, weight in table.get(server, {}).items() if weight},
                f"{server} on {node} to have {sorted(wanted)}")
