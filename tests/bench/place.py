"""Where measurements run: on this machine, or in the lab's kernel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lab.client import Lab
from lab.settings import PROJECT

NODE = "node1"


class BenchError(Exception):
    """A measurement did not come about; the text says what failed."""


class Place:
    """The built programs, and the lab, which is started when a measurement first needs it."""

    def __init__(self, build: Path) -> None:
        self.build = build
        self._lab: Lab | None = None
        self._booted = False

    def program(self, name: str) -> str:
        return str(self.build / name)

    def on_host(self, *argv: str, timeout: float = 600) -> str:
        """The stdout of a command on this machine."""
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)
        return _checked(argv, done.returncode, done.stdout, done.stderr)

    def on_node(self, *argv: str, timeout: float = 600, node: str = NODE) -> str:
        """The stdout of a command on a node of the lab."""
        done = self.lab.run(node, argv, timeout=timeout)
        return _checked(argv, done.code, done.out, done.err)

    @property
    def lab(self) -> Lab:
        if self._lab is None:
            self._lab = Lab.find() or self._boot()
        return self._lab

    def _boot(self) -> Lab:
        print("booting the lab", file=sys.stderr, flush=True)
        subprocess.run([PROJECT / "scripts" / "lab", "up"], check=True, stdout=sys.stderr)
        self._booted = True
        return Lab.attach()

    def leave(self) -> None:
        """Ends the lab, if it was booted here."""
        if self._lab is not None and self._booted:
            self._lab.down()


def _checked(argv: tuple[str, ...], code: int, out: str, err: str) -> str:
    if code != 0:
        raise BenchError(f"`{' '.join(argv)}` ended with {code}: {(err or out).strip()[-500:]}")
    return out
