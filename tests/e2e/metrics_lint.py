"""What `promtool check metrics` (Prometheus 2.42) says of a /metrics, without its 50 MB: the rules of
client_golang's promlint, and what its parser refuses.

Each finding is "family: what is wrong", in promtool's own words where promlint has them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{((?:{_LABEL},?)*)\}})? (\S+)(?: -?\d+)?")
_LABELS = re.compile(rf"({_LABEL.split('=', maxsplit=1)[0]})=(\"(?:[^\"\\\n]|\\[\"\\n])*\")")

# A family's samples, by its type, end in one of these.
_ENDS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}
_TYPES = ("counter", "gauge", "histogram", "summary", "untyped")

# Prometheus' naming: the base unit of each measure.
_BASE_UNITS = {
    "amperes": ("amperes",), "bytes": ("bytes",), "celsius": ("celsius",),
    "grams": ("grams",), "joules": ("joules",), "meters": ("meters", "metres"),
    "seconds": ("seconds", "minutes", "hours", "days", "weeks"), "volts": ("volts",),
}
_PREFIXES = ("pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi",
             "mega", "mibi", "giga", "gibi", "tera", "tebi", "peta", "pebi")
_ABBREVIATIONS = ("s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d")


@dataclass
class Family:
    """What stands under one name."""

    name: str
    help: str | None = None
    type: str | None = None
    samples: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)  # name, label names


def lint(text: str) -> list[str]:
    """The findings, in the families' order."""
    families, findings = _parse(text)
    for family in families:
        findings += [f"{family.name}: {problem}" for problem in _problems(family)]
    return findings


def _parse(text: str) -> tuple[list[Family], list[str]]:
    families: dict[str, Family] = {}
    seen: set[str] = set()
    findings: list[str] = []
    current: Family | None = None
    if text and not text.endswith("\n"):
        findings.append("the end: the last line has no line end")
    for line in text.splitlines():
        if about := re.fullmatch(rf"# (HELP|TYPE) ({_NAME}) (.*)", line):
            word, name, value = about.groups()
            if current is None or current.name != name:
                if name in families:
                    findings.append(f"{name}: its lines do not stand together")
                current = families.setdefault(name, Family(name))
            findings += _describe(current, word, value)
        elif line and not line.startswith("#"):
            current, found = _take_sample(line, families, current, seen)
            findings += found
    return list(families.values()), findings


def _describe(family: Family, word: str, value: str) -> list[str]:
    key = word.lower()
    if getattr(family, key) is not None or family.samples:
        return [f"{family.name}: {word} twice, or after its samples"]
    setattr(family, key, value)
    return [f"{family.name}: unknown type {value}"] if word == "TYPE" and value not in _TYPES else []


def _take_sample(line: str, families: dict[str, Family], current: Family | None,
                 seen: set[str]) -> tuple[Family | None, list[str]]:
    match = _SAMPLE.fullmatch(line)
    if not match:
        return current, [f"{line}: is no sample"]
    name, labels, value = match.group(1), match.group(2) or "", match.group(3)
    findings = []
    if current is None or name not in [current.name + end for end in _ends(current)]:
        if name in families:
            findings.append(f"{name}: its lines do not stand together")
        current = families.setdefault(name, Family(name))
    pairs = _LABELS.findall(labels)
    series = name + str(sorted(pairs))
    if series in seen:
        findings.append(f"{line}: was collected before with the same name and label values")
    seen.add(series)
    if len({label for label, _ in pairs}) != len(pairs):
        findings.append(f"{line}: a label twice")
    try:
        float(value)
    except ValueError:
        findings.append(f"{line}: its value is no number")
    current.samples.append((name, tuple(label for label, _ in pairs)))
    return current, findings


def _ends(family: Family) -> tuple[str, ...]:
    return _ENDS.get(family.type or "", ("",))


def _problems(family: Family) -> list[str]:
    if not family.samples:
        return []  # promtool's parser passes them over, too
    return [*_help(family), *_unit(family), *_counter(family), *_reserved(family),
            *_type_in_name(family), *_characters(family), *_abbreviations(family)]


def _help(family: Family) -> list[str]:
    return [] if family.help else ["no help text"]


def _unit(family: Family) -> list[str]:
    words = family.name.split("_")
    for base, units in _BASE_UNITS.items():
        for unit in units:
            for word in words:
                if word in (prefix + unit for prefix in _PREFIXES) or word == unit != base:
                    return [f'use base unit "{base}" instead of "{word}"']
    return []


def _counter(family: Family) -> list[str]:
    total = family.name.endswith("_total")
    if family.type == "counter" and not total:
        return ['counter metrics should have "_total" suffix']
    if family.type not in ("counter", "untyped", None) and total:
        return ['non-counter metrics should not have "_total" suffix']
    return []


def _reserved(family: Family) -> list[str]:
    found = []
    kind = family.type or "untyped"
    if kind == "untyped":
        return found
    labels = {label for _, names in family.samples for label in names}
    if kind != "histogram" and family.name.endswith("_bucket"):
        found.append('non-histogram metrics should not have "_bucket" suffix')
    if kind not in ("histogram", "summary"):
        for end in ("_count", "_sum"):
            if family.name.endswith(end):
                found.append(f'non-histogram and non-summary metrics should not have "{end}" suffix')
    if kind != "histogram" and "le" in labels:
        found.append('non-histogram metrics should not have "le" label')
    if kind != "summary" and "quantile" in labels:
        found.append('non-summary metrics should not have "quantile" label')
    return found


def _type_in_name(family: Family) -> list[str]:
    kind = family.type or "untyped"
    if kind == "untyped":
        return []
    inside = re.search(rf"_{kind}(_|$)", family.name.lower())
    return [f"metric name should not include type '{kind}'"] if inside else []


def _characters(family: Family) -> list[str]:
    camel = re.compile(r"[a-z][A-Z]")
    labels = {label for _, names in family.samples for label in names}
    found = []
    if ":" in family.name:
        found.append("metric names should not contain ':'")
    if camel.search(family.name):
        found.append("metric names should be written in 'snake_case' not 'camelCase'")
    if any(camel.search(label) for label in labels):
        found.append("label names should be written in 'snake_case' not 'camelCase'")
    return found


def _abbreviations(family: Family) -> list[str]:
    name = family.name.lower()
    short = [word for word in _ABBREVIATIONS if f"_{word}_" in name or name.endswith(f"_{word}")]
    return ["metric names should not contain abbreviated units"] if short else []
