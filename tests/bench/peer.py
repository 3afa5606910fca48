"""Beside kube-proxy: one API server, one node, the same Services, first one program, then the other."""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from bench.figures import Figure, figure, observed
from bench.place import NODE, BenchError, Place
from lab.control_plane import ControlPlane
from lab.control_plane_binaries import ControlPlaneError, peer
from lab.kubelet_api import MERGE_PATCH, Api
from lab.settings import LabError

SERVICES = int(os.environ.get("BENCH_PEER_SERVICES", "1000"))
LARGE = int(os.environ.get("BENCH_SERVICES", "10000"))  # for the agent alone
IDLE_SECONDS = float(os.environ.get("BENCH_IDLE_SECONDS", "300"))
ENDPOINTS = 10
CHANGES = 5
NAMESPACE = "default"
FIGURES = ("peer.start", "peer.change", "peer.rss", "peer.idle_cpu")
LARGE_FIGURES = ("agent.rss",)
# After a start: until what the first sync took for a moment has been given back, and then over the
# first audit, a minute after the start.
SETTLE_SECONDS = 30
AUDIT_SECONDS = 60
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
# kube-proxy starts a process for each entry of its sets; in emulation that takes minutes.
PATIENCE = 3600.0
# Where each starts once before it is measured: whoever comes first to a kernel just booted waits for
# modules, and in emulation for its own code to be translated. Another node, for the kernel searches
# what was deleted from a table whenever something is added to it.
ELSEWHERE = "node2"
BARE = "ipvsadm -C; ip link del kube-ipvs0; nft delete table inet kube-ipvs; true"
KUBE_PROXY = ("--proxy-mode=ipvs", "--conntrack-max-per-core=0")
# Its rules come last, after its sets, one process for each entry; our sets come before addresses.
KUBE_PROXYS_LAST = "iptables-nft-save | grep -q 'match-set KUBE-CLUSTER-IP'"


@dataclass(frozen=True)
class Reading:
    """What one of the two programs needed."""

    tables: float  # seconds to the last virtual server, real server and address
    start: float  # seconds to the last of what it programs
    change: float  # seconds
    rss: float  # MiB
    idle: float  # CPU seconds while nothing happened


def measure(place: Place) -> Iterator[Figure]:
    kube_proxy = _kube_proxy()
    with _filled(place, SERVICES) as bench:
        ours = bench.read(_agent(place), "agent")
        yield observed("peer.ours.start", ours.start, "s")
        yield observed("peer.ours.change", 1e3 * ours.change, "ms")
        yield observed("peer.ours.rss", ours.rss, "MiB")
        theirs = bench.read(str(kube_proxy), *KUBE_PROXY, until=KUBE_PROXYS_LAST)
    yield figure("peer.start", theirs.start / ours.start, "times", ">=", 50,
                 f"kube-proxy {theirs.start:.1f} s, {theirs.tables:.1f} s to its servers and addresses")
    yield figure("peer.change", theirs.change / ours.change, "times", ">=", 100,
                 f"kube-proxy {theirs.change:.2f} s, ours {1e3 * ours.change:.0f} ms")
    yield figure("peer.rss", ours.rss / theirs.rss, "of it", "<=", 0.2,
                 f"kube-proxy {theirs.rss:.0f} MiB")
    yield figure("peer.idle_cpu", ours.idle / theirs.idle if theirs.idle else 1, "of it", "<=",
                 0.05, f"{ours.idle:.2f} s and {theirs.idle:.2f} s in {IDLE_SECONDS:.0f} s")


def measure_large(place: Place) -> Iterator[Figure]:
    """What the agent holds with ten times as many. kube-proxy would need hours to begin."""
    with _filled(place, LARGE) as bench:
        resident, peak = bench.memory(_agent(place), "agent")
    yield figure("agent.rss", resident, "MiB", "<=", 64,
                 f"{LARGE} x {ENDPOINTS}; for a moment of an audit {peak:.1f} MiB")


@contextmanager
def _filled(place: Place, services: int) -> Iterator[Bench]:
    """A control plane with the node and as many Services, while the block runs."""
    try:
        control_plane = ControlPlane.start()
    except ControlPlaneError as error:
        raise BenchError(str(error)) from error
    try:
        bench = Bench(place, control_plane, services)
        bench.fill()
        yield bench
    finally:
        control_plane.stop()


def _agent(place: Place) -> str:
    return place.program("reconcile/kube-ipvs")


def _kube_proxy() -> Path:
    try:
        return peer()
    except ControlPlaneError as error:
        raise BenchError(str(error)) from error


