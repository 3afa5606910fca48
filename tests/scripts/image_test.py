"""The image's bytes depend on its content and on nothing else."""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

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

    def archive(self, name: str, files: list[str], umask: int, time: int) -> bytes:
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
        oci_image.write(self.folder / name, IMAGE, self.folder / f"{name}.tar")
        return (self.folder / f"{name}.tar").read_bytes()


if __name__ == "__main__":
    unittest.main()
