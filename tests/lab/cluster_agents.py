"""The kube-ipvs agents of a cluster, one per node, as processes of the lab."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.client import Lab
from lab.settings import LabError


class Agents:
    """Starts, ends and listens to the agents. Their nodes' tables outlive them, as they should."""

    def __init__(self, lab: Lab, program: Path, nodes: Sequence[str], kubeconfig: str,
                 options: Sequence[str] = (), environment: Mapping[str, str] | None = None,
                 under: Sequence[str] = ()) -> None:
        """`options`: more flags for `kube-ipvs agent`, also of those started later; or for
        kube-proxy, if that is the program, which understands the same ones. `environment`: what
        they have beside the lab's. `under`: a command that becomes the agent (confinement.py)."""
        self.program = program
        self.options = tuple(options)
        self.under = tuple(under)
        self._environment = environment
        self._lab = lab
        self._nodes = list(nodes)
        self.kubeconfig = kubeconfig
        self._earlier_logs = {node: "" for node in nodes}

    def start_all(self) -> None:
        for node in self._nodes:
            self.start(node)

    def start(self, node: str, kubeconfig: str = "") -> None:
        """`kubeconfig`: another than all have."""
        is_peer = self.program.name == "kube-proxy"
        mode = "--proxy-mode=ipvs" if is_peer else "agent"
        own = () if is_peer else ("--control-socket", self.control_socket(node))
        self._lab.spawn(node, _name(node), [
            *self.under, str(self.program), mode, "--hostname-override", node,
            "--kubeconfig", kubeconfig or self.kubeconfig, "-v=2", *own, *self.options],
            self._environment)

    def stop(self, node: str, signal_number: int) -> None:
        """Ends the node's agent with the signal; returns when it has ended."""
        self._lab.signal(_name(node), signal_number)
        self._lab.wait(_name(node), timeout=30)
        self._earlier_logs[node] += self.log(node)

    def restart(self, node: str, signal_number: int) -> None:
        self.stop(node, signal_number)
        self.start(node)

    @staticmethod
    def control_socket(node: str) -> str:
        """One for each: the nodes of a lab share their files."""
        return f"/run/kube-ipvs/{node}.sock"

    def alive(self, node: str) -> bool:
        return self._lab.alive(_name(node))

    def log(self, node: str) -> str:
        """What the node's present agent has written."""
        return self._lab.log(_name(node))

    def history(self, node: str) -> str:
        """What all agents of the node have written, the present one last."""
        return self._earlier_logs[node] + self.log(node)

    def end_all(self) -> None:
        end_agents(self._lab, self._nodes)


def end_agents(lab: Lab, nodes: Sequence[str]) -> None:
    """Ends the nodes' agents, those that an earlier cluster left behind too."""
    for node in nodes:
        with contextlib.suppress(LabError):  # there may be none
            lab.signal(_name(node), signal.SIGTERM)
            lab.wait(_name(node), timeout=10)


def clear(lab: Lab, nodes: Sequence[str]) -> None:
    """Removes agents and pods of an earlier cluster; the nodes' tables stay as they are."""
    end_agents(lab, nodes)
    for place in set(lab.places()) - {"root", "client", *nodes}:
        lab.delete_pod(place)


def _name(node: str) -> str:
    return f"kube-ipvs-{node}"
