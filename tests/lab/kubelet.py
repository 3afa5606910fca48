"""Scheduler and kubelet in small, for all nodes of the lab, against a real API server.

It registers the nodes, binds pending Pods to the node that has the fewest, makes a place of the lab
for each Pod with a process that plays its container, and reports addresses and readiness. With it
the real controllers do the rest: Deployments, scaling, rolling updates, EndpointSlices.

The annotation `lab/ready: "false"` makes a running pod unready, as a failing probe would.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from lab.client import Lab
from lab.control_plane_binaries import KUBERNETES_VERSION
from lab.kubelet_api import MERGE_PATCH, Api, ApiError, Object
from lab.kubelet_pods import PodHost, PodWish
from lab.settings import LabError

# Pods that terminate slowly keep one each.
_WORKERS = 32
READY = "lab/ready"


@dataclass(frozen=True)
class Node:
    """A node of the lab, by its number: 1 is node1."""

    number: int

    @property
    def name(self) -> str:
        return f"node{self.number}"

    @property
    def addresses(self) -> list[str]:
        return [f"192.168.50.{10 + self.number}", f"fd00:50::{10 + self.number}"]

    @property
    def pod_ranges(self) -> list[str]:
        return [f"10.244.{self.number}.0/24", f"fd00:10:244:{self.number}::/64"]

    @property
    def labels(self) -> dict[str, str]:
        return {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux",
                "topology.kubernetes.io/zone": f"zone{self.number}"}

    def as_object(self) -> Object:
        """The Node object, with its status."""
        addresses = [{"type": "InternalIP", "address": address} for address in self.addresses]
        return {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": self.name, "labels": self.labels},
            "spec": {"podCIDR": self.pod_ranges[0], "podCIDRs": self.pod_ranges},
            "status": {
                "addresses": [*addresses, {"type": "Hostname", "address": self.name}],
                "conditions": [_condition("Ready") | {"reason": "KubeletReady"}],
                "capacity": {"pods": "110"}, "allocatable": {"pods": "110"},
                "nodeInfo": {"kubeletVersion": f"v{KUBERNETES_VERSION}"}}}


@dataclass
class _Pod:
    """A Pod this kubelet knows: what it became, and the work still going on for it."""

    wish: PodWish
    starting: Future[None]
    ready: bool
    stopping: bool = False
    ended: bool = False


class Kubelet:
    """Runs from `start()` to `stop()`; `stop()` leaves the pods, which go with their places."""

    def __init__(self, api: Api, pod_host: PodHost, nodes: Sequence[Node]) -> None:
        self._api = api
        self._pod_host = pod_host
        self._nodes = {node.name: node for node in nodes}
        self._pods: dict[str, _Pod] = {}
        self._stopped = threading.Event()
        self._lock = threading.Lock()  # held by whoever gives work to the workers, or ends them
        self._workers = ThreadPoolExecutor(_WORKERS, "kubelet")

    def start(self) -> None:
        """Registers the nodes and begins to follow the Pods."""
        for node in self._nodes.values():
            self._register(node)
        threading.Thread(target=self._follow_pods, name="kubelet-watch", daemon=True).start()

    def stop(self) -> None:
        with self._lock:
            self._stopped.set()
            self._workers.shutdown(wait=False, cancel_futures=True)
        for known in self._pods.values():
            if known.wish.host_network and not known.ended:
                with contextlib.suppress(LabError):  # it may not have started
                    self._pod_host.kill(known.wish)

    def _register(self, node: Node) -> None:
        body = node.as_object()
        self._api.post("/api/v1/nodes", body)
        # The real API server ignores the status of a new object.
        self._api.patch(f"/api/v1/nodes/{node.name}/status", {"status": body["status"]},
                        MERGE_PATCH)

    def _follow_pods(self) -> None:
        for kind, body in self._api.follow("/api/v1/pods", self._stopped.is_set):
            with self._lock:
                if self._stopped.is_set():
                    return
                if kind == "LISTED":
                    self._replace(body["items"])
                else:
                    self._notice(kind, body)

    def _replace(self, pods: Sequence[Object]) -> None:
        listed = {pod["metadata"]["uid"] for pod in pods}
        for uid in set(self._pods) - listed:
            self._begin_to_stop(uid, grace=0)
        for pod in pods:
            self._notice("LISTED", pod)

    def _notice(self, kind: str, pod: Object) -> None:
        metadata = pod["metadata"]
        uid = metadata["uid"]
        if uid not in self._pods and kind != "DELETED" and _is_alive(pod):
            wish = self._wish(pod)
            if wish:
                starting = self._workers.submit(self._run, pod, wish)
                self._pods[uid] = _Pod(wish, starting, _shall_be_ready(pod))
        self._follow_readiness(uid, pod)
        if kind == "DELETED" or metadata.get("deletionTimestamp"):
            self._begin_to_stop(uid, metadata.get("deletionGracePeriodSeconds", 0))
        if kind == "DELETED":
            self._stop_waiting(uid)

    def _follow_readiness(self, uid: str, pod: Object) -> None:
        known = self._pods.get(uid)
        if known and known.ready != _shall_be_ready(pod):
            known.ready = _shall_be_ready(pod)
            self._workers.submit(self._report_readiness, pod, known)

    def _report_readiness(self, pod: Object, known: _Pod) -> None:
        """In a worker: the pod's status follows its annotation."""
        known.starting.result()
        conditions = [_condition(kind, known.ready) for kind in ("ContainersReady", "Ready")]
        try:
            self._api.patch(f"{_path(pod)}/status", {"status": {"conditions": conditions}})
        except (ApiError, OSError) as error:
            self._complain("report", known.wish, error)

    def _stop_waiting(self, uid: str) -> None:
        """The pod is gone from the API server, by force: its process may not go on."""
        known = self._pods.get(uid)
        # One that has ended may have a successor of the same name.
        if known and known.starting.done() and not known.ended:
            with contextlib.suppress(LabError):  # it may have ended meanwhile
                self._pod_host.kill(known.wish)

    def _wish(self, pod: Object) -> PodWish | None:
        node = pod["spec"].get("nodeName") or self._choose_node(pod)
        if node not in self._nodes:
            return None
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        place = name if namespace == "default" else f"{namespace}.{name}"
        return PodWish(
            place=place, namespace=namespace, node=node,
            image=pod["spec"]["containers"][0]["image"],
            host_network=pod["spec"].get("hostNetwork", False),
            environment=_environment(pod, node, self._nodes[node].addresses[0]),
            ports=_ports(pod))

    def _choose_node(self, pod: Object) -> str | None:
        """The matching node with the fewest pods, the first of equals: round robin at the start."""
        selector = pod["spec"].get("nodeSelector", {})
        fitting = [node.name for node in self._nodes.values()
                   if selector.items() <= node.labels.items()]
        load = {name: 0 for name in fitting}
        for known in self._pods.values():
            if known.wish.node in load and not known.stopping:
                load[known.wish.node] += 1
        return min(load, key=lambda name: load[name]) if load else None

    def _run(self, pod: Object, wish: PodWish) -> None:
        """In a worker: binds the pod, makes it, reports it ready."""
        try:
            if not pod["spec"].get("nodeName"):
                self._api.post(f"{_path(pod)}/binding", {
                    "metadata": {"name": pod["metadata"]["name"]},
                    "target": {"kind": "Node", "name": wish.node}})
            started = _now()
            node_addresses = self._nodes[wish.node].addresses
            addresses = self._pod_host.start(wish, node_addresses)
            self._api.patch(f"{_path(pod)}/status",
                            {"status": _running(pod, addresses, node_addresses, started)})
        except (ApiError, LabError, OSError) as error:
            self._complain("start", wish, error)

    def _begin_to_stop(self, uid: str, grace: int) -> None:
        known = self._pods.get(uid)
        if known and not known.stopping:
            known.stopping = True
            self._workers.submit(self._end, uid, known, grace)

    def _end(self, uid: str, known: _Pod, grace: int) -> None:
        """In a worker: removes the pod from the lab, then from the API server."""
        known.starting.result()
        try:
            self._pod_host.stop(known.wish, grace)
        except LabError as error:
            self._complain("stop", known.wish, error)
        known.ended = True
        wish = known.wish
        name = wish.place.removeprefix(f"{wish.namespace}.")
        try:
            self._api.delete(f"/api/v1/namespaces/{wish.namespace}/pods/{name}",
                             {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}})
        except ApiError as error:
            if error.status not in (404, 409):
                self._complain("delete", wish, error)
        except OSError as error:
            self._complain("delete", wish, error)

    def _complain(self, verb: str, wish: PodWish, error: Exception) -> None:
        if not self._stopped.is_set():
            print(f"kubelet: cannot {verb} pod {wish.place} on {wish.node}: {error}",
                  file=sys.stderr)


