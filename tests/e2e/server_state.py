"""What an agent has to know, by what the API server holds."""

from __future__ import annotations

import urllib.parse
from typing import Any

from lab.cluster_readings import endpoint
from lab.kubelet_api import Api, Object

# An agent: "shop/web TCP 10.96.0.7:80" -> the endpoints that new connections go to. Its client
# alone: "services/shop/web" -> the resourceVersion.
State = dict[str, Any]

_PROXY_NAME = "service.kubernetes.io/service-proxy-name"
_SERVICE_NAME = "kubernetes.io/service-name"
_SELECTED = {
    "/api/v1/services": {"labelSelector": f"!{_PROXY_NAME}",
                         "fieldSelector": "spec.clusterIP!=None"},
    "/apis/discovery.k8s.io/v1/endpointslices": {
        "labelSelector": "!service.kubernetes.io/headless"},
}


def server_state(api: Api) -> State:
    """As the API server lists it now."""
    slices: dict[str, list[Object]] = {}
    for item in api.get("/apis/discovery.k8s.io/v1/endpointslices")["items"]:
        owner = item["metadata"].get("labels", {}).get(_SERVICE_NAME)
        slices.setdefault(f"{item['metadata']['namespace']}/{owner}", []).append(item)
    state: State = {}
    for service in api.get("/api/v1/services")["items"]:
        if _PROXY_NAME in service["metadata"].get("labels", {}):
            continue
        name = f"{service['metadata']['namespace']}/{service['metadata']['name']}"
        for address in service["spec"].get("clusterIPs", []):
            for port in service["spec"].get("ports", []):
                if address != "None":
                    key = f"{name} {port['protocol']} {endpoint(address, port['port'])}"
                    state[key] = _endpoints(slices.get(name, []), address, port)
    return state


def _endpoints(slices: list[Object], address: str, port: Object) -> list[str]:
    family = "IPv6" if ":" in address else "IPv4"
    ready = [endpoint(entry["addresses"][0], target["port"])
             for item in slices if item["addressType"] == family
             for target in item["ports"] or [] if target.get("name", "") == port.get("name", "")
             and target["protocol"] == port["protocol"]
             for entry in item["endpoints"] or []
             if entry.get("conditions", {}).get("ready", True)]
    return sorted(ready)


def server_versions(api: Api) -> State:
    """What a client has to know, version by version."""
    versions: State = {}
    for path, selectors in _SELECTED.items():
        kind = path.rsplit("/", 1)[-1]
        for item in api.get(f"{path}?{urllib.parse.urlencode(selectors)}")["items"]:
            metadata = item["metadata"]
            versions[f"{kind}/{metadata['namespace']}/{metadata['name']}"] = (
                metadata["resourceVersion"])
    return versions
