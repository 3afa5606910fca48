"""The lab keeps its promises. Run against a running lab:

    scripts/lab up && PYTHONPATH=tests python3 -m unittest -v lab.lab_test
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import threading
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.client import Completed, Lab, LabError
from lab.waiting import came_true

LISTEN = """
import socket, sys
with socket.create_server((sys.argv[1], 0), family=int(sys.argv[2])) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        connection, peer = server.accept()
        connection.sendall(peer[0].encode())
        connection.close()
"""
ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10) as connection:
    print(connection.makefile().read())
"""


def eventually(condition: Callable[[], bool], within: float = 20) -> bool:
    """Whether the condition comes true in time."""
    return came_true(condition, within, pause=0.05)


class LabTest(unittest.TestCase):
    lab: Lab

    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = Lab.attach()

    def succeed(self, place: str, *argv: str) -> str:
        done = self.lab.run(place, argv)
        self.assertEqual(done.code, 0, f"{argv} in {place}: {done}")
        return done.out

    def add_pod(self, name: str, node: str, **options: str) -> dict[str, str]:
        pod = self.lab.add_pod(name, node, **options)
        self.addCleanup(self.lab.delete_pod, name)
        return pod

    @contextlib.contextmanager
    def listener(self, place: str, address: str) -> Iterator[int]:
        """A server in a place that answers with its peer's address; its port."""
        name = f"listener-{place}"
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.lab.spawn(place, name, ["python3", "-c", LISTEN, address, str(int(family))])
        try:
            self.assertTrue(eventually(lambda: self.lab.log(name).endswith("\n")))
            yield int(self.lab.log(name))
        finally:
            self.lab.signal(name, signal.SIGKILL)
            self.lab.wait(name, 10)

    def ask(self, place: str, address: str, port: int) -> str:
        return self.succeed(place, "python3", "-c", ASK, address, str(port)).strip()


class Commands(LabTest):
    def test_exit_code_and_both_outputs_come_back(self) -> None:
        done = self.lab.run("node1", ["sh", "-c", "echo data; echo message >&2; exit 7"])
        self.assertEqual(done, Completed(7, "data\n", "message\n"))

    def test_a_signal_s_death_is_a_negative_code(self) -> None:
        self.assertEqual(self.lab.run("node1", ["sh", "-c", "kill -9 $$"]).code, -signal.SIGKILL)

    def test_a_missing_program_is_code_127(self) -> None:
        done = self.lab.run("node1", ["/no/such/program"])
        self.assertEqual(done.code, 127)
        self.assertIn("/no/such/program", done.err)

    def test_stdin_and_environment_arrive(self) -> None:
        done = self.lab.run(
            "node1", ["sh", "-c", "cat; echo $WORD"], stdin="ä\n", env={"WORD": "w"}
        )
        self.assertEqual(done.out, "ä\nw\n")

    def test_large_output_is_whole(self) -> None:
        out = self.succeed("node1", "seq", "100000")
        self.assertEqual(out, "".join(f"{i}\n" for i in range(1, 100001)))

    def test_a_time_out_tells_the_output_so_far_and_kills_the_group(self) -> None:
        script = "echo so-far; sleep 4321 & sleep 4321"
        with self.assertRaisesRegex(LabError, r"(?s)sleep 4321.*within 1 s.*so-far"):
            self.lab.run("node1", ["sh", "-c", script], timeout=1)
        self.assertEqual(self.lab.run("node1", ["pgrep", "-fx", "sleep 4321"]).out, "")

    def test_an_unknown_place_is_an_error_that_names_the_places(self) -> None:
        with self.assertRaisesRegex(LabError, "nowhere.*node1"):
            self.lab.run("nowhere", ["true"])

    def test_files_of_the_share_are_seen_on_both_sides(self) -> None:
        name = f"lab-test-{os.getpid()}"
        path = self.lab.share / name
        self.addCleanup(path.unlink)
        self.succeed("node1", "sh", "-c", f"echo inside > '{path}'")
        self.assertEqual(path.read_text(), "inside\n")
        path.write_text("outside, and longer\n")
        self.assertEqual(self.succeed("node1", "cat", str(path)), "outside, and longer\n")

    def test_a_program_rebuilt_on_the_host_is_seen(self) -> None:
        for folder in (self.lab.share.parent, Path(tempfile.gettempdir())):
            path = folder / f"lab-test-program-{os.getpid()}"
            self.addCleanup(path.unlink)
            for word in ("first", "second build", "third"):
                with self.subTest(folder=folder, word=word):
                    write_anew(path, f"#!/bin/sh\necho {word}\n", 0o755)
                    self.assertEqual(self.succeed("node1", str(path)), word + "\n")

    def test_a_text_rewritten_on_the_host_is_seen(self) -> None:
        for folder in (self.lab.share.parent, Path(tempfile.gettempdir())):
            path = folder / f"lab-test-text-{os.getpid()}"
            self.addCleanup(path.unlink)
            for word in ("first", "second one", "third"):
                with self.subTest(folder=folder, word=word):
                    write_anew(path, word, 0o644)
                    self.assertEqual(self.succeed("node1", "cat", str(path)), word)


