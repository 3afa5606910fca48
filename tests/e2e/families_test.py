"""Both address families, both protocols."""

from __future__ import annotations

import json

from e2e.fixture import PORT, ClusterTest
from lab.cluster import Pod

NAMESPACE = "families"


class Families(ClusterTest):
    pods: list[Pod]
    caller: Pod

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.make_namespace(NAMESPACE)
        cls.make_deployment(NAMESPACE, 3)
        cls.caller = cls.make_caller(NAMESPACE)
        cls.pods = cls.cluster.pods("app=httpenv", NAMESPACE)

    def test_a_dual_stack_service_serves_both_families_from_pods_and_nodes(self) -> None:
        addresses = self.make_service("dual", "TCP", ["IPv4", "IPv6"])
        self.assertEqual(len(addresses), 2)
        for address in addresses:
            self.wait_until_served("TCP", address, self.pods)
            host = f"[{address}]" if ":" in address else address
            for place in (self.caller.place, *self.node_names()):
                with self.subTest(f"{address} from {place}"):
                    self.assert_fifty_rotate(place, f"http://{host}:{PORT}", self.pods)

    def test_an_ipv6_pods_source_address_is_preserved_and_it_reaches_itself(self) -> None:
        [address] = self.make_service("six", "TCP", ["IPv6"])
        self.wait_until_served("TCP", address, self.pods)
        url = f"http://[{address}]:{PORT}"
        peers = self.traffic(self.caller.place, "peers", url, "3")
        self.assertEqual([peer.rsplit(":", 1)[0] for peer in peers],
                         [f"[{self.caller.address6}]"] * 3)
        for pod in self.pods:
            self.assert_fifty_rotate(pod.place, url, self.pods)

    def test_udp_datagrams_rotate_over_the_pods(self) -> None:
        addresses = self.make_service("datagrams", "UDP", ["IPv4", "IPv6"])
        for address in addresses:
            self.wait_until_served("UDP", address, self.pods)
            for place in (self.caller.place, *self.node_names()):
                with self.subTest(f"{address} from {place}"):
                    self.assert_fifty_rotate(place, f"{address} {PORT}", self.pods, "udp")

    def make_service(self, name: str, protocol: str, families: list[str]) -> list[str]:
        """Makes a Service of the deployment; returns its cluster addresses."""
        policy = "RequireDualStack" if len(families) == 2 else "SingleStack"
        self.cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": "httpenv"}, "ipFamilies": families,
                     "ipFamilyPolicy": policy,
                     "ports": [{"protocol": protocol, "port": PORT}]}}))
        self.addCleanup(self.cluster.kubectl, "delete", "service", name, "-n", NAMESPACE)
        answer = self.cluster.kubectl("get", "service", name, "-n", NAMESPACE,
                                      "-o", "jsonpath={.spec.clusterIPs}")
        addresses: list[str] = json.loads(answer)
        return addresses
