"""The lab's inside: the main program of the machine, and of a native lab's namespaces.

Started as process 1 with a configuration file (JSON, written by starter.py). It prepares the
machine, makes the topology, and answers requests: one connection each, a JSON line that carries
the token, then JSON lines back. `run` streams {"out"} and {"err"} lines and ends with {"done"};
`shell` turns into a byte stream; everything else answers {"result"}. Failures: {"error"}.
"""

from __future__ import annotations

import contextlib
import ctypes
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from lab import places, processes
from lab.host_files import HOST_VIEW, HostFiles
from lab.network import Network
from lab.settings import LabError

PORT = 7000
Request = dict[str, Any]


class Guest:
    """What requests act on."""

    def __init__(self, config: dict[str, Any], host_files: HostFiles | None) -> None:
        self._token = config["token"]
        self._host_files = host_files
        self._network = Network(config["nodes"], config["native"])
        self._long_lived = processes.LongLived(Path(config["share"]) / "logs")

    def serve(self, connection: socket.socket) -> None:
        """Answers the one request of a connection."""
        reader = connection.makefile("rb")
        answers = Answers(connection)
        try:
            request = json.loads(reader.readline() or b"{}")
            if not hmac.compare_digest(str(request.get("token")), self._token):
                raise LabError("wrong token: this is another lab's machine")
            self._dispatch(request, connection, answers)
        except LabError as error:
            answers.send({"error": str(error)})
        except Exception as error:  # noqa: BLE001 - the asker shall see it, the lab shall live
            traceback.print_exc()
            answers.send({"error": f"the lab's server failed: {error!r}; see console.log"})

    def _dispatch(self, request: Request, connection: socket.socket, answers: Answers) -> None:
        operation = request["op"]
        if operation == "run":
            self._run(request, connection, answers)
        elif operation == "shell":
            place = self._network.place(request["place"])
            answers.send({"result": True})
            size = request["rows"], request["columns"]
            processes.shell(place, connection, *size, request["term"])
        else:
            answers.send({"result": self._answer(operation, request)})

    def _answer(self, operation: str, request: Request) -> Any:
        match operation:
            case "hello":
                return os.uname().release
            case "places":
                return self._network.names()
            case "spawn":
                self._refresh(request["argv"])
                return self._long_lived.spawn(
                    self._network.place(request["place"]),
                    request["name"], request["argv"], request["env"],
                )  # fmt: skip
            case "signal":
                return self._long_lived.signal(request["name"], request["number"])
            case "alive":
                return self._long_lived.alive(request["name"])
            case "wait":
                return self._long_lived.wait(request["name"], request["timeout"])
            case "log":
                return self._long_lived.log(request["name"])
            case "add_pod":
                pod = self._network.add_pod(
                    request["name"], request["node"], request["address4"], request["address6"],
                    request["nameserver"], request["search"],
                )  # fmt: skip
                return {"address4": pod.address4, "address6": pod.address6}
            case "delete_pod":
                return self._network.delete_pod(request["name"])
        raise LabError(f"the lab does not know {operation!r}: is it older than the client?")

    def _run(self, request: Request, connection: socket.socket, answers: Answers) -> None:
        place = self._network.place(request["place"])
        self._refresh(request["argv"])
        command = processes.Command(place, request["argv"], request["env"])
        threading.Thread(target=await_hang_up, args=(connection, command), daemon=True).start()
        try:
            code = command.run(
                request["timeout"], request["stdin"], lambda name, text: answers.send({name: text})
            )
            answers.send({"done": code})
        except processes.TimedOut:
            answers.send({"timeout": True})
        except processes.Gone:
            pass

    def _refresh(self, argv: list[str]) -> None:
        if self._host_files is not None:
            self._host_files.refresh(argv)


