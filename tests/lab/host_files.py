"""Files of the host, seen fresh in a machine that runs while the host rebuilds them.

The machine's root is the host's root over 9p with a cache that never asks again: fast, and right
for /usr, but a program rebuilt on the host would be a mix of old and new pages. Hence, before a
command starts, each file it names by an absolute path is compared with the host's own, through a
second mount without cache; a changed one is read into memory and bound over its path. Processes
that run the old one keep the old one.

The project's folder is mounted without cache anyway, so only its programs are copied: a program
that runs keeps its pages, and would spoil a new one of that name. Native labs need none of this.
"""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from lab import places

HOST_VIEW = Path("/run/lab/host")
COPIES = Path("/run/lab/files")
# What a build does not change, and what the machine has of its own.
FIXED = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", "/run")

Stamp = tuple[int, int]


class HostFiles:
    """Keeps named files fresh. Thread-safe.

    `uncached` are the folders mounted without cache; `share` is the one that both sides write.
    """

    def __init__(self, uncached: Sequence[Path], share: Path) -> None:
        self._uncached = uncached
        self._share = share
        self._lock = threading.Lock()
        self._stamps: dict[Path, Stamp] = {}
        self._bound: dict[Path, Path] = {}
        self._count = 0
        COPIES.mkdir(parents=True, exist_ok=True)

    def refresh(self, words: Iterable[str]) -> None:
        """Makes every file that `words` name by an absolute path the host's current one."""
        with self._lock:
            for word in words:
                if word.startswith("/"):
                    self._refresh_one(Path(os.path.normpath(word)))

    def _refresh_one(self, path: Path) -> None:
        if path.is_relative_to(self._share) or any(path.is_relative_to(f) for f in FIXED):
            return
        uncached = any(path.is_relative_to(folder) for folder in self._uncached)
        stamp = file_stamp(HOST_VIEW / path.relative_to("/"), programs_only=uncached)
        if stamp is None or stamp == self._stamps.get(path):
            return
        # What the machine has not read yet, it reads as it is now.
        first_look = path not in self._stamps and not uncached
        if not (first_look and file_stamp(path, programs_only=False) == stamp):
            self._bind_copy(path)
        self._stamps[path] = stamp

    def _bind_copy(self, path: Path) -> None:
        self._count += 1
        copy = COPIES / f"{self._count}-{path.name}"
        shutil.copy(HOST_VIEW / path.relative_to("/"), copy)
        if path in self._bound:
            places.unmount(path)
            self._bound.pop(path).unlink()
        elif not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        places.bind_file(copy, path)
        self._bound[path] = copy


def file_stamp(path: Path, programs_only: bool) -> Stamp | None:
    """What changes when a file is written anew; none if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    if programs_only and not found.st_mode & stat.S_IXUSR:
        return None
    return found.st_mtime_ns, found.st_size
