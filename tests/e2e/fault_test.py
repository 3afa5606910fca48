"""Trouble between the agent and its two doors: it says what, why and what to do, and goes on.

The agents of these tests run in the outside client's place, whose tables are empty, so that
whatever one of them writes would be seen.
"""

from __future__ import annotations

import re
import signal
import socket
import threading
from pathlib import Path

from e2e.fixture import PORT, SOON, ClusterTest
from lab.cluster import Pod

NAMESPACE = "faults"
PLACE = "client"
NAME = "kube-ipvs-faults"


class Faults(ClusterTest):
    def test_a_refused_credential_is_named_with_the_remedy(self) -> None:
        self.start_agent(self.kubeconfig(token="not-a-token"))
        self.wait_for_log("401", "token")
        self.assert_alive_and_silent()

    def test_a_forbidden_list_names_verb_and_resource_and_the_rule_to_add(self) -> None:
        self.cluster.kubectl("create", "serviceaccount", "nobody")
        self.addCleanup(self.cluster.kubectl, "delete", "serviceaccount", "nobody")
        token = self.cluster.kubectl("create", "token", "nobody").strip()
        self.start_agent(self.kubeconfig(token=token))
        for resource in ("services", "endpointslices", "nodes"):
            self.wait_for_log("403", f'cannot watch resource \\"{resource}\\"',
                              f'resources: [\\"{resource}\\"]')
        self.assert_alive_and_silent()

    def test_an_api_server_that_is_not_there_is_waited_for(self) -> None:
        self.start_agent(self.kubeconfig(server="https://10.0.2.2:1"))
        self.wait_for_log("refused")
        self.assert_alive_and_silent()

    def test_a_server_with_another_certificate_authority_is_not_trusted(self) -> None:
        text = self.kubeconfig().read_text()
        path = self.folder / "no-authority.kubeconfig"
        path.write_text(re.sub(r"\n *certificate-authority-data: \S+", "", text))
        self.start_agent(path)
        self.wait_for_log("certificate")
        self.assert_alive_and_silent()

    def test_a_server_that_talks_nonsense_is_not_believed(self) -> None:
        nonsense = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
                   b"Content-Length: 4000\r\n\r\n{\"kind\":\"ServiceList\",\"items\":[{"
        with Listener(nonsense) as listener:
            self.start_agent(self.kubeconfig(server=f"http://10.0.2.2:{listener.port}"))
            self.wait_for_log("cannot list services")
            self.assert_alive_and_silent()

    def test_a_broken_kubeconfig_ends_the_invocation_with_code_two(self) -> None:
        path = self.folder / "broken.kubeconfig"
        path.write_text("clusters: [")
        done = self.cluster.run(PLACE, *self.agent, "--kubeconfig", str(path))
        self.assertEqual(done.code, 2)
        self.assertIn(str(path), done.err)

    def test_an_unknown_flag_ends_the_invocation_with_code_two(self) -> None:
        done = self.cluster.run(PLACE, *self.agent, "--no-such-flag")
        self.assertEqual(done.code, 2)
        self.assertIn("--no-such-flag", done.err)

    def test_without_the_capability_the_agent_says_so_and_keeps_trying(self) -> None:
        self.start_agent(self.kubeconfig(), "setpriv", "--bounding-set=-net_admin",
                         "--inh-caps=-net_admin")
        self.wait_for_log("CAP_NET_ADMIN")
        self.assert_alive_and_silent()

    # One agent of the test's own.

    @property
    def agent(self) -> tuple[str, str]:
        return (str(self.cluster.agents.program), "agent")

    @property
    def folder(self) -> Path:
        return Path(self.cluster.endpoints.logs)

    def kubeconfig(self, server: str = "", token: str = "") -> Path:
        """The agents' kubeconfig with another server or another identity."""
        text = Path(self.cluster.endpoints.agent_kubeconfig).read_text()
        if server:
            text = re.sub(r"server: \S+", f"server: {server}", text)
        if token:
            text = re.sub(r"token: \S+", f"token: {token}", text)
        path = self.folder / f"{self._testMethodName}.kubeconfig"
        path.write_text(text)
        return path

    def start_agent(self, kubeconfig: Path, *before: str) -> None:
        self.cluster.lab.spawn(PLACE, NAME, [
            *before, *self.agent, "--kubeconfig", str(kubeconfig), "--hostname-override", "nowhere"])
        self.addCleanup(self.cluster.lab.wait, NAME, 30)
        self.addCleanup(self.cluster.lab.signal, NAME, signal.SIGTERM)

    def wait_for_log(self, *texts: str) -> None:
        self.cluster.wait_for(
            lambda: all(text in self.cluster.lab.log(NAME) for text in texts), SOON,
            f"{texts} in the log:\n{self.cluster.lab.log(NAME)}")

    def assert_alive_and_silent(self) -> None:
        """The agent goes on, and has written nothing."""
        self.assertTrue(self.cluster.lab.alive(NAME))
        self.assertEqual(len(self.table(PLACE)), 0)
        self.assertNotIn("kube-ipvs", self.cluster.output(PLACE, "nft", "list", "tables"))


class Outage(ClusterTest):
    pods: list[Pod]
    address: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.pods, cls.address = cls.make_served(NAMESPACE, 2)

    def test_traffic_flows_through_an_outage_and_changes_follow_after_it(self) -> None:
        before = {node: self.backends(node) for node in self.node_names()}
        self.cluster.control_plane.stop_api_server()
        for node in self.node_names():
            self.wait_until_noticed(node)
            self.assert_fifty_rotate(node, f"http://{self.address}:{PORT}", self.pods)
            self.assertEqual(self.backends(node), before[node])
        self.cluster.control_plane.start_api_server()
        pods = self.scale(NAMESPACE, 3)
        self.wait_until_served("TCP", self.address, pods)

    def backends(self, node: str) -> dict[str, int]:
        return self.table(node)[("TCP", f"{self.address}:{PORT}")]

    def wait_until_noticed(self, node: str) -> None:
        self.cluster.wait_for(lambda: "refused" in self.cluster.agents.log(node), SOON,
                              f"the agent on {node} to notice that the API server is gone")


class Listener:
    """Answers every connection with the same bytes and closes it."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Listener:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(self._answer)
