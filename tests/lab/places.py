"""Places of the lab: network namespaces, each with a thread that lives in it.

A child is born into the namespaces of the thread that starts it. So each place owns one thread
that has entered its namespaces for good, and every command of the place is started by that
thread: no `ip netns exec`, no extra process, which matters under emulation.

A node, a pod and the client have a network and a mount namespace, an own /run (several agents,
one socket path) and /sys, and an own /etc/resolv.conf where one is given. The root place of a
machine is the machine's own; that of a native lab has namespaces too, but keeps /run.
The network namespace is also bound to /run/netns/<place>, for `ip -n` and friends.
See namespaces(7), mount_namespaces(7) on propagation, ip-netns(8).
"""

from __future__ import annotations

import concurrent.futures
import ctypes
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from lab.settings import LabError

T = TypeVar("T")

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_SLAVE, MS_SHARED = 4096, 16384, 1 << 19, 1 << 20
MNT_DETACH = 2
NETNS = Path("/run/netns")

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source: str, target: Path, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    result = libc.mount(
        source.encode(), str(target).encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    checked(result, f"mount {source} on {target}")


def unmount(target: Path) -> None:
    """umount2(2), lazily: users of the mount keep it."""
    checked(libc.umount2(str(target).encode(), MNT_DETACH), f"umount {target}")


def bind_file(source: Path, target: Path) -> None:
    mount(str(source), target, flags=MS_BIND)


class Place:
    """A thread in the namespaces of one place. Thread-safe; `call` runs in the place."""

    def __init__(self, name: str, own_namespaces: bool = True, own_run: bool = True) -> None:
        self.name = name
        self._own_run = own_run
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._resolver: tuple[int, int] | None = None
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._thread.start()
        try:
            if own_namespaces:
                self.call(self._enter)
                self._publish()
        except OSError as error:
            self.close()
            raise LabError(f"cannot make the place {name}: {error}") from error

    @property
    def namespace(self) -> str:
        """The path of the network namespace, as the kernel has it for the place's thread."""
        return f"/proc/{os.getpid()}/task/{self.thread_id}/ns/net"

    @property
    def thread_id(self) -> int:
        """The kernel's id of the place's thread, while the place is open."""
        return self._thread.native_id or 0

    def call(self, work: Callable[[], T]) -> T:
        """Runs `work` on the place's thread, and returns or raises what it does."""
        answer: concurrent.futures.Future[T] = concurrent.futures.Future()

        def step() -> None:
            try:
                answer.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it belongs to the caller
                answer.set_exception(error)

        self._work.put(step)
        return answer.result()

    def start(self, argv: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """subprocess.Popen in the place, in a session of its own."""

        def work() -> subprocess.Popen[bytes]:
            self._use_given_resolver()
            return subprocess.Popen(argv, start_new_session=True, **options)

        return self.call(work)

    def ip(self, lines: Iterable[str]) -> None:
        """Runs lines of `ip -batch` in the place, all or up to the first that fails."""
        text = "\n".join(lines) + "\n"
        result = self.call(
            lambda: subprocess.run(
                ["ip", "-batch", "-"], input=text.encode(), capture_output=True, check=False
            )
        )
        if result.returncode != 0:
            raise LabError(f"ip in {self.name}: {result.stderr.decode().strip()}; given\n{text}")

    def set_sysctls(self, values: dict[str, str]) -> None:
        """Writes settings under /proc/sys as the place sees them; unknown ones are left out."""

        def work() -> None:
            for key, value in values.items():
                path = Path("/proc/sys") / key
                if path.exists():
                    path.write_text(value)

        self.call(work)

    def use_resolver(self, text: str) -> None:
        """Makes `text` the place's /etc/resolv.conf."""

        def work() -> None:
            path = Path("/run/resolv.conf")
            path.write_text(text)
            bind_file(path, resolver_target())

        self.call(work)

    def close(self) -> None:
        """Ends the thread. The namespaces go when the last process in them does."""
        self._work.put(None)
        self._thread.join()
        name = NETNS / self.name
        if name.exists():
            unmount(name)
            name.unlink()

    def _live(self) -> None:
        while (step := self._work.get()) is not None:
            step()

    def _enter(self) -> None:
        checked(libc.unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare")
        mount("none", Path("/"), flags=MS_REC | MS_SLAVE)
        if self._own_run:
            mount("tmpfs", Path("/run"), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
        unmount(Path("/sys"))
        mount("sysfs", Path("/sys"), "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)

    def _publish(self) -> None:
        name = NETNS / self.name
        name.touch()
        mount(self.namespace, name, flags=MS_BIND)

    def _use_given_resolver(self) -> None:
        """As `ip netns exec`: /etc/netns/<place>/resolv.conf, if there, is the resolv.conf."""
        given = Path("/etc/netns") / self.name / "resolv.conf"
        try:
            found = given.stat()
        except OSError:
            return
        identity = (found.st_dev, found.st_ino)
        if identity != self._resolver:
            bind_file(given, resolver_target())
            self._resolver = identity


def resolver_target() -> Path:
    """The file behind /etc/resolv.conf; made where it is missing, as a bind needs one."""
    target = Path(os.path.realpath("/etc/resolv.conf"))
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    return target
