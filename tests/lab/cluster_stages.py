"""Where the demo plays: on a real control plane, or on the embedded API server.

Both make the same thing happen and show the commands that they really run.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Protocol

from lab.client import Lab
from lab.cluster import Cluster, Pod
from lab.cluster_agents import Agents
from lab.cluster_embedded import EmbeddedCluster
from lab.cluster_screen import Screen

PORT = 8888


class Stage(Protocol):
    """What the story needs."""

    agents: Agents
    address: str  # of the Service

    def create(self, replicas: int) -> list[Pod]:
        """The application and its Service; returns the pods when they are ready."""

    def scale(self, replicas: int) -> list[Pod]:
        """Returns the ready pods."""

    def kubectl(self) -> tuple[Path, Path] | None:
        """kubectl and its kubeconfig, for use inside the lab; none where there is no Kubernetes."""

    def stop(self) -> None: ...


class RealStage:
    """Deployments, scaled by kubectl and made real by Kubernetes' own controllers."""

    def __init__(self, lab: Lab, build_dir: Path, screen: Screen) -> None:
        self._screen = screen
        self._lab = lab
        self._cluster = Cluster.start(lab, build_dir, dns=False)
        self.agents = self._cluster.agents
        self.address = ""

    def create(self, replicas: int) -> list[Pod]:
        self._kubectl("create deployment httpenv --image=httpenv")
        self._kubectl(f"expose deployment/httpenv --port {PORT}")
        pods = self.scale(replicas)
        self._kubectl("get pods -o custom-columns=NAME:.metadata.name,IP:.status.podIP,"
                      "NODE:.spec.nodeName")
        self._kubectl("get service httpenv")
        self.address = self._cluster.cluster_ip("httpenv")
        return pods

    def scale(self, replicas: int) -> list[Pod]:
        self._kubectl(f"scale deployment/httpenv --replicas={replicas}")
        self._cluster.wait_for(lambda: self._cluster.ready_pods("app=httpenv") == replicas, 60,
                               f"{replicas} ready pods of httpenv")
        return self._cluster.pods("app=httpenv")

    def kubectl(self) -> tuple[Path, Path] | None:
        endpoints = self._cluster.endpoints
        kubeconfig = Path(endpoints.admin_kubeconfig)
        inside = kubeconfig.with_name("admin-in-the-lab.kubeconfig")
        inside.write_text(kubeconfig.read_text().replace("127.0.0.1", self._lab.host_address))
        return Path(endpoints.kubectl), inside

    def stop(self) -> None:
        self._cluster.stop()

    def _kubectl(self, words: str) -> None:
        self._screen.command("$", f"kubectl {words}")
        self._screen.output(self._cluster.kubectl(*shlex.split(words)))


class EmbeddedStage:
    """Pods and their EndpointSlice, written to the tests' own API server."""

    _NAME = "httpenv"

    def __init__(self, lab: Lab, build_dir: Path, screen: Screen) -> None:
        self._screen = screen
        self._cluster = EmbeddedCluster(lab, build_dir)
        self.agents = self._cluster.agents
        self.address = "10.96.88.88"

    def create(self, replicas: int) -> list[Pod]:
        self._screen.command("API", f"POST services/{self._NAME}  {self.address}:{PORT}/TCP")
        self._cluster.make_service(self._NAME, self.address, PORT)
        pods = self.scale(replicas)
        self._screen.output("\n".join(
            f"{pod.name:<12} {pod.address4:<14} {pod.node}" for pod in pods))
        return pods

    def scale(self, replicas: int) -> list[Pod]:
        self._screen.command("API", f"PUT endpointslices/{self._NAME}  with {replicas} endpoints")
        return self._cluster.scale(self._NAME, PORT, replicas)

    def kubectl(self) -> tuple[Path, Path] | None:
        return None

    def stop(self) -> None:
        self._cluster.stop()
