"""Fetches a kernel with IPVS, Debian's own, and builds the small first file system for it.

The package is unpacked into the cache folder, never installed: <cache>/kernel/<version>/ holds
boot/vmlinuz-<version> and lib/modules/<version>, with depmod's indexes.
"""

from __future__ import annotations

import lzma
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.settings import LabError, cache_folder

META_PACKAGE = "linux-image-amd64"
# What the machine needs before it has a root; modprobe knows the dependencies and the order.
FIRST_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_net")
SMOKE = "lab.smoke"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel."""

    version: str
    folder: Path

    @property
    def image(self) -> Path:
        return self.folder / "boot" / f"vmlinuz-{self.version}"

    @property
    def modules(self) -> Path:
        return self.folder / "lib" / "modules" / self.version


def run(argv: Sequence[str], cwd: Path | None = None) -> str:
    """Runs a tool; its stdout, or a LabError with what it said."""
    try:
        result = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LabError(
            f"the lab needs {argv[0]}, and it is not installed: see the list of packages in "
            "tests/lab/README.md"
        ) from None
    if result.returncode != 0:
        raise LabError(f"{shlex.join(argv)} failed ({result.returncode}): {result.stderr.strip()}")
    return result.stdout


def find_kernel(package: str | None, say: Say) -> Kernel:
    """The kernel of a package (none: Debian's current one), from the cache or the archive."""
    wanted = package or current_package()
    if wanted is None:
        return newest_cached()
    version = wanted.removeprefix("linux-image-").removesuffix("-unsigned")
    kernel = Kernel(version, cache_folder() / "kernel" / version)
    if not (kernel.modules / "modules.dep").exists():
        say(f"fetching {wanted} into {kernel.folder}")
        fetch(wanted, kernel)
    return kernel


def current_package() -> str | None:
    """The package behind Debian's meta package; none where apt does not know it."""
    try:
        text = run(["apt-cache", "depends", "--no-recommends", META_PACKAGE])
    except LabError:
        return None
    found = re.search(r"Depends: (linux-image-[\w.+-]+)", text)
    return found.group(1) if found else None


def newest_cached() -> Kernel:
    folders = [path.parent.parent for path in cache_folder().glob("kernel/*/boot/vmlinuz-*")]
    if not folders:
        raise LabError(
            f"no kernel for the lab: apt does not know {META_PACKAGE}, and none is in "
            f"{cache_folder()}/kernel. Run `apt-get update` (on Debian), or unpack a "
            "linux-image package with `dpkg -x` into a folder there named after its version"
        )
    newest = max(folders, key=lambda folder: folder.stat().st_mtime)
    return Kernel(newest.name, newest)


def fetch(package: str, kernel: Kernel) -> None:
    """Downloads and unpacks aside, then renames: an interrupted fetch leaves no half kernel."""
    kernel.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kernel.folder.parent) as name:
        aside = Path(name)
        # apt drops its rights to fetch; without this it would complain that it cannot.
        aside.chmod(0o755)
        try:
            run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package], aside)
        except LabError as error:
            raise LabError(
                f"cannot download the lab's kernel: {error}. If the package is unknown or gone "
                "from the archive, run `apt-get update`"
            ) from error
        archive = next(aside.glob("*.deb"))
        tree = aside / "tree"
        run(["dpkg", "-x", str(archive), str(tree)])
        archive.unlink()
        run(["depmod", "-b", str(tree), kernel.version])
        shutil.rmtree(kernel.folder, ignore_errors=True)
        tree.rename(kernel.folder)


def first_modules(kernel: Kernel) -> list[Path]:
    """The files of FIRST_MODULES and what they need, in the order to load them."""
    files: dict[Path, None] = {}
    for name in FIRST_MODULES:
        base = ["modprobe", "-d", str(kernel.folder), "-S", kernel.version, "--show-depends"]
        for line in run([*base, name]).splitlines():
            kind, *rest = line.split()
            if kind == "insmod":
                files[Path(rest[0])] = None
    return list(files)


def build_initramfs(kernel: Kernel, target: Path, program: Sequence[str]) -> None:
    """The first file system: mounts the host's root under an overlay, and starts `program`."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise LabError("the lab needs busybox, linked statically: install busybox-static")
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        for folder in ("bin", "dev", "lower", "modules", "proc", "root", "upper"):
            (tree / folder).mkdir()
        shutil.copy(busybox, tree / "bin" / "busybox")
        loads = []
        for number, source in enumerate(first_modules(kernel)):
            copied = Path("modules") / f"{number:02}.ko"
            data = source.read_bytes()
            packed = source.suffix == ".xz"
            (tree / copied).write_bytes(lzma.decompress(data) if packed else data)
            loads.append(f"insmod /{copied}")
        init = tree / "init"
        init.write_text(
            INIT.format(smoke=SMOKE, loads="\n".join(loads), program=shlex.join(program))
        )
        init.chmod(0o755)
        names = sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))
        packed_tree = subprocess.run(
            ["cpio", "--quiet", "-o", "-H", "newc"],
            cwd=tree, input="\n".join(names).encode(), capture_output=True, check=True,
        )  # fmt: skip
        target.write_bytes(packed_tree.stdout)


INIT = """#!/bin/busybox sh
PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
mount -t proc none /proc
grep -q {smoke} /proc/cmdline && poweroff -f
{loads}
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose hostroot /lower || {{
  echo "lab: failed: cannot mount the host's root over 9p"
  poweroff -f
}}
mount -t tmpfs -o mode=755,size=75% none /upper
mkdir /upper/data /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work none /root
umount /proc
exec switch_root /root {program}
"""
