#!/usr/bin/env python3
"""Compares with kube-proxy: the same objects, its virtual servers and ours, on every node.

    PYTHONPATH=tests python3 -m packets.oracle [PATTERN…]

Every scene as far as its first step, all at once, without scenes that have flags of their own,
change the nodes or are huge. What differs and is explained (explained.yaml) is shown with its reason; what
differs and is not, and what is explained and differs no more, is a failure.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.cluster import Cluster  # noqa: E402
from lab.cluster_agents import Agents  # noqa: E402
from lab.control_plane_binaries import ControlPlaneError, binaries, peer  # noqa: E402
from lab.waiting import WaitedInVain, wait_for  # noqa: E402
from packets import run, world  # noqa: E402
from packets.differences import (  # noqa: E402
    Difference,
    differences,
    explanations,
    owners,
    verdicts,
)
from packets.objects import Objects  # noqa: E402
from packets.scene import POD_RANGES, Scene, load_all  # noqa: E402

PEER_OPTIONS = (*POD_RANGES, "--conntrack-max-per-core=0", "-v=4")
PEERS_PATIENCE = 400.0
# What kube-proxy logs when it learns its node's zone. 1.36.2 looks for the node before it says who shall be
# told: sometimes it finds it in between, tells nobody, and knows no zone until the node's label changes.
ZONE_IS_KNOWN = "Updated proxier node topology labels"
STARTS = 8
# kube-proxy starts a process for each entry of its sets: no scene that is longer than this.
LONGEST = 20_000
# The programs that kube-proxy writes its rules with, and what they say to `--version`. The sets remember
# their entries: kube-proxy starts a process for each one that it misses, in every round.
RULE_PROGRAMS = ("iptables", "iptables-restore", "iptables-save", "ip6tables", "ip6tables-restore",
                 "ip6tables-save")
PROGRAMS = "/run/kube-proxy"
SETS = r"""
case "$1 $2" in
"list -n") ;;
"list "*) echo Members:; [ ! -f "$0.$2" ] || while read -r entry; do echo "$entry"; done < "$0.$2" ;;
"add "*) echo "$3" >> "$0.$2" ;;
*) echo v7.15 ;;
esac
"""
# In the machine's memory and, where there is one, by a shell that starts fast: it is thousands of times.
SAY_YES = f"""
rm -rf {PROGRAMS}
mkdir -p {PROGRAMS}
[ -x /bin/busybox ] && shell='/bin/busybox sh' || shell=/bin/sh
for name in {' '.join(RULE_PROGRAMS)}; do
  printf '#!%s\necho v7.15\n' "$shell" > {PROGRAMS}/$name
