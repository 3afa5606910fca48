"""The agents of all these tests run as the manifests have it, and never needed more."""

from __future__ import annotations

import re
import signal
import unittest
from pathlib import Path

from e2e.fixture import SOON, ClusterTest, started_at
from lab import confinement, seccomp

NODE, PLACE = "node1", "client"  # the latter is no node: what an agent does there concerns nobody
NET_ADMIN = 1 << 12  # linux/capability.h
NOBODY, FOR_NOBODY = "65534", "/run/for-nobody"


class Confinement(ClusterTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if not cls.cluster.agents.under or cls.cluster.agents.under[0] in ("sh", "strace"):
            raise unittest.SkipTest("the agents are not confined: KUBE_IPVS_CONFINED says so")

    def test_an_agent_has_one_capability_and_can_get_no_other(self) -> None:
        status = self.status_of_the_agent(NODE)
        for capabilities in ("CapEff", "CapPrm", "CapBnd", "CapInh"):
            self.assertEqual(int(status[capabilities], 16), NET_ADMIN, capabilities)
        self.assertEqual(status["NoNewPrivs"], "1")

    def test_an_agent_is_under_the_profile_and_under_its_own_filter(self) -> None:
        status = self.status_of_the_agent(NODE)
        self.assertEqual([status["Seccomp"], status["Seccomp_filters"]], ["2", "2"])

    def test_no_agent_made_a_call_outside_of_the_profile(self) -> None:
        log = self.cluster.output("root", "dmesg")
        killed = [line for moment, line in re.findall(r"audit\((\d+)\.\d+:\d+\): (.*)", log)
                  if int(moment) >= started_at() and 'comm="kube-ipvs"' in line]
        self.assertEqual(killed, [], "syscall= is the number of what manifests/seccomp lacks")

    def test_a_call_outside_of_the_profile_kills(self) -> None:
        self.assertNotIn("unshare", seccomp.allowed_calls())
        done = self.cluster.run(NODE, *self.cluster.agents.under, "/usr/bin/unshare", "--net", "true")
        self.assertEqual(done.code, -signal.SIGSYS, done)

    def test_another_user_than_root_can_do_it_where_the_capability_is_ambient(self) -> None:
        """Which Kubernetes cannot ask for: hence root, with nothing of what root may but this."""
        cluster, name = self.cluster, "agent-of-nobody"
        # What lies in the tester's own folders, another user may not be able to reach.
        cluster.output(PLACE, "mkdir", "-p", FOR_NOBODY)
        cluster.output(PLACE, "cp", str(cluster.agents.program), cluster.agents.kubeconfig, FOR_NOBODY)
        kubeconfig = f"{FOR_NOBODY}/{Path(cluster.agents.kubeconfig).name}"
        under = confinement.confined(cluster.build_dir, cluster.lab.share, "--user", NOBODY)
        cluster.lab.spawn(PLACE, name, [
            *under, f"{FOR_NOBODY}/kube-ipvs", "agent", "--kubeconfig", kubeconfig, "--hostname-override",
            "nowhere", "--control-socket", "/dev/null/none"])
        self.addCleanup(cluster.output, PLACE, str(cluster.agents.program), "cleanup", "--yes")
        self.addCleanup(cluster.lab.wait, name, 30)
        self.addCleanup(cluster.lab.signal, name, signal.SIGTERM)
        cluster.wait_for(lambda: "10.96.0.1:443" in cluster.output(PLACE, "ipvsadm", "-Ln"), SOON,
                         f"the agent of nobody to serve: see {name}.log")
        self.assertEqual(len(cluster.output(PLACE, "pgrep", "-u", NOBODY, "-x", "kube-ipvs").split()), 1)

    def status_of_the_agent(self, node: str) -> dict[str, str]:
        """/proc/PID/status of the agent that listens on the node's health port."""
        listener = self.cluster.output(node, "ss", "-Hltnp", "sport = :10256")
        pid = re.search(r"pid=(\d+)", listener)
        assert pid, listener
        text = self.cluster.output(node, "cat", f"/proc/{pid[1]}/status")
        return dict(re.findall(r"^(\w+):\s+(.+)$", text, re.MULTILINE))
