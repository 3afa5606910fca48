"""Makes, changes and reads the objects of scenes, through the API server."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence

from lab.cluster import Cluster, ClusterError
from lab.kubelet_api import MERGE_PATCH, ApiError
from packets.scene import Object, SceneError
from packets.world import CALLERS, World, address_of, slices_of

_PATHS = {
    "pod": "/api/v1/namespaces/{}/pods",
    "service": "/api/v1/namespaces/{}/services",
    "endpoints": "/api/v1/namespaces/{}/endpoints",
    "endpointslice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
    "node": "/api/v1/nodes",
    "servicecidr": "/apis/networking.k8s.io/v1/servicecidrs",
}
_MARKER = "settled"


class Objects:
    """Those of one namespace. Used by one thread at a time."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._api = cluster.api
        self.namespace = namespace
        self._marks = 0

    def make_namespace(self) -> None:
        """Returns when pods can be made in it: when it has its service account."""
        self._api.post("/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        self._cluster.wait_for(self._has_service_account, 60,
                               f"the service account of {self.namespace}")

    def remove_namespace(self) -> None:
        """Everything in it goes at once; does not wait for it."""
        pods = _PATHS["pod"].format(self.namespace)
        self._api.delete(pods, {"gracePeriodSeconds": 0})
        self._api.delete(f"/api/v1/namespaces/{self.namespace}")

    def change(self, change: Mapping[str, object]) -> None:
        """One entry of `change`: run, create, patch, wait, delete."""
        if "run" in change:
            words = self._with_addresses({"words": list(_list(change["run"]))})["words"]
            self._cluster.output(str(change["in"]), *map(str, words))
        elif "create" in change:
            self._create(self._with_addresses(change["create"]))
        elif "patch" in change:
            path = self._path(str(change["patch"]))
            suffix = f"/{change['subresource']}" if "subresource" in change else ""
            self._api.patch(path + suffix, self._with_addresses(change["with"]), MERGE_PATCH)
        elif "wait" in change:
            self._cluster.wait_for(lambda: self._holds(str(change["wait"])), 30, str(change["wait"]))
        elif "delete" in change:
            self._delete(str(change["delete"]), bool(change.get("force")))
        else:
            raise SceneError(f"no change that anybody understands: {change}")

    def world(self) -> World:
        """As the API server has them now."""
        listed = {kind: self._list(kind) for kind in ("pod", "service", "endpointslice")}
        return World(namespace=self.namespace, nodes=self._list("node"), pods=listed["pod"],
                     callers=_items(self._api.get(_PATHS["pod"].format(CALLERS))),
                     services=[service for service in listed["service"] if not _is_mark(service)],
                     slices=[found for found in listed["endpointslice"] if not _is_mark(found)])

    def mark(self) -> tuple[str, int]:
        """Changes a Service and then a slice of no further use; an agent that serves them has seen
        everything before. Returns the Service's address, and the port of both."""
        self._marks += 1
        if self._marks == 1:
            service, found = _marker(1)
            self._create(service)
            self._create(found)
        else:
            for kind, body in zip(("service", "endpointslice"), _marker(self._marks), strict=True):
                wanted = {key: body[key] for key in ("spec", "ports") if key in body}
                self._api.patch(self._path(f"{kind}/{_MARKER}"), wanted, MERGE_PATCH)
        service = self._api.get(self._path(f"service/{_MARKER}"))
        return service["spec"]["clusterIP"], self._marks

    def _holds(self, condition: str) -> bool:
        """"2 endpoints of NAME", "2 ports of NAME", or "ready KIND/NAME"."""
        words = condition.split()
        if words[0] == "ready":
            return _is_ready(self._api.get(self._path(words[1])))
        count, what, *_, name = words
        found = slices_of(name, self._list("endpointslice"))
        return sum(len(entry[what] or []) for entry in found) == int(count)

    def _create(self, manifest: Object) -> None:
        kind = manifest["kind"].lower()
        status = manifest.pop("status", None)
        self._api.post(_PATHS[kind].format(self.namespace), manifest)
        if status:
            self._api.patch(self._path(f"{kind}/{manifest['metadata']['name']}") + "/status",
                            {"status": status}, MERGE_PATCH)

    def _delete(self, name: str, force: bool) -> None:
        self._api.delete(self._path(name), {"gracePeriodSeconds": 0} if force else None)
        if not name.startswith("service/"):
            return
        # Its slices go with it, by the garbage collector.
        service = name.partition("/")[2]
        self._cluster.wait_for(
            lambda: not slices_of(service, self._list("endpointslice")), 30,
            f"the slices of {service} to go")

    def _with_addresses(self, manifest: object) -> Object:
        """With the address of a pod wherever it says "$POD/IPv4"."""
        if "$" not in json.dumps(manifest):
            return dict(_mapping(manifest))
        pods = {pod["metadata"]["name"]: pod for pod in self.wait_until_made().pods}

        def address(found: re.Match[str]) -> str:
            return address_of(pods[found[1]], found[2])

        filled = re.sub(r"\$([a-z0-9-]+)/(IPv[46])", address, json.dumps(manifest))
        return dict(_mapping(json.loads(filled)))

    def _path(self, name: str) -> str:
        kind, _, short = name.partition("/")
        return f"{_PATHS[kind].format(self.namespace)}/{short}"

    def _list(self, kind: str) -> list[Object]:
        return _items(self._api.get(_PATHS[kind].format(self.namespace)))

    def _has_service_account(self) -> bool:
        with contextlib.suppress(ApiError):
            self._api.get(f"/api/v1/namespaces/{self.namespace}/serviceaccounts/default")
            return True
        return False

    # When the controllers have done their part.

    def wait_until_made(self, seconds: float = 60) -> World:
        """Returns when pods and slices are what the specs ask for."""
        seen = [self.world()]

        def made() -> bool:
            seen[0] = self.world()
            return not _lacking(seen[0])

        try:
            self._cluster.wait_for(made, seconds, "the controllers")
        except ClusterError as error:
            raise SceneError(f"{self.namespace}: waited {seconds:.0f} s in vain for "
                             f"{_lacking(seen[0])}") from error
        return seen[0]