done
printf '#!%s\n%s' "$shell" '{SETS.strip()}' > {PROGRAMS}/ipset
chmod 755 {PROGRAMS}/*
"""


class Comparison:
    """One cluster; first kube-ipvs serves it, then kube-proxy."""

    def __init__(self, cluster: Cluster, scenes: Sequence[Scene]) -> None:
        self._cluster = cluster
        self._names = [node.name for node in cluster.nodes]
        self._scenes = scenes
        self._marks = Objects(cluster, "oracle")

    def make_objects(self) -> list[world.World]:
        self._marks.make_namespace()
        with ThreadPoolExecutor(run.SIDE_BY_SIDE) as pool:
            return list(pool.map(self._make, self._scenes))

    def our_tables(self) -> dict[str, str]:
        """Every node's, when it has followed all changes."""
        run.wait_until_seen(self._cluster, self._marks, run.SEEN)
        return self._tables()

    def differences_from_the_peer(self, kube_proxy: Path, ours: dict[str, str],
                                  owner: dict[str, str]) -> list[Difference]:
        """When all of them are explained, or after kube-proxy had its time.

        Its rules are not compared, and take minutes in emulation, a process each: so the programs
        that write them only say yes.
        """
        self._cluster.agents.end_all()
        self._clear()
        for name in self._names:
            self._cluster.output(name, "sh", "-ec", SAY_YES)
        agents = Agents(self._cluster.lab, kube_proxy, self._names,
                        self._cluster.endpoints.agent_kubeconfig, PEER_OPTIONS,
                        {"PATH": f"{PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin"})
        found: list[Difference] = []

        def explained() -> bool:
            theirs = self._tables()
            found[:] = [difference for name in self._names
                        for difference in differences(name, ours[name], theirs[name], owner)]
            return all(why for _, why in verdicts(found, explanations())[0])

        try:
            agents.start_all()
            for name in self._names:
                self._start_until_the_zone_is_known(agents, name)
            with contextlib.suppress(WaitedInVain):  # what is not explained is told
                wait_for(explained, PEERS_PATIENCE, "kube-proxy's virtual servers")
        finally:
            agents.end_all()
            self._clear()
        return found

    def _start_until_the_zone_is_known(self, agents: Agents, name: str) -> None:
        """Whoever has written a table has been told its zone, or never will be."""
        for _ in range(STARTS):
            wait_for(lambda: self._cluster.output(name, "ipvsadm", "-Sn"), PEERS_PATIENCE,
                     f"kube-proxy on {name} to write its table")
            if ZONE_IS_KNOWN in agents.log(name):
                return
            agents.stop(name, signal.SIGTERM)
            self._cluster.output(name, "ipvsadm", "-C")
            agents.start(name)

    def _tables(self) -> dict[str, str]:
        return {name: self._cluster.output(name, "ipvsadm", "-Sn") for name in self._names}

    def _clear(self) -> None:
        for name in self._names:
            self._cluster.run(name, "sh", "-c", "ipvsadm -C; ip link del kube-ipvs0; "
                              "nft delete table inet kube-ipvs")

    def _make(self, scene: Scene) -> world.World:
        objects = Objects(self._cluster, scene.name)
        objects.make_namespace()
        for manifest in scene.objects:
            objects.change({"create": manifest})
        for change in scene.steps[0].changes:
            objects.change(change)
        return objects.wait_until_made()


def comparable(scene: Scene) -> bool:
    """Can it be there beside all others, under the same flags, without taking minutes?"""
    return (tuple(scene.flags) == POD_RANGES and len(str(scene.objects)) < LONGEST
            and not any("run" in change for change in scene.steps[0].changes))


def tell(found: Sequence[Difference], same: int, complete: bool) -> int:
    """Prints what differs, and the counts; how many failures there are. `same`: virtual servers that
    do not differ. `complete`: every explanation must occur."""
    known = explanations()
    told, outlived = verdicts(found, known)
    for difference, why in told:
        print(f"{'differs' if why else 'FAIL':<8}{difference}{f' ({why})' if why else ''}")
    for explanation in outlived if complete else ():
        print(f"FAIL    differs no more: {explanation.differs} ({explanation.because})")
    explained = sum(bool(why) for _, why in told)
    failed = len(told) - explained + (len(outlived) if complete else 0)
    print(f"{same + explained} passed, {failed} failed, 0 skipped")
    return failed


def main(patterns: Sequence[str]) -> int:
    scenes = [scene for scene in load_all() if comparable(scene)
              and (not patterns or any(pattern in scene.name for pattern in patterns))]
    try:
        binaries()
        kube_proxy = peer()
    except ControlPlaneError as error:
        print(f"skip  the comparison with kube-proxy: {error}")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    started = time.monotonic()
    cluster = run.start_cluster()
    try:
        comparison = Comparison(cluster, scenes)
        owner = owners(comparison.make_objects())
        print(f"{time.monotonic() - started:.0f} s: the objects are made", flush=True)
        ours = comparison.our_tables()
        found = comparison.differences_from_the_peer(kube_proxy, ours, owner)
        print(f"{time.monotonic() - started:.0f} s: both have served them", flush=True)
    finally:
        cluster.stop()
    all_servers = sum(table.count("-A ") for table in ours.values())
    return 1 if tell(found, all_servers - sum(bool(one.ours) for one in found), not patterns) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
