"""Runs the tiers of tests in order and prints one line for each, then the sum.

A tier is a function that runs commands through a Transcript and returns an Outcome. It never passes
silently: what cannot run here is an Outcome with a reason.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "test"
TAIL = 60


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reason: str = ""

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.passed + other.passed, self.failed + other.failed,
                       self.skipped + other.skipped, self.reason or other.reason)


class Transcript:
    """The output of a tier's commands, in one file."""

    def __init__(self, tier: str) -> None:
        self.tier = tier
        LOGS.mkdir(parents=True, exist_ok=True)
        self.path = LOGS / f"{tier}.log"
        self.path.write_text("")

    def run(self, what: str, *command: str | Path,
            env: dict[str, str] | None = None) -> tuple[int, str]:
        """Runs one command to its end; its exit code and output."""
        print(f"  {self.tier}: {what}", flush=True)
        with self.path.open("ab") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
            log.flush()
            start = log.tell()
            code = subprocess.run([str(word) for word in command], cwd=ROOT, stdout=log,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                  env={**os.environ, **(env or {})}, check=False).returncode
        with self.path.open("rb") as log:
            log.seek(start)
            return code, log.read().decode(errors="replace")

    def tail(self) -> str:
        return "\n".join(self.path.read_text(errors="replace").splitlines()[-TAIL:])


def broken(what: str) -> Outcome:
    return Outcome(failed=1, reason=what)


def build(log: Transcript, preset: str, *targets: str) -> Outcome | None:
    """Configures and builds; the failed outcome if it could not."""
    if log.run(f"configuring ({preset})", "cmake", "--preset", preset)[0] != 0:
        return broken(f"cmake --preset {preset} failed")
    wanted = ("--target", *targets) if targets else ()
    if log.run(f"building ({preset})", "cmake", "--build", "--preset", preset, *wanted)[0] != 0:
        return broken(f"the {preset} build failed")
    return None


def counted(code: int, text: str, *patterns: tuple[str, str]) -> Outcome:
    """Adds up what the patterns find; a bad exit code that counts no failure is one."""
    outcome = Outcome()
    for field, pattern in patterns:
        total = sum(int(number) for number in re.findall(pattern, text, re.MULTILINE))
        setattr(outcome, field, getattr(outcome, field) + total)
    if code != 0 and outcome.failed == 0:
        outcome.failed, outcome.reason = 1, f"exit code {code}"
    if code == 0 and outcome.passed == 0:
        outcome.failed, outcome.reason = 1, "no test ran"
    return outcome


def ctest(log: Transcript, preset: str, *options: str) -> Outcome:
    code, text = log.run("running", "ctest", "--test-dir", f"build/{preset}",
                         "--output-on-failure", "-j2", *options)
    total = re.search(r"(\d+) tests failed out of (\d+)", text)
    if not total:
        return broken(f"ctest ran nothing (exit code {code})")
    failed, all_tests = map(int, total.groups())
    skipped = len(re.findall(r"\*\*\*Skipped", text))
    return Outcome(all_tests - failed - skipped, failed, skipped)


def gtest(code: int, text: str) -> Outcome:
    return counted(code, text, ("passed", r"^\[  PASSED  \] (\d+) test"),
                   ("failed", r"^\[  FAILED  \] (\d+) test"),
                   ("skipped", r"^\[  SKIPPED \] (\d+) test"))


def unittest(code: int, text: str) -> Outcome:
    outcome = counted(code, text, ("passed", r"^Ran (\d+) test"),
                      ("failed", r"(?:failures|errors)=(\d+)"), ("skipped", r"skipped=(\d+)"))
    outcome.passed -= outcome.failed + outcome.skipped if outcome.passed else 0
    return outcome


def style(log: Transcript) -> Outcome:
    checks = {
        "shell scripts (shellcheck)": ["scripts/check-style", "shell"],
        "formatting (clang-format)": ["scripts/check-style", "format"],
        "who may include whom": ["scripts/check-style", "layering"],
    }
    outcome = Outcome()
    for what, command in checks.items():
        good = log.run(what, *command)[0] == 0
        outcome += Outcome(passed=1) if good else broken(what)
    return outcome


def unit(log: Transcript) -> Outcome:
    return build(log, "asan") or ctest(log, "asan", "-LE", "simulation")


def simulation(log: Transcript) -> Outcome:
    return build(log, "asan", "simulation_tests") or ctest(log, "asan", "-L", "simulation")


