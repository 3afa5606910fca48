"""Where the shared cases run: a cluster, seen from a pod, from a node, and from outside.

Small on purpose: whoever can do these few things (the lab, kind) can run tests/e2e/shared_cases.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from lab.client import Completed
from lab.cluster import Cluster, ClusterError
from lab.waiting import wait_for

PATIENCE = 120.0
_HEALTH = ("curl", "-fsS", "http://127.0.0.1:10256/healthz")


class Provider(Protocol):
    image: str  # answers with its pod's name on port 8888 (tests/pods/httpenv.cc)
    traffic: str  # the program of tests/pods, in pods, on nodes and outside

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """As administrator; its stdout. ClusterError if it fails."""

    def nodes(self) -> list[str]:
        """By name, those that run pods."""

    def node_address(self, node: str) -> str:
        """Its first address."""

    def in_pod(self, pod: str, namespace: str, argv: Sequence[str]) -> Completed:
        """Runs a command in a pod of `image`."""

    def on_node(self, node: str, argv: Sequence[str]) -> Completed:
        """Runs a command in the node's namespaces, as root; `kube-ipvs` is a word it knows."""

    def outside(self, argv: Sequence[str]) -> Completed:
        """Runs a command on a machine that is no node, beside them."""

    def kill_agent(self, node: str) -> None:
        """SIGKILL; returns when another one is healthy."""


class LabProvider:
    """The lab's cluster (tests/lab)."""

    image = "httpenv"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.traffic = cluster.traffic

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        return self._cluster.kubectl(*words, stdin=stdin)

    def nodes(self) -> list[str]:
        return [node.name for node in self._cluster.nodes]

    def node_address(self, node: str) -> str:
        return next(known.addresses[0] for known in self._cluster.nodes if known.name == node)

    def in_pod(self, pod: str, namespace: str, argv: Sequence[str]) -> Completed:
        place = pod if namespace == "default" else f"{namespace}.{pod}"
        return self._cluster.run(place, *argv, timeout=PATIENCE)

    def on_node(self, node: str, argv: Sequence[str]) -> Completed:
        words = [str(self._cluster.agents.program) if word == "kube-ipvs" else word for word in argv]
        return self._cluster.run(node, *words, timeout=PATIENCE)

    def outside(self, argv: Sequence[str]) -> Completed:
        return self._cluster.run("client", *argv, timeout=PATIENCE)

    def kill_agent(self, node: str) -> None:
        self._cluster.agents.restart(node, signal.SIGKILL)
        self._cluster.wait_for(
            lambda: self.on_node(node, _HEALTH).code == 0, PATIENCE,
            f"the agent of {node} to be healthy again")


class KindProvider:
    """A kind cluster that scripts/kind-e2e has made: nodes are containers of Docker."""

    image = "httpenv:kind"
    traffic = "traffic"

    def __init__(self, name: str) -> None:
        self._name = name

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        done = _run(["kubectl", "--context", f"kind-{self._name}", *words], stdin)
        if done.code != 0:
            raise ClusterError(f"`kubectl {' '.join(words)}` ended with {done.code}: {done.err}")
        return done.out

    def nodes(self) -> list[str]:
        workers = ("get", "nodes", "-l", "!node-role.kubernetes.io/control-plane",
                   "-o", "jsonpath={.items[*].metadata.name}")
        return self.kubectl(*workers).split()

    def node_address(self, node: str) -> str:
        addresses = 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}'
        return self.kubectl("get", "node", node, "-o", addresses).split()[0]

    def in_pod(self, pod: str, namespace: str, argv: Sequence[str]) -> Completed:
        return _run(["kubectl", "--context", f"kind-{self._name}", "exec", pod, "-n", namespace, "--", *argv])

    def on_node(self, node: str, argv: Sequence[str]) -> Completed:
        return _run(["docker", "exec", node, *argv])

    def outside(self, argv: Sequence[str]) -> Completed:
        return _run(["docker", "run", "--rm", "--network", "kind", "--entrypoint", f"/usr/bin/{argv[0]}",
                     self.image, *argv[1:]])

    def kill_agent(self, node: str) -> None:
        # By its command line in full: the node's processes are those of its containers, too.
        self.on_node(node, ["pkill", "-KILL", "-f", "^/usr/bin/kube-ipvs agent"])
        wait_for(lambda: self.on_node(node, _HEALTH).code == 0, PATIENCE, f"a new agent on {node}")


def kind_cluster() -> KindProvider | None:
    """The one whose name is in KUBE_IPVS_KIND_CLUSTER."""
    name = os.environ.get("KUBE_IPVS_KIND_CLUSTER")
    return KindProvider(name) if name else None


def _run(argv: Sequence[str | Path], stdin: str | None = None) -> Completed:
    done = subprocess.run([str(word) for word in argv], input=stdin, text=True, capture_output=True,
                          timeout=PATIENCE, check=False)
    return Completed(done.returncode, done.stdout, done.stderr)
