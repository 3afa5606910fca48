"""The virtual machine: QEMU's command line, and whether the hardware can help."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from lab.guest import PORT
from lab.kernel import SMOKE, Kernel
from lab.settings import LabError

QEMU = "qemu-system-x86_64"
MEMORY_MB = 4096
SMOKE_SECONDS = 5
# What an emulator pays for and a processor hardly does. It copies and clears byte by byte where the
# processor claims fast strings (erms, fsrm): without the claim the kernel moves eight at a time. It
# translates a program anew at each address where it finds it. What each saves: README.md.
EMULATED = ["-accel", "tcg,thread=multi", "-cpu", "max,-erms,-fsrm"]
STEADY_ADDRESSES = "norandmaps"
ACCELERATED = ["-accel", "kvm", "-cpu", "host"]


def accelerator(kernel: Kernel, initramfs: Path) -> list[str]:
    """KVM only where a guest has really run: on some hosts the device exists and guests hang."""
    flags = Path("/proc/cpuinfo").read_text()
    if not re.search(r"\b(vmx|svm)\b", flags) or not os.access("/dev/kvm", os.W_OK):
        return EMULATED
    argv = [*common(ACCELERATED, kernel, initramfs, SMOKE), "-nic", "none"]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=SMOKE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return EMULATED
    return ACCELERATED if done.returncode == 0 else EMULATED


def common(acceleration: list[str], kernel: Kernel, initramfs: Path, words: str) -> list[str]:
    quick = "console=ttyS0 quiet panic=-1 random.trust_cpu=on mitigations=off nokaslr tsc=reliable"
    return [
        QEMU, *acceleration, "-smp", "2", "-m", str(MEMORY_MB),
        "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-no-reboot",
        "-serial", "stdio", "-kernel", str(kernel.image), "-initrd", str(initramfs),
        "-append", f"{quick} {words}".strip(),
    ]  # fmt: skip


def command(kernel: Kernel, initramfs: Path, share: Path, port: int) -> list[str]:
    """The machine that listens on 127.0.0.1:`port`. Its console is QEMU's stdout."""
    if shutil.which(QEMU) is None:
        raise LabError(
            f"the lab needs {QEMU}, and it is not installed: install qemu-system-x86, or use "
            "--native on a host whose kernel has IPVS"
        )
    acceleration = accelerator(kernel, initramfs)
    words = STEADY_ADDRESSES if acceleration == EMULATED else ""
    argv = common(acceleration, kernel, initramfs, words)
    forward = f"hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:{PORT}"
    argv += ["-nic", f"user,model=virtio-net-pci,{forward}"]
    for tag, path, access in (
        ("hostroot", "/", "on"), ("hostnow", "/", "on"), ("share", str(share), "off"),
    ):  # fmt: skip
        escaped = path.replace(",", ",,")
        options = f"mount_tag={tag},security_model=none,multidevs=remap,readonly={access}"
        argv += ["-virtfs", f"local,path={escaped},{options}"]
    return argv
