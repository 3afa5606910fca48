"""The agents' identity: exactly the ServiceAccount of the manifests, with its rights and no other.

So every test that needs a list, a watch or an Event tests `manifests/base/rights.yaml`, too.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from lab import manifests
from lab.kubectl import ClusterError, Kubectl
from lab.settings import HOST_ADDRESS
from lab.waiting import wait_for

if TYPE_CHECKING:
    from lab.control_plane import Endpoints

NAMESPACE = "kube-system"
ACCOUNT = "kube-ipvs"
RIGHTS = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
_PATIENCE = 30.0
_LIFETIME = "24h"


def establish(endpoints: Endpoints) -> None:
    """Applies the account and its rights, and writes `agent_kubeconfig` for it."""
    kubectl = Kubectl(endpoints)
    wait_for(lambda: _has_namespace(kubectl), _PATIENCE, f"the namespace {NAMESPACE}")
    text = manifests.rendered(endpoints.kubectl, manifests.BASE)
    kubectl.run("apply", "-f", "-", stdin=yaml.safe_dump_all(manifests.objects(text, *RIGHTS)))
    write_kubeconfig(Path(endpoints.agent_kubeconfig), endpoints, token(kubectl, ACCOUNT),
                     f"https://{HOST_ADDRESS}:{endpoints.port}")


def token(kubectl: Kubectl, account: str) -> str:
    """A new token of a service account in kube-system."""
    return kubectl.run("create", "token", account, "-n", NAMESPACE, f"--duration={_LIFETIME}").strip()


def write_kubeconfig(path: Path, endpoints: Endpoints, bearer: str, server: str) -> None:
    """Readable for all: the agents are root without the right to read other users' files."""
    authority = Path(endpoints.certificate_authority).read_text()
    path.write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "tests",
        "clusters": [{"name": "tests", "cluster": {
            "server": server, "certificate-authority-data": _base64(authority)}}],
        "users": [{"name": "tests", "user": {"token": bearer}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
    }, width=10_000))
    path.chmod(0o644)


def _has_namespace(kubectl: Kubectl) -> bool:
    try:
        kubectl.run("get", "namespace", NAMESPACE)
    except ClusterError:
        return False
    return True


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
