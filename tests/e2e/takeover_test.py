"""A node changes hands while connections carry requests: to kube-proxy, and back."""

from __future__ import annotations

import signal
import unittest

from e2e.fixture import PORT, SOON, ClusterTest
from e2e.held_connections import HeldConnections
from lab.cluster import Pod
from lab.cluster_readings import first_sync_writes, serving
from lab.control_plane_binaries import ControlPlaneError, peer

NAMESPACE = "takeover"
NODE = "node1"
PEER = "kube-proxy-node1"
# kube-proxy starts a process for each of its rules; in emulation that takes minutes.
PEERS_PATIENCE = 900.0
# Not the agent's ports: both run for a while.
PEER_PORTS = ("--healthz-bind-address=127.0.0.1:20256", "--metrics-bind-address=127.0.0.1:20249")


class TakeOver(ClusterTest):
    pods: list[Pod]
    caller: Pod
    address: str
    node_port: str
    peer: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls.peer = str(peer())
        except ControlPlaneError as error:
            raise unittest.SkipTest(str(error)) from error
        cls.pods, cls.address = cls.make_served(NAMESPACE, 3)
        cls.cluster.kubectl("expose", "deployment/httpenv", "--name=on-nodes", "--type=NodePort",
                            f"--port={PORT}", "-n", NAMESPACE)
        cls.node_port = cls.cluster.kubectl("get", "service", "on-nodes", "-n", NAMESPACE, "-o",
                                            "jsonpath={.spec.ports[0].nodePort}")
        cls.caller = cls.make_caller(NAMESPACE, NODE)

    def test_a_node_goes_to_kube_proxy_and_comes_back_and_no_connection_breaks(self) -> None:
        held = HeldConnections(self.cluster, self.caller.place, self.address, PORT, 50)
        self.addCleanup(held.kill)
        ours = self.whole_table()
        self.go_to_kube_proxy()
        self.come_back()
        self.cluster.wait_for(lambda: self.whole_table() == ours, SOON,
                              f"only what is ours to be left of {ours}")
        result = held.let_go()
        self.assertEqual((result["failures"], result["reconnects"]), (0, 0), result)
        self.assertGreater(result["requests"], 0)
        self.assert_served()

    def go_to_kube_proxy(self) -> None:
        """The rollback: the agent ends, kube-proxy adopts its virtual servers."""
        cluster = self.cluster
        cluster.agents.stop(NODE, signal.SIGTERM)
        cluster.lab.spawn(NODE, PEER, [
            self.peer, "--proxy-mode=ipvs", "--hostname-override", NODE, "--kubeconfig",
            str(cluster.endpoints.agent_kubeconfig), "--conntrack-max-per-core=0", "-v=2",
            *PEER_PORTS])
        self.addCleanup(cluster.lab.signal, PEER, signal.SIGKILL)
        cluster.wait_for(self.kube_proxy_has_synced, PEERS_PATIENCE,
                         "the last of kube-proxy's rules")
        self.on_the_node(cluster.agents.program, "cleanup", "--rules")
        self.assertNotIn("kube-ipvs", self.on_the_node("nft", "list", "tables"))
        self.assert_served()

    def come_back(self) -> None:
        """The take-over: the agent starts beside kube-proxy, which then ends and is tidied up."""
        cluster = self.cluster
        before = self.servers()
        cluster.agents.start(NODE)
        cluster.wait_for(lambda: first_sync_writes(cluster.agents.log(NODE)) is not None, SOON,
                         "the agent's first sync beside kube-proxy")
        cluster.lab.signal(PEER, signal.SIGTERM)
        cluster.lab.wait(PEER, timeout=30)
        self.assertEqual(self.servers(), before)
        shown = self.on_the_node(cluster.agents.program, "cleanup", "--kube-proxy", "--dry-run")
        self.assertIn("ipset destroy KUBE-CLUSTER-IP", shown)
        self.assertTrue(self.kube_proxy_has_synced(), "a dry run removed something")
        self.on_the_node(cluster.agents.program, "cleanup", "--kube-proxy")
        rules = self.on_the_node("iptables-nft-save") + self.on_the_node("ip6tables-nft-save")
        for chain in ("KUBE-SERVICES", "KUBE-POSTROUTING", "KUBE-NODE-PORT", "KUBE-IPVS-FILTER"):
            self.assertNotIn(chain, rules)
        self.assertNotIn("KUBE-", self.on_the_node("ipset", "list", "-n"))

    def kube_proxy_has_synced(self) -> bool:
        """Chains, sets and virtual servers come first, the rules that use the sets last, and each
        family by itself."""
        return all(f"--match-set {name}" in self.cluster.run(NODE, program).out
                   for program, name in (("iptables-nft-save", "KUBE-CLUSTER-IP"),
                                         ("ip6tables-nft-save", "KUBE-6-IPVS-IPS")))

    def servers(self) -> str:
        """The virtual servers of this test, settings and real servers, in the kernel's order."""
        saved = self.on_the_node("ipvsadm", "-Sn").splitlines()
        return "\n".join(sorted(line for line in saved if f"{self.address}:{PORT} " in line
                                or f":{self.node_port} " in line))

    def whole_table(self) -> list[str]:
        return sorted(self.on_the_node("ipvsadm", "-Sn").splitlines())

    def assert_served(self) -> None:
        wanted = {f"{pod.address4}:{PORT}" for pod in self.pods}
        self.wait_for_table(
            NODE, lambda table: serving(table.get(("TCP", f"{self.address}:{PORT}"), {})) == wanted,
            f"{self.address}:{PORT} on {NODE} to have {wanted}")
        self.assert_fifty_rotate(self.caller.place, f"http://{self.address}:{PORT}", self.pods)

    def on_the_node(self, *argv: object) -> str:
        return self.cluster.output(NODE, *map(str, argv))
