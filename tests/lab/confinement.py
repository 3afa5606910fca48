"""What the agents run under: nothing, the manifests' securityContext, or a look at their calls.

KUBE_IPVS_CONFINED says which:
  1   one capability, no new privileges, and the seccomp profile, a call outside of which kills
      (tests/pods/confined.cc, lab/seccomp.py)
  0   nothing: root of the machine, as for a debugger
  trace   strace counts their system calls into the folder `calls` of the lab's share, which
      `python3 -m lab.seccomp` compares with the profile
"""

from __future__ import annotations

import os
from pathlib import Path

from lab import seccomp
from lab.settings import LabError

def chosen(build_dir: Path, share: Path) -> list[str]:
    """The command before the agent's, for the places of a lab with this share."""
    how = os.environ.get("KUBE_IPVS_CONFINED", "1")
    match how:
        case "0":
            return []
        case "1":
            return confined(build_dir, share)
        case "trace":
            folder = share / seccomp.COUNTED
            folder.mkdir(parents=True, exist_ok=True)
            # -D: the agent stays the process that signals are for. A file for each start.
            return ["sh", "-c", f'exec strace -D -f -c -U name -o {folder}/$$ "$@"', "strace"]
    raise LabError(f"KUBE_IPVS_CONFINED={how}: it is 0, 1 or trace")


def confined(build_dir: Path, share: Path, *options: str) -> list[str]:
    """As a container runtime starts a container of the manifests. `options`: of `confined`."""
    program = seccomp.write_program(share / "kube-ipvs.bpf")
    return [str(build_dir / "tests" / "pods" / "confined"), *options, str(program)]
