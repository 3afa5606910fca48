"""`kube-ipvs status -n` is `ipvsadm -Ln`, byte for byte. Runs last, on what the others left."""

from __future__ import annotations

import contextlib

from e2e.fixture import SOON, ClusterTest
from lab.cluster import ClusterError

# Beside ours: every protocol, both families, other schedulers and flags, a few hundred entries.
FOREIGN = "".join((
    "-A -t 192.0.2.1:80 -s wlc -p 300\n", "-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 100\n",
    "-A -u 192.0.2.1:53 -s sh -b sh-fallback,sh-port\n", "-A -t [2001:db8::1]:443 -s wrr\n",
    "-a -t [2001:db8::1]:443 -r [2001:db8:ffff:ffff:ffff:ffff:ffff:1]:65535 -m -w 65535\n",
    "-A -f 7 -s rr\n", "-a -f 7 -r 198.51.100.2:0 -g -w 0\n",
    *(f"-A -t 192.0.2.2:{port} -s rr\n"
      f"-a -t 192.0.2.2:{port} -r 198.51.100.{port % 250}:{port} -m -w 1\n"
      for port in range(1, 301)),
))


class Status(ClusterTest):
    def test_the_listing_equals_ipvsadms_on_every_node(self) -> None:
        for node in self.node_names():
            with self.subTest(node):
                self.assert_same_listing(node)

    def test_the_listing_equals_ipvsadms_with_hundreds_of_entries_that_are_not_ours(self) -> None:
        node = self.node_names()[0]
        done = self.cluster.lab.run(node, ["ipvsadm", "-R"], stdin=FOREIGN)
        self.addCleanup(self.cluster.lab.run, node, ["ipvsadm", "-R"], stdin="".join(
            line.replace("-A", "-D").split(" -s ")[0] + "\n"
            for line in FOREIGN.splitlines() if line.startswith("-A")))
        self.assertEqual(done.code, 0, done.err)
        self.assert_same_listing(node)

    def assert_same_listing(self, node: str) -> None:
        """Connections come and go, so the two may differ in a count; then both are read again."""
        program = str(self.cluster.agents.program)
        listings = ("", "")

        def same() -> bool:
            nonlocal listings
            listings = (self.cluster.output(node, program, "status", "-n"),
                        self.cluster.output(node, "ipvsadm", "-Ln"))
            return listings[0] == listings[1]

        with contextlib.suppress(ClusterError):  # the assertion shows where they differ
            self.cluster.wait_for(same, SOON, "two equal listings")
        self.assertEqual(*listings)
