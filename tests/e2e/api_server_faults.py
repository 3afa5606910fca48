"""What becomes of API servers, done to the cluster's: each method returns when it is well again."""

from __future__ import annotations

import re
import signal
import threading
from pathlib import Path

from lab.control_plane import ControlPlane
from lab.kubectl import Kubectl

_NAMESPACE = "kube-system"
_ACCOUNT = "kube-ipvs-by-token"


class ApiServerFaults:
    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane

    def restart(self) -> None:
        """Killed and started anew."""
        self._control_plane.stop_api_server()
        self._control_plane.start_api_server()

    def freeze(self, seconds: float) -> None:
        """It takes connections and bytes, and does nothing."""
        self._control_plane.signal_api_server(signal.SIGSTOP)
        threading.Event().wait(seconds)
        self._control_plane.signal_api_server(signal.SIGCONT)
        self._control_plane.wait_until_ready()

    def compact(self) -> None:
        """Restarted with nothing left of the history: whoever watches on from before gets 410."""
        self._control_plane.stop_api_server()
        self._control_plane.etcd.compact()
        self._control_plane.start_api_server()

    def restore(self, backup: Path) -> None:
        """What happened since the backup never was."""
        self._control_plane.restore(backup)


class RenewedToken:
    """A kubeconfig with a token in a file, as a projected one: renewed, and the old one refused."""

    def __init__(self, kubectl: Kubectl, folder: Path, server: str) -> None:
        """`folder`: for both files; `server`: the API server's address in the kubeconfig."""
        self._kubectl = kubectl.run
        self._number = 0
        self._file = folder / "agent.token"
        self.kubeconfig = folder / "agent-by-token.kubeconfig"
        self._kubectl("create", "serviceaccount", _ACCOUNT, "-n", _NAMESPACE)
        self._kubectl("create", "clusterrolebinding", _ACCOUNT,
                      "--clusterrole=system:node-proxier",
                      f"--serviceaccount={_NAMESPACE}:{_ACCOUNT}")
        self._issue()
        self._write_kubeconfig(Path(kubectl.endpoints.agent_kubeconfig).read_text(), server)

    def renew(self) -> None:
        """The file has a new token; with its Secret goes the old one's worth."""
        old = self._secret
        self._issue()
        self._kubectl("delete", "secret", old, "-n", _NAMESPACE)

    def remove(self) -> None:
        self._kubectl("delete", "secret", self._secret, "-n", _NAMESPACE)
        self._kubectl("delete", "clusterrolebinding", _ACCOUNT)
        self._kubectl("delete", "serviceaccount", _ACCOUNT, "-n", _NAMESPACE)

    @property
    def _secret(self) -> str:
        return f"{_ACCOUNT}-{self._number}"

    def _issue(self) -> None:
        self._number += 1
        self._kubectl("create", "secret", "generic", self._secret, "-n", _NAMESPACE)
        token = self._kubectl(
            "create", "token", _ACCOUNT, "-n", _NAMESPACE,
            "--bound-object-kind=Secret", f"--bound-object-name={self._secret}")
        # As kubelet does it: the reader never sees half a token.
        fresh = self._file.with_suffix(".new")
        fresh.write_text(token.strip())
        fresh.rename(self._file)

    def _write_kubeconfig(self, agents: str, server: str) -> None:
        text = re.sub(r"token: \S+", f"tokenFile: {self._file}", agents)
        self.kubeconfig.write_text(re.sub(r"server: \S+", f"server: {server}", text))
