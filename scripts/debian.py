"""Debian packages of any architecture, fetched and unpacked beside the system: nothing is installed.

Downloads are kept for each version in a cache folder. apt runs with package lists of its own for a foreign architecture,
so the system's list of architectures stays as it is.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kube-ipvs" / "debian"


class CommandError(RuntimeError):
    """A command failed; the text says what for, which, and how it ended."""


def say(text: str) -> None:
    print(f"image: {text}", file=sys.stderr, flush=True)


def run(what: str, *argv: str, cwd: Path) -> str:
    """The stdout of a command that must succeed."""
    answer = subprocess.run(argv, cwd=cwd, capture_output=True, text=True)
    if answer.returncode != 0:
        tail = "\n".join((answer.stdout + answer.stderr).strip().splitlines()[-15:])
        raise CommandError(f"{what} failed: `{' '.join(argv)}` ended with {answer.returncode}:\n{tail}")
    return answer.stdout


class Debian:
    """The packages of one architecture ("amd64", "arm64")."""

    def __init__(self, arch: str) -> None:
        self.arch = arch
        self._found: dict[str, tuple[str, str]] = {}
        CACHE.mkdir(parents=True, exist_ok=True)
        self._options: list[str] = []
        if arch != run("asking dpkg", "dpkg", "--print-architecture", cwd=Path("/")).strip():
            lists = CACHE / f"lists-{arch}"
            (lists / "partial").mkdir(parents=True, exist_ok=True)
            self._options = ["-o", f"APT::Architectures::={arch}", "-o", f"Dir::State::lists={lists}"]
            say(f"reading Debian's package lists for {arch}")
            run("reading package lists", "apt-get", *self._options, "update", cwd=lists)

    def version(self, package: str) -> str:
        return self._find(package)[1]

    def unpacked(self, package: str) -> Path:
        """The folder with the package's files."""
        folder = CACHE / f"{package}_{self.version(package)}_{self.arch}"
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as work:
                self._download(package, Path(work))
                unpack(Path(work), Path(work) / "files")
                (Path(work) / "files").rename(folder)
        return folder

    def sysroot(self, packages: tuple[str, ...]) -> Path:
        """One folder with the files of all `packages`, for a cross compiler."""
        versions = " ".join(f"{package}={self.version(package)}" for package in packages)
        folder = CACHE / f"sysroot-{self.arch}-{hashlib.sha256(versions.encode()).hexdigest()[:16]}"
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as work:
                for package in packages:
                    self._download(package, Path(work))
                unpack(Path(work), Path(work) / "files")
                (Path(work) / "files").rename(folder)
        return folder

    def _download(self, package: str, folder: Path) -> None:
        say(f"fetching {package} for {self.arch}")
        run(f"fetching {package}", "apt-get", *self._options, "download", self._find(package)[0], cwd=folder)

    def look_up(self, packages: Iterable[str]) -> None:
        """Asks apt for all of them at once: it reads its lists, a second's work, for every question."""
        unknown = [package for package in packages if package not in self._found]
        names = [name for package in unknown for name in (f"{package}:{self.arch}", package)]
        if not names:
            return
        policy = run("asking apt", "apt-cache", *self._options, "policy", *names, cwd=CACHE)
        versions = candidates(policy)
        self._found |= {package: (name, versions[name]) for package in unknown
                        for name in (package, f"{package}:{self.arch}") if name in versions}

    def _find(self, package: str) -> tuple[str, str]:
        """How apt calls the package, and the version it would install. Packages without an architecture
        ("all") and the system's own go by their bare name."""
        self.look_up((package,))
        if package not in self._found:
            raise CommandError(f"apt knows no {package} for {self.arch}: run `apt-get update`")
        return self._found[package]


def candidates(policy: str) -> dict[str, str]:
    """The version that apt would install of each package in the answer of `apt-cache policy`."""
    found = re.findall(r"^(\S+):\n(?:  .*\n)*?  Candidate: (\S+)", policy, re.MULTILINE)
    return {name: version for name, version in found if version != "(none)"}


def unpack(archives: Path, target: Path) -> None:
    """Unpacks every .deb of a folder into one target."""
    for archive in sorted(archives.glob("*.deb")):
        run("unpacking", "dpkg-deb", "-x", str(archive), str(target), cwd=archives)
