"""The scenes as files: they can be read, their sentences are told apart, and upstream's tests have theirs."""

from __future__ import annotations

import json
import re
import unittest

from lab.settings import PROJECT
from packets.run import RECORDED
from packets.scene import load_all

MAPPING = re.compile(r"^\| [a-z_.]* \| `(?P<test>[^`]+)` \| (?P<by>.+?) \|$", re.MULTILINE)


def mapping() -> dict[str, str]:
    """tests/README.md: upstream's test, and what covers it."""
    text = (PROJECT / "tests" / "README.md").read_text()
    return {found["test"]: found["by"] for found in MAPPING.finditer(text)}


class Scenes(unittest.TestCase):
    def test_no_sentence_is_used_twice_in_a_step(self) -> None:
        for scene in load_all():
            for step in scene.steps:
                sentences = [(row.sentence, row.family, row.to) for row in step.rows]
                self.assertEqual(len(sentences), len(set(sentences)), f"{scene.name}: {step.when}")

    def test_node_ports_of_scenes_that_play_side_by_side_differ(self) -> None:
        owner: dict[str, str] = {}
        for scene in load_all():
            text = json.dumps([scene.objects, [step.changes for step in scene.steps]])
            for port in set(re.findall(r'"(?:nodePort|healthCheckNodePort)": (\d+)', text)):
                self.assertEqual(owner.setdefault(port, scene.name), scene.name, port)

    def test_every_upstream_test_that_a_row_names_is_in_the_table_with_its_scene(self) -> None:
        table = mapping()
        for scene in load_all():
            for row in scene.rows():
                if row.upstream:
                    self.assertIn(f"`{scene.name}`", table.get(row.upstream, ""), row.upstream)

    def test_every_scene_that_the_table_names_has_a_row_of_that_name(self) -> None:
        covered = {(scene.name, row.upstream) for scene in load_all() for row in scene.rows()}
        names = {scene.name for scene in load_all()}
        for test, by in mapping().items():
            for scene in set(re.findall(r"`([a-z-]+)`", by)) & names:
                self.assertIn((scene, test), covered)

    def test_every_scene_is_recorded_with_its_present_rows(self) -> None:
        for scene in load_all():
            with self.subTest(scene.name):
                path = RECORDED / f"{scene.name}.json"
                self.assertTrue(path.exists(), f"run packets.run --record {scene.name}")
                steps = json.loads(path.read_text())["steps"]
                self.assertEqual([step["when"] for step in steps],
                                 [step.when for step in scene.steps])
                for recorded, step in zip(steps, scene.steps, strict=True):
                    told = {row["row"].rpartition(", ")[0] for row in recorded["rows"]}
                    self.assertEqual(told, {row.sentence for row in step.rows})
                    self.assertEqual([one["says"] for one in recorded.get("explained", [])],
                                     [telling.says for telling in step.tellings])


if __name__ == "__main__":
    unittest.main()
