"""What an operator waits for on a full node: `status` beside ipvsadm, the subcommands of a running agent,
and whether a scraper of /metrics delays changes; at ten thousand Services of ten endpoints each.

The listings and the scraper have one node of the lab, its agent, and an API server; the two listings take
turns. What the subcommands are allowed is milliseconds of a processor, so they are asked of an agent on this
machine, whose kernel is one in memory (asked_agent.cc). Every time is the best of some runs, the command's
start included.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, figure, observed
from bench.place import NODE, BenchError, Place
from lab.cluster_agents import Agents
from lab.cluster_embedded import SERVICES, SLICES, kubeconfig_of, start_api_server
from lab.cluster_readings import changes, first_sync_writes
from lab.control_plane import die_with_the_starter
from lab.kubelet import Node
from lab.kubelet_api import Api, Object
from lab.settings import state_folder
from lab.waiting import wait_for

COUNT = int(os.environ.get("BENCH_SERVICES", "10000"))
ENDPOINTS = 10
RUNS = 5
CHANGES = 100
FIGURES = ("status.vs_ipvsadm", "commands.slowest", "scrape.answer", "scrape.change")
# What is asked of a running agent, by the name of its figure.
COMMANDS = {
    "commands.get_services": ("get", "services", "-A"),
    "commands.get_endpoints": ("get", "endpoints", "-A"),
    "commands.get_endpoints_json": ("get", "endpoints", "-A", "-o", "json"),
    "commands.get_drains": ("get", "drains", "-A"),
    "commands.get_foreign": ("get", "foreign"),
    "commands.get_agent": ("get", "agent"),
    "commands.get_watches": ("get", "watches"),
    "commands.explain": ("explain", "namespace-1/service-1", "--from", "100.64.0.1"),
    "commands.plan": ("plan",),
}
# Prints the seconds of each run of each of the commands, which take turns.
TIMER = """
import json, subprocess, sys, time
runs, commands = json.loads(sys.argv[1])
times = [[] for _ in commands]
for _ in range(runs):
    for number, command in enumerate(commands):
        began = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        times[number].append(time.monotonic() - began)
        if done.returncode != 0:
            sys.exit(f"{command} ended with {done.returncode}: {done.stderr}")
