"""What manifests/monitoring asks Prometheus: its expressions, and the metrics that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from lab.manifests import FOLDER, Object, objects

MONITORING = FOLDER / "monitoring"
RUNBOOKS = FOLDER / "runbooks.md"

# Words of PromQL that stand where a metric could (prometheus.io, "Operators"); functions are told
# by the bracket after them.
_WORDS = {"and", "or", "unless", "bool", "inf", "nan"}
_GROUPINGS = r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"
# Not the agent's own: Prometheus makes it of every scrape.
PROMETHEUS_OWN = {"up"}


class Query(NamedTuple):
    """An expression and where it stands."""

    where: str
    expression: str


def rule_groups() -> list[Object]:
    """The groups of the PrometheusRule, as a rules file has them."""
    rule, = objects((MONITORING / "rules.yaml").read_text(), "PrometheusRule")
    groups: list[Object] = rule["spec"]["groups"]
    return groups


def alerts() -> list[Object]:
    return [rule for group in rule_groups() for rule in group["rules"]]


def dashboard() -> Any:
    return json.loads((MONITORING / "dashboard.json").read_text())


def queries() -> Iterator[Query]:
    """Every expression; in the dashboard's the variables have become what "All" stands for."""
    for alert in alerts():
        yield Query(f"alert {alert['alert']}", alert["expr"])
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield Query(f"panel {panel['title']}", target["expr"].replace("$instance", ".*"))


def metrics_of(expression: str) -> set[str]:
    """The metrics that an expression names."""
    text = re.sub(r'"(\\.|[^"\\])*"', "", expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", re.sub(_GROUPINGS, " ", text))
    names = re.findall(r"\b[a-zA-Z_:][a-zA-Z0-9_:]*\b(?!\s*\()", text)
    return {name for name in names if name.lower() not in _WORDS and not re.fullmatch(r"\d+[smhd]", name)}


def labels_of(expression: str) -> set[str]:
    """The labels that its matchers and groupings name."""
    matchers = {label for block in re.findall(r"\{([^}]*)\}", expression)
                for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", block)}
    groupings = {label for _, block in re.findall(r"\b(by|without|on|ignoring)\s*\(([^)]*)\)", expression)
                 for label in re.findall(r"\w+", block)}
    return matchers | groupings


def exposed(metrics: str) -> set[str]:
    """The names that the text of /metrics can be asked for."""
    names = set()
    for family, kind in re.findall(r"^# TYPE (\S+) (\S+)$", metrics, re.MULTILINE):
        names.add(family)
        if kind == "histogram":
            names |= {f"{family}_{part}" for part in ("bucket", "sum", "count")}
    return names


def scrape_labels() -> set[str]:
    """Those that the ServiceMonitor adds."""
    monitor, = objects((MONITORING / "service-monitor.yaml").read_text(), "ServiceMonitor")
    relabelled = {entry["targetLabel"] for endpoint in monitor["spec"]["endpoints"]
                  for entry in endpoint.get("relabelings", [])}
    return relabelled | {"job"}


def load_all(name: str) -> list[Object]:
    return [item for item in yaml.safe_load_all((MONITORING / name).read_text()) if item]
