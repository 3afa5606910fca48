"""Keep-alive connections through a Service, each with a request now and then."""

from __future__ import annotations

import json
import signal
import time

from lab.cluster import Cluster

_PATIENCE = 30.0
# Seconds for each connection to be made: an emulated processor that others use, too, took 33 ms.
_PATIENCE_FOR_EACH = 0.2


class HeldConnections:
    """Held from the moment they are made until `let_go`."""

    def __init__(self, cluster: Cluster, place: str, address: str, port: int, count: int) -> None:
        """Opens the connections; returns when each has carried a request."""
        self._cluster = cluster
        self._place = place
        self._name = f"hold-{place}-{port}-{time.time_ns()}"
        self._stop_file = f"/tmp/{self._name}"
        cluster.lab.spawn(place, self._name, [
            cluster.traffic, "hold", address, str(port), str(count),
            "--stop-file", self._stop_file])
        patience = _PATIENCE + count * _PATIENCE_FOR_EACH
        cluster.wait_for(lambda: "all connections carry" in self.log(), patience,
                         f"{count} connections from {place} to carry requests: {self.log()}")

    def log(self) -> str:
        return self._cluster.lab.log(self._name)

    def let_go(self) -> dict[str, int]:
        """Ends the traffic; returns its counts: requests, failures, reconnects, slowest_ms."""
        self._cluster.output(self._place, "touch", self._stop_file)
        self._cluster.lab.wait(self._name, timeout=_PATIENCE)
        result: dict[str, int] = json.loads(self.log().splitlines()[-1])
        return result

    def kill(self) -> None:
        """Ends it if it still runs."""
        self._cluster.lab.signal(self._name, signal.SIGKILL)
