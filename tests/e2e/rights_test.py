"""The manifests' ServiceAccount may do what the agent does, and one verb less is noticed.

Every agent of the cluster is that account already (lab/agent_account.py). Here each verb is taken
away once, from an account that is otherwise the same.
"""

from __future__ import annotations

import copy
import json
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

import yaml

from e2e.fixture import SOON, ClusterTest
from lab import agent_account
from lab.kubectl import Kubectl
from lab.settings import HOST_ADDRESS

ROLE = "system:node-proxier"
PLACE = "client"  # no node: what an agent does here concerns nobody


class Right(NamedTuple):
    group: str
    resource: str
    verb: str

    @property
    def account(self) -> str:
        """Who has all rights but this."""
        return f"without-{self.verb}-{self.resource}"

    @property
    def target(self) -> str:
        return f"{self.resource}.{self.group}" if self.group else self.resource


CORE, SLICES, NETWORKING, EVENTS = "", "discovery.k8s.io", "networking.k8s.io", "events.k8s.io"
# What `kube-ipvs check` asks for, each by doing it.
NEEDED = [*(Right(group, resource, verb) for group, resource in (
    (CORE, "services"), (SLICES, "endpointslices"), (CORE, "nodes"), (NETWORKING, "servicecidrs"))
    for verb in ("list", "watch")), Right(EVENTS, "events", "create")]
# Without this the agent does less, and says so.
WISHED = Right(NETWORKING, "servicecidrs", "watch")


class Rights(ClusterTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        role = json.loads(cls.cluster.kubectl("get", "clusterrole", ROLE, "-o", "json"))
        made = yaml.safe_dump_all(
            item for right in NEEDED for item in _account_without(right, role["rules"]))
        cls.cluster.kubectl("apply", "-f", "-", stdin=made)
        cls.addClassCleanup(cls.cluster.kubectl, "delete", "--wait=false", "-f", "-", stdin=made)

    def test_the_account_of_the_manifests_may_do_all_of_it(self) -> None:
        for right in NEEDED:
            self.assertTrue(self.may(agent_account.ACCOUNT, right), right)
        self.assertEqual(self.refused(Path(self.cluster.endpoints.agent_kubeconfig).read_text()), [])

    def test_it_may_not_read_what_is_secret_nor_write_what_is_not_its_own(self) -> None:
        for right in (Right(CORE, "secrets", "list"), Right(CORE, "secrets", "get"),
                      Right(CORE, "configmaps", "list"), Right(CORE, "services", "update"),
                      Right(CORE, "pods", "create"), Right(CORE, "nodes", "patch"),
                      Right(SLICES, "endpointslices", "update")):
            self.assertFalse(self.may(agent_account.ACCOUNT, right), right)

    def test_check_names_every_verb_that_is_missing(self) -> None:
        for right in NEEDED:
            with self.subTest(right):
                self.cluster.wait_for(
                    lambda right=right: not self.may(right.account, right)
                    and self.refused(self.kubeconfig(right).read_text())
                    == [f"may {right.verb} {right.resource}"],
                    SOON, f"`kube-ipvs check` to miss {right.verb} of {right.resource} alone")

    def test_an_agent_says_what_it_does_without(self) -> None:
        name, lab = "agent-without-a-right", self.cluster.lab
        program = str(self.cluster.agents.program)
        lab.spawn(PLACE, name, [program, "agent", "--kubeconfig", str(self.kubeconfig(WISHED)),
                                "--hostname-override", "nowhere"])
        self.addCleanup(self.cluster.output, PLACE, program, "cleanup", "--yes")
        self.addCleanup(lab.wait, name, 30)
        self.addCleanup(lab.signal, name, signal.SIGTERM)
        self.cluster.wait_for(
            lambda: f'cannot {WISHED.verb} resource \\"{WISHED.resource}\\"' in lab.log(name)
            and 'remedy="Add this rule' in lab.log(name), SOON,
            f"the agent to miss {WISHED}:\n{lab.log(name)}")

    def may(self, account: str, right: Right) -> bool:
        """Asked of the API server, as the account."""
        who = f"system:serviceaccount:{agent_account.NAMESPACE}:{account}"
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                  "spec": {"user": who, "resourceAttributes": {
                      "group": right.group, "resource": right.resource, "verb": right.verb}}}
        answer = self.cluster.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(answer["status"]["allowed"])

    def refused(self, kubeconfig: str) -> list[str]:
        """The permissions that `kube-ipvs check` misses."""
        path = Path(self.cluster.endpoints.logs) / "check.kubeconfig"
        path.write_text(kubeconfig.replace(HOST_ADDRESS, "127.0.0.1"))
        done = subprocess.run([str(self.cluster.agents.program), "check", "-o", "json",
                               "--kubeconfig", str(path), "--hostname-override", "node1"],
                              capture_output=True, text=True, check=False)
        checks = [item for item in json.loads(done.stdout)["items"] if "LB020" <= item["id"]]
        self.assertEqual(len(checks), len(NEEDED), done.stdout)
        return [item["what"] for item in checks if item["verdict"] != "ok"]

    def kubeconfig(self, right: Right) -> Path:
        path = Path(self.cluster.endpoints.logs) / f"{right.account}.kubeconfig"
        if not path.exists():
            bearer = agent_account.token(Kubectl(self.cluster.endpoints), right.account)
            agent_account.write_kubeconfig(path, self.cluster.endpoints, bearer,
                                           f"https://{HOST_ADDRESS}:{self.cluster.endpoints.port}")
        return path


def _account_without(right: Right, rules: list[dict[str, list[str]]]) -> list[dict[str, object]]:
    """The account, its role, which is `rules` but for the one right, and the binding of both."""
    left = copy.deepcopy(rules)
    for rule in left:
        if right.resource in rule["resources"] and right.group in rule["apiGroups"]:
            rule["verbs"] = [verb for verb in rule["verbs"] if verb != right.verb]
    assert left != rules, f"{ROLE} never had {right}"
    name, rbac = right.account, "rbac.authorization.k8s.io"
    account = {"kind": "ServiceAccount", "name": name, "namespace": agent_account.NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount",
         "metadata": {"name": name, "namespace": agent_account.NAMESPACE}},
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": name},
         "rules": [rule for rule in left if rule["verbs"]]},
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
         "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name}, "subjects": [account]},
    ]
