"""`kube-ipvs agent --dry-run` beside the real API server: it writes nothing, what it prints does."""

from __future__ import annotations

import signal

from e2e.fixture import PORT, ClusterTest

NAMESPACE = "dry-run"
NODE = "node3"
# The machine's, which no namespace of it can set; what a dry run says about it does not matter here.
OF_THE_MACHINE = "sysctl -w net/netfilter/"


class DryRun(ClusterTest):
    address: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        _, cls.address = cls.make_served(NAMESPACE, 2)

    def setUp(self) -> None:
        super().setUp()
        self.intact = self.state()
        self.cluster.agents.stop(NODE, signal.SIGTERM)
        self.addCleanup(self.cluster.agents.start, NODE)

    def test_a_dry_run_writes_nothing_and_prints_a_script_that_does_what_the_agent_would(
            self) -> None:
        self.break_everything()
        broken = self.state()
        script = self.dry_run()
        self.assertEqual(self.state(), broken, "the dry run wrote something")
        for line in (f"-A -t {self.address}:{PORT} -s rr\n", "table inet kube-ipvs {\n",
                     f"ip addr add {self.address}/32 dev kube-ipvs0\n"):
            self.assertIn(line, script)
        self.cluster.lab.run(NODE, ("sh",), stdin=script, timeout=60)
        self.assertEqual(self.state(), self.intact, f"after what a dry run said:\n{script}")
        # What nft makes of the rules' text is not ours instruction by instruction: they alone are left.
        self.assertTrue(self.dry_run().startswith("nft -f -"))
        self.assertNotRegex(self.dry_run(), "ipvsadm|ip addr|ip link|add element")

    def break_everything(self) -> None:
        run = self.cluster.output
        run(NODE, "ipvsadm", "-D", "-t", f"{self.address}:{PORT}")
        run(NODE, "ip", "addr", "del", f"{self.address}/32", "dev", "kube-ipvs0")
        run(NODE, "nft", "delete", "table", "inet", "kube-ipvs")

    def dry_run(self) -> str:
        """What a first sync would do to the node, as a script for sh."""
        agents = self.cluster.agents
        said = self.cluster.output(
            NODE, str(agents.program), "agent", "--dry-run", "--hostname-override", NODE,
            "--kubeconfig", str(self.cluster.endpoints.agent_kubeconfig), *agents.options,
            timeout=60)
        return "".join(line for line in said.splitlines(keepends=True)
                       if not line.startswith(OF_THE_MACHINE))

    def state(self) -> list[str]:
        """All that is programmed on the node: lines in no order."""
        run = self.cluster.output
        return sorted((run(NODE, "ipvsadm", "-Sn") + self.service_addresses(NODE)
                       + run(NODE, "nft", "list", "ruleset")).splitlines())
