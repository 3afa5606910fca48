"""What the demo shows: headings, commands with their prompts, their output, and progress."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_PROGRESS_SECONDS = 10.0


class Screen:
    """Writes to stdout. Colour only on a terminal, and not where NO_COLOR is set."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._colour = (self._terminal and not os.environ.get("NO_COLOR")
                        and os.environ.get("TERM") != "dumb")

    def heading(self, text: str) -> None:
        self._say(f"\n{self._painted('1', text)}")

    def command(self, prompt: str, text: str) -> None:
        """A command that runs now, as it would be typed."""
        self._say(f"\n{self._painted('2', prompt)} {self._painted('36', text)}")

    def output(self, text: str) -> None:
        self._say(text.rstrip("\n"))

    def note(self, text: str) -> None:
        self._say(self._painted("2", text))

    def good(self, text: str) -> None:
        self._say(f"{self._painted('32', 'ok')}  {text}")

    def bad(self, text: str) -> None:
        self._say(f"{self._painted('31', 'FAILED')}  {text}")

    @contextmanager
    def timed(self, name: str, doing: str) -> Iterator[None]:
        """A step of the preparations: what it does, and how long it took."""
        started = time.monotonic()
        self._say(f"{name:<14} {doing}")
        yield
        self._say(f"{'':<14} {self._painted('2', f'{time.monotonic() - started:.1f} s')}")

    def follow(self, argv: Sequence[str], cwd: str) -> tuple[int, list[str]]:
        """Runs a long command; shows its last line now and then. Its exit code and its output."""
        lines: list[str] = []
        told = time.monotonic()
        with subprocess.Popen(argv, cwd=cwd, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            assert process.stdout
            for line in process.stdout:
                lines.append(line.rstrip())
                if self._terminal:
                    print(f"\r\033[K{'':<14} {lines[-1][:80]}", end="", flush=True)
                elif time.monotonic() - told > _PROGRESS_SECONDS:
                    told = time.monotonic()
                    self._say(f"{'':<14} {lines[-1][:80]}")
        if self._terminal:
            print("\r\033[K", end="", flush=True)
        return process.returncode, lines

    def _say(self, text: str) -> None:
        print(text, flush=True)

    def _painted(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text
