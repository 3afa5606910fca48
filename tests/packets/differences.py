"""What differs between two tables of virtual servers, and which differences are explained. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from packets.scene import FOLDER
from packets.world import World

EXPLAINED = FOLDER / "explained.yaml"


@dataclass(frozen=True)
class Difference:
    """One virtual server that is not the same; each side as ipvsadm saves it."""

    node: str
    server: str
    owner: str
    ours: Sequence[str]
    theirs: Sequence[str]

    def __str__(self) -> str:
        return (f"{self.node} {self.owner} {self.server}: ours {' '.join(self.ours) or 'none'}; "
                f"kube-proxy's {' '.join(self.theirs) or 'none'}")


@dataclass(frozen=True)
class Explanation:
    """Why a difference is as it should be; `differs` is found in its line. `sometimes`: it comes and
    goes by itself, and may be away when it is looked for."""

    differs: str
    because: str
    sometimes: bool = False

    def fits(self, difference: Difference) -> bool:
        return re.search(self.differs, str(difference)) is not None


def explanations() -> list[Explanation]:
    return [Explanation(**entry) for entry in yaml.safe_load(EXPLAINED.read_text())]


def differences(node: str, ours: str, theirs: str, owner: dict[str, str]) -> list[Difference]:
    """`ours`, `theirs`: what `ipvsadm -Sn` says. `owner`: of owners()."""
    mine, other = _servers(ours), _servers(theirs)
    return [Difference(node, server, _owner(server, owner), mine.get(server, []),
                       other.get(server, []))
            for server in sorted(mine.keys() | other.keys())
            if mine.get(server) != other.get(server)]


def owners(worlds: Sequence[World]) -> dict[str, str]:
    """Per address, and per node port, which Service has it, and as what."""
    found: dict[str, str] = {}
    for seen in worlds:
        for service in seen.services:
            name = f"{seen.namespace}/{service['metadata']['name']}"
            spec = service["spec"]
            ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
            kinds = {"clusterIP": spec.get("clusterIPs", []),
                     "externalIP": spec.get("externalIPs", []),
                     "loadBalancer": [entry["ip"] for entry in ingress if "ip" in entry]}
            for kind, addresses in kinds.items():
                found |= {address: f"{name} {kind}" for address in addresses}
            found |= {f":{port['nodePort']}": f"{name} nodePort"
                      for port in spec.get("ports", []) if port.get("nodePort")}
    return found


def verdicts(found: Sequence[Difference],
             known: Sequence[Explanation]) -> tuple[list[tuple[Difference, str]], list[Explanation]]:
    """Each difference with its reason, empty where nobody has one; and the explanations of what
    should differ and does not."""
    told = [(difference, next((one.because for one in known if one.fits(difference)), ""))
            for difference in found]
    return told, [one for one in known if not one.sometimes
                  and not any(one.fits(difference) for difference in found)]


def _servers(saved: str) -> dict[str, list[str]]:
    """Per virtual server its settings and its real servers, sorted."""
    table: dict[str, list[str]] = {}
    for line in saved.splitlines():
        action, protocol, address, *rest = line.split()
        words = table.setdefault(f"{protocol} {address}", [])
        words.append(f"[{' '.join(rest)}]" if action == "-A" else " ".join(rest[1:]))
    return {server: sorted(words) for server, words in table.items()}


def _owner(server: str, owner: dict[str, str]) -> str:
    address, _, port = server.partition(" ")[2].rpartition(":")
    return owner.get(address.strip("[]")) or owner.get(f":{port}") or "nobody's"
