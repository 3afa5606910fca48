"""Starts a lab, and waits until it answers. Its life is the supervisor's (supervisor.py)."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import kernel, machine, native
from lab.client import Lab
from lab.settings import BOOT_PATIENCE, PROJECT, LabError, share_folder, state_folder
from lab.supervisor import KEEP, LOCKED

Say = Callable[[str], None]
CONSOLE_LINES = 25


@dataclass(frozen=True)
class Wish:
    """What `scripts/lab up` was asked for. `native` none: whatever this host can."""

    nodes: int = 3
    native: bool | None = None
    limit: int = 3600
    package: str | None = None
    fresh: Sequence[str] = ()


def say_nothing(_text: str) -> None:
    pass


def start(wish: Wish, say: Say = say_nothing) -> Lab:
    """A lab that answers: the one that runs, or a new one."""
    state = state_folder()
    if state.is_relative_to("/run"):
        raise LabError(f"{state}: places have a /run of their own; let KUBE_IPVS_LAB be elsewhere")
    (share_folder() / "logs").mkdir(parents=True, exist_ok=True)
    with open(state / "starting", "w") as turn:
        # One starter at a time; the next finds the lab of the first.
        fcntl.flock(turn, fcntl.LOCK_EX)
        return Lab.find() or start_new(wish, state, say)


def start_new(wish: Wish, state: Path, say: Say) -> Lab:
    began = time.monotonic()
    is_native = native.usable() if wish.native is None else wish.native
    spec, reach = prepare_native(wish) if is_native else prepare_machine(wish, say)
    write_private(state / "spec.json", spec | {"limit": wish.limit, "state": str(state)})
    say("starting the lab" if is_native else "starting the machine")
    hold, far_end = os.pipe()
    with open(far_end, "wb", buffering=0) as promise:
        supervisor = start_supervisor(state, hold)
        lab = await_lab(supervisor, reach)
        write_private(state / "state.json", reach)
        promise.write(KEEP)
    say(f"ready after {time.monotonic() - began:.1f} s: Linux {lab.kernel()}, {lab.places_text()}")
    return lab


def write_private(path: Path, content: dict[str, Any]) -> None:
    """JSON for this user only (it may hold the token), whole or not at all."""
    aside = path.with_suffix(".new")
    aside.unlink(missing_ok=True)
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
    aside.rename(path)


def guest_config(wish: Wish, is_native: bool) -> dict[str, Any]:
    return {
        "token": secrets.token_hex(16),
        "nodes": wish.nodes,
        "native": is_native,
        "project": str(PROJECT),
        "share": str(share_folder()),
        "fresh": [os.path.abspath(folder) for folder in wish.fresh],
    }


def guest_program(config: Path) -> list[str]:
    python = os.path.realpath(sys.executable)
    return [
        "/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        f"HOME={Path.home()}", f"PYTHONPATH={PROJECT / 'tests'}", "PYTHONDONTWRITEBYTECODE=1",
        python, "-m", "lab.guest", str(config),
    ]  # fmt: skip


def prepare_native(wish: Wish) -> tuple[dict[str, Any], dict[str, Any]]:
    """The supervisor's spec, and how to reach the lab."""
    native.require()
    state = state_folder()
    path = str(state / "native.sock")
    config = guest_config(wish, is_native=True) | {"socket": path}
    write_private(state / "guest.json", config)
    argv = [*native.UNSHARE, "--", *guest_program(state / "guest.json")]
    spec = {"argv": argv, "console": str(state / "console.log"), "env": dict(os.environ)}
    return spec, {"unix": path, "token": config["token"], "native": True}


def prepare_machine(wish: Wish, say: Say) -> tuple[dict[str, Any], dict[str, Any]]:
    """The supervisor's spec, and how to reach the lab."""
    found = kernel.find_kernel(wish.package, say)
    state = state_folder()
    config = guest_config(wish, is_native=False) | {"modules": str(found.modules)}
    write_private(state / "guest.json", config)
    say(f"building the first file system for Linux {found.version}")
    initramfs = state / "initramfs.cpio"
    kernel.build_initramfs(found, initramfs, guest_program(state / "guest.json"))
    port = free_port()
    argv = machine.command(found, initramfs, share_folder(), port)
    say(" ".join(argv[1:5]))
    spec = {"argv": argv, "console": str(state / "console.log"), "env": dict(os.environ)}
    return spec, {"tcp": port, "token": config["token"], "native": False}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_supervisor(state: Path, hold: int) -> subprocess.Popen[bytes]:
    """The supervisor; it ends the lab if `hold`, its stdin, ends without a promise."""
    if shutil.which("setpriv") is None:
        raise LabError("the lab needs setpriv, and it is not installed: install util-linux")
    with open(state / "supervisor.log", "wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "lab.supervisor", str(state / "spec.json")],
            env=os.environ | {"PYTHONPATH": str(PROJECT / "tests")},
            stdin=hold, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    os.close(hold)
    return supervisor


def await_lab(supervisor: subprocess.Popen[bytes], reach: dict[str, Any]) -> Lab:
    lab = Lab(reach)
    deadline = time.monotonic() + BOOT_PATIENCE
    while time.monotonic() < deadline:
        if lab.answers():
            return lab
        if supervisor.poll() == LOCKED:
            raise LabError(
                f"a lab holds {state_folder()}, but does not answer: end it with `scripts/lab down`"
            )
        if supervisor.poll() is not None:
            break
        time.sleep(0.1)
    raise LabError(did_not_start())


def did_not_start() -> str:
    console = state_folder() / "console.log"
    lines = console.read_text(errors="replace").splitlines() if console.exists() else []
    tail = "\n".join(f"  | {line}" for line in lines[-CONSOLE_LINES:]) or "  | (nothing)"
    return (
        f"the lab did not start. The end of its console, {console}:\n{tail}\n"
        "What to do: if QEMU complains above, mend that; if the kernel stopped, try another with "
        "--kernel; if nothing failed, the host was too busy: try again"
    )
