"""What a Service comes to, asked of any cluster that kube-ipvs serves: the lab's and kind's.

Only through provider.py, and with requests alone: what the nodes' tables look like is the other
modules' matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from e2e.provider import Provider
from lab.client import Completed
from lab.waiting import wait_for

NAMESPACE, NAME, PORT = "shared", "httpenv", 8888
SOON = 120.0
REQUESTS = 30
REFUSED_AT_ONCE = 1000  # milliseconds


class SharedCases:
    """The tests; beside unittest.TestCase in a class that has a provider."""

    provider: Provider

    @classmethod
    def prepare(cls) -> None:
        """Three pods behind a Service that is a node port, too, and one more to ask from."""
        kubectl = cls.provider.kubectl
        kubectl("create", "namespace", NAMESPACE)
        for name in (NAME, "caller"):
            kubectl("create", "deployment", name, f"--image={cls.provider.image}", "-n", NAMESPACE)
        cls.scale(3)
        kubectl("expose", f"deployment/{NAME}", "--type=NodePort", "--port", str(PORT), "-n", NAMESPACE)
        wait_for(lambda: len(cls.pods("caller")) == 1, SOON, "the caller")
        cls.wait_until_asked(lambda: cls.everybody_answers(cls.from_pod(cls.url())), "the Service to be served")

    @classmethod
    def tidy(cls) -> None:
        cls.provider.kubectl("delete", "namespace", NAMESPACE, "--timeout=100s")

    # The cases.

    def test_requests_from_a_pod_go_round(self) -> None:
        self.assert_goes_round(self.from_pod(self.url()))

    def test_requests_from_every_node_go_round(self) -> None:
        for node in self.provider.nodes():
            self.assert_goes_round(self.sequence(self.provider.on_node(node, self.asking(self.url()))))

    def test_requests_from_outside_reach_a_node_port_of_every_node(self) -> None:
        port = self.service()["spec"]["ports"][0]["nodePort"]
        for node in self.provider.nodes():
            url = _url(self.provider.node_address(node), port)
            self.assert_goes_round(self.sequence(self.provider.outside(self.asking(url))))

    def test_a_pod_finds_the_service_by_name(self) -> None:
        self.assert_goes_round(self.from_pod(f"http://{NAME}:{PORT}"))

    def test_a_pod_reaches_itself_through_its_own_service(self) -> None:
        for pod in self.pods(NAME):
            self.assert_goes_round(self.sequence(self.provider.in_pod(pod, NAMESPACE, self.asking(self.url()))))

    def test_without_endpoints_it_refuses_at_once_and_with_them_it_serves_again(self) -> None:
        self.scale(0)
        try:
            self.wait_until_asked(self.is_refused, "connections to be refused")
        finally:
            self.scale(3)
        self.wait_until_asked(lambda: self.everybody_answers(self.from_pod(self.url())), "the pods to answer again")

    def test_requests_go_on_while_the_agents_are_killed(self) -> None:
        with ThreadPoolExecutor(1) as pool:
            many = pool.submit(self.provider.in_pod, self.pods("caller")[0], NAMESPACE,
                               (self.provider.traffic, "sequence", self.url(), "300"))
            for node in self.provider.nodes():
                self.provider.kill_agent(node)
            answers = self.sequence(many.result())
        self.assertEqual(len(answers), 300)

    def test_a_deleted_service_refuses_and_is_gone_from_every_table(self) -> None:
        kubectl = self.provider.kubectl
        kubectl("expose", f"deployment/{NAME}", "--name=doomed", "--port", str(PORT), "-n", NAMESPACE)
        address = self.service("doomed")["spec"]["clusterIP"]
        self.wait_until_asked(lambda: all(address in self.table(node) for node in self.provider.nodes()),
                              f"{address} on every node")
        kubectl("delete", "service", "doomed", "-n", NAMESPACE)
        self.wait_until_asked(lambda: not any(address in self.table(node) for node in self.provider.nodes()),
                              f"{address} to be gone")

    # What they ask.

    @classmethod
    def scale(cls, replicas: int) -> None:
        """Returns when just so many pods are there and ready."""
        cls.provider.kubectl("scale", f"deployment/{NAME}", f"--replicas={replicas}", "-n", NAMESPACE)
        wait_for(lambda: len(cls.pods(NAME)) == replicas, SOON, f"{replicas} pods")

    @classmethod
    def pods(cls, name: str) -> list[str]:
        """The ready ones of a Deployment that are to stay."""
        listed = json.loads(cls.provider.kubectl("get", "pods", "-l", f"app={name}", "-n", NAMESPACE, "-o", "json"))
        return [pod["metadata"]["name"] for pod in listed["items"] if _is_ready(pod)]

    @classmethod
    def service(cls, name: str = NAME) -> Any:
        return json.loads(cls.provider.kubectl("get", "service", name, "-n", NAMESPACE, "-o", "json"))

    @classmethod
    def url(cls) -> str:
        return _url(cls.service()["spec"]["clusterIP"], PORT)

    @classmethod
    def asking(cls, url: str) -> tuple[str, ...]:
        return (cls.provider.traffic, "sequence", url, str(REQUESTS))

    @classmethod
    def from_pod(cls, url: str) -> list[str]:
        return cls.sequence(cls.provider.in_pod(cls.pods("caller")[0], NAMESPACE, cls.asking(url)))

    @staticmethod
    def sequence(done: Completed) -> list[str]:
        """Who answered each request; nobody, if one had no answer."""
        return done.out.split() if done.code == 0 else []

    @classmethod
    def everybody_answers(cls, answers: list[str]) -> bool:
        return set(answers) == set(cls.pods(NAME)) and len(answers) == REQUESTS

    @classmethod
    def is_refused(cls) -> bool:
        address = cls.service()["spec"]["clusterIP"]
        words = (cls.provider.traffic, "connect", address, str(PORT))
        done = cls.provider.in_pod(cls.pods("caller")[0], NAMESPACE, words)
        verdict = done.out.split()
        return verdict[:1] == ["refused"] and int(verdict[1]) < REFUSED_AT_ONCE

    @classmethod
    def table(cls, node: str) -> str:
        return cls.provider.on_node(node, ("kube-ipvs", "status", "-n")).out

    @staticmethod
    def wait_until_asked(holds: Callable[[], object], what: str) -> None:
        wait_for(holds, SOON, what)

    def assert_goes_round(self: Any, answers: list[str]) -> None:
        """Every pod, equally often: strict rotation, whoever else asks meanwhile being somebody else."""
        self.assertEqual(len(answers), REQUESTS, answers)
        self.assertEqual(set(answers), set(self.pods(NAME)))
        shares = [answers.count(name) for name in set(answers)]
        self.assertLessEqual(max(shares) - min(shares), 1, shares)


def _url(address: str, port: int) -> str:
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _is_ready(pod: Any) -> bool:
    conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}
    return "deletionTimestamp" not in pod["metadata"] and conditions.get("Ready") == "True"
