"""The manifests are what the API server accepts: every overlay, and the one that needs no kustomize."""

from __future__ import annotations

from pathlib import Path

from e2e.fixture import ClusterTest
from lab import manifests
from lab.kubectl import ClusterError

AGENT = "kube-ipvs"


class Manifests(ClusterTest):
    def test_the_api_server_accepts_every_overlay_as_it_is(self) -> None:
        for folder in (manifests.BASE, *manifests.overlays()):
            with self.subTest(folder.name):
                text = self.rendered(folder)
                self.assert_accepted(text)

    def test_the_api_server_says_so_when_it_does_not(self) -> None:
        broken = self.rendered(manifests.BASE).replace("hostNetwork: true", "hostNetwrk: true")
        done = self.kubectl_fails("apply", "--dry-run=server", "--validate=strict", "-f", "-",
                                  stdin=broken)
        self.assertIn("hostNetwrk", done)

    def test_install_yaml_is_the_base(self) -> None:
        kept = manifests.INSTALL.read_text()
        self.assertEqual(_without_comments(kept), self.rendered(manifests.BASE),
                         "run `kubectl kustomize manifests/base` and keep the comment on top")
        self.assert_accepted(kept)

    def test_the_agent_has_one_capability_and_no_way_to_more(self) -> None:
        for folder in (manifests.BASE, *manifests.overlays()):
            with self.subTest(folder.name):
                pod = self.daemonset(folder)["spec"]["template"]["spec"]
                context = _container(pod["containers"], AGENT)["securityContext"]
                self.assertEqual(context["capabilities"], {"drop": ["ALL"], "add": ["NET_ADMIN"]})
                self.assertEqual([context["privileged"], context["allowPrivilegeEscalation"],
                                  context["readOnlyRootFilesystem"]], [False, False, True])
                self.assertIn(context["seccompProfile"]["type"], ("RuntimeDefault", "Localhost"))
                self.assertTrue(pod["hostNetwork"])
                self.assertEqual(pod["priorityClassName"], "system-node-critical")

    def test_the_canary_is_for_labelled_nodes_only(self) -> None:
        canary = self.daemonset(manifests.FOLDER / "overlays" / "canary")
        self.assertEqual(canary["spec"]["template"]["spec"]["nodeSelector"]["kube-ipvs.io/proxy"],
                         "true")

    def rendered(self, folder: Path) -> str:
        return manifests.rendered(self.cluster.endpoints.kubectl, folder)

    def daemonset(self, folder: Path) -> manifests.Object:
        found, = manifests.objects(self.rendered(folder), "DaemonSet")
        return found

    def assert_accepted(self, text: str) -> None:
        answer = self.cluster.kubectl("apply", "--dry-run=server", "--validate=strict",
                                      "-f", "-", stdin=text)
        self.assertEqual(len(answer.splitlines()), len(manifests.objects(text)), answer)
        self.assertIn("daemonset.apps/kube-ipvs created (server dry run)", answer)

    def kubectl_fails(self, *words: str, stdin: str) -> str:
        with self.assertRaises(ClusterError) as caught:
            self.cluster.kubectl(*words, stdin=stdin)
        return str(caught.exception)


def _container(containers: list[manifests.Object], name: str) -> manifests.Object:
    found, = (container for container in containers if container["name"] == name)
    return found


def _without_comments(text: str) -> str:
    lines = text.splitlines(keepends=True)
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    return "".join(lines)
