"""Faults of the API server, and how long after each one followed agent is current again.

After each fault a change is made at once; that the agent knows exactly what the server holds is
timed from the moment at which the server has said that it is ready.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from e2e.api_server_faults import ApiServerFaults, RenewedToken
from e2e.followed_agent import FollowedAgent
from lab.control_plane import ControlPlane
from lab.kubectl import Kubectl
from lab.kubelet_api import Api, Object

NAMESPACE = "client"
_PATIENCE = 60.0


class FaultRounds:
    """One followed agent, faults, and how long it took to be current after each."""

    def __init__(self, control_plane: ControlPlane, agent: FollowedAgent) -> None:
        """`agent`: gets a credential that can be renewed; is current when this returns."""
        self._control_plane = control_plane
        self._agent = agent
        self._api = Api(control_plane.endpoints.port, control_plane.endpoints.tls())
        self._probes = 0
        self.faults = ApiServerFaults(control_plane)
        self.token = RenewedToken(Kubectl(control_plane.endpoints), agent.folder, agent.server)
        agent.start(str(self.token.kubeconfig))
        agent.follow()
        self.change()
        self.wait_until_current()

    def seconds_after(self, fault: Callable[[], None]) -> float:
        """How long after the end of `fault` the agent knew what the server held, and a change
        made since."""
        fault()
        well = time.monotonic()
        self.change()
        return max(0.0, self.wait_until_current() - well)

    def wait_until_current(self) -> float:
        """Since when the agent knows exactly what the server holds."""
        return self._agent.wait_for(self._agent.wanted(self._api), _PATIENCE)

    def change(self) -> None:
        """A Service comes, with an endpoint, and the one before it goes."""
        self._probes += 1
        name = f"probe-{self._probes}"
        self._api.post(f"/api/v1/namespaces/{NAMESPACE}/services", _service(name))
        self._api.post(f"{_slices()}", _slice(name, self._probes))
        if self._probes > 1:
            old = f"probe-{self._probes - 1}"
            self._api.delete(f"/api/v1/namespaces/{NAMESPACE}/services/{old}")
            self._api.delete(f"{_slices()}/{old}")

    def restored(self) -> None:
        """A change is made and known, and then never was."""
        backup = self._control_plane.back_up()
        before = self._probes
        self.change()
        self.wait_until_current()
        self.faults.restore(backup)
        self._probes = before

    def token_renewed(self) -> None:
        """Whoever connects now has to show the new one."""
        self.token.renew()
        self.faults.restart()


def _slices() -> str:
    return f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"


def _service(name: str) -> Object:
    return {"kind": "Service", "apiVersion": "v1", "metadata": {"name": name},
            "spec": {"ports": [{"port": 80}]}}


def _slice(name: str, number: int) -> Object:
    return {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4", "ports": [{"port": 8080, "protocol": "TCP", "name": ""}],
            "endpoints": [{"addresses": [f"10.244.250.{number % 250 + 1}"]}]}
