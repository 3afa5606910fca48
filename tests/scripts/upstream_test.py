"""What becomes of upstream's tests: failures and needless skips are told; e2e.test is a stand-in."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from e2e import upstream  # noqa: E402

STAND_IN = '''#!/usr/bin/env python3
import re, sys
options = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
with open(options["ginkgo.junit-report"], "w") as report:
    report.write("<testsuites><testsuite>")
    for name, status in TESTS.items():
        chosen = re.search(options["ginkgo.focus"], name)
        if chosen and options.get("ginkgo.skip"):
            chosen = not re.search(options["ginkgo.skip"], name)
        report.write('<testcase name="[It] %s" status="%s"/>' % (name, status if chosen else "skipped"))
    report.write("</testsuite></testsuites>")
'''
SERVES = "[sig-network] Services should serve"
BALANCED = "[sig-network] Services [Feature:LoadBalancer] should balance"
OTHER = "[sig-node] Pods should run"


class Upstream(unittest.TestCase):
    def test_all_is_well_when_the_focus_passes_and_the_skipped_do_not(self) -> None:
        self.assertEqual(self.run_with({SERVES: "passed", BALANCED: "failed", OTHER: "failed"}), 0)
        self.assertIn("1 passed, 0 failed, 0 skipped for nothing", self.said)

    def test_a_failed_test_is_named(self) -> None:
        self.assertEqual(self.run_with({SERVES: "failed"}), 1)
        self.assertIn(f"FAIL  [It] {SERVES}", self.said)

    def test_a_skipped_test_that_passes_is_a_failure(self) -> None:
        self.assertEqual(self.run_with({SERVES: "passed", BALANCED: "passed"}), 1)
        self.assertIn("skipped for nothing, it passes", self.said)

    def test_nothing_run_is_no_success(self) -> None:
        self.assertEqual(self.run_with({OTHER: "passed"}), 1)

    def test_a_skip_needs_a_reason(self) -> None:
        for line in (r"\[Slow\]", r"\[Slow\] # "):
            with self.assertRaises(ValueError):
                upstream.skips(line)
        self.assertTrue(upstream.skips(upstream.SKIPS.read_text()))

    def run_with(self, tests: dict[str, str]) -> int:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "e2e.test"
            program.write_text(STAND_IN.replace("TESTS", repr(tests)))
            program.chmod(0o755)
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                code = upstream.main([str(program), "kubeconfig"])
            self.said = said.getvalue()
            return code


if __name__ == "__main__":
    unittest.main()
