"""Scenes as the YAML files have them: objects, steps, rows. Pure; README.md explains every key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

FOLDER = Path(__file__).parent
SCENES = FOLDER / "scenes"
FAMILIES = ("IPv4", "IPv6")
# The agents' flags where a scene says nothing about them.
POD_RANGES = ("--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48")
_PROTOCOLS = ("TCP", "UDP", "SCTP")


class SceneError(Exception):
    """A scene that says something nobody understands; the text says where."""


@dataclass(frozen=True)
class Destination:
    """`to`: what of which Service is addressed, and where its packets meet a service proxy."""

    kind: str  # clusterIP, nodePort, externalIP, loadBalancer, healthCheck
    service: str
    port: int
    protocol: str
    on: str = ""  # the node whose own address it is
    via: str = ""  # the node at which the client's packets arrive
    at: str = ""  # the address itself, where the objects do not tell it


@dataclass(frozen=True)
class Row:
    """One sentence; `ends` are pods, or one word for how it ends instead, or an HTTP status."""

    sentence: str
    start: str
    to: Destination
    ends: Sequence[str] | str
    source: str = ""
    sticky: bool = False
    source_port: int = 0
    bytes: int = 8
    family: str = ""
    upstream: str = ""


@dataclass(frozen=True)
class Telling:
    """What `kube-ipvs explain` says of a Service on a node, for it does not do all that it asks."""

    node: str
    service: str
    says: str

    @property
    def sentence(self) -> str:
        return f"{self.node} says of {self.service}: {self.says}"


@dataclass(frozen=True)
class Step:
    """What changes, and what holds after it."""

    when: str
    changes: Sequence[Object]
    rows: Sequence[Row]
    tellings: Sequence[Telling] = ()


@dataclass(frozen=True)
class Scene:
    """A scene; its name is its file's and its namespace's."""

    name: str
    objects: Sequence[Object]
    steps: Sequence[Step]
    cleanup: Sequence[Object] = field(default_factory=list)
    flags: Sequence[str] = POD_RANGES  # of the agents
    alone: bool = False  # it changes what all scenes share

    def rows(self) -> list[Row]:
        return [row for step in self.steps for row in step.rows]


def load_all() -> list[Scene]:
    return [load(path) for path in sorted(SCENES.glob("*.yaml"))]


def load(path: Path) -> Scene:
    text = _spread(yaml.safe_load(path.read_text()))
    known = {"pods", "services", "objects", "families", "steps", "cleanup", "flags", "alone"}
    if unknown := text.keys() - known:
        raise SceneError(f"{path.name}: nobody understands {', '.join(sorted(unknown))}")
    families = text.get("families", list(FAMILIES))
    steps = [_step(step, families, path.name) for step in text["steps"]]
    return Scene(name=path.stem, objects=_objects(text, families), steps=steps,
                 cleanup=text.get("cleanup", []), flags=tuple(text.get("flags", POD_RANGES)),
                 alone=text.get("alone", "flags" in text))


def _step(text: Mapping[str, Any], families: Sequence[str], file: str) -> Step:
    changes: list[Object] = []
    for change in text.get("change", []):
        short = [{"create": made} for made in _objects(change, families)]
        changes += short or [change]
    try:
        return Step(text["when"], changes, [_row(row) for row in text.get("rows", [])],
                    [Telling(**telling) for telling in text.get("explained", [])])
    except (KeyError, TypeError, ValueError) as error:
        raise SceneError(f"{file}, {text['when']}: {error!r}") from error


def _row(text: Mapping[str, Any]) -> Row:
    names = {"row": "sentence", "from": "start", "sourcePort": "source_port"}
    values: Object = {names.get(key, key): value for key, value in text.items()}
    values["to"] = destination(values["to"])
    try:
        return Row(**values)
    except TypeError as error:
        raise ValueError(f"row {text['row']!r}: {error}") from error


def destination(text: str) -> Destination:
    """"nodePort web:53/UDP on node2"."""
    kind, target, *rest = text.split()
    service, _, number = target.partition(":")
    port, _, protocol = number.partition("/")
    protocol = protocol or "TCP"
    if protocol not in _PROTOCOLS or len(rest) % 2:
        raise ValueError(f"no destination: {text!r}")
    more = dict(zip(rest[::2], rest[1::2], strict=True))
    return Destination(kind, service, int(port or 0), protocol, **more)


# Objects from their short forms.


def _spread(value: Any) -> Any:
    """With each `{repeat: N, of: …}` in a list as so many elements; "$i" is 1 to N in them."""
    if isinstance(value, Mapping):
        return {key: _spread(entry) for key, entry in value.items()}
    if not isinstance(value, list):
        return value
    return [element for entry in value for element in (
        [_numbered(entry["of"], number) for number in range(1, entry["repeat"] + 1)]
        if isinstance(entry, Mapping) and entry.keys() == {"repeat", "of"} else [_spread(entry)])]


def _numbered(value: Any, number: int) -> Any:
    if isinstance(value, Mapping):
        return {key: _numbered(entry, number) for key, entry in value.items()}
    if isinstance(value, list):
        return [_numbered(entry, number) for entry in value]
    if value == "$i":
        return number
    return value.replace("$i", str(number)) if isinstance(value, str) else value


def _objects(text: Mapping[str, Any], families: Sequence[str]) -> list[Object]:
    return [*(_pod(name, pod) for name, pod in text.get("pods", {}).items()),
            *(_service(name, spec, families) for name, spec in text.get("services", {}).items()),
            *text.get("objects", [])]


def _pod(name: str, text: Mapping[str, Any]) -> Object:
    linger = int(text.get("lingers", 0))
    container: Object = {"name": "echo", "image": "echo", "ports": _ports(text.get("ports", {}))}
    if linger:
        container["env"] = [{"name": "LINGER", "value": str(linger)}]
    spec: Object = {"containers": [container], "terminationGracePeriodSeconds": linger}
    if "node" in text:
        spec["nodeName"] = text["node"]
    if text.get("hostNetwork"):
        spec["hostNetwork"] = True
        for port in container["ports"]:
            port["hostPort"] = port["containerPort"]
    if "sidecar" in text:
        spec["initContainers"] = [{"name": "sidecar", "image": "echo", "restartPolicy": "Always",
                                   "ports": _ports(text["sidecar"])}]
    metadata: Object = {"name": name, "labels": {"app": name.rpartition("-")[0]}}
    metadata["labels"].update(text.get("labels", {}))
    if text.get("ready") is False:
        metadata["annotations"] = {"lab/ready": "false"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _ports(ports: Mapping[str, Any]) -> list[Object]:
    listed = []
    for name, port in ports.items():
        number, _, protocol = str(port).partition("/")
        listed.append({"name": name, "containerPort": int(number), "protocol": protocol or "TCP"})
    return listed


def _service(name: str, spec: Mapping[str, Any], families: Sequence[str]) -> Object:
    spec = dict(spec)
    metadata = {"name": name, **spec.pop("metadata", {})}
    if "ipFamilies" not in spec and spec.get("type") != "ExternalName":
        spec["ipFamilies"] = list(families)
    spec.setdefault("ipFamilyPolicy",
                    "RequireDualStack" if len(spec.get("ipFamilies", ())) > 1 else "SingleStack")
    if spec.get("type") == "ExternalName":
        spec.pop("ipFamilyPolicy")
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
