"""Whether the connections of a probe came to what its row says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.topology import node_address
from packets.world import Probe

# Of connections that shall be answered or refused, and of those that shall not be.
PATIENCE = 5000
PATIENCE_WITH_SILENCE = 1500


@dataclass(frozen=True)
class Attempt:
    """One connection: how it ended; who answered, whom it saw asking, and how much it got."""

    outcome: str  # answered, refused, silent, unreachable, failed
    name: str = ""  # of who answered; else the outcome and why
    peer: str = ""
    bytes: int = 0


def request(number: int, probe: Probe) -> str:
    """The line for the program `probe`; its answers begin with the same number."""
    row = probe.row
    least, most, distinct = _counts(probe)
    mark = int(row.to.via.removeprefix("node")) if row.to.via else 0
    patience = PATIENCE_WITH_SILENCE if row.ends == "dropped" else PATIENCE
    words = (number, probe.protocol, probe.address, probe.port, mark, row.source_port, least, most,
             distinct, patience, row.bytes)
    return " ".join(map(str, words))


def _counts(probe: Probe) -> tuple[int, int, int]:
    row = probe.row
    if row.source_port or row.ends == "dropped" or isinstance(row.ends, int):
        return 1, 1, 1
    if isinstance(row.ends, str):
        return 2, 2, 1
    if row.sticky:
        return 4, 4, 1
    # Others use the same virtual server meanwhile, so the rotation is not ours alone.
    pods = len(row.ends)
    return 2 * pods, 6 * pods + 4, pods


def parse(output: str) -> dict[int, list[Attempt]]:
    """The attempts of each number, in order."""
    attempts: dict[int, list[Attempt]] = {}
    for line in output.splitlines():
        number, outcome, *rest = line.split()
        attempt = Attempt(outcome, " ".join([outcome, *rest]))
        if outcome == "answered":
            size = int(rest[2]) if rest[2].isdigit() else 0
            attempt = Attempt(outcome, rest[0], rest[1], size)
        attempts.setdefault(int(number), []).append(attempt)
    return attempts


def complaint(probe: Probe, attempts: Sequence[Attempt]) -> str:
    """What contradicts the row; empty where it holds."""
    row = probe.row
    said = _summary(attempts)
    if isinstance(row.ends, int):
        return "" if [a.name for a in attempts] == [str(row.ends)] else f"{said}, not {row.ends}"
    if row.ends == "dropped":
        good = all(a.outcome in ("silent", "unreachable") for a in attempts)
        return "" if good and attempts else f"{said}, not dropped"
    if row.ends == "refused":
        good = all(a.outcome == "refused" for a in attempts)
        return "" if good and attempts else f"{said}, not refused"
    return _complaint_about_answers(probe, attempts, said)


def _complaint_about_answers(probe: Probe, attempts: Sequence[Attempt], said: str) -> str:
    row = probe.row
    names = {attempt.name for attempt in attempts}
    if not attempts or any(attempt.outcome != "answered" for attempt in attempts):
        return f"{said}, not answered by {_list(row.ends)}"
    if row.sticky and (len(names) != 1 or not names <= set(row.ends)):
        return f"{said}, not always by the same of {_list(row.ends)}"
    if not row.sticky and names != set(row.ends):
        return f"{said}, not by {_list(row.ends)}"
    if any(attempt.bytes != row.bytes for attempt in attempts):
        return f"the pods got {sorted({a.bytes for a in attempts})} bytes of {row.bytes}"
    strangers = {host_of(attempt.peer) for attempt in attempts} - _sources(probe)
    if probe.source and strangers:
        return f"the pods saw {_list(sorted(strangers))} asking, not {probe.source}"
    return ""


def _sources(probe: Probe) -> set[str]:
    source = probe.source or ""
    if source.startswith("node"):
        address = node_address(int(source.removeprefix("node")))
        return {address.v4, address.v6}
    return {source}


def host_of(peer: str) -> str:
    """Of "10.244.1.2:4711" or "[fd00::2]:4711"."""
    return peer.rpartition(":")[0].strip("[]")


def _summary(attempts: Sequence[Attempt]) -> str:
    if not attempts:
        return "not tried"
    if all(attempt.outcome == "answered" for attempt in attempts):
        return f"answered by {_list([attempt.name for attempt in attempts])}"
    return ", ".join(attempt.name for attempt in attempts)


def _list(words: Sequence[str] | str) -> str:
    return words if isinstance(words, str) else " ".join(words)
