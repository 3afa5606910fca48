"""The cluster that all end-to-end tests share, and what they ask of it."""

from __future__ import annotations

import atexit
import functools
import math
import os
import signal
import subprocess
import sys
import time
import unittest
from collections.abc import Callable, Sequence
from pathlib import Path

from lab import confinement
from lab.client import Completed, Lab
from lab.cluster import Cluster, Pod
from lab.cluster_readings import Change, Table, changes, endpoint, parse_table, serving
from lab.control_plane import available
from lab.settings import PROJECT

PORT = 8888
NODES = 3
CROWD = 10  # so many Services have lines of their own about their latency
# How soon a change must be in every node's table. Far above what it takes, for slow machines.
SOON = 30.0
TRIES = 3  # to do within a promised time what an emulated machine may have made longer
# Short, so that no test has to wait for a repair or for the end of a drain.
AGENT_OPTIONS = ("--ipvs-sync-period", "5s", "--drain-deadline", "10s")


def build_dir() -> Path:
    """KUBE_IPVS_BUILD, else the build folder whose agent is the newest."""
    if chosen := os.environ.get("KUBE_IPVS_BUILD"):
        return Path(chosen).resolve()
    built = [PROJECT / "build" / preset for preset in ("release", "dev")]
    built = [folder for folder in built if (folder / "reconcile" / "kube-ipvs").exists()]
    if not built:
        raise RuntimeError("no kube-ipvs is built: run `cmake --preset release && "
                           "cmake --build --preset release`, or set KUBE_IPVS_BUILD")
    return max(built, key=lambda folder: (folder / "reconcile" / "kube-ipvs").stat().st_mtime)


@functools.cache
def started_at() -> int:
    """When this run began, in seconds since 1970."""
    return int(time.time())


@functools.cache
def shared_cluster() -> Cluster:
    """The one cluster of this run, started on first use and ended with the process."""
    started_at()
    lab, build = running_lab(), build_dir()
    cluster = Cluster.start(lab, build, agent_options=AGENT_OPTIONS,
                            agents_under=confinement.chosen(build, lab.share))
    atexit.register(cluster.stop)
    return cluster


def running_lab() -> Lab:
    """The lab that runs, or one that ends with this process."""
    lab = Lab.find()
    if lab is None:
        subprocess.run([PROJECT / "scripts" / "lab", "up", "--nodes", str(NODES)], check=True)
        lab = Lab.attach()
        atexit.register(lab.down)
    missing = {f"node{i}" for i in range(1, NODES + 1)} - set(lab.places())
    if missing:
        raise RuntimeError(f"the running lab lacks {', '.join(sorted(missing))}: "
                           "end it with `scripts/lab down`")
    return lab


