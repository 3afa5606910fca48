"""The manifests as kubectl renders them: the same texts that an operator applies."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path
from typing import Any

import yaml

from lab.settings import PROJECT

FOLDER = PROJECT / "manifests"
BASE = FOLDER / "base"
# Applied as it is, without kustomize.
INSTALL = FOLDER / "install.yaml"

Object = dict[str, Any]


def overlays() -> list[Path]:
    """Every folder that can be applied beside the base."""
    return sorted(path.parent for path in FOLDER.glob("overlays/*/kustomization.yaml"))


@functools.cache
def rendered(kubectl: str | Path, folder: Path) -> str:
    """What `kubectl kustomize` makes of a folder; needs no server."""
    done = subprocess.run([str(kubectl), "kustomize", str(folder)], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise ValueError(f"{folder} cannot be rendered: {done.stderr.strip()}")
    return done.stdout


def objects(text: str, *kinds: str) -> list[Object]:
    """The objects of these kinds; without any, all."""
    return [item for item in yaml.safe_load_all(text) if item and (not kinds or item["kind"] in kinds)]