def _lacking(world: World) -> str:
    """What the controllers or the kubelet still have to do; empty when nothing."""
    for pod in world.pods:
        if _is_going(pod) or not _is_alive(pod):
            continue
        if not pod["status"].get("podIPs"):
            return f"an address of pod {pod['metadata']['name']}"
        if _wants_ready(pod) != _is_ready(pod):
            return f"the readiness of pod {pod['metadata']['name']}"
    for service in world.services:
        if service["spec"].get("selector") and service["spec"]["type"] != "ExternalName":
            for family in service["spec"]["ipFamilies"]:
                wanted = _wanted(service, family, world)
                found = _found(service, family, world)
                if wanted != found:
                    return (f"slices of {service['metadata']['name']} ({family}) with {wanted}, "
                            f"not {found}")
    return ""


# Per pod: its address, ready, terminating. And the ports, by name.
_Endpoints = tuple[set[tuple[str, bool, bool]], set[tuple[str, str]]]


def _wanted(service: Object, family: str, world: World) -> _Endpoints:
    spec = service["spec"]
    endpoints = set()
    for pod in world.pods:
        labels = pod["metadata"].get("labels", {})
        if spec["selector"].items() <= labels.items() and _is_alive(pod):
            ready = spec.get("publishNotReadyAddresses", False) or (
                _is_ready(pod) and not _is_going(pod))
            endpoints.add((address_of(pod, family), ready, _is_going(pod)))
    ports = {(port.get("name", ""), port["protocol"]) for port in spec.get("ports", [])}
    return endpoints, ports if endpoints else set()


def _found(service: Object, family: str, world: World) -> _Endpoints:
    endpoints, ports = set(), set()
    for found in slices_of(service["metadata"]["name"], world.slices):
        if found["addressType"] == family:
            for entry in found["endpoints"] or []:
                conditions = entry["conditions"]
                endpoints.add((entry["addresses"][0], conditions["ready"],
                               conditions.get("terminating", False)))
                ports |= {(port.get("name", ""), port["protocol"])
                          for port in found["ports"] or []}
    return endpoints, ports


def _is_alive(pod: Object) -> bool:
    return pod["status"].get("phase") not in ("Succeeded", "Failed")


def _is_going(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _is_ready(pod: Object) -> bool:
    return any(condition["type"] == "Ready" and condition["status"] == "True"
               for condition in pod.get("status", {}).get("conditions", []))


def _wants_ready(pod: Object) -> bool:
    return pod["metadata"].get("annotations", {}).get("lab/ready") != "false"


def _is_mark(found: Object) -> bool:
    return bool(found["metadata"]["name"] == _MARKER)


def _marker(count: int) -> tuple[Object, Object]:
    metadata: Object = {"name": _MARKER}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
               "spec": {"ports": [{"port": count, "protocol": "TCP"}]}}
    labels = {"kubernetes.io/service-name": _MARKER}
    found = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
             "metadata": {**metadata, "labels": labels}, "addressType": "IPv4",
             "ports": [{"name": "", "port": count, "protocol": "TCP"}],
             "endpoints": [{"addresses": ["203.0.113.1"]}]}
    return service, found


def _items(listed: Object) -> list[Object]:
    for item in listed["items"]:
        item["metadata"].pop("managedFields", None)
    return list(listed["items"])


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise SceneError(f"a mapping was wanted, not {value!r}")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise SceneError(f"a list was wanted, not {value!r}")
    return value