class LongLived(LabTest):
    def test_spawn_signal_wait_and_log(self) -> None:
        script = "trap 'echo ending; exit 3' TERM; echo begun; while :; do sleep 0.05; done"
        self.lab.spawn("node1", "long", ["sh", "-c", script])
        self.assertTrue(eventually(lambda: self.lab.log("long") == "begun\n"))
        self.assertTrue(self.lab.alive("long"))
        with self.assertRaisesRegex(LabError, "runs already"):
            self.lab.spawn("node1", "long", ["true"])
        with self.assertRaisesRegex(LabError, "has not ended"):
            self.lab.wait("long", 0.1)
        self.lab.signal("long", signal.SIGTERM)
        self.assertEqual(self.lab.wait("long", 10), 3)
        self.assertFalse(self.lab.alive("long"))
        self.assertEqual(self.lab.log("long"), "begun\nending\n")

    def test_a_name_may_be_used_again_after_the_end(self) -> None:
        for word in ("one", "two"):
            self.lab.spawn("node1", "again", ["echo", word])
            self.assertEqual(self.lab.wait("again", 10), 0)
            self.assertEqual(self.lab.log("again"), word + "\n")


class Topology(LabTest):
    def test_nodes_reach_each_other(self) -> None:
        self.succeed("node1", "ping", "-c1", "-W5", "192.168.50.12")
        self.succeed("node1", "ping", "-c1", "-W5", "fd00:50::12")

    def test_the_client_reaches_nodes_and_pods(self) -> None:
        pod = self.add_pod("seen", "node2")
        self.succeed("client", "ping", "-c1", "-W5", "192.168.50.13")
        self.succeed("client", "ping", "-c1", "-W5", pod["address4"])
        self.succeed("client", "ping", "-c1", "-W5", pod["address6"])

    def test_pod_to_pod_across_nodes_keeps_its_source_address(self) -> None:
        near = self.add_pod("near", "node1", address4="10.244.1.77", address6="fd00:10:244:1::77")
        far = self.add_pod("far", "node2")
        for key in ("address4", "address6"):
            with self.subTest(key), self.listener("far", far[key]) as port:
                self.assertEqual(self.ask("near", far[key], port), near[key])

    def test_a_node_speaks_to_its_pods_with_its_own_address(self) -> None:
        pod = self.add_pod("local", "node1")
        with self.listener("local", pod["address4"]) as port:
            self.assertEqual(self.ask("node1", pod["address4"], port), "192.168.50.11")

    def test_pods_of_one_node_reach_each_other_with_arp_ignore(self) -> None:
        one, two = self.add_pod("one", "node1"), self.add_pod("two", "node1")
        key = "net.ipv4.conf.all.arp_ignore"
        self.succeed("node1", "sysctl", "-qw", f"{key}=1")
        self.addCleanup(self.succeed, "node1", "sysctl", "-qw", f"{key}=0")
        self.assertNotEqual(one, two)
        self.succeed("one", "ping", "-c1", "-W5", two["address4"])

    def test_a_pod_reaches_the_host_s_loopback(self) -> None:
        self.add_pod("outward", "node2")
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=greet_once, args=(server,), daemon=True).start()
            port = server.getsockname()[1]
            self.assertEqual(self.ask("outward", self.lab.host_address, port), "hello")

    def test_a_deleted_pod_is_gone_with_its_processes_and_its_route(self) -> None:
        pod = self.lab.add_pod("brief", "node1")
        self.lab.spawn("brief", "in-brief", ["sleep", "4321"])
        self.lab.delete_pod("brief")
        self.assertEqual(self.lab.wait("in-brief", 10), -signal.SIGKILL)
        self.assertNotIn("brief", self.lab.places())
        self.assertNotIn(pod["address4"], self.succeed("node1", "ip", "route"))
        self.add_pod("brief", "node1", **pod)

    def test_a_pod_has_the_resolver_it_was_given(self) -> None:
        self.lab.add_pod("asking", "node1", nameserver="10.96.0.10", search=["default.svc", "svc"])
        self.addCleanup(self.lab.delete_pod, "asking")
        text = self.succeed("asking", "cat", "/etc/resolv.conf")
        self.assertEqual(text, "nameserver 10.96.0.10\nsearch default.svc svc\noptions ndots:5\n")
        self.assertNotIn("10.96.0.10", self.succeed("node1", "cat", "/etc/resolv.conf"))