class Answers:
    """JSON lines to the asker, from several threads. One who has hung up is no error."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, answer: dict[str, Any]) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._connection.sendall(json.dumps(answer).encode() + b"\n")


def await_hang_up(connection: socket.socket, command: processes.Command) -> None:
    with contextlib.suppress(OSError):
        while connection.recv(4096):
            pass
    command.cancel()


def make_listener(config: dict[str, Any]) -> socket.socket:
    if not config["native"]:
        return socket.create_server(("0.0.0.0", PORT), backlog=128)
    path = Path(config["socket"])
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(128)
    return listener


def serve_for_ever(guest: Guest, listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()

        def work(connection: socket.socket = connection) -> None:
            with connection:
                guest.serve(connection)
                # The watcher of a run still reads it; a plain close would not reach the asker.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=work, daemon=True).start()


def prepare_mounts() -> None:
    """What both kinds of lab need: mounts that reach the places, and names for namespaces."""
    places.mount("none", Path("/"), flags=places.MS_REC | places.MS_SHARED)
    places.NETNS.mkdir(parents=True, exist_ok=True)
    places.mount("tmpfs", places.NETNS, "tmpfs", 0, "mode=755")


def prepare_machine(config: dict[str, Any]) -> HostFiles:
    """The machine's own file systems, the host's folders, the modules."""
    for kind, target, data in (
        ("proc", "/proc", ""), ("sysfs", "/sys", ""), ("devtmpfs", "/dev", "mode=755"),
        ("devpts", "/dev/pts", "ptmxmode=666"), ("tmpfs", "/dev/shm", ""),
        ("tmpfs", "/run", "mode=755"),
    ):  # fmt: skip
        Path(target).mkdir(exist_ok=True)
        places.mount(kind, Path(target), kind, 0, data)
    mount_cgroups()
    uncached = [Path(config["project"]), *map(Path, config["fresh"])]
    share = Path(config["share"])
    HOST_VIEW.mkdir(parents=True)
    mount_9p("hostnow", HOST_VIEW)
    for folder in uncached:
        folder.mkdir(parents=True, exist_ok=True)
        places.mount(f"{HOST_VIEW}{folder}", folder, flags=places.MS_BIND)
    mount_9p("share", share)
    modules = Path("/lib/modules") / os.uname().release
    modules.mkdir(parents=True, exist_ok=True)
    places.mount(config["modules"], modules, flags=places.MS_BIND)
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_rr", "dummy"], check=True)
    return HostFiles(uncached, share)


def mount_9p(tag: str, target: Path) -> None:
    places.mount(tag, target, "9p", 0, "trans=virtio,version=9p2000.L,msize=512000,cache=none")


def mount_cgroups() -> None:
    """Version 2 at its usual place; a host's own leftovers below are hidden by it."""
    target = Path("/sys/fs/cgroup")
    if target.is_dir():
        places.mount("cgroup2", target, "cgroup2")


def inside(config: dict[str, Any]) -> None:
    """The server itself, in a child of process 1."""
    host_files = None
    if not config["native"]:
        host_files = prepare_machine(config)
    prepare_mounts()
    guest = Guest(config, host_files)
    listener = make_listener(config)
    print("lab: ready", flush=True)
    serve_for_ever(guest, listener)


def reap_until(child: int) -> None:
    """Process 1's duty: orphans are waited for, until the server ends."""
    while os.wait()[0] != child:
        pass


def power_off() -> None:
    reboot_power_off = 0x4321FEDC
    os.sync()
    ctypes.CDLL(None).reboot(ctypes.c_int(reboot_power_off))


def main() -> None:
    config = json.loads(Path(sys.argv[1]).read_text())
    child = os.fork()
    if child == 0:
        try:
            inside(config)
        except LabError as error:
            print(f"lab: failed: {error}", flush=True)
        except BaseException:  # noqa: BLE001 - the console is the only witness
            traceback.print_exc()
        os._exit(1)
    reap_until(child)
    if not config["native"]:
        power_off()


if __name__ == "__main__":
    main()
