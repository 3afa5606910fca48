#!/usr/bin/env python3
"""The migration guide of manifests/README.md, typed command by command, under traffic.

    PYTHONPATH=tests python3 -m e2e.migration [--connections 1000]

A cluster of two nodes with kube-proxy in ipvs mode as kubeadm installs it goes to kube-ipvs, node by
node, and back, and there for good, while connections of one client carry requests. Prints what each
command took, the time of the migration of one node and of its way back, and how many connections
were reset. Exit code 0: none was, and every command did what the guide says. Minutes, for kube-proxy
starts a process for each of its rules, on an emulated CPU.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from e2e.daemon_sets import DaemonSets, Program
from e2e.fixture import PORT, build_dir
from e2e.guide import Reader, commands
from e2e.held_connections import HeldConnections
from lab import confinement
from lab.client import Lab
from lab.cluster import Cluster, Pod
from lab.cluster_readings import parse_table, serving
from lab.control_plane_binaries import peer, reason_to_do_without
from lab.settings import HOST_ADDRESS
from lab.starter import Wish, start

NODE, OTHER = "node1", "node2"
KUBE_PROXY = Path(__file__).with_name("kubeadm_kube_proxy.yaml")
# kube-proxy's last rule, and the agent's /healthz.
PEERS_PATIENCE, PATIENCE = 900.0, 180.0
# After these the DaemonSet controller has work.
CHANGES = tuple(f"kubectl {verb} " for verb in ("apply", "delete", "label", "patch"))
LOOK, ONE, ALL, BACK, FOR_GOOD = (
    "### Look first", "### One node", "### All nodes", "### And back", "### For good")


class Migration:
    def __init__(self, cluster: Cluster, folder: Path, connections: int) -> None:
        self._cluster = cluster
        self._connections = connections
        self._sets = DaemonSets(cluster, {
            "kube-ipvs": Program((str(cluster.agents.program),), self._agent_is_ready, PATIENCE,
                                 tuple(confinement.chosen(cluster.build_dir, cluster.lab.share))),
            "kube-proxy": Program((str(peer()),), self._kube_proxy_is_ready, PEERS_PATIENCE)})
        self._reader = Reader(cluster, folder, NODE, self._after)
        self._pods: list[Pod] = []
        self._address = ""

    def run(self) -> int:
        """The guide from its beginning to its end; the number of connections that broke."""
        self._prepare()
        caller = self._make_pods()
        held = HeldConnections(self._cluster, caller.place, self._address, PORT, self._connections)
        try:
            for section in (LOOK, ONE, ALL, BACK, FOR_GOOD):
                seconds = self._follow(section)
                print(f"{section[4:]}: {seconds:.1f} s", flush=True)
            result = held.let_go()
        finally:
            held.kill()
            self._sets.end_all()
        print(f"{result['requests']} requests, {result['failures']} failed, "
              f"{result['reconnects']} connections reset, slowest {result['slowest_ms']} ms")
        return result["failures"] + result["reconnects"]

    def _prepare(self) -> None:
        """Both nodes are a kube-proxy's, and always were."""
        self._cluster.agents.end_all()
        for node in (NODE, OTHER):
            self._cluster.output(node, str(self._cluster.agents.program), "cleanup", "--yes")
        server = f"https://{HOST_ADDRESS}:{self._cluster.endpoints.port}"
        self._cluster.kubectl("apply", "-f", "-",
                              stdin=KUBE_PROXY.read_text().replace("SERVER", server))

    def _make_pods(self) -> Pod:
        """Three pods behind a Service that kube-proxy serves; returns the client."""
        cluster = self._cluster
        cluster.kubectl("create", "deployment", "httpenv", "--image=httpenv", "--replicas=3")
        cluster.kubectl("expose", "deployment/httpenv", "--port", str(PORT))
        cluster.kubectl("run", "caller", "--image=sleep",
                        f'--overrides={{"spec": {{"nodeName": "{NODE}"}}}}')
        cluster.wait_for(lambda: cluster.ready_pods("app=httpenv") == 3
                         and cluster.ready_pods("run=caller") == 1, PATIENCE, "the pods")
        self._pods = cluster.pods("app=httpenv")
        self._address = cluster.cluster_ip("httpenv")
        self._take("kube-proxy's first start", self._sets.settle)
        self._assert_served()
        return cluster.pods("run=caller")[0]

    def _follow(self, section: str) -> float:
        started = time.monotonic()
        for command in commands(section):
            self._take(command, lambda command=command: self._type(section, command))
        self._assert_served()
        return time.monotonic() - started

    def _type(self, section: str, command: str) -> None:
        """Once; of "All nodes", what is typed on a node is typed on the others."""
        on_node = not command.startswith("kubectl ")
        answer = self._reader.type(command, OTHER if section == ALL and on_node else "")
        for line in answer.splitlines()[:3]:
            print(f"    {line[:110]}")

    def _take(self, what: str, work: Callable[[], None]) -> None:
        started = time.monotonic()
        work()
        print(f"  {time.monotonic() - started:6.1f} s  {what}", flush=True)

    def _after(self, command: str) -> None:
        if command.startswith(CHANGES):
            self._sets.settle()

    def _assert_served(self) -> None:
        wanted = {f"{pod.address4}:{PORT}" for pod in self._pods}
        self._cluster.wait_for(
            lambda: all(self._serving(node) == wanted for node in (NODE, OTHER)), PATIENCE,
            f"{self._address} to be served by {wanted} on both nodes")

    def _serving(self, node: str) -> set[str]:
        table = parse_table(self._cluster.output(node, "ipvsadm", "-Ln", timeout=PATIENCE))
        return serving(table.get(("TCP", f"{self._address}:{PORT}"), {}))

    def _agent_is_ready(self, node: str) -> bool:
        return self._cluster.run(node, "curl", "-fsS", "http://127.0.0.1:10256/healthz", timeout=PATIENCE).code == 0

    def _kube_proxy_is_ready(self, node: str) -> bool:
        """Chains, sets and virtual servers come first, the rules that use the sets last."""
        return "--match-set KUBE-CLUSTER-IP" in self._cluster.run(node, "iptables-nft-save", timeout=PATIENCE).out


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--connections", type=int, default=1000)
    chosen = parser.parse_args(arguments)
    reason = reason_to_do_without()
    if reason:
        print(f"skip  {reason}")
        return 77
    if Lab.find() is not None:
        print("a lab runs already, with other nodes: end it with `scripts/lab down`")
        return 2
    lab = start(Wish(nodes=2, native=False, limit=7200), lambda text: print(f"lab: {text}"))
    try:
        cluster = Cluster.start(lab, build_dir(), dns=False)
        with tempfile.TemporaryDirectory(dir=lab.share) as folder:
            broken = Migration(cluster, Path(folder), chosen.connections).run()
        cluster.stop()
    finally:
        lab.down()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
