"""The programs of a real Kubernetes control plane, built once from pinned Go modules.

The versions are those of tests/controlplane/go.mod and tests/controlplane/coredns/go.mod. Binaries
live in a cache folder named after the content of these files, so a version change builds anew and
everything else costs nothing. A folder named by KUBEBUILDER_ASSETS is used instead where it is set.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

KUBERNETES_VERSION = "1.36.2"

PROJECT = Path(__file__).resolve().parents[2]
MODULE = PROJECT / "tests" / "controlplane"


@dataclass(frozen=True)
class Program:
    """One binary: its file name, the Go package it is built from, and the module that pins it."""

    name: str
    package: str
    module: Path


PROGRAMS = (
    Program("etcd", "go.etcd.io/etcd/server/v3", MODULE),
    Program("kubectl", "k8s.io/kubernetes/cmd/kubectl", MODULE),
    Program("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", MODULE),
    Program("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", MODULE),
    Program("coredns", ".", MODULE / "coredns"),
)

# What kube-ipvs is compared with. Few tests want it, so it is built when it is asked for.
PEER = Program("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy", MODULE / "kube-proxy")


class ControlPlaneError(RuntimeError):
    """The control plane cannot be built or started; the text says what, why and what to do."""


def available() -> str | None:
    """None where the control plane can be had on this machine, else the reason in one line."""
    try:
        _locate()
    except ControlPlaneError as error:
        return str(error)
    return None


def reason_to_do_without() -> str | None:
    """As `available`, but builds what is missing: a build that fails is a reason too."""
    try:
        binaries()
    except ControlPlaneError as error:
        return str(error)
    return None


def binaries() -> Path:
    """The folder with all programs; builds the missing ones first, with progress on stderr."""
    folder = _locate()
    missing = [program for program in PROGRAMS if not (folder / program.name).exists()]
    for position, program in enumerate(missing, start=1):
        _build(program, folder, f"{position} of {len(missing)}")
    return folder


def peer() -> Path:
    """kube-proxy of the same release; builds it first where it is missing."""
    _require_go()
    digest = hashlib.sha256()
    for file in ("go.mod", "go.sum"):
        digest.update((PEER.module / file).read_bytes())
    folder = _cache() / "peer" / digest.hexdigest()[:16]
    if not (folder / PEER.name).exists():
        _build(PEER, folder, "1 of 1")
    return folder / PEER.name


def _locate() -> Path:
    """The folder that holds the programs or can be filled by building them."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets:
        return _checked_assets(Path(assets))
    folder = _cache_folder()
    if any(not (folder / program.name).exists() for program in PROGRAMS):
        _require_go()
    return folder


def _checked_assets(folder: Path) -> Path:
    absent = [program.name for program in PROGRAMS if not (folder / program.name).exists()]
    if absent:
        raise ControlPlaneError(
            f"KUBEBUILDER_ASSETS={folder} lacks {', '.join(absent)}: "
            "add them, or unset the variable to build them with Go")
    return folder


def _cache_folder() -> Path:
    digest = hashlib.sha256()
    for program in PROGRAMS:
        digest.update(program.package.encode())
    for file in ("go.mod", "go.sum", "coredns/go.mod", "coredns/go.sum", "coredns/main.go"):
        digest.update((MODULE / file).read_bytes())
    return _cache() / "controlplane" / digest.hexdigest()[:16]


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kube-ipvs"


def _require_go() -> None:
    """Raises unless a Go is present that is new enough or can fetch one that is."""
    go = shutil.which("go")
    wanted = _wanted_go()
    if go is None:
        raise ControlPlaneError(
            f"no Go on PATH to build Kubernetes {KUBERNETES_VERSION} with: install Go {wanted} "
            "or later, or name a folder with the binaries in KUBEBUILDER_ASSETS")
    # "go version" inside the module already switches toolchains where GOTOOLCHAIN allows it.
    answer = subprocess.run([go, "version"], cwd=MODULE, capture_output=True, text=True)
    found = re.search(r"go(\d+)\.(\d+)", answer.stdout)
    if answer.returncode != 0 or not found:
        raise ControlPlaneError(_too_old(go, wanted, (answer.stderr or answer.stdout).strip()))
    if tuple(map(int, found.groups())) < tuple(map(int, wanted.split("."))):
        raise ControlPlaneError(_too_old(go, wanted, answer.stdout.strip()))


def _wanted_go() -> str:
    line = re.search(r"^go (\d+\.\d+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    return line.group(1) if line else "1.26"


def _too_old(go: str, wanted: str, said: str) -> str:
    first_line = said.splitlines()[0] if said else "no answer"
    return (f"{go} is too old and cannot fetch a newer one ({first_line}): install Go {wanted} or "
            "later, or set GOTOOLCHAIN=auto, or name a folder in KUBEBUILDER_ASSETS")


def _build(program: Program, folder: Path, position: str) -> None:
    print(f"  building {program.name} ({position}; minutes the first time)", end="",
          file=sys.stderr, flush=True)
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{program.name}.{os.getpid()}"
    answer = subprocess.run(
        ["go", "build", "-trimpath", "-ldflags", _linker_flags(), "-o", str(unfinished),
         program.package],
        cwd=program.module, env=os.environ | {"CGO_ENABLED": "0"}, capture_output=True, text=True)
    if answer.returncode != 0:
        print(" failed", file=sys.stderr)
        tail = "\n".join(answer.stderr.strip().splitlines()[-15:])
        raise ControlPlaneError(
            f"cannot build {program.name}: go build ended with {answer.returncode}:\n{tail}\n"
            "Check that the Go module proxy (go env GOPROXY) can be reached.")
    # Renamed at the end only: an interrupted build must not leave half a program in the cache.
    unfinished.rename(folder / program.name)
    print(f" {time.monotonic() - started:.0f} s", file=sys.stderr)


def _linker_flags() -> str:
    major, minor, _ = KUBERNETES_VERSION.split(".")
    version = "k8s.io/component-base/version"
    return (f"-s -w -X {version}.gitVersion=v{KUBERNETES_VERSION} "
            f"-X {version}.gitMajor={major} -X {version}.gitMinor={minor}")
