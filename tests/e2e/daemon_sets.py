"""The DaemonSet controller and kubelet in small, for the two service proxies of a migration.

`settle()` makes true what the DaemonSets of kube-system say now: it ends the proxies of nodes that
they no longer select, starts those of nodes that they do, with the containers' own arguments, files
and identity, and tells the API server when they are ready. The files stand where a container has
them, in the machine's memory; so this is for a lab in a machine.
"""

from __future__ import annotations

import base64
import json
import shlex
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.agent_account import NAMESPACE, token
from lab.cluster import Cluster
from lab.kubectl import Kubectl
from lab.kubelet import Node
from lab.kubelet_api import MERGE_PATCH, Object

_PATH = f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets"
_IDENTITY = "/run/secrets/kubernetes.io/serviceaccount"
_PATIENCE = 180.0  # a thousand connections leave an emulated processor little


@dataclass(frozen=True)
class Program:
    """What stands for a container's image. `under`: a command that becomes it. `ready`: whether the
    one on a node serves; `patience`: how long that may take."""

    argv: tuple[str, ...]
    ready: Callable[[str], bool]
    patience: float
    under: tuple[str, ...] = ()


class DaemonSets:
    def __init__(self, cluster: Cluster, programs: Mapping[str, Program]) -> None:
        """`programs` by the DaemonSet's name."""
        self._cluster = cluster
        self._programs = programs
        self._running: dict[str, str] = {}  # node: DaemonSet

    def settle(self) -> None:
        """Returns when every selected node has its proxy, and that is ready."""
        sets = {item["metadata"]["name"]: item for item in self._cluster.api.get(_PATH)["items"]}
        wanted = {node.name: name for name, item in sets.items() for node in self._cluster.nodes
                  if _selects(item["spec"]["template"]["spec"], self._labels(node))}
        for node, name in list(self._running.items()):
            if wanted.get(node) != name:
                self._end(node)
        for node, name in wanted.items():
            if node not in self._running:
                self._start(node, name, sets[name])
        for node, name in wanted.items():
            program = self._programs[name]
            self._cluster.wait_for(lambda node=node, program=program: program.ready(node),
                                   program.patience, f"{name} on {node} to be ready")
        for name, item in sets.items():
            self._report(item, sum(other == name for other in wanted.values()))

    def end_all(self) -> None:
        for node in list(self._running):
            self._end(node)

    def log(self, node: str) -> str:
        return self._cluster.lab.log(_process(node))

    def _labels(self, node: Node) -> dict[str, str]:
        labels: dict[str, str] = self._cluster.api.get(f"/api/v1/nodes/{node.name}")["metadata"]["labels"]
        return labels

    def _end(self, node: str) -> None:
        self._cluster.lab.signal(_process(node), signal.SIGTERM)
        self._cluster.lab.wait(_process(node), timeout=_PATIENCE)
        del self._running[node]

    def _start(self, node: str, name: str, item: Object) -> None:
        pod, program = item["spec"]["template"]["spec"], self._programs[name]
        self._give_files(node, pod)
        for container in pod.get("initContainers", []):
            self._cluster.output(node, *program.argv, *_arguments(container, node), timeout=_PATIENCE)
        container = pod["containers"][0]
        self._cluster.lab.spawn(node, _process(node), [
            *program.under, *program.argv, *_arguments(container, node)], self._environment(container))
        self._running[node] = name

    def _give_files(self, node: str, pod: Object) -> None:
        """ConfigMaps where they are mounted, and what every pod has of its service account."""
        maps = {volume["name"]: volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume}
        for mount in pod["containers"][0]["volumeMounts"]:
            if mount["name"] in maps:
                self._write(node, mount["mountPath"], self._config_map(maps[mount["name"]]))
        authority = self._cluster.endpoints.certificate_authority
        with open(authority, encoding="utf-8") as file:
            self._write(node, _IDENTITY, {
                "ca.crt": file.read(), "namespace": NAMESPACE,
                "token": token(Kubectl(self._cluster.endpoints), pod["serviceAccountName"])})

    def _config_map(self, name: str) -> dict[str, str]:
        data: dict[str, str] = self._cluster.api.get(
            f"/api/v1/namespaces/{NAMESPACE}/configmaps/{name}")["data"]
        return data

    def _write(self, node: str, folder: str, files: Mapping[str, str]) -> None:
        words = [f"mkdir -p {shlex.quote(folder)}"]
        for name, text in files.items():
            encoded = base64.b64encode(text.encode()).decode()
            words.append(f"echo {encoded} | base64 -d > {shlex.quote(f'{folder}/{name}')}")
        self._cluster.output(node, "sh", "-ec", "\n".join(words), timeout=_PATIENCE)

    def _environment(self, container: Object) -> dict[str, str]:
        """What kubelet takes from ConfigMaps; an optional one need not be there."""
        variables = {}
        for entry in container.get("env", []):
            reference = entry.get("valueFrom", {}).get("configMapKeyRef")
            if reference and (names := self._optional_config_map(reference["name"])):
                variables[entry["name"]] = names[reference["key"]]
        return variables

    def _optional_config_map(self, name: str) -> dict[str, str]:
        listed = self._cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/configmaps")["items"]
        return next((item["data"] for item in listed if item["metadata"]["name"] == name), {})

    def _report(self, item: Object, count: int) -> None:
        status = {"observedGeneration": item["metadata"]["generation"], "numberMisscheduled": 0}
        status |= {key: count for key in ("currentNumberScheduled", "desiredNumberScheduled",
                                          "numberReady", "numberAvailable", "updatedNumberScheduled")}
        self._cluster.api.patch(f"{_PATH}/{item['metadata']['name']}/status", {"status": status},
                                MERGE_PATCH)


def _process(node: str) -> str:
    return f"proxy-{node}"


def _arguments(container: Object, node: str) -> list[str]:
    """The container's command, after the program itself, and its arguments."""
    words = [*container.get("command", [])[1:], *container.get("args", [])]
    return [word.replace("$(NODE_NAME)", node) for word in words]


def _selects(pod: Object, labels: Mapping[str, str]) -> bool:
    """nodeSelector and required node affinity, of the latter what the manifests use."""
    if not pod.get("nodeSelector", {}).items() <= labels.items():
        return False
    required = pod.get("affinity", {}).get("nodeAffinity", {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(all(_matches(expression, labels) for expression in term["matchExpressions"])
               for term in required["nodeSelectorTerms"])


def _matches(expression: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    match expression["operator"]:
        case "Exists":
            return expression["key"] in labels
        case "DoesNotExist":
            return expression["key"] not in labels
    raise ValueError(f"the lab's DaemonSets know no operator of {json.dumps(expression)}")
