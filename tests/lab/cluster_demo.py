"""scripts/demo: the main job before the reader's eyes, on a real kernel, in two or three minutes.

Prepares (packages, build, lab, control plane), tells the story with the commands it really runs,
checks after each step that it came out right, and sums up.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lab.client import Lab
from lab.cluster import ClusterError, Pod
from lab.cluster_readings import changes, endpoint, first_sync_writes, parse_table, serving
from lab.cluster_screen import Screen
from lab.cluster_stages import PORT, EmbeddedStage, RealStage, Stage
from lab.control_plane_binaries import (
    KUBERNETES_VERSION,
    ControlPlaneError,
    reason_to_do_without,
)
from lab.settings import PROJECT, LabError, state_folder

NODES = ("node1", "node2")
TARGETS = ("kube-ipvs", "httpenv", "traffic")
_FOLLOW_SECONDS = 30.0
_LOG_TAIL = 12
_KEEP_SECONDS = 8 * 3600  # how long a lab that is kept lives at most


class ExpectationFailed(Exception):
    """The story did not come out as told; the text says what was expected and what came."""


class Story:
    """The demo's acts, in order; each raises ExpectationFailed where it goes wrong."""

    def __init__(self, lab: Lab, stage: Stage, build_dir: Path, screen: Screen) -> None:
        self._lab = lab
        self._stage = stage
        self._screen = screen
        self._agent = build_dir / "reconcile" / "kube-ipvs"
        self._traffic = build_dir / "tests" / "pods" / "traffic"
        self._requests = 0
        self._followed: list[str] = []

    def tell(self) -> None:
        self._wait_for_agents()
        self._screen.heading("Five pods on two nodes, and a Service in front of them")
        pods = self._stage.create(5)
        self._expect_spread(pods)
        self._wait_for_tables(pods)
        self._show_status("node1")
        self._screen.heading("Requests come back from each pod in turn")
        self._ask(pods[0].place, pods, 10)
        self._ask("node2", pods, 10)
        for earlier, replicas, node in ((5, 2, "node1"), (2, 5, "node2")):
            self._screen.heading(f"Scaling {earlier} -> {replicas}: the table follows")
            started = time.monotonic()
            pods = self._stage.scale(replicas)
            self._wait_for_tables(pods)
            self._followed.append(
                f"{earlier} -> {replicas} in {time.monotonic() - started:.1f} s")
            self._show_status(node)
            self._ask(pods[0].place, pods, 2 * replicas)

    def sum_up(self, seconds: float) -> None:
        times = sorted(change.milliseconds for node in NODES
                       for change in changes(self._stage.agents.log(node)))
        self._screen.heading(f"Done in {seconds:.0f} s")
        self._screen.good(f"{self._requests} requests answered, none failed, in strict rotation")
        self._screen.good(f"both nodes followed: {', '.join(self._followed)}, pods included")
        if times:
            self._screen.good(
                f"{len(times)} changes programmed; from the watch event to the kernel's "
                f"acknowledgement: median {statistics.median(times):.1f} ms, "
                f"slowest {times[-1]:.1f} ms")

    def _wait_for_agents(self) -> None:
        """Both agents are in step with the API server: what follows is the steady state."""
        deadline = time.monotonic() + _FOLLOW_SECONDS
        for node in NODES:
            while first_sync_writes(self._stage.agents.log(node)) is None:
                if time.monotonic() > deadline:
                    raise ExpectationFailed(f"expected the agent on {node} to have synced after "
                                            f"{_FOLLOW_SECONDS:.0f} s")
                time.sleep(0.1)

    def _expect_spread(self, pods: Sequence[Pod]) -> None:
        nodes = Counter(pod.node for pod in pods)
        if set(nodes) != set(NODES):
            raise ExpectationFailed(f"expected pods on {', '.join(NODES)}, got {dict(nodes)}")

    def _wait_for_tables(self, pods: Sequence[Pod]) -> None:
        """Every node's table has the Service with exactly these pods."""
        wanted = {endpoint(pod.address4, PORT) for pod in pods}
        deadline = time.monotonic() + _FOLLOW_SECONDS
        for node in NODES:
            while (found := self._backends(node)) != wanted:
                if not self._stage.agents.alive(node):
                    raise ExpectationFailed(f"the agent on {node} has ended")
                if time.monotonic() > deadline:
                    raise ExpectationFailed(
                        f"expected {sorted(wanted)} behind {self._stage.address}:{PORT} on "
                        f"{node}, got {sorted(found)} after {_FOLLOW_SECONDS:.0f} s")
                time.sleep(0.1)

    def _backends(self, node: str) -> set[str]:
        listing = self._lab.run(node, ["ipvsadm", "-Ln"]).out
        server = ("TCP", endpoint(self._stage.address, PORT))
        return serving(parse_table(listing).get(server, {}))

    def _show_status(self, node: str) -> None:
        self._screen.command(f"{node}$", "kube-ipvs status -n")
        done = self._lab.run(node, [str(self._agent), "status", "-n"])
        if done.code != 0:
            raise ExpectationFailed(f"`kube-ipvs status -n` on {node} ended with {done.code}: "
                                    f"{done.err.strip()}")
        self._screen.output(done.out)
        if any(0 in backends.values() for backends in parse_table(done.out).values()):
            self._screen.note("Weight 0: drains; it gets no new connections and goes when the old "
                              "ones have ended.")

    def _ask(self, place: str, pods: Sequence[Pod], count: int) -> None:
        """Requests from a place, which must reach all pods in turn."""
        url = f"http://{self._stage.address}:{PORT}"
        self._screen.command(f"{place}$", f"traffic sequence {url} {count}")
        done = self._lab.run(place, [str(self._traffic), "sequence", url, str(count)])
        answers = done.out.splitlines()
        self._screen.output(done.out)
        names = {pod.name for pod in pods}
        first = answers[:len(names)]
        if done.code != 0 or set(first) != names or answers != first * (count // len(first)):
            raise ExpectationFailed(f"expected {count} answers from {sorted(names)} in turn, "
                                    f"got those above {done.err.strip()}")
        self._requests += count


def prepare(screen: Screen, embedded: bool, keep_it: bool) -> tuple[Lab, Path]:
    """Packages, programs, machine."""
    with screen.timed("packages", "scripts/setup"):
        subprocess.run([PROJECT / "scripts" / "setup"], check=True)
    build_dir = build(screen, embedded)
    with screen.timed("lab", "scripts/lab up --nodes 2: a real Linux kernel with IPVS"):
        limit = ["--limit", str(_KEEP_SECONDS)] if keep_it else []
        subprocess.run([PROJECT / "scripts" / "lab", "up", "--nodes", "2", *limit], check=True)
    lab = Lab.attach()
    surplus = [place for place in lab.places() if place.startswith("node") and place not in NODES]
    if surplus:
        raise LabError(f"a lab with other nodes runs in {state_folder()}: end it first, with "
                       f"KUBE_IPVS_LAB={state_folder()} scripts/lab down")
    return lab, build_dir


def build(screen: Screen, embedded: bool) -> Path:
    """Builds preset release, unless KUBE_IPVS_BUILD names a folder that is built already."""
    if chosen := os.environ.get("KUBE_IPVS_BUILD"):
        return Path(chosen).resolve()
    targets = [*TARGETS, "fake_api_server"] if embedded else list(TARGETS)
    commands = (["cmake", "--preset", "release"],
                ["cmake", "--build", "--preset", "release", "--target", *targets])
    with screen.timed("build", f"{' '.join(commands[1])}"):
        for argv in commands:
            code, lines = screen.follow(argv, str(PROJECT))
            if code != 0:
                screen.output("\n".join(lines[-20:]))
                raise ExpectationFailed(f"`{' '.join(argv)}` ended with {code}; its end is above")
    return PROJECT / "build" / "release"


def choose_stage(screen: Screen, lab: Lab, build_dir: Path, reason: str | None) -> Stage:
    if reason:
        with screen.timed("API server", f"the tests' own, embedded: {reason}"):
            return EmbeddedStage(lab, build_dir, screen)
    with screen.timed("control plane", f"Kubernetes {KUBERNETES_VERSION}: etcd, kube-apiserver, "
                                       "kube-controller-manager; one kube-ipvs per node"):
        return RealStage(lab, build_dir, screen)


def keep(lab: Lab, stage: Stage, screen: Screen, build_dir: Path) -> None:
    """A shell on node1, with everything still running."""
    programs = [build_dir / "reconcile" / "kube-ipvs", build_dir / "tests" / "pods" / "traffic"]
    screen.heading("A shell on node1; `exit` ends the lab")
    if kubectl := stage.kubectl():
        programs.append(kubectl[0])
        screen.note("try: kubectl scale deployment/httpenv --replicas=3")
        screen.note(f"and: {install_kubeconfig(lab, kubectl[1])}")
    screen.note(f"try: {install(lab, programs)}kube-ipvs status -n; nft list ruleset; "
                f"traffic sequence http://{stage.address}:{PORT} 5")
    screen.note("another place, from another terminal: "
                f"KUBE_IPVS_LAB={state_folder()} scripts/lab shell node2")
    lab.shell("node1")


def install(lab: Lab, programs: Sequence[Path]) -> str:
    """Puts programs on the lab's PATH; where the lab is the host itself, returns how to do it."""
    if lab.native:
        return f"export PATH={':'.join(str(p.parent) for p in programs)}:$PATH; "
    lab.run("root", ["ln", "-sf", *map(str, programs), "/usr/local/bin/"])
    return ""


def install_kubeconfig(lab: Lab, kubeconfig: Path) -> str:
    """As `install`, for kubectl's configuration."""
    if lab.native:
        return f"export KUBECONFIG={kubeconfig}"
    lab.run("root", ["install", "-D", "-m", "600", str(kubeconfig), "/root/.kube/config"])
    return "kubectl get pods,services,endpointslices -A"


def show_logs(stage: Stage, screen: Screen) -> None:
    for node in NODES:
        screen.note(f"the end of the agent's log on {node}:")
        screen.output("\n".join(stage.agents.log(node).splitlines()[-_LOG_TAIL:]))


def play(options: argparse.Namespace, screen: Screen) -> None:
    started = time.monotonic()
    screen.heading("Preparing")
    reason = "as asked" if options.embedded else reason_to_do_without()
    lab, build_dir = prepare(screen, embedded=reason is not None, keep_it=options.keep)
    try:
        stage = choose_stage(screen, lab, build_dir, reason)
        try:
            story = Story(lab, stage, build_dir, screen)
            story.tell()
            story.sum_up(time.monotonic() - started)
            if options.keep:
                keep(lab, stage, screen, build_dir)
        except (ExpectationFailed, ClusterError, LabError):
            show_logs(stage, screen)
            raise
        finally:
            stage.stop()
    finally:
        lab.down()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="kube-ipvs at work: real kernel, real control plane.")
    parser.add_argument("--keep", action="store_true",
                        help="at the end keep everything and open a shell on node1")
    parser.add_argument("--embedded", action="store_true",
                        help="without Kubernetes, on the tests' own API server")
    options = parser.parse_args(arguments)
    screen = Screen()
    # So that being told to end takes the machine and the control plane down, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        play(options, screen)
    except KeyboardInterrupt:
        return 130
    except subprocess.CalledProcessError as error:
        screen.bad(f"`{' '.join(map(str, error.cmd))}` ended with {error.returncode}")
        return 1
    except (ExpectationFailed, ClusterError, ControlPlaneError, LabError) as error:
        screen.bad(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
