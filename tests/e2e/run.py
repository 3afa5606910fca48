#!/usr/bin/env python3
"""Runs the end-to-end tests: a line per test as it goes, and the counts at the end.

    PYTHONPATH=tests python3 -m e2e.run [PATTERN…]

A pattern is a part of a test's name; without one all tests run. Boots the lab unless one runs.
On a failure it shows the ends of the agents' logs and every node's table. KUBE_IPVS_BUILD names
the build folder; without it the newest of build/release and build/dev is taken.
"""

from __future__ import annotations

import sys
import time
import unittest
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from e2e.fixture import shared_cluster  # noqa: E402
from lab.control_plane_binaries import reason_to_do_without  # noqa: E402
from lab.settings import LabError  # noqa: E402

# In this order: the last one looks at what the others left behind.
MODULES = ("program_test", "manifests_test", "rights_test", "scenario_test", "shared_cases_test",
           "families_test", "traffic_test", "rolling_test", "wire_test", "repair_test",
           "fault_test", "contract_test", "client_test", "brake_test", "restart_test",
           "dry_run_test", "takeover_test", "metrics_lint_test", "operator_test",
           "monitoring_test", "status_test", "confinement_test")
LOG_TAIL = 15

Err = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Lines(unittest.TestResult):
    """One line per test, as soon as it has ended; for a failure the reason and the cluster."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0
        self.failed = 0
        self._broken = False
        self._started = 0.0
        self._reasons: list[str] = []

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._broken = False
        self._started = time.monotonic()

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        if self._broken:
            show_cluster()

    def addSuccess(self, test: unittest.TestCase) -> None:
        # Cleanups have run before, subtests too: a failure there has been told already.
        if not self._broken:
            self.passed += 1
            self._say("ok", test)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self._say("skip", test, reason)

    def addFailure(self, test: unittest.TestCase, err: Err) -> None:
        super().addFailure(test, err)
        self._fail(test, err, self.failures[-1][1])

    def addError(self, test: unittest.TestCase, err: Err) -> None:
        super().addError(test, err)
        self._fail(test, err, self.errors[-1][1])

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase,
                   err: Err | None) -> None:
        if err is not None:
            super().addFailure(subtest, err)
            self._fail(subtest, err, self.failures[-1][1])

    def _fail(self, test: unittest.TestCase, err: Err, traceback: str) -> None:
        if not self._broken:
            self.failed += 1
        self._broken = True
        self._say("FAIL", test)
        for line in traceback.splitlines():
            print(f"        {line}")
        first_line = str(err[1]).partition("\n")[0]
        self._reasons.append(f"{sentence(test)}: {first_line}")

    def tell_failures_again(self) -> None:
        """Who reads the end of a log alone finds each failure there, and its reason."""
        for reason in self._reasons:
            print(f"FAILED {reason}")

    def _say(self, word: str, test: unittest.TestCase, more: str = "") -> None:
        seconds = time.monotonic() - self._started if self._started else 0.0
        print(f"{word:<5} {sentence(test)}  {more or f'{seconds:.1f} s'}", flush=True)


def sentence(test: unittest.TestCase) -> str:
    """test_a_pod_reaches_itself: "a pod reaches itself"."""
    name, _, part = test.id().rsplit(".", 1)[-1].partition(" ")
    return f"{name.removeprefix('test_').replace('_', ' ')} {part}".rstrip()


def show_cluster() -> None:
    """What the agents said last, and what every node has."""
    cluster = shared_cluster()
    for node in cluster.nodes:
        try:
            log = cluster.agents.log(node.name).splitlines()[-LOG_TAIL:]
            table = cluster.run(node.name, "ipvsadm", "-Ln").out.splitlines()
        except LabError as error:
            log, table = [str(error)], []
        print(f"        --- {node.name}: the end of the agent's log, and ipvsadm -Ln")
        for line in [*log, *table]:
            print(f"        {line}")
    sys.stdout.flush()


def tests(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests(item)
        else:
            yield item


def chosen(patterns: Sequence[str]) -> unittest.TestSuite:
    loader = unittest.defaultTestLoader
    everything = loader.loadTestsFromNames([f"e2e.{module}" for module in MODULES])
    return unittest.TestSuite(
        test for test in tests(everything)
        if not patterns or any(p in test.id() or p in sentence(test) for p in patterns))


def main(patterns: Sequence[str]) -> int:
    suite = chosen(patterns)
    reason = reason_to_do_without()
    if reason:
        print(f"skip  the end-to-end tests: {reason}")
        print(f"0 passed, 0 failed, {suite.countTestCases()} skipped")
        return 0
    started = time.monotonic()
    shared_cluster()
    print(f"the cluster is up after {time.monotonic() - started:.0f} s", flush=True)
    result = Lines()
    suite.run(result)
    result.tell_failures_again()
    print(f"{result.passed} passed, {result.failed} failed, {len(result.skipped)} skipped")
    return 0 if result.failed == 0 and result.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
