"""The lab as tests see it: `Lab.attach()`, and then commands in places.

Every method raises LabError if the lab is gone or refuses; the text says what to do. Methods
may be called from several threads.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shlex
import shutil
import signal
import socket
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.settings import HOST_ADDRESS, LabError, share_folder, state_folder

# Beyond the command's own time-out: the machine may be slow, but not for ever.
PATIENCE = 60.0
Reach = Mapping[str, Any]

__all__ = ["Completed", "Lab", "LabError"]


@dataclass(frozen=True)
class Completed:
    """How a command ended. `code` is negative if a signal ended it, as in subprocess."""

    code: int
    out: str
    err: str


class Lab:
    """A running lab, reached by its state file."""

    host_address = HOST_ADDRESS

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    @staticmethod
    def find() -> Lab | None:
        """The running lab, or none."""
        try:
            lab = Lab(json.loads((state_folder() / "state.json").read_text()))
        except (OSError, ValueError):
            return None
        return lab if lab.answers(patience=30) else None

    @staticmethod
    def attach() -> Lab:
        """The running lab."""
        lab = Lab.find()
        if lab is None:
            raise LabError(
                f"no lab is running (by {state_folder()}/state.json): "
                "start one with `scripts/lab up`"
            )
        return lab

    @property
    def native(self) -> bool:
        """Whether this lab is the host's own kernel, without a machine."""
        return bool(self._reach["native"])

    @property
    def share(self) -> Path:
        """The folder that lab and host can both write, under the same path."""
        return share_folder()

    def answers(self, patience: float = 5) -> bool:
        """Whether it answers within `patience` seconds."""
        with contextlib.suppress(LabError):
            return bool(self._ask("hello", patience))
        return False

    def kernel(self) -> str:
        """The release of the lab's kernel."""
        return str(self._ask("hello"))

    def places(self) -> list[str]:
        return list(self._ask("places"))

    def places_text(self) -> str:
        return ", ".join(self.places())

    def run(
        self, place: str, argv: Sequence[str], timeout: float = 30, stdin: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:  # fmt: skip
        """Runs a command to its end. A time-out is a LabError with the output so far.

        A command that cannot be started gives 127 (not there) or 126, as in a shell.
        """
        output: dict[str, list[str]] = {"out": [], "err": []}
        code = self.stream(
            place, argv, lambda name, text: output[name].append(text), timeout, stdin, env
        )
        out, err = "".join(output["out"]), "".join(output["err"])
        if code is None:
            raise LabError(
                f"{shlex.join(argv)} in {place} has not ended within {timeout:g} s, and was "
                f"killed.\nstdout so far:\n{out}\nstderr so far:\n{err}"
            )
        return Completed(code, out, err)

    def stream(
        self, place: str, argv: Sequence[str], emit: Callable[[str, str], None],
        timeout: float = 30, stdin: str | None = None, env: Mapping[str, str] | None = None,
    ) -> int | None:  # fmt: skip
        """As run, with the output given to `emit` ("out" or "err", text) as it comes.

        The exit code, or none after a time-out.
        """
        request = {"op": "run", "place": place, "argv": list(argv), "timeout": timeout,
                   "stdin": stdin, "env": dict(env) if env else None}  # fmt: skip
        with self._connect(timeout + PATIENCE) as connection:
            for answer in self._converse(connection, request):
                for name in ("out", "err"):
                    if name in answer:
                        emit(name, answer[name])
                if "done" in answer:
                    return int(answer["done"])
                if "timeout" in answer:
                    return None
        raise LabError(f"the lab went away while {shlex.join(argv)} ran: see {console_path()}")

    def spawn(
        self, place: str, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None
    ) -> None:
        """Starts a long-lived process called `name`; its output goes to its log, begun afresh."""
        self._ask("spawn", place=place, name=name, argv=list(argv), env=dict(env) if env else None)

    def signal(self, name: str, signal_number: int) -> None:
        """Sends a signal to a spawned process (SIGKILL: to its group); none if it has ended."""
        self._ask("signal", name=name, number=int(signal_number))

    def alive(self, name: str) -> bool:
        return bool(self._ask("alive", name=name))

    def wait(self, name: str, timeout: float) -> int:
        """The exit code of a spawned process; LabError if it does not end in time."""
        return int(self._ask("wait", PATIENCE + timeout, name=name, timeout=timeout))

    def log(self, name: str) -> str:
        """What a spawned process has written so far, stdout and stderr."""
        return str(self._ask("log", name=name))

    def add_pod(
        self, name: str, node: str, address4: str | None = None, address6: str | None = None,
        nameserver: str | None = None, search: Sequence[str] = (),
    ) -> dict[str, str]:  # fmt: skip
        """Makes a pod, a place called `name`. Returns its "address4" and "address6"."""
        return dict(
            self._ask("add_pod", name=name, node=node, address4=address4, address6=address6,
                      nameserver=nameserver, search=list(search))
        )  # fmt: skip

    def delete_pod(self, name: str) -> None:
        """Kills the pod's processes and removes it, and its route on the node."""
        self._ask("delete_pod", name=name)

    def shell(self, place: str) -> None:
        """A shell in the place, on this terminal, until it ends."""
        size = shutil.get_terminal_size()
        request = {"op": "shell", "place": place, "rows": size.lines, "columns": size.columns,
                   "term": os.environ.get("TERM", "dumb")}  # fmt: skip
        with self._connect(None) as connection:
            next(self._converse(connection, request, buffered=False))
            with raw_terminal():
                relay(connection)

    def down(self) -> None:
        """Ends the lab and everything in it."""
        stop_supervisor()

    def _ask(self, operation: str, patience: float = PATIENCE, **values: Any) -> Any:
        with self._connect(patience) as connection:
            for answer in self._converse(connection, {"op": operation} | values):
                return answer["result"]
        raise LabError(f"the lab went away: see {console_path()}; start one with `scripts/lab up`")

    def _connect(self, timeout: float | None) -> socket.socket:
        connection = None
        try:
            if "unix" in self._reach:
                connection = socket.socket(socket.AF_UNIX)
                connection.settimeout(timeout)
                connection.connect(self._reach["unix"])
                return connection
            return socket.create_connection(("127.0.0.1", self._reach["tcp"]), timeout)
        except OSError as error:
            if connection is not None:
                connection.close()
            raise LabError(
                f"the lab does not answer ({error}): start one with `scripts/lab up`"
            ) from error

    def _converse(
        self, connection: socket.socket, request: dict[str, Any], buffered: bool = True
    ) -> Iterator[dict[str, Any]]:
        """Sends a request, and gives the answers until the lab hangs up."""
        line = json.dumps(request | {"token": self._reach["token"]})
        try:
            connection.sendall(line.encode() + b"\n")
            with connection.makefile("rb", buffering=-1 if buffered else 0) as reader:
                while text := reader.readline():
                    answer = json.loads(text)
                    if "error" in answer:
                        raise LabError(answer["error"])
                    yield answer
        except OSError as error:
            raise LabError(f"the lab does not answer ({error}): see {console_path()}") from error


def console_path() -> Path:
    return state_folder() / "console.log"


def stop_supervisor(patience: float = 10.0) -> bool:
    """Ends whatever lab this folder has; false if it has none."""
    # Here, for only the two who need the lock know about it.
    from lab.supervisor import take_lock

    path = state_folder() / "lock"
    deadline = time.monotonic() + patience
    told = False
    while path.exists():
        lock = take_lock(path)
        if lock is not None:
            os.close(lock)
            break
        if not told:
            os.kill(int(path.read_text()), signal.SIGTERM)
            told = True
        if time.monotonic() > deadline:
            raise LabError(f"the lab has not ended: end process {path.read_text().strip()}")
        time.sleep(0.05)
    return told


@contextlib.contextmanager
def raw_terminal() -> Iterator[None]:
    """Every key goes to the far end, while it lasts."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def relay(connection: socket.socket) -> None:
    """Bytes between this terminal and the connection, until the far end hangs up."""
    sources: list[Any] = [connection, 0]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if connection in ready:
            data = connection.recv(65536)
            if not data:
                return
            os.write(1, data)
        if 0 in ready:
            data = os.read(0, 4096)
            if data:
                connection.sendall(data)
            else:
                connection.shutdown(socket.SHUT_WR)
                sources.remove(0)
