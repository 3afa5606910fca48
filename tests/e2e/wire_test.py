"""What single packets do: echo requests, packets out of a connection's window, SCTP's module, time-outs."""

from __future__ import annotations

import json
import re

from e2e.fixture import PORT, SOON, ClusterTest
from e2e.held_connections import HeldConnections
from lab.cluster import Pod

NAMESPACE = "wire"
AFFINITY_SECONDS = 2
STICKY_NODE_PORT = 30877

# Sent by a server's pod into one of its connections: a segment far outside of the window.
STRAY_SEGMENT = """
import socket, struct, sys
source, port, peer, peer_port = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
def total(data):
    words = sum(struct.unpack(f"!{len(data) // 2}H", data))
    words = (words >> 16) + (words & 0xffff)
    return ~(words + (words >> 16)) & 0xffff
def segment(checksum):
    return struct.pack("!HHIIBBHHH", port, peer_port, 1, 1, 5 << 4, 0x10, 1024, checksum, 0)
pseudo = socket.inet_aton(source) + socket.inet_aton(peer) + struct.pack("!BBH", 0, 6, 20)
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
    raw.sendto(segment(total(pseudo + segment(0))), (peer, 0))
"""


class Wire(ClusterTest):
    pods: list[Pod]
    caller: Pod
    address: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.pods, cls.address = cls.make_served(NAMESPACE, 2)
        cls.caller = cls.make_caller(NAMESPACE, node="node3")

    def test_a_service_address_answers_echo_requests(self) -> None:
        for place in (self.caller.place, "node2"):
            with self.subTest(place):
                self.cluster.output(place, "ping", "-c", "1", "-W", "5", self.address)

    def test_a_packet_outside_of_the_window_ends_no_connection(self) -> None:
        held = HeldConnections(self.cluster, self.caller.place, self.address, PORT, 4)
        self.addCleanup(held.kill)
        strays = 0
        for pod in self.pods:
            for peer_port in self.connections_at(pod):
                self.cluster.output(pod.place, "python3", "-c", STRAY_SEGMENT, pod.address4,
                                    str(PORT), self.caller.address4, peer_port)
                strays += 1
        self.assertEqual(strays, 4)
        result = held.let_go()
        self.assertEqual((result["failures"], result["reconnects"]), (0, 0), held.log())

    def connections_at(self, pod: Pod) -> list[str]:
        """The caller's ports of the connections that end at the pod."""
        listed = self.cluster.output(pod.place, "ss", "-Htn", "state", "established")
        return re.findall(rf"{re.escape(self.caller.address4)}\]?:(\d+)", listed)

    def test_an_sctp_service_loads_no_sctp_module(self) -> None:
        unloaded = self.cluster.run("root", "modprobe", "-r", "sctp")
        self.assertEqual(unloaded.code, 0, f"{unloaded.err.strip()}: something before this test "
                         "uses sctp in this lab; `scripts/lab down`, then run it again")
        address = self.make_service("sctp", {"protocol": "SCTP", "port": 5060})
        self.wait_until_served("SCTP", address, self.pods, port=5060)
        self.assertNotIn("\nsctp ", "\n" + self.cluster.output("root", "cat", "/proc/modules"))

    def test_affinity_ends_with_its_time_out(self) -> None:
        cluster_ip = self.make_service(
            "sticky", {"protocol": "UDP", "port": PORT, "nodePort": STICKY_NODE_PORT},
            {"type": "NodePort", "sessionAffinity": "ClientIP",
             "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": AFFINITY_SECONDS}}})
        node = next(n for n in self.cluster.nodes if n.name == self.caller.node)
        # The kernel keeps affinity for as long as it keeps one of its flows.
        before = self.cluster.output(node.name, "ipvsadm", "-L", "--timeout").split()[-1]
        self.addCleanup(self.cluster.output, node.name, "ipvsadm", "--set", "0", "0", before)
        self.cluster.output(node.name, "ipvsadm", "--set", "0", "0", "1")
        for address, port in ((cluster_ip, PORT), (node.addresses[0], STICKY_NODE_PORT)):
            with self.subTest(f"{address}:{port}"):
                self.check_affinity(node.name, address, port)

    def check_affinity(self, node: str, address: str, port: int) -> None:
        self.cluster.wait_for(lambda: self.cluster.output(
            node, "ipvsadm", "-Ln", "-u", f"{address}:{port}").count("Masq") == len(self.pods),
            SOON, f"every pod to be behind {address}:{port}")
        stays = self.traffic(self.caller.place, "udp", address, str(port), "4")
        self.assertEqual(len(set(stays)), 1)
        template = f"{self.caller.address4}:0 "
        self.cluster.wait_for(lambda: template not in " ".join(self.cluster.output(
            node, "ipvsadm", "-Lnc").split()), SOON, "the affinity to end")
        # The rotation goes on where it was.
        self.assertNotEqual(set(stays), set(self.traffic(self.caller.place, "udp", address,
                                                         str(port), "1")))

    def make_service(self, name: str, port: dict[str, object],
                     more: dict[str, object] | None = None) -> str:
        self.cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": "httpenv"}, "ports": [port], **(more or {})}}))
        return self.cluster.cluster_ip(name, NAMESPACE)

    def test_the_time_outs_and_sysctls_are_as_documented(self) -> None:
        for node in self.node_names():
            with self.subTest(node):
                for key, value in (("net.ipv4.vs.conntrack", "1"),
                                   ("net.ipv4.vs.expire_nodest_conn", "1"),
                                   ("net.ipv4.vs.expire_quiescent_template", "1"),
                                   ("net.ipv4.ip_forward", "1"),
                                   ("net.netfilter.nf_conntrack_tcp_timeout_close_wait", "3600"),
                                   ("net.netfilter.nf_conntrack_tcp_timeout_established", "86400")):
                    self.cluster.wait_for(
                        lambda key=key, value=value: self.cluster.output(
                            node, "sysctl", "-n", key).strip() == value,
                        SOON, f"{key} on {node} to be {value}")

    def test_the_agent_answers_where_kube_proxy_does(self) -> None:
        for node in self.node_names():
            with self.subTest(node):
                health = self.cluster.output(node, "curl", "-sS", "http://127.0.0.1:10256/healthz")
                self.assertIn("lastUpdated", json.loads(health))
                mode = self.cluster.output(node, "curl", "-sS", "http://127.0.0.1:10249/proxyMode")
                self.assertEqual(mode.strip(), "ipvs")