class Bench:
    def __init__(self, place: Place, control_plane: ControlPlane, services: int) -> None:
        self._place = place
        self._services = services
        self._endpoints = control_plane.endpoints
        self._api = Api(self._endpoints.port, self._endpoints.tls())

    def fill(self) -> None:
        """The node, and the Services, of ENDPOINTS endpoints each."""
        self._api.post("/api/v1/nodes", {"metadata": {"name": NODE}})
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._make_service, range(self._services)))

    def read(self, program: str, *mode: str, until: str | None = None) -> Reading:
        """Starts the program on a bare node, measures it, and ends it. `until` holds when it has
        programmed the last, after servers and addresses."""
        with self._started(ELSEWHERE, program, *mode) as started:
            started.seconds(until)
        with self._started(NODE, program, *mode) as started:
            tables, start = started.seconds(until)
            change = statistics.median(self._change(number) for number in range(CHANGES))
            before = self._cpu_seconds(program)
            self._shell(f"sleep {IDLE_SECONDS}")
            idle = self._cpu_seconds(program) - before
            return Reading(tables, start, change, self._resident(program), idle)

    def memory(self, program: str, *mode: str) -> tuple[float, float]:
        """MiB of the program that has programmed a bare node and is left alone: in the end, and at
        most while it audits. Clearing with a 5 makes the kernel note the most anew: proc(5)."""
        with self._started(NODE, program, *mode) as started:
            started.seconds(None)
            clear = f"echo 5 > /proc/$(pidof -s {Path(program).name})/clear_refs"
            self._shell(f"sleep {SETTLE_SECONDS}; {clear} && sleep {AUDIT_SECONDS}")
            return self._resident(program), self._resident(program, "VmHWM")

    @contextmanager
    def _started(self, node: str, program: str, *mode: str) -> Iterator[Started]:
        """The program on a node that is made bare first, while the block runs, in the name of NODE."""
        lab, name = self._place.lab, f"bench-{Path(program).name}"
        self._place.on_node("sh", "-c", BARE, node=node)
        started = Started(self._place, node, self._services)
        lab.spawn(node, name, [program, *mode, "--hostname-override", NODE, "--kubeconfig",
                               str(self._endpoints.agent_kubeconfig)])
        try:
            yield started
        finally:
            lab.signal(name, signal.SIGTERM)
            lab.wait(name, timeout=60)

    def _change(self, number: int) -> float:
        """From the patch's departure to the table: an endpoint that is not ready any more."""
        watch = self._watch_server(number, "no")
        patched = time.monotonic()
        self._patch(number, ready=False)
        seconds = watch.seen() - patched
        watch = self._watch_server(number, "yes")
        self._patch(number, ready=True)
        watch.seen()
        return seconds

    def _watch_server(self, number: int, serving: str) -> TableWatch:
        """Looks at the first endpoint of a Service."""
        return TableWatch(self._place, NODE, "server", self._address_of(number), "80",
                          _address(number, 0), serving)

    def _address_of(self, number: int) -> str:
        path = f"/api/v1/namespaces/{NAMESPACE}/services/bench-{number}"
        return str(self._api.get(path)["spec"]["clusterIP"])

    def _patch(self, number: int, ready: bool) -> None:
        self._api.patch(f"{SLICES}/bench-{number}", {"endpoints": _endpoints(number, ready)},
                        MERGE_PATCH)

    def _make_service(self, number: int) -> None:
        name = f"bench-{number}"
        self._api.post(f"/api/v1/namespaces/{NAMESPACE}/services", {
            "metadata": {"name": name},
            "spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8080}]}})
        self._api.post(SLICES, {
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name,
                                                  "endpointslice.kubernetes.io/managed-by": "bench"}},
            "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": _endpoints(number, ready=True)})

    def _cpu_seconds(self, program: str) -> float:
        fields = self._shell(f"cat /proc/$(pidof -s {Path(program).name})/stat").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _resident(self, program: str, field: str = "VmRSS") -> float:
        status = self._shell(f"cat /proc/$(pidof -s {Path(program).name})/status")
        line = next(line for line in status.splitlines() if line.startswith(f"{field}:"))
        return int(line.split()[1]) / 1024

    def _shell(self, script: str) -> str:
        return self._place.on_node("sh", "-c", script, timeout=PATIENCE)


class Started:
    """A program that is about to start on a node."""

    def __init__(self, place: Place, node: str, services: int) -> None:
        self._place = place
        self._node = node
        self._watch = TableWatch(place, node, "servers", str(services * ENDPOINTS), str(services))
        self._began = time.monotonic()

    def seconds(self, until: str | None) -> tuple[float, float]:
        """To its servers and addresses, and to the last of what it programs; waits for them."""
        tables = start = self._watch.seen() - self._began
        if until is not None:
            self._place.on_node("sh", "-c", f"until {until}; do sleep 1; done",
                                timeout=PATIENCE, node=self._node)
            start = time.monotonic() - self._began
        return tables, start


class TableWatch:
    """Looks at a node's tables for one condition (table_watch.cc), from its making on."""

    def __init__(self, place: Place, node: str, *condition: str) -> None:
        self._lab = place.lab
        self._node = node
        self._argv = [place.program("tests/bench/table_watch"), *condition]
        self._said: SimpleQueue[tuple[float, str]] = SimpleQueue()
        Thread(target=self._run, daemon=True).start()
        self._expect("watching")

    def seen(self) -> float:
        """Waits until it is so. When, by time.monotonic()."""
        return self._expect("seen")

    def _run(self) -> None:
        try:
            code = self._lab.stream(self._node, self._argv, self._take, PATIENCE)
            self._take("err", f"ended with {code}")
        except LabError as error:
            self._take("err", str(error))

    def _take(self, _: str, text: str) -> None:
        now = time.monotonic()
        for said in text.splitlines():
            self._said.put((now, said))

    def _expect(self, word: str) -> float:
        moment, said = self._said.get()
        if said != word:
            raise BenchError(f"the table is not watched: {said}")
        return moment


def _address(number: int, position: int) -> str:
    packed = 0x0B000001 + number * ENDPOINTS + position
    return ".".join(map(str, packed.to_bytes(4, "big")))


def _endpoints(number: int, ready: bool) -> list[dict[str, object]]:
    """`ready` is of the first alone."""
    return [{"addresses": [_address(number, position)],
             "conditions": {"ready": ready or position > 0}} for position in range(ENDPOINTS)]
