"""A real Kubernetes control plane for the tests: etcd, kube-apiserver, kube-controller-manager.

It runs natively on the host and listens on 127.0.0.1; places of the lab reach it as 10.0.2.2, which
is also the address behind the Service `kubernetes`. It lives as long as its starter: its processes
die with it, however it ends. Where it runs is written to control-plane.json in the lab's folder,
so that other commands can use it meanwhile.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.agent_account import establish
from lab.control_plane_binaries import ControlPlaneError, available, binaries
from lab.control_plane_credentials import Authority, Identity, make_key
from lab.control_plane_etcd import Etcd
from lab.settings import HOST_ADDRESS, state_folder

__all__ = ["ControlPlane", "ControlPlaneError", "Endpoints", "available", "die_with_the_starter"]

SERVICE_RANGES = "10.96.0.0/12,fd00:10:96::/112"
KUBERNETES_SERVICE = "10.96.0.1"
STATE_FILE = state_folder() / "control-plane.json"

_CONTROLLERS = (
    "deployment-controller", "replicaset-controller", "endpoints-controller",
    "endpointslice-controller", "endpointslice-mirroring-controller", "namespace-controller",
    "garbage-collector-controller", "serviceaccount-controller", "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller", "service-cidr-controller",
)
_PR_SET_PDEATHSIG = 1
_ETCD, _API_SERVER, _CONTROLLER_MANAGER = "etcd", "kube-apiserver", "kube-controller-manager"


@dataclass(frozen=True)
class Endpoints:
    """How to reach a running control plane; what STATE_FILE holds."""

    port: int  # of the API server, on 127.0.0.1 and on HOST_ADDRESS
    admin_kubeconfig: str  # for the host
    agent_kubeconfig: str  # for a place of the lab: the manifests' ServiceAccount
    dns_kubeconfig: str  # for CoreDNS, which reaches the API server through its own Service
    certificate_authority: str
    admin_certificate: str
    admin_key: str
    kubectl: str
    coredns: str
    logs: str

    @staticmethod
    def running() -> Endpoints:
        """Those of the control plane that runs now."""
        try:
            return Endpoints(**json.loads(STATE_FILE.read_text()))
        except FileNotFoundError as error:
            raise ControlPlaneError(
                f"no control plane is running ({STATE_FILE} is not there): start one, for example "
                "with scripts/demo --keep") from error

    def tls(self) -> ssl.SSLContext:
        """The administrator's TLS settings."""
        context = ssl.create_default_context(cafile=self.certificate_authority)
        context.load_cert_chain(self.admin_certificate, self.admin_key)
        return context


