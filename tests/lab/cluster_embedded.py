"""A cluster without Kubernetes: the tests' own API server, and one Service kept by hand.

For machines that cannot build the real control plane. The agents see what they always see, Services
and EndpointSlices over list and watch; who writes those objects here are the few lines below, in
the place of Deployments and their controllers.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.client import Lab
from lab.cluster import ClusterError, Pod
from lab.cluster_agents import Agents, clear
from lab.control_plane import die_with_the_starter
from lab.kubelet import lab_nodes
from lab.kubelet_api import Api, ApiError, Object
from lab.kubelet_pods import PodHost, PodWish, image_of_httpenv
from lab.settings import HOST_ADDRESS, state_folder
from lab.waiting import came_true

SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
SERVICES = "/api/v1/namespaces/default/services"
_PATIENCE = 20.0


class EmbeddedCluster:
    """A started one; `stop()` ends its API server and agents, not the lab."""

    def __init__(self, lab: Lab, build_dir: Path) -> None:
        self.lab = lab
        self.nodes = lab_nodes(lab)
        clear(lab, [node.name for node in self.nodes])
        self._files = Path(tempfile.mkdtemp(prefix="embedded-", dir=state_folder()))
        self._server, port = start_api_server(build_dir, self._files / "port")
        self._api = Api(port)
        self._pod_host = PodHost(
            lab, {"httpenv": image_of_httpenv(build_dir / "tests" / "pods" / "httpenv")})
        self._pods: list[Pod] = []
        self._made = 0
        self._leaving = ThreadPoolExecutor(max_workers=8)
        for node in self.nodes:
            self._api.post("/api/v1/nodes", node.as_object())
        kubeconfig = kubeconfig_of(self._files, port)
        self.agents = Agents(lab, build_dir / "reconcile" / "kube-ipvs",
                             [node.name for node in self.nodes], str(kubeconfig))
        self.agents.start_all()

    def stop(self) -> None:
        self._leaving.shutdown()
        self.agents.end_all()
        self._server.kill()
        self._server.wait()
        shutil.rmtree(self._files, ignore_errors=True)

    def make_service(self, name: str, address: str, port: int) -> None:
        """A ClusterIP Service with one TCP port, and its EndpointSlice without endpoints."""
        self._api.post(SERVICES, {
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address],
                     "ipFamilies": ["IPv4"], "selector": {"app": name},
                     "ports": [{"protocol": "TCP", "port": port, "targetPort": port}]}})
        self._api.post(SLICES, _slice(name, port, []))

    def scale(self, name: str, port: int, replicas: int) -> list[Pod]:
        """Makes or ends pods of the Service, and tells the API server which are ready."""
        leaving = self._pods[replicas:]
        self._pods = self._pods[:replicas]
        while len(self._pods) < replicas:
            self._pods.append(self._make_pod(name))
        # As kubelets and controllers do it: a pod is no endpoint any more before it ends.
        self._update_slice(name, port)
        for pod in leaving:
            self._leaving.submit(self._pod_host.stop, _wish(pod), 5)
        return sorted(self._pods, key=lambda pod: pod.name)

    def _make_pod(self, name: str) -> Pod:
        self._made += 1
        load = {node.name: 0 for node in self.nodes}
        for pod in self._pods:
            load[pod.node] += 1
        emptiest = min(load, key=lambda node: load[node])
        place = f"{name}-{self._made}"
        addresses = self._pod_host.start(
            _wish(Pod(place, place, emptiest, "", "")), node_addresses=())
        return Pod(place, place, emptiest, addresses[0], addresses[1])

    def _update_slice(self, name: str, port: int) -> None:
        path = f"{SLICES}/{name}"
        body = _slice(name, port, self._pods)
        body["metadata"]["resourceVersion"] = self._api.get(path)["metadata"]["resourceVersion"]
        self._api.put(path, body)


def _wish(pod: Pod) -> PodWish:
    return PodWish(place=pod.place, namespace="default", node=pod.node, image="httpenv",
                   environment={"HOSTNAME": pod.name})


def _slice(name: str, port: int, pods: list[Pod]) -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": name, "namespace": "default",
                     "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"name": "", "protocol": "TCP", "port": port}],
        "endpoints": [{"addresses": [pod.address4], "nodeName": pod.node,
                       "conditions": {"ready": True, "serving": True, "terminating": False}}
                      for pod in pods]}


def start_api_server(build_dir: Path, port_file: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The tests' API server, which ends with its starter, and its port."""
    program = build_dir / "tests" / "fakes" / "api_server" / "fake_api_server"
    server = subprocess.Popen([program, "--port-file", port_file], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, preexec_fn=die_with_the_starter)
    came_true(lambda: _answers(port_file) or server.poll() is not None, _PATIENCE, pause=0.05)
    if not _answers(port_file):
        raise ClusterError(f"{program} did not start: run it by hand to see why")
    return server, int(port_file.read_text())


def _answers(port_file: Path) -> bool:
    try:
        Api(int(port_file.read_text())).get("/api/v1/services")
    except (OSError, ValueError, ApiError):
        return False
    return True


def kubeconfig_of(folder: Path, port: int) -> Path:
    """For the agents: no credentials, no TLS."""
    path = folder / "kubeconfig"
    path.write_text(f"""\
apiVersion: v1
kind: Config
clusters:
- name: embedded
  cluster: {{server: "http://{HOST_ADDRESS}:{port}"}}
users:
- name: nobody
  user: {{}}
contexts:
- name: embedded
  context: {{cluster: embedded, user: nobody}}
current-context: embedded
""")
    return path
