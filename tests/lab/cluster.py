"""A whole cluster in the lab: real control plane, pods' stand-in, and one kube-ipvs per node."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.client import Completed, Lab
from lab.cluster_agents import Agents, clear
from lab.control_plane import ControlPlane
from lab.kubectl import ClusterError, Kubectl
from lab.kubelet import Kubelet, Node, lab_nodes
from lab.kubelet_api import Api, Object
from lab.kubelet_pods import PodHost, image_of_coredns, image_of_echo, image_of_httpenv
from lab.waiting import WaitedInVain, wait_for

__all__ = ["Cluster", "ClusterError", "Pod"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Pod:
    """A pod that runs: its place in the lab and where it is."""

    name: str
    place: str
    node: str
    address4: str
    address6: str


class Cluster:
    """A started cluster; `stop()` ends the control plane and the agents, not the lab."""

    def __init__(self, lab: Lab, build_dir: Path, control_plane: ControlPlane,
                 agent_options: Sequence[str], agents_under: Sequence[str] = ()) -> None:
        self.lab = lab
        self.build_dir = build_dir
        self.control_plane = control_plane
        self.endpoints = control_plane.endpoints
        self.nodes: list[Node] = lab_nodes(lab)
        self.agents = Agents(lab, build_dir / "reconcile" / "kube-ipvs",
                             [node.name for node in self.nodes],
                             self.endpoints.agent_kubeconfig, agent_options,
                             under=agents_under)
        self.api = Api(self.endpoints.port, self.endpoints.tls())
        self._kubelet = self._make_kubelet()

    @staticmethod
    def start(lab: Lab, build_dir: Path, dns: bool = True,
              agent_options: Sequence[str] = (), agents_under: Sequence[str] = ()) -> Cluster:
        """Brings everything up; `build_dir` holds kube-ipvs and the pods' programs.

        `dns`: with the cluster's DNS. `agent_options`: more flags for `kube-ipvs agent`;
        `agents_under`: what becomes the agents (confinement.py).
        """
        clear(lab, [node.name for node in lab_nodes(lab)])
        cluster = Cluster(lab, build_dir, ControlPlane.start(), agent_options, agents_under)
        cluster._kubelet.start()
        cluster.agents.start_all()
        if dns:
            cluster._start_dns()
        return cluster

    def stop(self) -> None:
        self._kubelet.stop()
        self.agents.end_all()
        self.control_plane.stop()

    # What runs in the pods and on the nodes.

    @property
    def traffic(self) -> str:
        return str(self.build_dir / "tests" / "pods" / "traffic")

    def run(self, place: str, *argv: str, timeout: float = 30) -> Completed:
        """A command in a place of the lab."""
        return self.lab.run(place, argv, timeout=timeout)

    def output(self, place: str, *argv: str, timeout: float = 30) -> str:
        """The stdout of a command that must succeed."""
        done = self.lab.run(place, argv, timeout=timeout)
        if done.code != 0:
            raise ClusterError(f"`{' '.join(argv)}` in {place} ended with {done.code}:\n"
                               f"{done.out}{done.err}")
        return done.out

    # The API server.

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Runs kubectl as administrator; returns its stdout."""
        return Kubectl(self.endpoints).run(*arguments, stdin=stdin)

    def kubectl_environment(self) -> dict[str, str]:
        return Kubectl(self.endpoints).environment()

    def pods(self, selector: str, namespace: str = "default") -> list[Pod]:
        """The ready pods with these labels, by name; not those that are being deleted."""
        query = urllib.parse.urlencode({"labelSelector": selector})
        listed = self.api.get(f"/api/v1/namespaces/{namespace}/pods?{query}")
        return sorted((_pod(item) for item in listed["items"] if _is_ready(item)),
                      key=lambda pod: pod.name)

    def ready_pods(self, selector: str, namespace: str = "default") -> int:
        return len(self.pods(selector, namespace))

    def cluster_ip(self, service: str, namespace: str = "default") -> str:
        return self.kubectl("get", "service", service, "-n", namespace,
                            "-o", "jsonpath={.spec.clusterIP}")

    def wait_for(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Returns when `condition` holds; ClusterError naming `what` if it never does."""
        try:
            wait_for(condition, seconds, what)
        except WaitedInVain as error:
            raise ClusterError(str(error)) from error

    def _start_dns(self) -> None:
        self.kubectl("apply", "-f", str(_FOLDER / "cluster-dns.yaml"))
        self.wait_for(lambda: self.ready_pods("k8s-app=kube-dns", "kube-system") == 2,
                      120, "two CoreDNS pods to be ready")

    def _make_kubelet(self) -> Kubelet:
        endpoints = self.endpoints
        images = {
            "httpenv": image_of_httpenv(self.build_dir / "tests" / "pods" / "httpenv"),
            "echo": image_of_echo(self.build_dir / "tests" / "pods" / "echo"),
            "coredns": image_of_coredns(Path(endpoints.coredns), Path(endpoints.dns_kubeconfig),
                                        Path(endpoints.logs)),
        }
        return Kubelet(self.api, PodHost(self.lab, images), self.nodes)


def _is_ready(item: Object) -> bool:
    conditions = {c["type"]: c["status"] for c in item["status"].get("conditions", [])}
    return "deletionTimestamp" not in item["metadata"] and conditions.get("Ready") == "True"


def _pod(item: Object) -> Pod:
    name, namespace = item["metadata"]["name"], item["metadata"]["namespace"]
    addresses = [entry["ip"] for entry in item["status"]["podIPs"]]
    return Pod(name=name, place=name if namespace == "default" else f"{namespace}.{name}",
               node=item["spec"]["nodeName"], address4=addresses[0], address6=addresses[-1])
