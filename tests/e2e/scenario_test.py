"""The main scenario: httpenv, five pods, three nodes, one Service on port 8888."""

from __future__ import annotations

import json

from e2e.fixture import PORT, SOON, ClusterTest
from lab.cluster import Pod
from lab.cluster_readings import endpoint
from lab.control_plane_binaries import KUBERNETES_VERSION

REFUSED_AT_ONCE = 1000  # milliseconds


class Scenario(ClusterTest):
    pods: list[Pod]
    caller: Pod
    stranger: Pod
    address: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cluster = cls.cluster
        cls.make_deployment("default", 5)
        cls.addClassCleanup(cluster.kubectl, "delete", "deployment", "httpenv")
        cluster.kubectl("expose", "deployment/httpenv", "--port", str(PORT))
        cls.addClassCleanup(cluster.kubectl, "delete", "service", "httpenv")
        cls.make_namespace("elsewhere")
        cls.caller = cls.make_caller("default")
        cls.stranger = cls.make_caller("elsewhere")
        cls.address = cluster.cluster_ip("httpenv")
        cls.pods = cluster.pods("app=httpenv")
        cls.wait_until_served("TCP", cls.address, cls.pods)

    @property
    def url(self) -> str:
        return f"http://{self.address}:{PORT}"

    def test_fifty_requests_from_a_pod_reach_all_five_pods_in_strict_rotation(self) -> None:
        self.assert_fifty_rotate(self.caller.place, self.url, self.pods)

    def test_fifty_requests_from_every_node_reach_all_five_pods_in_strict_rotation(self) -> None:
        self.assertEqual({pod.node for pod in self.pods}, set(self.node_names()))
        for node in self.node_names():
            with self.subTest(node):
                self.assert_fifty_rotate(node, self.url, self.pods)

    def test_a_pod_finds_the_service_by_name_in_its_own_namespace(self) -> None:
        self.assert_fifty_rotate(self.caller.place, f"http://httpenv:{PORT}", self.pods)

    def test_a_pod_finds_the_service_of_another_namespace_by_name(self) -> None:
        self.assert_fifty_rotate(self.stranger.place, f"http://httpenv.default:{PORT}", self.pods)

    def test_the_cluster_dns_is_two_pods_and_answers_over_udp_and_tcp(self) -> None:
        servers = self.cluster.pods("k8s-app=kube-dns", "kube-system")
        self.assertEqual(len(servers), 2)
        for protocol, options in (("UDP", "attempts:1"), ("TCP", "use-vc attempts:1")):
            self.wait_until_served(protocol, "10.96.0.10", servers, port=53)
            for _ in servers:
                self.assertEqual(self.look_up("httpenv.default", options), {self.address})

    def test_a_headless_service_has_dns_names_but_no_virtual_server_and_no_address(self) -> None:
        before = {node: (self.table(node).keys(), self.bound(node)) for node in self.node_names()}
        self.cluster.kubectl("expose", "deployment/httpenv", "--name=headless",
                             "--cluster-ip=None", "--port", str(PORT))
        self.addCleanup(self.cluster.kubectl, "delete", "service", "headless")
        wanted = {pod.address4 for pod in self.pods}
        self.cluster.wait_for(lambda: self.look_up("headless") == wanted, SOON,
                              f"DNS to answer `headless` with {wanted}")
        for node, (servers, addresses) in before.items():
            self.assertEqual(self.table(node).keys(), servers)
            self.assertEqual(self.bound(node), addresses)

    def test_a_pod_reaches_the_api_server_through_the_service_kubernetes(self) -> None:
        token = self.cluster.kubectl("create", "token", "default").strip()
        curl = ("curl", "-sS", "--fail", "--max-time", "10",
                "--cacert", self.cluster.endpoints.certificate_authority,
                "-H", f"Authorization: Bearer {token}")
        version = self.cluster.output(self.caller.place, *curl, "https://10.96.0.1:443/version")
        self.assertEqual(json.loads(version)["gitVersion"], f"v{KUBERNETES_VERSION}")
        # Only those whom the API server knows see the API groups: the token went through.
        groups = self.cluster.output(self.caller.place, *curl, "https://10.96.0.1:443/apis")
        self.assertIn("discovery.k8s.io", groups)

    def test_scaling_to_zero_refuses_at_once_and_scaling_up_serves_again(self) -> None:
        self.addCleanup(self.restore)
        self.scale("default", 0)
        self.wait_until_served("TCP", self.address, [])
        for place in (self.caller.place, *self.node_names()):
            with self.subTest(place):
                self.assert_refused_at_once(place, self.address, PORT)
        pods = self.scale("default", 5)
        self.wait_until_served("TCP", self.address, pods)
        self.assert_fifty_rotate(self.caller.place, self.url, pods)

    def test_the_table_follows_scaling_from_five_to_two_and_back(self) -> None:
        self.addCleanup(self.restore)
        for replicas in (2, 5):
            pods = self.scale("default", replicas)
            self.wait_until_served("TCP", self.address, pods)
            self.assert_fifty_rotate(self.caller.place, self.url, pods)

    def test_a_pod_reaches_itself_through_its_own_service(self) -> None:
        for pod in self.pods:
            with self.subTest(pod.node):
                self.assert_fifty_rotate(pod.place, self.url, self.pods)

    def test_a_pods_source_address_is_preserved(self) -> None:
        peers = self.traffic(self.caller.place, "peers", self.url, "5")
        self.assertEqual([peer.rsplit(":", 1)[0] for peer in peers], [self.caller.address4] * 5)

    def test_a_service_address_refuses_a_port_that_is_no_service(self) -> None:
        self.listen_on_the_node(self.caller.node)
        for place in (self.caller.place, self.caller.node):
            with self.subTest(place):
                # The node itself listens there, on all its addresses; 10.96.0.10 is one of them.
                self.assert_refused_at_once(place, "10.96.0.10", PORT)

    def test_deleting_a_service_leaves_nothing_of_it_behind(self) -> None:
        self.make_namespace("doomed")
        self.make_deployment("doomed", 3)
        self.cluster.kubectl("expose", "deployment/httpenv", "--port", str(PORT), "-n", "doomed")
        address = self.cluster.cluster_ip("httpenv", "doomed")
        pods = self.cluster.pods("app=httpenv", "doomed")
        self.wait_until_served("TCP", address, pods)
        self.assert_fifty_rotate(self.caller.place, f"http://{address}:{PORT}", pods)
        self.cluster.kubectl("delete", "service", "httpenv", "-n", "doomed")
        traces = [address, *(pod.address4 for pod in pods)]
        for node in self.node_names():
            self.wait_until_gone(node, traces)

    # What the tests above are made of.

    @classmethod
    def restore(cls) -> None:
        cls.pods = cls.scale("default", 5)
        cls.wait_until_served("TCP", cls.address, cls.pods)

    def look_up(self, name: str, options: str = "") -> set[str]:
        """The IPv4 addresses that the calling pod's resolver finds."""
        done = self.cluster.lab.run(self.caller.place, ["getent", "ahostsv4", name],
                                    env={"RES_OPTIONS": options})
        return {line.split()[0] for line in done.out.splitlines()}

    def bound(self, node: str) -> set[str]:
        return {line.split()[3] for line in self.service_addresses(node).splitlines()}

    def wait_until_gone(self, node: str, addresses: list[str]) -> None:
        self.cluster.wait_for(lambda: not self.found_on(node, addresses), SOON,
                              f"every trace of {', '.join(addresses)} to leave {node}")

    def found_on(self, node: str, addresses: list[str]) -> list[str]:
        """Those of the addresses that a node's IPVS, dummy interface or nftables still have."""
        everything = "\n".join((
            self.cluster.output(node, "ipvsadm", "-Sn"),
            self.service_addresses(node),
            self.cluster.output(node, "nft", "--json", "list", "table", "inet", "kube-ipvs")))
        separated = everything.replace('"', " ").replace("/", " ").replace(":", " ").split()
        return [address for address in addresses if address in separated]

    def assert_refused_at_once(self, place: str, address: str, port: int) -> None:
        done = self.cluster.run(place, self.cluster.traffic, "connect", address, str(port))
        outcome, _, milliseconds = done.out.strip().rpartition(" ")
        self.assertEqual(outcome, "refused", f"{endpoint(address, port)} from {place}: {done}")
        self.assertLess(int(milliseconds), REFUSED_AT_ONCE)

    def listen_on_the_node(self, node: str) -> None:
        overrides = json.dumps({"spec": {"nodeName": node, "hostNetwork": True}})
        self.cluster.kubectl("run", "host", "--image=httpenv", f"--overrides={overrides}")
        self.addCleanup(self.cluster.kubectl, "delete", "pod", "host")
        self.cluster.wait_for(lambda: self.cluster.ready_pods("run=host") == 1, 60,
                              f"a pod in {node}'s own network to be ready")
