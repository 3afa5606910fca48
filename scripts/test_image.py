#!/usr/bin/env python3
"""Builds httpenv:kind, the image of the pods that scripts/kind-e2e makes: tests/pods and the C library.

    scripts/test_image.py      build/image/httpenv-amd64.tar
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import oci_image  # noqa: E402
from debian import CommandError, Debian, run, say  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
NAME = "httpenv:kind"
PROGRAMS = ("httpenv", "traffic")
LIBRARIES = ("libc.so.6", "libm.so.6")
TRIPLET, LOADER = "x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2"


def lay_out(rootfs: Path) -> None:
    shutil.rmtree(rootfs, ignore_errors=True)
    libraries = Debian("amd64").unpacked("libc6") / "lib" / TRIPLET
    wanted = {rootfs / "lib" / TRIPLET / name: libraries / name for name in LIBRARIES}
    wanted[rootfs / LOADER] = libraries / Path(LOADER).name
    wanted |= {rootfs / "usr/bin" / name: ROOT / "build/release/tests/pods" / name for name in PROGRAMS}
    for target, source in wanted.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755)


def main() -> int:
    output = ROOT / "build" / "image"
    try:
        run("configuring", "cmake", "--preset", "release", cwd=ROOT)
        run("building", "cmake", "--build", "--preset", "release", "--target", *PROGRAMS, cwd=ROOT)
        lay_out(output / "rootfs-httpenv")
    except (CommandError, OSError) as error:
        print(f"test_image: {error}", file=sys.stderr)
        return 1
    image = oci_image.Image(NAME, "amd64", 0, ["/usr/bin/httpenv"])
    archive = output / "httpenv-amd64.tar"
    oci_image.write(output / "rootfs-httpenv", image, archive)
    say(f"{archive.relative_to(ROOT)}: {NAME}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
