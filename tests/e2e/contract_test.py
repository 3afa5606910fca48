"""The contract of the unit tests' scripted API server, asked of the real one."""

from __future__ import annotations

import os
import re
import subprocess

from e2e.fixture import ClusterTest, build_dir

NAMESPACE = "contract"


class Contract(ClusterTest):
    def test_the_real_api_server_keeps_the_contract_of_the_scripted_one(self) -> None:
        program = build_dir() / "tests" / "contract" / "real_api_server_tests"
        # A server that has just started knows no history from before.
        self.cluster.control_plane.stop_api_server()
        self.cluster.control_plane.start_api_server()
        self.make_namespace(NAMESPACE)
        self.cluster.kubectl("create", "serviceaccount", "powerless", "-n", NAMESPACE)
        token = self.cluster.kubectl("create", "token", "powerless", "-n", NAMESPACE).strip()
        done = subprocess.run(
            [program], capture_output=True, text=True, timeout=300,
            env=os.environ | {
                "KUBE_IPVS_TEST_KUBECONFIG": self.cluster.endpoints.admin_kubeconfig,
                "KUBE_IPVS_TEST_POWERLESS_TOKEN": token})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        passed = re.search(r"^\[  PASSED  \] (\d+) test", done.stdout, re.MULTILINE)
        self.assertTrue(passed and int(passed.group(1)) >= 38, done.stdout)
        self.assertNotIn("SKIPPED", done.stdout)