print(json.dumps(times))
"""
SCRAPER = "while :; do curl -sS -o /dev/null http://127.0.0.1:10249/metrics; done"


@dataclass(frozen=True)
class FullNode:
    """A node whose agent has programmed everything."""

    place: Place
    api: Api
    agents: Agents

    def times(self, commands: Sequence[Sequence[str]]) -> list[float]:
        """The best of RUNS runs of each."""
        words = json.dumps([RUNS, commands])
        out = self.place.on_node("python3", "-c", TIMER, words, timeout=1800)
        return [min(runs) for runs in json.loads(out)]


def measure(place: Place) -> Iterator[Figure]:
    yield from _commands(place)
    with _full_node(place) as node:
        yield _status(node)
        yield from _scrapes(node)


def _status(node: FullNode) -> Figure:
    ours, theirs = node.times([[str(node.agents.program), "status", "-n"], ["ipvsadm", "-Ln"]])
    return figure("status.vs_ipvsadm", theirs / ours, "times", ">=", 5,
                  f"{1e3 * ours:.0f} ms, ipvsadm {theirs:.2f} s")


def _commands(place: Place) -> Iterator[Figure]:
    program = str(place.program("reconcile/kube-ipvs"))
    slowest = 0.0
    with _asked_agent(place) as environment:
        for name, words in COMMANDS.items():
            milliseconds = min(_milliseconds([program, *words], environment) for _ in range(RUNS))
            slowest = max(slowest, milliseconds)
            yield observed(name, milliseconds, "ms")
        yield figure("commands.slowest", slowest, "ms", "<=", 200)
        answers = [_scrape(environment["KUBE_IPVS_CONTROL_SOCKET"]) for _ in range(CHANGES)]
    yield figure("scrape.answer", statistics.median(answers), "ms", "<=", 1,
                 f"longest of {CHANGES}: {max(answers):.1f} ms; a change waits for no more than that")


def _milliseconds(command: Sequence[str], environment: dict[str, str]) -> float:
    began = time.monotonic()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return 1e3 * (time.monotonic() - began)


def _scrape(path: str) -> float:
    """Milliseconds for all of /metrics, which the control socket answers, too."""
    began = time.monotonic()
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(path)
        asked.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        text = b"".join(iter(lambda: asked.recv(1 << 16), b""))
    if b"kube_ipvs_virtual_servers" not in text:
        raise BenchError(f"no metrics: {text[:200]!r}")
    return 1e3 * (time.monotonic() - began)


@contextlib.contextmanager
def _asked_agent(place: Place) -> Iterator[dict[str, str]]:
    """Yields the environment of commands that ask it."""
    with tempfile.TemporaryDirectory(prefix="commands-") as folder:
        path = f"{folder}/agent.sock"
        with subprocess.Popen([place.program("tests/bench/asked_agent"), str(COUNT), path],
                              stdout=subprocess.PIPE, text=True,
                              preexec_fn=die_with_the_starter) as agent:
            try:
                if not agent.stdout or agent.stdout.readline() != "ready\n":
                    raise BenchError("asked_agent did not get ready: run it by hand to see why")
                yield {**os.environ, "KUBE_IPVS_CONTROL_SOCKET": path}
            finally:
                agent.kill()


def _scrapes(node: FullNode) -> Iterator[Figure]:
    """The same changes without and with somebody who scrapes without a pause."""
    quiet = _latencies(node)
    node.place.lab.spawn(NODE, "bench-scraper", ["sh", "-c", SCRAPER])
    try:
        scraped = _latencies(node)
    finally:
        node.place.lab.signal("bench-scraper", signal.SIGKILL)
        node.place.lab.wait("bench-scraper", timeout=60)
    for name, times in (("scrape.change.quiet", quiet), ("scrape.change.scraped", scraped)):
        yield observed(name, statistics.median(times), "ms", f"longest {max(times):.2f} ms")
    yield observed("scrape.change", statistics.median(scraped) - statistics.median(quiet), "ms",
                   "most of it a processor that the scraper takes, one process for each scrape")


def _latencies(node: FullNode) -> list[float]:
    """Milliseconds from the event to the kernel's acknowledgement, one change after the other."""
    first = _told(node)
    for number in range(CHANGES):
        before = _told(node)
        _change(node.api, number // 2, ready=number % 2 == 1)
        wait_for(lambda before=before: _told(node) > before, 30, "a change in the kernel")
    return [change.milliseconds for change in changes(node.agents.log(NODE))[first:]]


def _told(node: FullNode) -> int:
    """How many changes the agent's log tells of."""
    return len(changes(node.agents.log(NODE)))


def _change(api: Api, number: int, ready: bool) -> None:
    body = _slice(number, ready)
    path = f"{SLICES}/s{number}"
    body["metadata"]["resourceVersion"] = api.get(path)["metadata"]["resourceVersion"]
    api.put(path, body)


@contextlib.contextmanager
def _full_node(place: Place) -> Iterator[FullNode]:
    lab, folder = place.lab, Path(tempfile.mkdtemp(prefix="commands-", dir=state_folder()))
    server, port = start_api_server(place.build, folder / "port")
    agents = Agents(lab, Path(place.program("reconcile/kube-ipvs")), [NODE],
                    str(kubeconfig_of(folder, port)), ("--conntrack-max-per-core", "0"))
    try:
        api = Api(port)
        _fill(api)
        agents.start(NODE)
        wait_for(lambda: first_sync_writes(agents.log(NODE)) is not None, 600, "the first sync")
        yield FullNode(place, api, agents)
    finally:
        agents.end_all()
        server.kill()
        server.wait()
        lab.run(NODE, ["sh", "-c", "ipvsadm -C; ip link del kube-ipvs0; "
                       "nft delete table inet kube-ipvs"], timeout=300)
        shutil.rmtree(folder, ignore_errors=True)


def _fill(api: Api) -> None:
    def make(number: int) -> None:
        for path, body in ((SERVICES, _service(number)), (SLICES, _slice(number, True))):
            api.post(path, body)

    api.post("/api/v1/nodes", Node(int(NODE.removeprefix("node"))).as_object())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(COUNT)))


def _service(number: int) -> Object:
    address = f"10.96.{1 + number // 250}.{1 + number % 250}"
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": f"s{number}", "namespace": "default"},
            "spec": {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address],
                     "ipFamilies": ["IPv4"], "ports": [{"protocol": "TCP", "port": 80}]}}


def _slice(number: int, ready: bool) -> Object:
    """`ready` is of the first endpoint alone."""
    addresses = [0x64400001 + number * ENDPOINTS + position for position in range(ENDPOINTS)]
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"s{number}", "namespace": "default",
                         "labels": {"kubernetes.io/service-name": f"s{number}"}},
            "ports": [{"name": "", "protocol": "TCP", "port": 8080}],
            "endpoints": [{"addresses": [".".join(map(str, address.to_bytes(4, "big")))],
                           "nodeName": "elsewhere",
                           "conditions": {"ready": ready or position > 0}}
                          for position, address in enumerate(addresses)]}