class ControlPlane:
    """A started control plane. `stop()` ends it, and so does the end of this Python process."""

    def __init__(self, folder: Path, endpoints: Endpoints) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._argv: dict[str, list[str | Path]] = {}  # of every program started so far
        self._etcd: Etcd | None = None
        self.endpoints = endpoints

    @staticmethod
    def start() -> ControlPlane:
        """Builds what is missing, starts everything, returns when /readyz says ok.

        Call it from the main thread: the kernel ends the processes when the starting thread ends.
        """
        programs = binaries()
        folder = _fresh_folder()
        ports = _free_ports(4)
        authority = Authority(folder)
        control_plane = ControlPlane(folder, _endpoints(authority, folder, programs, ports[0]))
        atexit.register(control_plane.stop)
        control_plane._start_programs(programs, authority, ports)
        establish(control_plane.endpoints)
        _write_state(control_plane.endpoints)
        return control_plane

    def stop(self) -> None:
        """Ends all processes and removes their data. Calling it again does nothing."""
        for process in reversed(self._processes.values()):
            process.kill()
            process.wait()
        self._processes.clear()
        if self._folder.exists():
            _remove(self._folder)
            STATE_FILE.unlink(missing_ok=True)

    def stop_api_server(self) -> None:
        """Ends the API server alone, as a crash would."""
        self._kill(_API_SERVER)

    def start_api_server(self) -> None:
        """Starts it again after `stop_api_server`, port and data the same; returns when ready."""
        self._spawn(self._argv[_API_SERVER])
        self.wait_until_ready()

    def signal_api_server(self, signal_number: int) -> None:
        """SIGSTOP, and the kernel accepts connections that nobody serves; SIGCONT."""
        self._processes[_API_SERVER].send_signal(signal_number)

    def wait_until_ready(self) -> None:
        self._wait(_API_SERVER, lambda: _ready(self.endpoints), 60)

    # The store.

    @property
    def etcd(self) -> Etcd:
        """The running etcd."""
        assert self._etcd is not None, "the control plane is not started"
        return self._etcd

    def back_up(self) -> Path:
        """A copy of the store as it is now, as a crash would leave it."""
        copy = self.etcd.folder.with_name(f"{self.etcd.folder.name}-backup")
        shutil.rmtree(copy, ignore_errors=True)
        self._processes[_ETCD].send_signal(signal.SIGSTOP)
        shutil.copytree(self.etcd.folder, copy)
        self._processes[_ETCD].send_signal(signal.SIGCONT)
        return copy

    def restore(self, backup: Path) -> None:
        """Everything is as it was at the backup, versions too; returns when the server is ready.

        The controllers are started anew, as after every restore: they would take what they have
        seen for newer than what there is.
        """
        for program in (_CONTROLLER_MANAGER, _API_SERVER, _ETCD):
            self._kill(program)
        shutil.rmtree(self.etcd.folder)
        shutil.copytree(backup, self.etcd.folder)
        for program in (_ETCD, _API_SERVER):
            self._spawn(self._argv[program])
        self.wait_until_ready()
        self._spawn(self._argv[_CONTROLLER_MANAGER])

    def _kill(self, program: str) -> None:
        process = self._processes.pop(program)
        process.kill()
        process.wait()

    def log(self, program: str) -> str:
        """What a program (kube-apiserver, …) has written so far."""
        return (self._folder / f"{program}.log").read_text(errors="replace")

    def _start_programs(self, programs: Path, authority: Authority, ports: Sequence[int]) -> None:
        api, etcd, etcd_peer, controllers = ports
        service_accounts = self._folder / "service-accounts.key"
        make_key(service_accounts)
        serving = authority.issue_server(
            "kube-apiserver", ["127.0.0.1", HOST_ADDRESS, KUBERNETES_SERVICE],
            ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"])
        self._etcd = Etcd(_data_folder(self._folder), etcd)
        self._spawn([programs / _ETCD, *_etcd_flags(self._folder, etcd, etcd_peer)])
        self._spawn([programs / _API_SERVER,
                     *_api_server_flags(self._folder, serving, service_accounts, api, etcd)])
        self.wait_until_ready()
        self._spawn([programs / _CONTROLLER_MANAGER,
                     *_controller_flags(self.endpoints, service_accounts, controllers)])

    def _spawn(self, argv: Sequence[str | Path]) -> None:
        name = Path(argv[0]).name
        self._argv[name] = list(argv)
        with open(self._folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, preexec_fn=die_with_the_starter)
        self._processes[name] = process

    def _wait(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            dead = [n for n, process in self._processes.items() if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                culprit = dead[0] if dead else name
                why = "ended" if dead else f"is not ready after {seconds:.0f} s"
                tail = "\n".join(self.log(culprit).splitlines()[-20:])
                self.stop()
                raise ControlPlaneError(f"{culprit} {why}; the end of its log:\n{tail}")
            time.sleep(0.1)


def _endpoints(authority: Authority, folder: Path, programs: Path, port: int) -> Endpoints:
    admin = authority.issue_client("admin", group="system:masters")
    dns = authority.issue_client("coredns")
    return Endpoints(
        port=port,
        admin_kubeconfig=str(authority.kubeconfig(admin, f"https://127.0.0.1:{port}")),
        agent_kubeconfig=str(folder / "kube-ipvs.kubeconfig"),
        dns_kubeconfig=str(authority.kubeconfig(dns, f"https://{KUBERNETES_SERVICE}:443")),
        certificate_authority=str(authority.identity.certificate),
        admin_certificate=str(admin.certificate),
        admin_key=str(admin.key),
        kubectl=str(programs / "kubectl"),
        coredns=str(programs / "coredns"),
        logs=str(folder))


def _etcd_flags(folder: Path, port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        f"--data-dir={_data_folder(folder)}", "--unsafe-no-fsync", "--log-level=warn",
        f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]


def _api_server_flags(folder: Path, serving: Identity, service_accounts: Path, port: int,
                      etcd_port: int) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1", f"--secure-port={port}", f"--advertise-address={HOST_ADDRESS}",
        f"--tls-cert-file={serving.certificate}", f"--tls-private-key-file={serving.key}",
        f"--client-ca-file={folder / 'ca.crt'}", "--authorization-mode=RBAC",
        f"--service-cluster-ip-range={SERVICE_RANGES}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={service_accounts}",
        f"--service-account-signing-key-file={service_accounts}",
        # No node lifecycle controller runs here that would ever take the taint off again.
        "--disable-admission-plugins=TaintNodesByCondition",
        "--allow-privileged=true",  # as every installer sets it: service proxies need it
        "--profiling=false",
    ]


def _controller_flags(endpoints: Endpoints, service_accounts: Path, port: int) -> list[str]:
    return [
        f"--kubeconfig={endpoints.admin_kubeconfig}", f"--controllers={','.join(_CONTROLLERS)}",
        f"--service-account-private-key-file={service_accounts}",
        f"--root-ca-file={endpoints.certificate_authority}",
        "--leader-elect=false", "--bind-address=127.0.0.1", f"--secure-port={port}",
        "--kube-api-qps=200", "--kube-api-burst=400",
    ]


def _ready(endpoints: Endpoints) -> bool:
    url = f"https://127.0.0.1:{endpoints.port}/readyz"
    try:
        with urllib.request.urlopen(url, context=endpoints.tls(), timeout=5) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on; held open together, so that all differ."""
    sockets = [socket.socket() for _ in range(count)]
    for open_socket in sockets:
        open_socket.bind(("127.0.0.1", 0))
    ports = [open_socket.getsockname()[1] for open_socket in sockets]
    for open_socket in sockets:
        open_socket.close()
    return ports


def _fresh_folder() -> Path:
    """A folder that the lab's machine sees too, named after this process; removes dead ones'."""
    parent = STATE_FILE.parent
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.glob("control-plane-*-*"):
        if not Path("/proc", old.name.split("-")[2]).exists():
            _remove(old)
    return Path(tempfile.mkdtemp(prefix=f"control-plane-{os.getpid()}-", dir=parent))


def _data_folder(folder: Path) -> Path:
    """etcd's folder, in memory where that can be had: it waits for its disk on every write."""
    memory = Path("/dev/shm")
    return memory / f"kube-ipvs-{folder.name}" if os.access(memory, os.W_OK) else folder / "etcd"


def _remove(folder: Path) -> None:
    data = _data_folder(folder)
    for each in (data, data.with_name(f"{data.name}-backup")):
        shutil.rmtree(each, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _write_state(endpoints: Endpoints) -> None:
    STATE_FILE.write_text(json.dumps(asdict(endpoints), indent=2) + "\n")


def die_with_the_starter() -> None:
    """For a child between fork and exec: the kernel ends it when its starter ends."""
    # Own group: Ctrl-C at the terminal ends the starter first, which then takes everything down.
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> int:
    """`python3 -m lab.control_plane`: one control plane in the foreground, until Ctrl-C."""
    reason = available()
    if reason:
        print(f"no control plane: {reason}", file=sys.stderr)
        return 1
    started = time.monotonic()
    control_plane = ControlPlane.start()
    print(f"ready after {time.monotonic() - started:.1f} s; Ctrl-C ends it", file=sys.stderr)
    print(f"export KUBECONFIG={control_plane.endpoints.admin_kubeconfig}", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        control_plane.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
