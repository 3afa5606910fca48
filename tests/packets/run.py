#!/usr/bin/env python3
"""Runs the packet suite: a line per row as it goes, and the counts at the end.

    PYTHONPATH=tests python3 -m packets.run [--record] [PATTERN…]

A pattern is a part of a scene's name. Boots the lab unless one runs.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from e2e.fixture import AGENT_OPTIONS, build_dir, running_lab  # noqa: E402
from lab.cluster import Cluster, ClusterError  # noqa: E402
from lab.control_plane_binaries import reason_to_do_without  # noqa: E402
from lab.kubelet_api import ApiError  # noqa: E402
from lab.settings import LabError  # noqa: E402
from packets import probing, world  # noqa: E402
from packets.objects import Objects  # noqa: E402
from packets.scene import (  # noqa: E402
    FOLDER,
    POD_RANGES,
    Object,
    Scene,
    SceneError,
    Step,
    Telling,
    load_all,
)

RECORDED = FOLDER / "recorded"
# How long a row may be wrong after every agent has seen what changed.
SOON = 10.0
# How long until an agent must have seen it.
SEEN = 30.0
SIDE_BY_SIDE = 4


class Report:
    """Lines and counts. Thread-safe."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self._lock = threading.Lock()

    def add(self, scene: Scene, lines: Sequence[tuple[str, str]], seconds: float) -> None:
        """`lines`: each with what is wrong about it, or an empty text."""
        with self._lock:
            print(f"{scene.name}  {seconds:.1f} s")
            for line, wrong in lines:
                self.failed += bool(wrong)
                self.passed += not wrong
                print(f"  {'FAIL' if wrong else 'ok':<5} {line}" + (f": {wrong}" if wrong else ""))
            sys.stdout.flush()


class Stage:
    """Plays one scene after the other, or several side by side."""

    def __init__(self, cluster: Cluster, report: Report, record: bool) -> None:
        self._cluster = cluster
        self._report = report
        self._record = record

    def play(self, scene: Scene) -> None:
        started = time.monotonic()
        objects = Objects(self._cluster, scene.name)
        lines: list[tuple[str, str]] = []
        recorded: list[Object] = []
        try:
            self._use_flags(scene.flags)
            self._play(scene, objects, lines, recorded)
            self._clean_up(scene, objects)
        except (ApiError, ClusterError, LabError, SceneError, RuntimeError) as error:
            lines.append((f"the scene {scene.name}", str(error)))
        if self._record and len(recorded) == len(scene.steps):
            write_record(scene, recorded)
        self._report.add(scene, lines, time.monotonic() - started)

    def _use_flags(self, flags: Sequence[str]) -> None:
        """Starts the agents anew with these beside those of all tests."""
        options = (*AGENT_OPTIONS, *flags)
        if options == self._cluster.agents.options:
            return
        self._cluster.agents.options = options
        with ThreadPoolExecutor(len(self._cluster.nodes)) as pool:
            list(pool.map(lambda node: self._cluster.agents.restart(node.name, signal.SIGTERM),
                          self._cluster.nodes))

    def _play(self, scene: Scene, objects: Objects, lines: list[tuple[str, str]],
              recorded: list[Object]) -> None:
        objects.make_namespace()
        for manifest in scene.objects:
            objects.change({"create": manifest})
        for step in scene.steps:
            for change in step.changes:
                objects.change(change)
            lines += self._check(step, objects, recorded)

    def _check(self, step: Step, objects: Objects,
               recorded: list[Object]) -> list[tuple[str, str]]:
        made = objects.wait_until_made()
        probes = [probe for row in step.rows for probe in world.probes(row, made)]
        recorded.append(as_record(step, made, probes, own_addresses(self._cluster)))
        wait_until_seen(self._cluster, objects, SEEN)
        wrong = probing.complaints_after(self._cluster, probes, SOON)
        return [*((line(step, probe), text) for probe, text in zip(probes, wrong, strict=True)),
                *((f"{step.when}: {telling.sentence}", self._untold(telling, objects.namespace))
                  for telling in step.tellings)]

    def _untold(self, telling: Telling, namespace: str) -> str:
        """What the node says instead; empty where it says so."""
        cluster = self._cluster
        said = cluster.output(telling.node, str(cluster.agents.program), "explain",
                              "--control-socket", cluster.agents.control_socket(telling.node),
                              f"{namespace}/{telling.service}")
        return "" if telling.says in said else said

    def _clean_up(self, scene: Scene, objects: Objects) -> None:
        for change in scene.cleanup:
            objects.change(change)
        objects.remove_namespace()


