"""One agent that is followed: what it knows, as it changes."""

from __future__ import annotations

import abc
import contextlib
import json
import subprocess
import threading
import time
from pathlib import Path

from e2e.server_state import State, server_state, server_versions
from lab.cluster import Cluster
from lab.control_plane import die_with_the_starter
from lab.kubectl import ClusterError
from lab.kubelet_api import Api
from lab.settings import LabError

_REPORTER = Path(__file__).with_name("state_reporter.py")


class FollowedAgent(abc.ABC):
    """An agent, and beside it from `follow()` on a process that reports what it knows."""

    folder: Path  # for files that the agent shall read; it sees them as they are
    server: str  # the API server's address as the agent sees it
    limit = 2.0  # seconds within which it has to be current

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._state: State = {}
        self._since = 0.0
        self._unread = ""

    @abc.abstractmethod
    def start(self, kubeconfig: str) -> None:
        """In place of the one that runs, if one does."""

    @abc.abstractmethod
    def follow(self) -> None:
        """Begins to listen to it; once."""

    @abc.abstractmethod
    def wanted(self, api: Api) -> State:
        """What it has to know, by what the API server holds now."""

    def wait_for(self, wanted: State, seconds: float) -> float:
        """Returns since when (monotonic) the agent knows exactly this; raises if it never does."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._state == wanted, seconds):
                differing = {key: (self._state.get(key), wanted.get(key))
                             for key in self._state.keys() | wanted.keys()
                             if self._state.get(key) != wanted.get(key)}
                raise ClusterError(f"after {seconds:.0f} s the agent still differs from the API "
                                   f"server (agent's, server's): {differing}")
            return self._since

    def _take(self, name: str, text: str) -> None:
        if name != "out":
            return
        now = time.monotonic()
        *lines, self._unread = (self._unread + text).split("\n")
        with self._changed:
            for line in lines:
                self._state, self._since = json.loads(line), now
            self._changed.notify_all()


class AgentInLab(FollowedAgent):
    """The agent of a node of the lab."""

    def __init__(self, cluster: Cluster, node: str) -> None:
        super().__init__()
        self._cluster = cluster
        self._node = node
        self.folder = cluster.lab.share
        self.server = f"https://{cluster.lab.host_address}:{cluster.endpoints.port}"

    def start(self, kubeconfig: str) -> None:
        self._cluster.agents.stop(self._node, 15)
        self._cluster.agents.start(self._node, kubeconfig)

    def follow(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def wanted(self, api: Api) -> State:
        return server_state(api)

    def _read(self) -> None:
        socket = self._cluster.agents.control_socket(self._node)
        with contextlib.suppress(LabError):  # the lab has ended
            self._cluster.lab.stream(self._node, ["python3", "-u", str(_REPORTER), socket],
                                     self._take, timeout=3600)


class ClientOnHost(FollowedAgent):
    """The agent's client of the API server alone, beside the server."""

    def __init__(self, program: Path, folder: Path, port: int) -> None:
        """`program`: api_follower."""
        super().__init__()
        self._program = program
        self._process: subprocess.Popen[str] | None = None
        self.folder = folder
        self.server = f"https://127.0.0.1:{port}"

    def start(self, kubeconfig: str) -> None:
        if self._process is not None:
            self._process.terminate()
        with open(self.folder / "client.log", "ab") as log:
            self._process = subprocess.Popen([self._program, kubeconfig], stdout=subprocess.PIPE,
                                             stderr=log, text=True,
                                             preexec_fn=die_with_the_starter)

    def follow(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def wanted(self, api: Api) -> State:
        return server_versions(api)

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            self._take("out", line)
