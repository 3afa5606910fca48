"""Commands in places: awaited ones with streamed output, long-lived ones with a log, shells."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from lab.places import Place
from lab.settings import LabError

NOT_FOUND, NOT_RUNNABLE = 127, 126
# How long output may still come after the command's own end: from children it left running.
DRAIN_SECONDS = 1.0

Emit = Callable[[str, str], None]


class TimedOut(Exception):
    """The command did not end in time, and was killed with its process group."""


class Gone(Exception):
    """The one who asked has hung up; the command was killed."""


def environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    base = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": os.environ.get("HOME", "/root"),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    return base | dict(extra or {})


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Command:
    """One awaited command. `cancel` may come from another thread."""

    def __init__(self, place: Place, argv: list[str], env: Mapping[str, str] | None) -> None:
        self._place = place
        self._argv = argv
        self._env = environment(env)
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()
        if self._process is not None:
            kill_group(self._process)

    def run(self, timeout: float, stdin: str | None, emit: Emit) -> int:
        """Runs to the end; `emit` gets ("out" or "err", text) as it comes. The exit code."""
        try:
            process = self._start(stdin is not None)
        except OSError as error:
            emit("err", f"cannot run {self._argv[0]}: {error.strerror}\n")
            missing = isinstance(error, FileNotFoundError)
            return NOT_FOUND if missing else NOT_RUNNABLE
        self._process = process
        pumps = [
            threading.Thread(target=pump, args=(pipe, name, emit), daemon=True)
            for pipe, name in ((process.stdout, "out"), (process.stderr, "err"))
        ]
        for thread in pumps:
            thread.start()
        if stdin is not None:
            threading.Thread(target=feed, args=(process.stdin, stdin), daemon=True).start()
        return self._await(process, pumps, timeout)

    def _start(self, with_stdin: bool) -> subprocess.Popen[bytes]:
        return self._place.start(
            self._argv,
            env=self._env,
            stdin=subprocess.PIPE if with_stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def _await(
        self, process: subprocess.Popen[bytes], pumps: list[threading.Thread], timeout: float
    ) -> int:
        late = False
        if self._cancelled.is_set():
            kill_group(process)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            late = True
            kill_group(process)
            process.wait()
        for thread in pumps:
            thread.join(DRAIN_SECONDS)
        if self._cancelled.is_set():
            raise Gone
        if late:
            raise TimedOut
        return process.returncode


def pump(pipe: IO[bytes], name: str, emit: Emit) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    # The reader of `emit` may have hung up; the pipe is emptied all the same.
    with pipe:
        while data := os.read(pipe.fileno(), 65536):
            if text := decoder.decode(data):
                emit(name, text)
    if text := decoder.decode(b"", final=True):
        emit(name, text)


def feed(pipe: IO[bytes], text: str) -> None:
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(text.encode())


class LongLived:
    """The named processes of a lab. Thread-safe."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def spawn(
        self, place: Place, name: str, argv: list[str], env: Mapping[str, str] | None
    ) -> None:
        """Starts it, its log afresh. A name whose process has ended may be used again."""
        if "/" in name or name in ("", ".", ".."):
            raise LabError(f"{name!r} is no name for a process: it names its log file")
        with self._lock:
            old = self._processes.get(name)
            if old is not None and old.poll() is None:
                raise LabError(f"{name} runs already: signal it and wait for it first")
            try:
                with open(self._logs / f"{name}.log", "wb") as log:
                    self._processes[name] = place.start(
                        argv, env=environment(env), stdin=subprocess.DEVNULL, stdout=log, stderr=log
                    )
            except OSError as error:
                raise LabError(f"cannot run {argv[0]}: {error.strerror}") from error

    def signal(self, name: str, number: int) -> None:
        """To the process itself; SIGKILL to its whole group. None to one that has ended."""
        process = self._find(name)
        if process.poll() is not None:
            return
        if number == signal.SIGKILL:
            kill_group(process)
        else:
            process.send_signal(number)

    def alive(self, name: str) -> bool:
        return self._find(name).poll() is None

    def wait(self, name: str, timeout: float) -> int:
        try:
            return self._find(name).wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"{name} has not ended within {timeout:g} s: signal it?") from None

    def log(self, name: str) -> str:
        self._find(name)
        return (self._logs / f"{name}.log").read_bytes().decode(errors="replace")

    def _find(self, name: str) -> subprocess.Popen[bytes]:
        with self._lock:
            if name not in self._processes:
                known = ", ".join(self._processes) or "none"
                raise LabError(f"nothing was spawned as {name!r}; spawned: {known}")
            return self._processes[name]


def shell(place: Place, connection: socket.socket, rows: int, columns: int, term: str) -> None:
    """A shell on a terminal of its own, its bytes over the connection until it ends."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    env = environment({"TERM": term, "PS1": f"[{place.name}] \\w # "})
    process = place.start(
        ["setsid", "--ctty", "--wait", "bash", "--norc", "-i"],
        env=env, stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    typing = threading.Thread(target=_type, args=(connection, master), daemon=True)
    typing.start()
    with contextlib.suppress(OSError):
        while data := os.read(master, 65536):
            connection.sendall(data)
    kill_group(process)
    process.wait()
    connection.shutdown(socket.SHUT_RDWR)
    typing.join()
    os.close(master)


def _type(connection: socket.socket, master: int) -> None:
    with contextlib.suppress(OSError):
        while data := connection.recv(4096):
            os.write(master, data)
        # The terminal's far end is gone: end of input for the shell.
        os.write(master, b"\x04")