def wait_until_seen(cluster: Cluster, objects: Objects, patience: float) -> str:
    """Returns when every node's table has what was changed last; the address that told it."""
    address, port = objects.mark()

    def follows(node: str) -> bool:
        return f"203.0.113.1:{port} " in cluster.run(
            node, "ipvsadm", "-Ln", "-t", f"{address}:{port}").out

    for node in cluster.nodes:
        cluster.wait_for(lambda name=node.name: follows(name), patience,
                         f"{node.name} to follow the changes of {objects.namespace}")
    return address


def line(step: Step, probe: world.Probe) -> str:
    covered = f"  [{probe.row.upstream}]" if probe.row.upstream else ""
    return f"{step.when}: {probe.sentence}{covered}"


def as_record(step: Step, made: world.World, probes: Sequence[world.Probe],
              addresses: Object) -> Object:
    return {"when": step.when, "nodes": [slim(node) for node in made.nodes],
            "addresses": addresses, "services": list(made.services),
            "endpointslices": list(made.slices), "rows": [probe.as_json() for probe in probes],
            "explained": [{**asdict(telling), "service": f"{made.namespace}/{telling.service}"}
                          for telling in step.tellings]}


def own_addresses(cluster: Cluster) -> Object:
    """Per node those that it has of its own, beyond one link."""
    found = {}
    for node in cluster.nodes:
        links = json.loads(cluster.output(node.name, "ip", "-json", "address"))
        found[node.name] = [address["local"] for link in links if link["ifname"] != "kube-ipvs0"
                            for address in link["addr_info"] if address["scope"] != "link"]
    return found


def slim(node: Object) -> Object:
    """Without what nobody decides by."""
    kept = dict(node)
    kept["status"] = {"addresses": node["status"].get("addresses", [])}
    return kept


def write_record(scene: Scene, steps: Sequence[Object]) -> None:
    RECORDED.mkdir(exist_ok=True)
    text = lines_of({"scene": scene.name, "flags": list(scene.flags), "steps": list(steps)}, 4)
    (RECORDED / f"{scene.name}.json").write_text(text + "\n")


def lines_of(value: object, depth: int) -> str:
    """JSON with a line for each element as deep as that, so that a service or a row is one line."""
    if depth == 0 or not value or not isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, list):
        return "[\n" + ",\n".join(lines_of(entry, depth - 1) for entry in value) + "\n]"
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {lines_of(entry, depth - 1)}"
                              for key, entry in value.items()) + "\n}"


def make_callers(cluster: Cluster) -> None:
    """A pod on each node that belongs to no Service."""
    objects = Objects(cluster, world.CALLERS)
    objects.make_namespace()
    for node in cluster.nodes:
        objects.change({"create": {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"caller-{node.number}"},
            "spec": {"nodeName": node.name, "containers": [{"name": "c", "image": "sleep"}]}}})
    objects.wait_until_made()


def start_cluster() -> Cluster:
    return Cluster.start(running_lab(), build_dir(), False, (*AGENT_OPTIONS, *POD_RANGES))


def play_all(cluster: Cluster, scenes: Sequence[Scene], stage: Stage) -> None:
    probing.prepare(cluster)
    make_callers(cluster)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(stage.play, [scene for scene in scenes if not scene.alone]))
    # By flags, for the agents are started anew when these change.
    for scene in sorted((scene for scene in scenes if scene.alone), key=lambda scene: scene.flags):
        stage.play(scene)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args(words)
    scenes = [scene for scene in load_all() if not options.patterns
              or any(pattern in scene.name for pattern in options.patterns)]
    reason = reason_to_do_without()
    if reason:
        print(f"skip  the packet suite: {reason}")
        print(f"0 passed, 0 failed, {sum(len(scene.rows()) for scene in scenes)} skipped")
        return 0
    report = Report()
    cluster = start_cluster()
    try:
        play_all(cluster, scenes, Stage(cluster, report, options.record))
    finally:
        cluster.stop()
    print(f"{report.passed} passed, {report.failed} failed, 0 skipped")
    return 0 if report.failed == 0 and report.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
