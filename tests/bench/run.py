"""Makes measurements, one after the other: a line for each figure as it comes, all in one table at
the end, and in build/bench/results.json."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys

from bench.figures import HEADING, Figure, line, save
from bench.place import BenchError, Place
from bench.sources import SOURCES, Source
from lab.settings import PROJECT, LabError
from lab.waiting import WaitedInVain

RESULTS = PROJECT / "build" / "bench" / "results.json"
BUILD = PROJECT / "build" / "release"


def main(words: list[str]) -> int:
    if set(words) & {"-h", "--help"}:
        print("usage: scripts/bench [--list | the beginnings of figures' names]\n\n"
              f"{__doc__}\n\nfigures: {' '.join(_names())}")
        return 0
    if words == ["--list"]:
        print("\n".join(_names()))
        return 0
    chosen = [source for source in SOURCES if source.wanted(words)]
    if not chosen:
        print(f"bench: no figure begins with {' or '.join(words)}; there are those of "
              "`scripts/bench --list`", file=sys.stderr)
        return 2
    build(chosen)
    figures, broken = measure(chosen)
    print(f"\n{heading()}\n{HEADING}")
    for one in figures:
        print(line(one))
    save(figures, RESULTS)
    print(f"kept in {RESULTS.relative_to(PROJECT)}")
    return 1 if broken or not all(one.passed for one in figures) else 0


def _names() -> list[str]:
    return [name for source in SOURCES for name in source.figures]


def build(chosen: list[Source]) -> None:
    targets = sorted({target for source in chosen for target in source.targets})
    for command in (["cmake", "--preset", "release"],
                    ["cmake", "--build", "--preset", "release", "--target", *targets]):
        print(f"bench: {' '.join(command)}", flush=True)
        done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            print(done.stdout[-4000:], file=sys.stderr)
            raise SystemExit(f"bench: the build failed: `{' '.join(command)}`")


def measure(chosen: list[Source]) -> tuple[list[Figure], int]:
    """The figures, and how many of the measurements failed."""
    figures: list[Figure] = []
    broken = 0
    place = Place(BUILD)
    try:
        for source in chosen:
            print(f"bench: {', '.join(source.figures)}", flush=True)
            try:
                for one in source.measure(place):
                    print(f"  {line(one)}", flush=True)
                    figures.append(one)
            except (BenchError, LabError, WaitedInVain, OSError, subprocess.TimeoutExpired) as error:
                print(f"  failed: {error}", flush=True)
                broken += 1
    finally:
        place.leave()
    return figures, broken


def heading() -> str:
    load = os.getloadavg()[0]
    return (f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} processors, "
            f"Linux {platform.release()}, load {load:.1f}, "
            f"`scripts/bench {' '.join(sys.argv[1:])}`".replace(" `", "\n`"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
