"""The lab without a machine, where the host's own kernel has IPVS: namespaces only."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from lab.settings import LabError

# Its own mounts and processes; the network namespaces are made inside. The last process to go
# takes the rest along.
UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def kernel_has_ipvs() -> bool:
    """Whether ip_vs is loaded, built in, or there to be loaded."""
    if Path("/proc/net/ip_vs").exists():
        return True
    try:
        found = subprocess.run(["modprobe", "-n", "-q", "ip_vs"], check=False)
    except FileNotFoundError:
        return False
    return found.returncode == 0


def usable() -> bool:
    return os.geteuid() == 0 and kernel_has_ipvs()


def require() -> None:
    """Loads what is needed, or says why this host cannot."""
    if os.geteuid() != 0:
        raise LabError("--native makes network namespaces: it needs root; run it with sudo")
    if not kernel_has_ipvs():
        raise LabError(
            f"--native needs IPVS in this host's kernel ({os.uname().release}), and it has none: "
            "leave --native out, and a virtual machine is used"
        )
    # Built-in ones are no error; the first use of one that is missing will say so.
    subprocess.run(["modprobe", "-q", "-a", "ip_vs", "ip_vs_rr", "dummy"], check=False)