class Kernel(LabTest):
    def test_nodes_have_ipvs_tables_of_their_own(self) -> None:
        self.assertIn("IP Virtual Server", self.succeed("node1", "ipvsadm", "-Ln"))
        self.succeed("node1", "ipvsadm", "-A", "-t", "10.96.0.99:80", "-s", "rr")
        self.addCleanup(self.succeed, "node1", "ipvsadm", "-D", "-t", "10.96.0.99:80")
        self.assertIn("10.96.0.99:80 rr", self.succeed("node1", "ipvsadm", "-Ln"))
        self.assertNotIn("10.96.0.99", self.succeed("node2", "ipvsadm", "-Ln"))

    def test_a_node_takes_a_dummy_interface_and_an_inet_table(self) -> None:
        self.succeed("node1", "ip", "link", "add", "probe0", "type", "dummy")
        self.addCleanup(self.succeed, "node1", "ip", "link", "del", "probe0")
        self.succeed("node1", "nft", "add table inet probe")
        self.addCleanup(self.succeed, "node1", "nft", "delete table inet probe")
        self.assertIn("table inet probe", self.succeed("node1", "nft", "list tables"))
        self.assertNotIn("probe", self.succeed("node2", "nft", "list tables"))
        self.assertNotIn("probe0", self.succeed("node2", "ip", "-br", "link"))

    def test_modules_load_when_the_kernel_asks(self) -> None:
        self.succeed("node1", "ipvsadm", "-A", "-t", "10.96.0.98:80", "-s", "mh")
        self.addCleanup(self.succeed, "node1", "ipvsadm", "-D", "-t", "10.96.0.98:80")
        self.assertIn("10.96.0.98:80 mh", self.succeed("node1", "ipvsadm", "-Ln"))

    def test_settings_are_writable_and_a_node_s_own(self) -> None:
        key = "net.ipv4.vs.conntrack"
        self.succeed("node1", "sysctl", "-qw", f"{key}=1")
        self.addCleanup(self.succeed, "node1", "sysctl", "-qw", f"{key}=0")
        self.assertEqual(self.succeed("node2", "sysctl", "-n", key), "0\n")

    def test_each_node_has_its_own_run_folder(self) -> None:
        self.succeed("node1", "mkdir", "/run/probe")
        self.addCleanup(self.succeed, "node1", "rmdir", "/run/probe")
        self.assertNotEqual(self.lab.run("node2", ["ls", "/run/probe"]).code, 0)


def write_anew(path: Path, text: str, mode: int) -> None:
    """Another file under the name, as linkers and editors leave it."""
    aside = path.with_suffix(".new")
    aside.write_text(text)
    aside.chmod(mode)
    aside.rename(path)


def greet_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"hello")


if __name__ == "__main__":
    unittest.main()
