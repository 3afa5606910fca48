"""What tests and demo read: ipvsadm's listing, and the agents' log lines. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

# ("TCP", "10.96.0.1:443") -> {"10.0.2.2:6443": weight}
VirtualServer = tuple[str, str]
Table = dict[VirtualServer, dict[str, int]]

_PROGRAMMED = re.compile(r'"Service programmed" service="(?P<service>[^"]+)".*'
                         r'latency="(?P<amount>[0-9.]+)(?P<unit>ns|µs|us|ms|s)"')
_WRITES = re.compile(r'"First sync".* writes=(\d+)')
_MILLISECONDS = {"ns": 1e-6, "µs": 1e-3, "us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True)
class Change:
    """One Service that an agent programmed, and how long after the watch event."""

    service: str
    milliseconds: float


def parse_table(listing: str) -> Table:
    """The table that `ipvsadm -Ln` printed."""
    table: Table = {}
    current: dict[str, int] = {}
    for line in listing.splitlines()[3:]:
        words = line.split()
        if words[0] == "->":
            current[words[1]] = int(words[3])
        else:
            current = table.setdefault((words[0], words[1]), {})
    return table


def serving(backends: dict[str, int]) -> set[str]:
    """The backends that get new connections: not those that only drain."""
    return {address for address, weight in backends.items() if weight > 0}


def changes(log: str) -> list[Change]:
    """What the log says was programmed, in order."""
    return [Change(found["service"], float(found["amount"]) * _MILLISECONDS[found["unit"]])
            for found in _PROGRAMMED.finditer(log)]


def first_sync_writes(log: str) -> int | None:
    """How much the agent's first sync wrote; none before it is done."""
    found = _WRITES.search(log)
    return int(found.group(1)) if found else None


def endpoint(address: str, port: int) -> str:
    """As ipvsadm writes it: "10.96.0.1:443", "[fd00::1]:443"."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
