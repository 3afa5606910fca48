"""The commands of a section of manifests/README.md, as a reader would type them, one after the other."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from lab.cluster import Cluster, ClusterError
from lab.manifests import FOLDER

GUIDE = FOLDER / "README.md"
# What the reader puts in.
NODE = "NODE"


def commands(section: str) -> list[str]:
    """The indented lines of the section with this heading, in their order, up to the next of its
    level; "## Name" ends at "## " and "# ", not at "### "."""
    text = GUIDE.read_text()
    level = section.split(" ", 1)[0]
    start = text.index(f"\n{section}\n") + len(section) + 2
    end = re.search(rf"^#{{1,{len(level)}}} ", text[start:], re.MULTILINE)
    body = text[start:start + end.start()] if end else text[start:]
    return [line.strip() for line in body.splitlines() if line.startswith("    ") and line.strip()]


class Reader:
    """Types commands: `kubectl …` at the operator's machine, everything else on the node."""

    def __init__(self, cluster: Cluster, folder: Path, node: str,
                 then: Callable[[str], None]) -> None:
        """`folder`: where the reader works, seen by the lab too. `then`: called after each."""
        self._cluster = cluster
        self._folder = folder
        self._node = node
        self._then = then
        (folder / "manifests").symlink_to(FOLDER)

    def type(self, command: str, node: str = "") -> str:
        """Runs one, which must succeed; returns its stdout."""
        node = node or self._node
        command = command.replace(NODE, node)
        answer = self._at_the_desk(command) if command.startswith("kubectl ") \
            else self._on_the_node(node, command)
        self._then(command)
        return answer

    def _at_the_desk(self, command: str) -> str:
        environment = os.environ | self._cluster.kubectl_environment()
        environment["PATH"] = f"{Path(self._cluster.endpoints.kubectl).parent}:{environment['PATH']}"
        done = subprocess.run(["bash", "-ec", command], cwd=self._folder, env=environment, text=True,
                              capture_output=True, timeout=120, check=False)
        if done.returncode != 0:
            raise ClusterError(f"`{command}` ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def _on_the_node(self, node: str, command: str) -> str:
        program = self._cluster.agents.program
        # The program is named as a word of its own, so that the lab has the present one.
        script = f'cd "$1"; PATH="$(dirname "$2"):$PATH"; {command}'
        return self._cluster.output(node, "bash", "-ec", script, "guide", str(self._folder),
                                    str(program), timeout=300)
