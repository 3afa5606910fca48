"""Holds a lab's life: one process that starts it, and ends it.

Run as `python3 -m lab.supervisor SPEC`, by starter.py. It ends the lab when told to (SIGTERM),
when the time limit has passed, and when the starter goes away before it has said "keep". The
lab in turn dies with the supervisor (PR_SET_PDEATHSIG), so nothing is ever left behind.
A lock on <state>/lock, held as long as the lab lives, makes it the only one of its folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

LOCKED = 75
KEEP = b"keep\n"


class Stop(Exception):
    """Somebody wants the lab to end."""


def take_lock(path: Path) -> int | None:
    """The lock, with this process's id in it; none if another holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def await_keep(child: subprocess.Popen[bytes], deadline: float) -> None:
    """Until the starter says "keep"; it must not go away before."""
    while True:
        ready, _, _ = select.select([0], [], [], 0.2)
        if ready:
            if os.read(0, 64) != KEEP:
                raise Stop("the starter went away")
            return
        if child.poll() is not None or time.monotonic() > deadline:
            raise Stop("the lab ended, or its time, before it was ready")


def live(child: subprocess.Popen[bytes], limit: float) -> None:
    deadline = time.monotonic() + limit
    await_keep(child, deadline)
    child.wait(max(0.0, deadline - time.monotonic()))


def on_terminate(_number: int, _frame: object) -> None:
    raise Stop("asked to")


def main() -> int:
    spec = json.loads(Path(sys.argv[1]).read_text())
    state = Path(spec["state"])
    lock = take_lock(state / "lock")
    if lock is None:
        return LOCKED
    signal.signal(signal.SIGTERM, on_terminate)
    with open(spec["console"], "wb") as console:
        child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *spec["argv"]],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=spec["env"],
        )  # fmt: skip
    try:
        live(child, spec["limit"])
        print(f"the lab ended by itself, exit code {child.returncode}", flush=True)
    except subprocess.TimeoutExpired:
        print(f"the time limit of {spec['limit']} s has passed", flush=True)
    except Stop as reason:
        print(f"stopped: {reason}", flush=True)
    finally:
        child.kill()
        child.wait()
        with contextlib.suppress(FileNotFoundError):
            (state / "state.json").unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
