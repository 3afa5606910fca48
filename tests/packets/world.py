"""What the API server has of one scene, and the addresses that a row's words mean in it. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.cluster_readings import endpoint
from lab.topology import OUTSIDE, node_address
from packets.scene import FAMILIES, Destination, Object, Row, SceneError

CALLERS = "packets"  # the namespace of the pods that belong to no Service


@dataclass(frozen=True)
class World:
    """The objects of a scene at one moment; `callers` are the pods that only ask."""

    namespace: str
    nodes: Sequence[Object]
    pods: Sequence[Object]
    callers: Sequence[Object]
    services: Sequence[Object]
    slices: Sequence[Object]


@dataclass(frozen=True)
class Place:
    """Where a connection starts: in the lab, in the cluster, and with which address."""

    kind: str  # pod, node, client
    place: str
    node: str
    address: str


@dataclass(frozen=True)
class Probe:
    """A row for one family, with nothing left to look up."""

    row: Row
    sentence: str
    start: Place
    enters: str
    protocol: str
    address: str
    port: int
    endpoints: Sequence[str]  # as ipvsadm writes them; empty where the row names no pods
    source: str | None

    def as_json(self) -> dict[str, Any]:
        ends: object = self.row.ends if isinstance(self.row.ends, str | int) else self.endpoints
        recorded = {
            "row": self.sentence, "protocol": self.protocol,
            "from": {"kind": self.start.kind, "node": self.start.node,
                     "address": self.start.address},
            "enters": self.enters, "address": self.address, "port": self.port,
            "ends": ends, "source": self.source, "sticky": self.row.sticky}
        if self.row.source_port:
            recorded["sourcePort"] = self.row.source_port
        return recorded


def probes(row: Row, world: World) -> list[Probe]:
    """One probe per family that the row's Service has, or for the row's own family."""
    service = _named(world.services, row.to.service)
    if row.family or row.to.at:
        families = [row.family or _family(row.to.at)]
    else:
        families = service["spec"].get("ipFamilies", list(FAMILIES))
    return [_probe(row, service, family, world) for family in families]


def _probe(row: Row, service: Object, family: str, world: World) -> Probe:
    start = _start(row.start, family, world)
    port = _port(service, row.to)
    enters = row.to.via or row.to.on or start.node
    if not enters:
        raise SceneError(f"row {row.sentence!r}: at which node do the client's packets arrive?")
    return Probe(row=row, sentence=f"{row.sentence}, {family}", start=start, enters=enters,
                 protocol="HTTP" if row.to.kind == "healthCheck" else row.to.protocol,
                 address=_address(service, row.to, family),
                 port=_number(service, row.to, port),
                 endpoints=_endpoints(row, port, family, world), source=_source(row, start))


def _start(text: str, family: str, world: World) -> Place:
    kind, _, rest = text.partition(" ")
    if kind == "client":
        return Place("client", "client", "", _of(family, OUTSIDE.v4, OUTSIDE.v6))
    if kind != "pod":
        return Place("node", text, text, own_address(text, family))
    pod = (next(p for p in world.callers if p["spec"]["nodeName"] == rest.removeprefix("on "))
           if rest.startswith("on ") else _named(world.pods, rest))
    node = pod["spec"]["nodeName"]
    if pod["spec"].get("hostNetwork"):
        return Place("node", node, node, own_address(node, family))
    place = f"{pod['metadata']['namespace']}.{pod['metadata']['name']}"
    return Place("pod", place, node, address_of(pod, family))


def _source(row: Row, start: Place) -> str | None:
    return start.address if row.source == "kept" else row.source or None


def _port(service: Object, to: Destination) -> Object | None:
    """The Service's port; none where the row means a number that is no port of it."""
    return next((port for port in service["spec"].get("ports", [])
                 if port["port"] == to.port and port["protocol"] == to.protocol), None)


def _number(service: Object, to: Destination, port: Object | None) -> int:
    if to.kind == "healthCheck":
        return int(service["spec"].get("healthCheckNodePort") or to.port)
    if to.kind == "nodePort" and port and port.get("nodePort"):
        return int(port["nodePort"])
    return to.port


def _address(service: Object, to: Destination, family: str) -> str:
    if to.at:
        return to.at
    if to.on:
        return own_address(to.on, family)
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    candidates = {"clusterIP": service["spec"].get("clusterIPs", []),
                  "externalIP": service["spec"].get("externalIPs", []),
                  "loadBalancer": [entry["ip"] for entry in ingress if "ip" in entry]}
    for address in candidates.get(to.kind, []):
        if address != "None" and _family(address) == family:
            return str(address)
    raise SceneError(f"Service {to.service} has no {to.kind} of {family}")


def _endpoints(row: Row, port: Object | None, family: str, world: World) -> list[str]:
    if isinstance(row.ends, str | int):
        return []
    if port is None:
        raise SceneError(f"row {row.sentence!r}: the Service has no such port to end at")
    return sorted(_endpoint(_named(world.pods, name), row.to, port, family, world)
                  for name in row.ends)


def _endpoint(pod: Object, to: Destination, port: Object, family: str, world: World) -> str:
    """As the slices have it: a named port may be another one in each pod."""
    address = address_of(pod, family)
    for found in slices_of(to.service, world.slices):
        if any(entry["addresses"][0] == address for entry in found["endpoints"] or []):
            for offered in found["ports"] or []:
                if (offered.get("name", ""), offered["protocol"]) == (
                        port.get("name", ""), port["protocol"]):
                    return endpoint(address, offered["port"])
    raise SceneError(f"no EndpointSlice of {to.service} has the pod "
                     f"{pod['metadata']['name']} ({address})")


def slices_of(service: str, slices: Sequence[Object]) -> list[Object]:
    return [found for found in slices
            if found["metadata"].get("labels", {}).get("kubernetes.io/service-name") == service]


def address_of(pod: Object, family: str) -> str:
    for entry in pod["status"].get("podIPs", []):
        if _family(entry["ip"]) == family:
            return str(entry["ip"])
    raise SceneError(f"pod {pod['metadata']['name']} has no {family} address yet")


def own_address(node: str, family: str) -> str:
    """The node's address on the bridge."""
    address = node_address(int(node.removeprefix("node")))
    return _of(family, address.v4, address.v6)


def _named(objects: Sequence[Object], name: str) -> Object:
    for found in objects:
        if found["metadata"]["name"] == name:
            return found
    raise SceneError(f"the scene has no {name}")


def _family(address: str) -> str:
    return f"IPv{ipaddress.ip_address(address).version}"


def _of(family: str, v4: str, v6: str) -> str:
    return v4 if family == "IPv4" else v6
