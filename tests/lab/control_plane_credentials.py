"""Keys, certificates and kubeconfigs of the tests' control plane, made with the openssl program."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.control_plane_binaries import ControlPlaneError

_LIFETIME_DAYS = "30"


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, in PEM files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a folder; everything it issues lies beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.identity = Identity(folder / "ca.crt", folder / "ca.key")
        make_key(self.identity.key)
        _openssl("req", "-x509", "-new", "-key", self.identity.key, "-subj", "/CN=kube-ipvs-tests",
                 "-days", _LIFETIME_DAYS, "-out", self.identity.certificate)

    def issue_server(self, name: str, addresses: Sequence[str], names: Sequence[str]) -> Identity:
        """A serving certificate for these IP addresses and DNS names."""
        alternatives = [f"IP:{address}" for address in addresses] + [f"DNS:{n}" for n in names]
        return self._issue(name, f"/CN={name}", "extendedKeyUsage=serverAuth\n"
                           f"subjectAltName={','.join(alternatives)}\n")

    def issue_client(self, name: str, group: str = "") -> Identity:
        """A client certificate: the API server sees user `name`, in `group` where one is given."""
        subject = f"/O={group}/CN={name}" if group else f"/CN={name}"
        return self._issue(name, subject, "extendedKeyUsage=clientAuth\n")

    def kubeconfig(self, identity: Identity, server: str) -> Path:
        """A kubeconfig with everything inside, so that it works wherever it is copied."""
        path = identity.key.with_suffix(".kubeconfig")
        path.write_text(_KUBECONFIG.format(
            server=server,
            ca=_base64(self.identity.certificate),
            certificate=_base64(identity.certificate),
            key=_base64(identity.key)))
        path.chmod(0o600)
        return path

    def _issue(self, name: str, subject: str, extensions: str) -> Identity:
        issued = Identity(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        request = self._folder / f"{name}.csr"
        extension_file = self._folder / f"{name}.ext"
        extension_file.write_text(extensions)
        make_key(issued.key)
        _openssl("req", "-new", "-key", issued.key, "-subj", subject, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.identity.certificate,
                 "-CAkey", self.identity.key, "-CAcreateserial", "-days", _LIFETIME_DAYS,
                 "-extfile", extension_file, "-out", issued.certificate)
        return issued


def make_key(path: Path) -> None:
    """A private key; elliptic curves, because RSA keys take seconds to find on a slow machine."""
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)


_KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: tests
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: tests
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: tests
  context:
    cluster: tests
    user: tests
current-context: tests
"""


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _openssl(*arguments: str | Path) -> None:
    argv = ["openssl", *map(str, arguments)]
    try:
        answer = subprocess.run(argv, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ControlPlaneError(
            "cannot make certificates: no openssl program on PATH; apt-get install openssl"
        ) from error
    if answer.returncode != 0:
        raise ControlPlaneError(f"`{' '.join(argv)}` failed: {answer.stderr.strip()}")