class ClusterTest(unittest.TestCase):
    """A test in the shared cluster; tells after each test how fast the agents were."""

    cluster: Cluster

    @classmethod
    def setUpClass(cls) -> None:
        reason = available()
        if reason:
            raise unittest.SkipTest(reason)
        cls.cluster = shared_cluster()

    def setUp(self) -> None:
        self._told = {node: len(self._changes(node)) for node in self.node_names()}

    def tearDown(self) -> None:
        for line in self._latencies():
            print(f"        {line}", file=sys.stderr)

    # The nodes' tables.

    @classmethod
    def node_names(cls) -> list[str]:
        return [node.name for node in cls.cluster.nodes]

    @classmethod
    def table(cls, node: str) -> Table:
        return parse_table(cls.cluster.output(node, "ipvsadm", "-Ln"))

    @classmethod
    def service_addresses(cls, node: str) -> str:
        """The addresses of the dummy interface, as text to look things up in."""
        return cls.cluster.output(node, "ip", "-o", "addr", "show", "kube-ipvs0")

    @classmethod
    def use_agent_options(cls, node: str, *options: str) -> None:
        """Starts the node's agent anew with exactly these flags; until the class ends."""
        agents = cls.cluster.agents
        usual = agents.options

        def as_usual() -> None:
            agents.options = usual
            agents.restart(node, signal.SIGTERM)

        cls.addClassCleanup(as_usual)
        agents.options = options
        agents.restart(node, signal.SIGTERM)

    @classmethod
    def kube_ipvs(cls, node: str, *words: str) -> Completed:
        """A subcommand on the node, with its agent."""
        socket = cls.cluster.agents.control_socket(node)
        return cls.cluster.run(node, "env", f"KUBE_IPVS_CONTROL_SOCKET={socket}",
                               str(cls.cluster.agents.program), *words)

    @classmethod
    def wait_until_served(cls, protocol: str, address: str, pods: Sequence[Pod],
                          port: int = PORT) -> None:
        """Returns when every node sends new connections to exactly these pods."""
        wanted = {endpoint(pod.address6 if ":" in address else pod.address4, port)
                  for pod in pods}
        for node in cls.node_names():
            cls.wait_for_table(node, lambda table: serving(
                table.get((protocol, endpoint(address, port)), {})) == wanted,
                f"{protocol} {endpoint(address, port)} on {node} to have {sorted(wanted)}")

    @classmethod
    def wait_for_table(cls, node: str, holds: Callable[[Table], bool], what: str) -> None:
        cls.cluster.wait_for(lambda: holds(cls.table(node)), SOON, what)

    # Objects.

    @classmethod
    def make_namespace(cls, name: str) -> None:
        """A namespace that goes with the class, completely: what follows finds a node at rest."""
        cls.cluster.kubectl("create", "namespace", name)
        cls.addClassCleanup(cls.cluster.kubectl, "delete", "namespace", name, "--timeout=50s")

    @classmethod
    def make_deployment(cls, namespace: str, replicas: int, name: str = "httpenv") -> None:
        cls.cluster.kubectl("create", "deployment", name, "--image=httpenv", "-n", namespace)
        cls.scale(namespace, replicas, name)

    @classmethod
    def make_served(cls, namespace: str, replicas: int) -> tuple[list[Pod], str]:
        """Pods behind a Service in a namespace of their own, and the Service's address; returns
        when every node serves them."""
        cls.make_namespace(namespace)
        cls.make_deployment(namespace, replicas)
        cls.cluster.kubectl("expose", "deployment/httpenv", "--port", str(PORT), "-n", namespace)
        address = cls.cluster.cluster_ip("httpenv", namespace)
        pods = cls.cluster.pods("app=httpenv", namespace)
        cls.wait_until_served("TCP", address, pods)
        return pods, address

    @classmethod
    def scale(cls, namespace: str, replicas: int, name: str = "httpenv") -> list[Pod]:
        """Scales the deployment and returns its pods when they are ready."""
        cluster, selector = cls.cluster, f"app={name}"
        cluster.kubectl("scale", f"deployment/{name}", f"--replicas={replicas}", "-n", namespace)
        cluster.wait_for(lambda: cluster.ready_pods(selector, namespace) == replicas, 60,
                         f"{replicas} ready pods of {namespace}/{name}")
        return cluster.pods(selector, namespace)

    @classmethod
    def make_caller(cls, namespace: str, node: str | None = None) -> Pod:
        """A pod called `caller` that does nothing by itself, and ends with the class."""
        where = () if node is None else (
            f'--overrides={{"spec": {{"nodeName": "{node}"}}}}',)
        cluster = cls.cluster
        cluster.kubectl("run", "caller", "--image=sleep", "-n", namespace, *where)
        cls.addClassCleanup(cluster.kubectl, "delete", "pod", "caller", "-n", namespace)
        cluster.wait_for(lambda: cluster.ready_pods("run=caller", namespace) == 1, 60,
                         f"the pod {namespace}/caller to be ready")
        return cluster.pods("run=caller", namespace)[0]

    # Traffic.

    def traffic(self, place: str, *words: str) -> list[str]:
        """The lines that the traffic program prints; it must succeed."""
        return self.cluster.output(place, self.cluster.traffic, *words, timeout=120).splitlines()

    def assert_fifty_rotate(self, place: str, url: str, pods: Sequence[Pod],
                            command: str = "sequence") -> None:
        """50 requests reach all pods, equally often, in strict rotation."""
        words = [command, url, "50"] if command == "sequence" else [command, *url.split(), "50"]
        answers = self.traffic(place, *words)
        self.assertEqual(len(answers), 50)
        self.assert_rotates(answers, [pod.name for pod in pods])

    def assert_rotates(self, answers: Sequence[str], names: Sequence[str]) -> None:
        self.assertCountEqual(answers[:len(names)], names)
        for position, answer in enumerate(answers[len(names):], start=len(names)):
            self.assertEqual(answer, answers[position - len(names)],
                             f"answer {position} breaks the rotation: {answers}")

    # Speed.

    def assert_within(self, seconds: float, measure: Callable[[], float]) -> None:
        """What `measure` returns, in seconds, is at most that; in an emulated lab, which stalls with
        its host, in one of a few tries: what the program needs, it needs each time."""
        tries = 1 if self.cluster.lab.native else TRIES
        taken: list[float] = []
        while len(taken) < tries and min(taken, default=math.inf) > seconds:
            taken.append(measure())
        self.assertLessEqual(min(taken), seconds, f"of {taken} s")

    def _changes(self, node: str) -> list[Change]:
        return changes(self.cluster.agents.history(node))

    def _latencies(self) -> list[str]:
        """A line per Service and node: how long after the watch event the kernel had it."""
        lines = []
        for node in self.node_names():
            per_service: dict[str, list[str]] = {}
            for change in self._changes(node)[self._told[node]:]:
                per_service.setdefault(change.service, []).append(f"{change.milliseconds:.1f}")
            if len(per_service) > CROWD:
                every = sorted(float(time) for times in per_service.values() for time in times)
                lines.append(f"{node} {len(per_service)} Services: p50 {every[len(every) // 2]:.1f}"
                             f" max {every[-1]:.1f} ms")
                continue
            lines += [f"{node} {service}: {' '.join(times)} ms"
                      for service, times in per_service.items()]
        return lines
