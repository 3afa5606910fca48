"""Someone else works on the same node: what is ours is repaired, what is theirs is left alone."""

from __future__ import annotations

import sys
from typing import ClassVar

from e2e.fixture import PORT, SOON, ClusterTest
from lab.cluster import Pod
from lab.cluster_readings import first_sync_writes, serving

AT_ONCE = 0.5  # seconds, for what the kernel tells us of; an emulated machine takes 0.2


class Repaired(ClusterTest):
    """A Service on a node where somebody else is at work."""

    namespace: ClassVar[str]
    pods: list[Pod]
    address: str
    node = "node1"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.pods, cls.address = cls.make_served(cls.namespace, 2)

    @property
    def server(self) -> str:
        return f"{self.address}:{PORT}"

    def on_the_node(self, *argv: str) -> str:
        return self.cluster.output(self.node, *argv)

    def assert_repaired(self) -> None:
        """The node's table is as it should be, and requests are answered."""
        wanted = {f"{pod.address4}:{PORT}" for pod in self.pods}
        self.wait_for_table(
            self.node, lambda table: serving(table.get(("TCP", self.server), {})) == wanted,
            f"{self.server} on {self.node} to have {wanted} again")
        self.assert_fifty_rotate(self.node, f"http://{self.server}", self.pods)


class Repair(Repaired):
    namespace = "repair"

    def test_a_deleted_backend_comes_back(self) -> None:
        backend = f"{self.pods[0].address4}:{PORT}"
        self.on_the_node("ipvsadm", "-d", "-t", self.server, "-r", backend)
        self.assert_repaired()

    def test_a_deleted_virtual_server_comes_back(self) -> None:
        self.on_the_node("ipvsadm", "-D", "-t", self.server)
        self.assert_repaired()

    def test_a_changed_weight_and_scheduler_are_put_right(self) -> None:
        backend = f"{self.pods[0].address4}:{PORT}"
        self.on_the_node("ipvsadm", "-e", "-t", self.server, "-r", backend, "-m", "-w", "0")
        self.on_the_node("ipvsadm", "-E", "-t", self.server, "-s", "wlc")
        self.assert_repaired()
        self.cluster.wait_for(lambda: f"-t {self.server} -s rr" in self.on_the_node(
            "ipvsadm", "-Sn"), SOON, "the scheduler to be rr again")

    def test_a_deleted_service_address_comes_back(self) -> None:
        self.on_the_node("ip", "addr", "del", f"{self.address}/32", "dev", "kube-ipvs0")
        self.cluster.wait_for(
            lambda: f" {self.address}/32 " in self.service_addresses(self.node), SOON,
            f"{self.address} to be bound on {self.node} again")
        self.assert_repaired()

    def test_a_deleted_nftables_table_comes_back(self) -> None:
        table = ("list", "table", "inet", "kube-ipvs")
        before = self.on_the_node("nft", *table)
        self.on_the_node("nft", "delete", "table", "inet", "kube-ipvs")
        self.cluster.wait_for(lambda: self.cluster.run(self.node, "nft", *table).out == before,
                              SOON, f"the table to be back on {self.node} as it was:\n{before}")
        self.assert_repaired()

    def test_a_foreign_virtual_server_is_left_alone(self) -> None:
        foreign, backend = "192.168.50.11:7777", "10.244.1.200:7777"
        self.on_the_node("ipvsadm", "-A", "-t", foreign, "-s", "wlc")
        self.addCleanup(self.on_the_node, "ipvsadm", "-D", "-t", foreign)
        self.on_the_node("ipvsadm", "-a", "-t", foreign, "-r", backend, "-m", "-w", "7")
        # The agent has looked at the whole table once it has repaired what was broken after.
        self.on_the_node("ipvsadm", "-D", "-t", self.server)
        self.assert_repaired()
        self.cluster.agents.restart(self.node, 15)
        self.on_the_node("ipvsadm", "-D", "-t", self.server)
        self.assert_repaired()
        self.assertEqual(self.table(self.node)[("TCP", foreign)], {backend: 7})


class RepairAtOnce(Repaired):
    """By the kernel's word: no audit comes while these run."""

    namespace = "repair-at-once"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.use_agent_options(cls.node, "--ipvs-sync-period", "10m")
        cls.cluster.wait_for(lambda: first_sync_writes(cls.cluster.agents.log(cls.node)) is not None,
                             SOON, "the agent that does not audit to be in sync")

    def test_a_deleted_link_is_back_at_once(self) -> None:
        self.assert_back_at_once(
            "ip link del kube-ipvs0",
            f"ip -o addr show dev kube-ipvs0 2>/dev/null | grep -q ' {self.address}/32 '")

    def test_a_deleted_table_is_back_at_once(self) -> None:
        element = f"{self.address} . tcp . {PORT}"
        self.assert_back_at_once(
            "nft delete table inet kube-ipvs",
            f"nft get element inet kube-ipvs service_ports4 '{{ {element} }}' 2>/dev/null >&2")

    def assert_back_at_once(self, harm: str, is_mended: str) -> None:
        self.assert_within(AT_ONCE, lambda: self.time_until(harm, is_mended))
        self.assert_repaired()

    def time_until(self, harm: str, is_mended: str) -> float:
        """The seconds from the end of the shell command `harm` until `is_mended` succeeds, by the
        node's own clock; what the second command takes itself is in it."""
        nanoseconds = self.on_the_node("sh", "-c", f"""
            {harm} && begin=$(date +%s%N) || exit 1
            until {is_mended}; do
                test $(($(date +%s%N) - begin)) -lt 30000000000 || exit 1
            done
            echo $(($(date +%s%N) - begin))""")
        took = int(nanoseconds) / 1e9
        print(f"        mended {took * 1000:.0f} ms after `{harm}`", file=sys.stderr)
        return took
