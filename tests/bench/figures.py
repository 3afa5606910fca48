"""Figures: what a measurement yields, how programs print them, how they are shown and kept.

A program prints one JSON object per figure and line, between lines of any other kind:

    {"name": "core.full", "value": 41.2, "unit": "ms", "reach": "<= 60 ms", "pass": true}

`note` may be added: what limits a figure that was not reached.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARE = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True)
class Figure:
    """One measured value, what was to be reached, and whether it was."""

    name: str
    value: float
    unit: str
    reach: str
    passed: bool
    note: str = ""


def figure(name: str, value: float, unit: str, comparison: str, reach: float,
           note: str = "") -> Figure:
    """`comparison` is "<=" or ">="."""
    return Figure(name, value, unit, f"{comparison} {reach:g} {unit}".rstrip(),
                  _COMPARE[comparison](value, reach), note)


def observed(name: str, value: float, unit: str, note: str = "") -> Figure:
    """A value that goes with others and has nothing to reach by itself."""
    return Figure(name, value, unit, "", True, note)


def parse(text: str) -> Iterator[Figure]:
    """The figures among the lines of a program's output."""
    for line in text.splitlines():
        if line.startswith('{"name":') or line.startswith('{"name" :'):
            told = json.loads(line)
            yield Figure(told["name"], float(told["value"]), told["unit"], told["reach"],
                         bool(told["pass"]), told.get("note", ""))


def line(one: Figure) -> str:
    """One row of the table."""
    verdict = "" if not one.reach else "yes" if one.passed else "NO"
    return (f"{one.name:<24} {number(one.value):>10} {one.unit:<8} {one.reach:<14} "
            f"{verdict:<4} {one.note}").rstrip()


HEADING = f"{'figure':<24} {'value':>10} {'unit':<8} {'reach':<14} {'ok':<4} note"


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def save(figures: Iterable[Figure], path: Path) -> None:
    """Adds the figures to the file, in place of earlier ones of the same name."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    for one in figures:
        kept[one.name] = {"value": one.value, "unit": one.unit, "reach": one.reach,
                          "pass": one.passed} | ({"note": one.note} if one.note else {})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
