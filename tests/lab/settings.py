"""Where the lab keeps its files, and the one error it raises. Used on both sides."""

from __future__ import annotations

import os
from pathlib import Path

HOST_ADDRESS = "10.0.2.2"
BOOT_PATIENCE = 300.0
PROJECT = Path(__file__).resolve().parents[2]


class LabError(Exception):
    """What went wrong, why, and what to do, in words for the person at the terminal."""


def state_folder() -> Path:
    """The folder of the running lab; KUBE_IPVS_LAB names another one (a second lab)."""
    return Path(os.environ.get("KUBE_IPVS_LAB") or PROJECT / "build" / "lab").absolute()


def share_folder() -> Path:
    """The folder that the lab and the host can both write."""
    return state_folder() / "share"


def cache_folder() -> Path:
    """The folder for what is fetched once and kept: kernels."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kube-ipvs"
