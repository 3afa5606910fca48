#!/usr/bin/env python3
"""Compares with kube-proxy: the same objects, its virtual servers and ours, and the rows with its packets.

    PYTHONPATH=tests python3 -m packets.oracle [PATTERN…]

Every scene as far as its first step, all at once: kube-proxy starts a process for each of its rules,
which takes minutes in emulation. What differs and is in EXPLAINED is shown with its reason; what
differs and is not there is a failure.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.cluster import Cluster  # noqa: E402
from lab.cluster_agents import Agents  # noqa: E402
from lab.control_plane_binaries import peer, reason_to_do_without  # noqa: E402
from packets import probing, run, world  # noqa: E402
from packets.objects import Objects  # noqa: E402
from packets.scene import POD_RANGES, Scene, load_all  # noqa: E402

PEER_OPTIONS = (*POD_RANGES, "--ipvs-sync-period=5s", "--conntrack-max-per-core=0")
PEERS_PATIENCE = 600.0

# What a line of the comparison says, and why it says so. README.md has them as a table.
EXPLAINED: tuple[tuple[str, str], ...] = (
    (r"169\.254\.1\.1", "a link-local address is no address of a node"),
    (r"internal-policy/open clusterIP", "the policy Local does not leak"),
)


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


def servers(saved: str) -> dict[str, list[str]]:
    """`ipvsadm -Sn`: per virtual server its settings and its real servers, sorted."""
    table: dict[str, list[str]] = {}
    for line in saved.splitlines():
        action, protocol, address, *rest = line.split()
        words = table.setdefault(f"{protocol} {address}", [])
        words.append(f"[{' '.join(rest)}]" if action == "-A" else " ".join(rest[1:]))
    return {server: sorted(words) for server, words in table.items()}


def without(saved: str, address: str) -> str:
    """The table without the virtual servers of an address."""
    return "".join(line for line in saved.splitlines(keepends=True) if f" {address}:" not in line)


def owners(worlds: Sequence[world.World]) -> dict[str, str]:
    """Per address and port which Service has it, and as what."""
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


def differences(node: str, ours: str, theirs: str, owner: dict[str, str]) -> list[Difference]:
    mine, other = servers(ours), servers(theirs)
    return [Difference(node, server, _owner(server, owner), mine.get(server, []),
                       other.get(server, []))
            for server in sorted(mine.keys() | other.keys())
            if mine.get(server) != other.get(server)]


def _owner(server: str, owner: dict[str, str]) -> str:
    address, _, port = server.partition(" ")[2].rpartition(":")
    return owner.get(address.strip("[]")) or owner.get(f":{port}") or "nobody's"


def reason(difference: Difference) -> str:
    text = f"{difference.node} {difference.owner} {difference.server}"
    return next((why for pattern, why in EXPLAINED if re.search(pattern, text)), "")


class Comparison:
    """One cluster; first kube-ipvs serves it, then kube-proxy."""

    def __init__(self, cluster: Cluster, scenes: Sequence[Scene]) -> None:
        self._cluster = cluster
        self._scenes = scenes
        self._objects = {scene.name: Objects(cluster, scene.name) for scene in scenes}
        self._marks = Objects(cluster, "oracle")

    def make_objects(self) -> list[world.World]:
        self._marks.make_namespace()
        with ThreadPoolExecutor(run.SIDE_BY_SIDE) as pool:
            return list(pool.map(self._make, self._scenes))

    def tables(self, patience: float) -> dict[str, str]:
        """Every node's, when the node has followed all changes."""
        mark = run.wait_until_seen(self._cluster, self._marks, patience)
        return {node.name: without(self._cluster.output(node.name, "ipvsadm", "-Sn"), mark)
                for node in self._cluster.nodes}

    def change_to_the_peer(self) -> None:
        self._cluster.agents.end_all()
        for node in self._cluster.nodes:
            self._cluster.output(node.name, "sh", "-ec", "ipvsadm -C; ip link del kube-ipvs0; "
                                 "nft delete table inet kube-ipvs")
        names = [node.name for node in self._cluster.nodes]
        Agents(self._cluster.lab, peer(), names, self._cluster.endpoints.agent_kubeconfig,
               PEER_OPTIONS).start_all()

    def rows(self, worlds: Sequence[world.World]) -> list[tuple[str, str]]:
        """Of all first steps: sentence, and what is wrong about it with kube-proxy."""
        probes = [probe for scene, seen in zip(self._scenes, worlds, strict=True)
                  for row in scene.steps[0].rows for probe in world.probes(row, seen)]
        wrong = probing.complaints_after(self._cluster, probes, PEERS_PATIENCE, judge)
        return [(probe.sentence, text) for probe, text in zip(probes, wrong, strict=True)]

    def _make(self, scene: Scene) -> world.World:
        objects = self._objects[scene.name]
        objects.make_namespace()
        for manifest in scene.objects:
            objects.change({"create": manifest})
        for change in scene.steps[0].changes:
            objects.change(change)
        return objects.wait_until_made()


def judge(probe: world.Probe, wrong: str) -> str:
    """What is wrong about kube-proxy's answer: it may fail where the row says why."""
    known = probe.row.kube_proxy
    if known:
        return "" if wrong else f"kube-proxy does it too, though not expected: {known}"
    return wrong


def tell(found: Sequence[Difference], rows: Sequence[tuple[str, str]]) -> int:
    """Prints what differs; how much of it nobody has explained."""
    unexplained = 0
    for difference in found:
        why = reason(difference)
        unexplained += not why
        print(f"{'differs' if why else 'FAIL':<8}{difference}{f' ({why})' if why else ''}")
    failed = [(sentence, wrong) for sentence, wrong in rows if wrong]
    for sentence, wrong in failed:
        print(f"FAIL    {sentence}: {wrong}")
    print(f"{len(rows) - len(failed)} passed, {len(failed) + unexplained} failed, 0 skipped")
    return len(failed) + unexplained


def main(patterns: Sequence[str]) -> int:
    scenes = [scene for scene in load_all() if not scene.alone and scene.steps
              and (not patterns or any(pattern in scene.name for pattern in patterns))]
    missing = reason_to_do_without()
    if missing:
        print(f"skip  the comparison with kube-proxy: {missing}")
        return 0
    cluster = run.start_cluster()
    try:
        probing.prepare(cluster)
        run.make_callers(cluster)
        comparison = Comparison(cluster, scenes)
        worlds = comparison.make_objects()
        ours = comparison.tables(run.SEEN)
        comparison.change_to_the_peer()
        started = time.monotonic()
        comparison.tables(PEERS_PATIENCE)
        # Its virtual servers come first and its rules last, so the rows tell when it is done.
        rows = comparison.rows(worlds)
        print(f"kube-proxy was given {time.monotonic() - started:.0f} s")
        theirs = comparison.tables(PEERS_PATIENCE)
        owner = owners(worlds)
        found = [difference for node in sorted(ours)
                 for difference in differences(node, ours[node], theirs[node], owner)]
        return 1 if tell(found, rows) else 0
    finally:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
