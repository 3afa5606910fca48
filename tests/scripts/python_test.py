"""What is run by hand only still compiles, and the guide that one of them types names files that exist."""

from __future__ import annotations

import ast
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from e2e.guide import commands  # noqa: E402
from e2e.migration import ALL, BACK, FOR_GOOD, LOOK, ONE  # noqa: E402


class PythonFiles(unittest.TestCase):
    def test_every_one_compiles(self) -> None:
        files = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("scripts/*.py")]
        self.assertGreater(len(files), 50)
        for file in files:
            ast.parse(file.read_text(), str(file))


class Guide(unittest.TestCase):
    def test_every_section_has_commands_and_they_name_files_that_exist(self) -> None:
        for section in (LOOK, ONE, ALL, BACK, FOR_GOOD):
            typed = commands(section)
            self.assertTrue(typed, section)
            for command in typed:
                self.assertRegex(command, r"^(kubectl|kube-ipvs|ipvsadm) ")
                for word in command.split():
                    if word.startswith("manifests/"):
                        self.assertTrue((ROOT / word).exists(), command)

    def test_the_way_back_keeps_the_virtual_servers(self) -> None:
        self.assertIn("kube-ipvs cleanup --rules", commands(BACK))
        self.assertFalse([command for command in commands(BACK) if "cleanup --yes" in command])


if __name__ == "__main__":
    unittest.main()
