"""scripts/kind-e2e does its steps in order, tells failures apart, and leaves nothing behind.

Docker, kind and kubectl are stand-ins here that write down how they were called.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "kind-e2e"
SKIPPED = 77
STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case "$(basename "$0") $*" in
  *$FAILS*) [ -z "$FAILS" ] || exit 3 ;;
esac
case "$(basename "$0") $*" in
  "kind get nodes"*) echo n1; echo n2 ;;
esac
"""


class KindEndToEnd(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.calls = self.folder / "calls"
        # A copy of the project, as far as the script looks: its own scripts are stand-ins, too.
        for name in ("docker", "kind", "kubectl", "python3"):
            self.stand_in(self.folder / "bin" / name)
        scripts = self.folder / "project" / "scripts"
        for name in ("image", "test_image.py", "lab"):
            self.stand_in(scripts / name)
        self.script = scripts / "kind-e2e"
        self.script.write_bytes(SCRIPT.read_bytes())
        self.script.chmod(0o755)

    def test_all_does_every_step_in_order_and_takes_the_cluster_away(self) -> None:
        self.assertEqual(self.run_script("all").returncode, 0)
        self.assert_in_order("kind create cluster --name kube-ipvs", "image --name kube-ipvs:0.1.0",
                             "kind load image-archive build/image/kube-ipvs-amd64.tar",
                             "docker cp manifests/seccomp/kube-ipvs.json n1:",
                             "docker cp manifests/seccomp/kube-ipvs.json n2:",
                             "kubectl --context kind-kube-ipvs apply -k manifests/overlays/kind",
                             "rollout status daemonset/kube-ipvs", "python3 -m unittest -v e2e.kind_test",
                             "kind delete cluster --name kube-ipvs")

    def test_a_failed_case_fails_all_and_is_looked_into_before_the_cluster_goes(self) -> None:
        self.assertEqual(self.run_script("all", fails="e2e.kind_test").returncode, 3)
        self.assert_in_order("e2e.kind_test", "kind export logs", "kind delete cluster")

    def test_a_failed_step_ends_the_others(self) -> None:
        self.assertEqual(self.run_script("all", fails="rollout status daemonset").returncode, 3)
        self.assertNotIn("e2e.kind_test", self.calls.read_text())
        self.assert_in_order("kind export logs", "kind delete cluster")

    def test_without_docker_it_is_skipped_and_says_so(self) -> None:
        done = self.run_script("all", fails="docker info")
        self.assertEqual(done.returncode, SKIPPED)
        self.assertIn("skipped: Docker does not answer", done.stderr)
        self.assertNotIn("create cluster", self.calls.read_text())

    def test_interrupted_it_still_takes_the_cluster_away(self) -> None:
        self.stand_in(self.folder / "bin" / "kubectl", 'kill -TERM "$(cat "$CALLS.pid")"; sleep 1\n')
        environment = self.environment()
        running = subprocess.Popen(["bash", "-c", 'echo $$ >"$CALLS.pid"; exec "$0" all', self.script],
                                   env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertNotEqual(running.wait(60), 0)
        self.assert_in_order("kubectl --context kind-kube-ipvs apply", "kind delete cluster")
        self.assertNotIn("e2e.kind_test", self.calls.read_text())

    def test_every_step_is_skipped_where_docker_does_not_answer(self) -> None:
        for word in ("up", "load", "deploy", "wait", "test", "dump", "down", "all"):
            with self.subTest(word):
                done = self.run_script(word, fails="docker info")
                self.assertEqual((done.returncode, done.stderr),
                                 (SKIPPED, "kind-e2e: skipped: Docker does not answer (docker info)\n"))

    def test_without_kind_it_is_skipped_and_says_so(self) -> None:
        (self.folder / "bin" / "kind").unlink()
        done = self.run_script("up")
        self.assertEqual(done.returncode, SKIPPED)
        self.assertIn("there is no kind on PATH", done.stderr)

    def test_upstreams_tests_come_last_where_their_program_is_named(self) -> None:
        self.assertEqual(self.run_script("test", more={"E2E_TEST": "/opt/e2e.test"}).returncode, 0)
        self.assert_in_order("e2e.kind_test", "python3 -m e2e.upstream /opt/e2e.test build/kind.kubeconfig")

    def test_the_family_is_the_clusters(self) -> None:
        config = self.folder / "config"
        self.stand_in(self.folder / "bin" / "kind", f'case "$*" in create*) cp "$6" {config} ;; esac\n')
        self.assertEqual(self.run_script("--family", "dual", "up").returncode, 0)
        self.assertIn("kubeProxyMode: none, ipFamily: dual", config.read_text())

    def test_a_word_that_it_does_not_know_is_a_wrong_invocation(self) -> None:
        for words in (["sideways"], [], ["--family", "ipv5", "all"], ["--provider", "cloud", "all"]):
            with self.subTest(words):
                self.assertEqual(self.run_script(*words, fails="docker info").returncode, 2)

    def test_the_lab_does_the_same_steps_and_needs_no_docker(self) -> None:
        (self.folder / "bin" / "docker").unlink()
        self.stand_in(self.folder / "bin" / "cmake")
        self.assertEqual(self.run_script("--provider", "lab", "all").returncode, 0)
        self.assert_in_order("lab up", "cmake --build", "lab status", "python3 -m e2e.run shared_cases_test",
                             "lab down")

    def stand_in(self, path: Path, more: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STAND_IN + more)
        path.chmod(0o755)

    def run_script(self, *words: str, fails: str = "",
                   more: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.script, *words], env=(more or {}) | self.environment(fails), text=True,
                              capture_output=True, check=False)

    def environment(self, fails: str = "") -> dict[str, str]:
        return {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "CALLS": str(self.calls), "FAILS": fails,
                "HOME": os.environ.get("HOME", "/")}

    def assert_in_order(self, *texts: str) -> None:
        rest = self.calls.read_text()
        for text in texts:
            self.assertIn(text, rest, self.calls.read_text())
            rest = rest[rest.index(text) + len(text):]


if __name__ == "__main__":
    unittest.main()
