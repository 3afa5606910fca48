"""The contract of the unit tests' scripted API server, asked of the real one."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from e2e.fixture import ClusterTest
from lab.settings import PROJECT

PROGRAM = Path(os.environ.get("KUBE_IPVS_KUBE_TESTS", PROJECT / "build/asan/tests/kube/kube_tests"))


class Reflectors(ClusterTest):
    def test_the_reflectors_keep_their_promises_with_the_real_api_server(self) -> None:
        if not PROGRAM.exists():
            self.skipTest(f"{PROGRAM} is not built: run `scripts/test unit` first")
        done = subprocess.run(
            [PROGRAM, "--gtest_filter=RealApiServer*"], capture_output=True, text=True, timeout=300,
            env=os.environ | {"KUBE_IPVS_TEST_KUBECONFIG": self.cluster.endpoints.admin_kubeconfig})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        passed = re.search(r"^\[  PASSED  \] (\d+) test", done.stdout, re.MULTILINE)
        self.assertTrue(passed and int(passed.group(1)) >= 4, done.stdout)
        self.assertNotIn("SKIPPED", done.stdout)
