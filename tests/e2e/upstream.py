#!/usr/bin/env python3
"""Upstream's end-to-end tests of Services, on the cluster of a kubeconfig.

    PYTHONPATH=tests python3 -m e2e.upstream E2E_TEST KUBECONFIG

E2E_TEST is `e2e.test` of kubernetes-test-linux-amd64.tar.gz. First everything of the focus but what
upstream_skips.txt names; then what it names, which must not pass: a skip that is not needed hides
what comes next. Exit code 0: all passed, and no skip was for nothing.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SKIPS = Path(__file__).with_name("upstream_skips.txt")
FOCUS = r"\[sig-network\] (Services|Networking|Conntrack|DNS|EndpointSlice|Traffic Distribution)"
PASSED, FAILED = "passed", "failed"


class Skip(NamedTuple):
    pattern: str
    reason: str


def skips(text: str) -> list[Skip]:
    """One of each line; ValueError for one without a reason."""
    found = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pattern, separator, reason = line.partition(" # ")
        if not separator or not reason.strip():
            raise ValueError(f"no reason is given for skipping {pattern!r}")
        found.append(Skip(pattern.strip(), reason.strip()))
    return found


def run(program: str, kubeconfig: str, focus: str, skip: str) -> dict[str, str]:
    """By the test's name, how it ended; without those that were not run."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        words = [program, f"--kubeconfig={kubeconfig}", "--provider=skeleton", f"--ginkgo.focus={focus}",
                 f"--ginkgo.junit-report={report}", "--ginkgo.timeout=2h"]
        subprocess.run(words + ([f"--ginkgo.skip={skip}"] if skip else []), stdout=sys.stderr, check=False)
        if not report.exists():
            raise SystemExit(f"{program} wrote no report: it did not come to its tests")
        return results(report.read_text())


def results(report: str) -> dict[str, str]:
    cases = {case.attrib["name"]: case.attrib.get("status", "") for case in xml.fromstring(report).iter("testcase")}
    return {name: PASSED if status == PASSED else FAILED for name, status in cases.items()
            if name.startswith("[It]") and status not in ("skipped", "pending")}


def main(words: Sequence[str]) -> int:
    if len(words) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    program, kubeconfig = words
    listed = skips(SKIPS.read_text())
    ended = run(program, kubeconfig, FOCUS, "|".join(skip.pattern for skip in listed))
    failed = sorted(name for name, verdict in ended.items() if verdict != PASSED)
    for name in failed:
        print(f"FAIL  {name}")
    needless = 0
    for skip in listed:
        passed = [name for name, verdict in run(program, kubeconfig, f"{FOCUS}.*{skip.pattern}", "").items()
                  if verdict == PASSED]
        print(f"skip  {skip.pattern}: {skip.reason}")
        for name in passed:
            print(f"FAIL  skipped for nothing, it passes: {name}")
        needless += len(passed)
    print(f"{len(ended) - len(failed)} passed, {len(failed)} failed, {needless} skipped for nothing")
    return 0 if ended and not failed and not needless else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
