"""The image's bytes depend on its content and on nothing else, and whoever imports it finds it by its name."""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import debian  # noqa: E402
import oci_image  # noqa: E402
import sbom  # noqa: E402

IMAGE = oci_image.Image("kube-ipvs:test", "amd64", 1_700_000_000, ["/usr/bin/kube-ipvs"], {"a": "b"})


class ImageBytes(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_who_builds_it_when_and_where_does_not_show(self) -> None:
        first = self.archive("one", ["a", "b", "c/d"], 0o022, 1)
        second = self.archive("two", ["c/d", "b", "a"], 0o077, 2_000_000_000)
        self.assertEqual(first, second)

    def test_another_byte_is_another_image(self) -> None:
        self.assertNotEqual(self.archive("one", ["a"], 0o022, 1), self.archive("two", ["b"], 0o022, 1))

    def test_the_bill_of_materials_is_the_same_for_the_same_files(self) -> None:
        package = sbom.Package("libc6", "2.36", "amd64", linked=False)
        bills = []
        for name in ("one", "two"):
            self.archive(name, ["a", "b"], 0o022, 1)
            bills.append(sbom.document("0.1.0", 1, self.folder / name, [package]))
        self.assertEqual(*bills)
        self.assertIn("pkg:deb/debian/libc6@2.36", bills[0])

    def test_it_has_the_name_that_a_kubelet_looks_for(self) -> None:
        for name, full in (("kube-ipvs:0.1.0", "docker.io/library/kube-ipvs:0.1.0"),
                           ("somebody/kube-ipvs:1", "docker.io/somebody/kube-ipvs:1"),
                           ("ghcr.io/somebody/kube-ipvs:1", "ghcr.io/somebody/kube-ipvs:1"),
                           ("localhost:5000/kube-ipvs:1", "localhost:5000/kube-ipvs:1")):
            self.assertEqual(oci_image.full_name(name), full)

    def test_docker_is_told_of_the_same_image(self) -> None:
        self.archive("one", ["a"], 0o022, 1)
        files = self.files(self.folder / "one.tar")
        index, (docker,) = json.loads(files["index.json"]), json.loads(files["manifest.json"])
        digest = index["manifests"][0]["digest"].removeprefix("sha256:")
        manifest = json.loads(files[f"blobs/sha256/{digest}"])
        self.assertEqual([docker["Config"], *docker["Layers"]],
                         [f"blobs/{each['digest'].replace(':', '/')}"
                          for each in (manifest["config"], *manifest["layers"])])
        self.assertEqual(docker["RepoTags"], [index["manifests"][0]["annotations"]["io.containerd.image.name"]])

    def test_one_image_of_two_architectures_holds_both_and_is_the_same_again(self) -> None:
        for name in ("amd64", "arm64"):
            self.archive(name, [f"only-{name}"], 0o022, 1, name)
        parts = [self.folder / "amd64.tar", self.folder / "arm64.tar"]
        joined, again = self.folder / "joined.tar", self.folder / "again.tar"
        digest = oci_image.join(parts, "kube-ipvs:1", joined)
        self.assertEqual(oci_image.join(parts, "kube-ipvs:1", again), digest)
        self.assertEqual(joined.read_bytes(), again.read_bytes())
        files = self.files(joined)
        entry, = json.loads(files["index.json"])["manifests"]
        self.assertEqual(entry["digest"], digest)
        self.assertEqual(entry["annotations"]["io.containerd.image.name"], "docker.io/library/kube-ipvs:1")
        inner = json.loads(files["blobs/" + digest.replace(":", "/")])["manifests"]
        self.assertEqual([each["platform"]["architecture"] for each in inner], ["amd64", "arm64"])
        for part, each in zip(parts, inner, strict=True):
            held = self.files(part)
            self.assertEqual(each["digest"], json.loads(held["index.json"])["manifests"][0]["digest"])
            for path in (path for path in held if path.startswith("blobs/")):
                self.assertEqual(files[path], held[path])

    def files(self, archive: Path) -> dict[str, bytes]:
        with tarfile.open(archive) as tar:
            return {entry.name: (tar.extractfile(entry) or io.BytesIO()).read() for entry in tar}

    def archive(self, name: str, files: list[str], umask: int, time: int, arch: str = "amd64") -> bytes:
        """Of a folder with these files, made in this order, by somebody with this umask, then."""
        before = os.umask(umask)
        try:
            for file in files:
                path = self.folder / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(file)
                os.utime(path, (time, time))
        finally:
            os.umask(before)
        oci_image.write(self.folder / name, replace(IMAGE, architecture=arch), self.folder / f"{name}.tar")
        return (self.folder / f"{name}.tar").read_bytes()


class Packages(unittest.TestCase):
    def test_what_apt_would_install_is_read_from_its_answer(self) -> None:
        answer = ("libc6:arm64:\n  Installed: (none)\n  Candidate: 2.36-9\n  Version table:\n     2.36-9 500\n"
                  "rapidjson-dev:arm64:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n"
                  "rapidjson-dev:\n  Installed: 1.0\n  Candidate: 1.1.0\n  Version table:\n *** 1.1.0 500\n")
        self.assertEqual(debian.candidates(answer), {"libc6:arm64": "2.36-9", "rapidjson-dev": "1.1.0"})


if __name__ == "__main__":
    unittest.main()
