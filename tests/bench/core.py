"""The decision by itself: core_bench, which is Google Benchmark over the pure core."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator

from bench.figures import Figure, figure
from bench.place import Place

REPETITIONS = 5
SMALLEST, BIG, BIGGEST = 100, 10_000, 50_000
FLAT = 1.2


def measure(place: Place) -> Iterator[Figure]:
    runs = _runs(place, "Full|Change")
    yield figure("core.full", _median(runs, f"Full/{BIG}"), "ms", "<=", 60)
    yield figure("core.change", _median(runs, f"Change/{BIG}"), "µs", "<=", 20)
    runs = _runs(place, "Change", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1")
    small, big = _median(runs, f"Change/{SMALLEST}"), _median(runs, f"Change/{BIGGEST}")
    yield figure("core.change.flat", big / small, "times", "<=", FLAT,
                 f"{small:.1f} µs at {SMALLEST} Services, {big:.1f} µs at {BIGGEST}")


def _runs(place: Place, wanted: str, *environment: str) -> list[dict]:
    told = place.on_host("env", *environment, place.program("tests/bench/core_bench"),
                         f"--benchmark_filter={wanted}", "--benchmark_format=json",
                         f"--benchmark_repetitions={REPETITIONS}", "--benchmark_min_time=0.2")
    return json.loads(told)["benchmarks"]


def _median(runs: list[dict], name: str) -> float:
    return statistics.median(run["real_time"] for run in runs if run["run_type"] == "iteration"
                             and run["name"].startswith(f"{name}/"))