def lab_nodes(lab: Lab) -> list[Node]:
    """The nodes that the lab has."""
    names = [re.fullmatch(r"node(\d+)", place) for place in lab.places()]
    return [Node(number) for number in sorted(int(name[1]) for name in names if name)]


def _is_alive(pod: Object) -> bool:
    return (not pod["metadata"].get("deletionTimestamp")
            and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"))


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _shall_be_ready(pod: Object) -> bool:
    return pod["metadata"].get("annotations", {}).get(READY) != "false"


def _ports(pod: Object) -> list[str]:
    containers = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    return [f"{port['containerPort']}/{port.get('protocol', 'TCP')}"
            for container in containers for port in container.get("ports", [])]


def _environment(pod: Object, node: str, node_address: str) -> dict[str, str]:
    metadata = pod["metadata"]
    fields = {"metadata.name": metadata["name"], "metadata.namespace": metadata["namespace"],
              "spec.nodeName": node, "status.hostIP": node_address}
    environment = {"HOSTNAME": metadata["name"], "KUBERNETES_SERVICE_HOST": "10.96.0.1",
                   "KUBERNETES_SERVICE_PORT": "443"}
    for variable in pod["spec"]["containers"][0].get("env", []):
        reference = variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath", "")
        environment[variable["name"]] = variable.get("value", fields.get(reference, ""))
    return environment


def _running(pod: Object, addresses: Sequence[str], node_addresses: Sequence[str],
             started: str) -> Object:
    """The status of a pod whose one container runs; ready, unless the pod says otherwise."""
    container = pod["spec"]["containers"][0]
    ready = _shall_be_ready(pod)
    return {
        "phase": "Running", "startTime": started,
        "conditions": [_condition("PodScheduled"), _condition("Initialized"),
                       _condition("ContainersReady", ready), _condition("Ready", ready)],
        "podIP": addresses[0], "podIPs": [{"ip": address} for address in addresses],
        "hostIP": node_addresses[0], "hostIPs": [{"ip": address} for address in node_addresses],
        "containerStatuses": [{
            "name": container["name"], "image": container["image"], "imageID": container["image"],
            "ready": ready, "started": True, "restartCount": 0,
            "state": {"running": {"startedAt": _now()}}}],
    }


def _condition(kind: str, holds: bool = True) -> Object:
    return {"type": kind, "status": str(holds), "lastTransitionTime": _now()}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