def threads(log: Transcript) -> Outcome:
    return build(log, "tsan", "agent_tests") or ctest(log, "tsan", "-R", "^AnAgent")


def lab_up(log: Transcript) -> Outcome | None:
    if log.run("booting the lab", "scripts/lab", "up")[0] != 0:
        return broken("the lab did not boot")
    return None


def lab(log: Transcript) -> Outcome:
    return lab_up(log) or unittest(*log.run("running", "python3", "-m", "unittest", "-v",
                                            "lab.lab_test", env={"PYTHONPATH": "tests"}))


def kernel(log: Transcript) -> Outcome:
    stopped = build(log, "release", "lab_programs", "kube-ipvs") or lab_up(log)
    if stopped:
        return stopped
    binary = ROOT / "build" / "release" / "tests" / "kernel" / "kernel_tests"
    return gtest(*log.run("running in the lab", "scripts/lab", "run", "--in", "node1",
                          "--timeout", "900", "--", binary))


def with_control_plane(log: Transcript, targets: tuple[str, ...],
                       *commands: tuple[str | Path, ...]) -> Outcome:
    """Runs commands that end with the line "N passed, N failed, N skipped", where the real control
    plane can be had."""
    sys.path.insert(0, str(ROOT / "tests"))
    from lab.control_plane import available  # pylint: disable=import-outside-toplevel

    missing = available()
    if missing:
        return Outcome(skipped=1, reason=missing)
    stopped = build(log, "release", "kube-ipvs", *targets) or lab_up(log)
    if stopped:
        return stopped
    outcome = Outcome()
    for command in commands:
        code, text = log.run("running in the lab", *command, env={"PYTHONPATH": "tests"})
        summary = re.findall(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", text, re.MULTILINE)
        if not summary:
            return broken(f"{' '.join(map(str, command))} broke off (exit code {code})")
        why = re.search(r"^skip +(.+)$", text, re.MULTILINE)
        outcome += Outcome(*map(int, summary[-1]), reason=why[1] if why else "")
    return outcome


def packets(log: Transcript) -> Outcome:
    files = unittest(*log.run("reading the scenes", "python3", "-m", "unittest", "-v",
                              "packets.verdict_test", "packets.scene_test",
                              "packets.differences_test",
                              env={"PYTHONPATH": "tests"}))
    return files + with_control_plane(log, ("echo", "probe"),
                                      ("python3", "tests/packets/run.py"))


def oracle(log: Transcript) -> Outcome:
    return with_control_plane(log, ("echo",), ("python3", "tests/packets/oracle.py"))


def e2e(log: Transcript) -> Outcome:
    return with_control_plane(log, ("httpenv", "traffic", "echo", "confined", "real_api_server_tests"),
                              ("python3", "tests/e2e/run.py"))


TIERS: dict[str, Callable[[Transcript], Outcome]] = {
    "style": style,
    "unit": unit,
    "simulation": simulation,
    "threads": threads,
    "lab": lab,
    "kernel": kernel,
    # Before packets, whose pods load the kernel's sctp, which no Service must.
    "e2e": e2e,
    "packets": packets,
    "oracle": oracle,
}


def line(name: str, outcome: Outcome, seconds: float) -> str:
    verdict = "FAILED" if outcome.failed else "passed" if outcome.passed else "skipped"
    why = f"  ({outcome.reason})" if outcome.reason else ""
    return (f"{name:<11} {verdict:<8} {outcome.passed:>4} passed {outcome.failed:>3} failed "
            f"{outcome.skipped:>3} skipped {seconds:>6.0f} s{why}")


def main(names: list[str]) -> int:
    if names == ["--list"]:
        print("\n".join(TIERS))
        return 0
    unknown = [name for name in names if name not in TIERS]
    if unknown:
        print(f"scripts/test: no tier is called {unknown[0]!r}; there are: {' '.join(TIERS)}",
              file=sys.stderr)
        return 2
    lines, total = [], Outcome()
    for name in names or TIERS:
        log, start = Transcript(name), time.monotonic()
        print(f"{name}:", flush=True)
        outcome = TIERS[name](log)
        if outcome.failed:
            print(log.tail(), flush=True)
        lines.append(line(name, outcome, time.monotonic() - start))
        print(lines[-1], flush=True)
        total += outcome
    subprocess.run(["scripts/lab", "down"], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    print("\n" + "\n".join(lines))
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
