"""The program that is shipped is hardened, and needs nothing of the system but its C library."""

from __future__ import annotations

import re
import subprocess
import unittest

from e2e.fixture import build_dir


class Program(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        if build_dir().name != "release":
            raise unittest.SkipTest(f"{build_dir()} is not what is shipped: that is build/release")

    def test_it_is_loaded_at_any_address(self) -> None:
        self.assertRegex(self.readelf("-h"), r"Type: +DYN \(Position-Independent")

    def test_what_the_linker_wrote_is_read_only_before_it_runs(self) -> None:
        self.assertIn("GNU_RELRO", self.readelf("-l"))
        self.assertRegex(self.readelf("-d"), r"\(FLAGS_1\) +Flags: NOW PIE")

    def test_no_stack_is_executable_and_no_page_is_writable_and_executable(self) -> None:
        headers = self.readelf("-l")
        self.assertRegex(headers, r"GNU_STACK .* RW +0x10")
        self.assertNotIn(" RWE ", headers)

    def test_stacks_and_buffers_are_guarded(self) -> None:
        symbols = self.readelf("--dyn-syms")
        for guard in ("__stack_chk_fail", "__memcpy_chk", "__snprintf_chk"):
            self.assertIn(guard, symbols)

    def test_it_needs_the_c_library_alone(self) -> None:
        needed = re.findall(r"\(NEEDED\) .*\[(.+)\]", self.readelf("-d"))
        self.assertLessEqual(set(needed), {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2",
                                           "ld-linux-aarch64.so.1"})
        self.assertNotRegex(self.readelf("-d"), "RPATH|RUNPATH")

    def readelf(self, *words: str) -> str:
        program = build_dir() / "reconcile" / "kube-ipvs"
        return subprocess.run(["readelf", "-W", *words, str(program)], text=True, check=True,
                              capture_output=True).stdout
