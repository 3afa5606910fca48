"""The agent's seccomp profile as the kernel takes it, stricter: what it does not allow kills.

`manifests/seccomp/kube-ipvs.json` is in the form of container runtimes, and answers EPERM to the
rest. A test wants to notice: here the rest ends the process, and the kernel's log names the call.

    KUBE_IPVS_CONFINED=trace PYTHONPATH=tests python3 -m e2e.run    # counts the agents' calls
    PYTHONPATH=tests python3 -m lab.seccomp                         # and compares them with the profile
"""

from __future__ import annotations

import json
import platform
import re
import struct
import subprocess
import sys
from pathlib import Path

from lab.settings import PROJECT, LabError, share_folder

PROFILE = PROJECT / "manifests" / "seccomp" / "kube-ipvs.json"

# The folder of the lab's share where confinement.py lets strace count.
COUNTED = "calls"

# linux/bpf_common.h, linux/seccomp.h, linux/audit.h
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET = 0, 4
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def allowed_calls() -> list[str]:
    """The names that the profile allows, in its order."""
    profile = json.loads(PROFILE.read_text())
    return [name for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW"
            for name in rule["names"]]


def program(calls: list[str]) -> bytes:
    """A BPF program that lets these calls through and kills whoever makes another."""
    numbers = call_numbers()
    steps = [(_LOAD_WORD, 0, 0, _ARCHITECTURE_OFFSET),
             (_JUMP_IF_EQUAL, 1, 0, _ARCHITECTURES[platform.machine()]),
             (_RETURN, 0, 0, _KILL_PROCESS),
             (_LOAD_WORD, 0, 0, _NUMBER_OFFSET)]
    for call in calls:
        if call in numbers:  # a profile also names calls that only other architectures have
            steps += [(_JUMP_IF_EQUAL, 0, 1, numbers[call]), (_RETURN, 0, 0, _ALLOW)]
    steps.append((_RETURN, 0, 0, _KILL_PROCESS))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def write_program(path: Path) -> Path:
    """Writes the program of the manifests' profile, and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(program(allowed_calls()))
    return path


def call_numbers() -> dict[str, int]:
    """This architecture's, from the kernel's own header."""
    done = subprocess.run(["g++", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"cannot read the system calls' numbers: {done.stderr.strip()}")
    return {name: int(number) for name, number
            in re.findall(r"^#define __NR_(\w+) (\d+)$", done.stdout, re.MULTILINE)}


def counted_calls(folder: Path) -> set[str]:
    """What strace has seen, by its summaries (strace -c -U name: one name a line)."""
    return {line.strip() for path in folder.iterdir() for line in path.read_text().splitlines()
            if re.fullmatch(r" *[a-z]\w+", line) and line.strip() not in ("syscall", "total")}


def main() -> int:
    """Prints what was called and is not allowed, which is an error, and the other way round."""
    folder = share_folder() / COUNTED
    if not folder.is_dir():
        print(f"nothing was counted into {folder}: see this file's head", file=sys.stderr)
        return 1
    called, allowed = counted_calls(folder), set(allowed_calls())
    print(f"{len(called)} calls seen in {len(list(folder.iterdir()))} runs, {len(allowed)} allowed")
    print(f"called, not allowed: {' '.join(sorted(called - allowed)) or 'none'}")
    print(f"allowed, not called: {' '.join(sorted(allowed - called)) or 'none'}")
    return 1 if called - allowed else 0


if __name__ == "__main__":
    sys.exit(main())
