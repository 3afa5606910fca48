"""What a row accepts and what it complains about."""

from __future__ import annotations

import unittest

from packets.scene import Row, destination
from packets.verdict import complaint, parse, request
from packets.world import Place, Probe

TO = destination("clusterIP web:80")


def probe(row: Row, source: str | None = None) -> Probe:
    start = Place("pod", "packets.caller-1", "node1", "10.244.1.2")
    return Probe(row=row, sentence=row.sentence, start=start, enters="node1", protocol="TCP",
                 address="10.96.0.7", port=80, endpoints=[], source=source)


def wrong(row: Row, output: str, source: str | None = None) -> str:
    return complaint(probe(row, source), parse(output).get(0, []))


class Verdicts(unittest.TestCase):
    both = Row("s", "pod on node1", TO, ends=["a", "b"])

    def test_every_pod_must_answer_and_no_other(self) -> None:
        self.assertEqual(wrong(self.both, answers("a", "b", "a", "b")), "")
        self.assertIn("not by a b", wrong(self.both, answers("a", "a")))
        self.assertIn("not by a b", wrong(self.both, answers("a", "b", "c")))

    def test_one_refusal_among_answers_is_a_failure(self) -> None:
        self.assertIn("refused", wrong(self.both, answers("a", "b") + "0 refused\n"))

    def test_no_attempt_at_all_is_a_failure(self) -> None:
        for ends in (["a"], "refused", "dropped", 200):
            self.assertNotEqual(wrong(Row("s", "node1", TO, ends=ends), ""), "", ends)

    def test_refused_is_not_dropped_and_neither_is_answered(self) -> None:
        refused, dropped = (Row("s", "node1", TO, ends=word) for word in ("refused", "dropped"))
        self.assertEqual(wrong(refused, "0 refused\n0 refused\n"), "")
        self.assertEqual(wrong(dropped, "0 silent\n"), "")
        self.assertEqual(wrong(dropped, "0 unreachable\n"), "")
        self.assertNotEqual(wrong(refused, "0 silent\n"), "")
        self.assertNotEqual(wrong(dropped, "0 refused\n"), "")
        self.assertNotEqual(wrong(dropped, answers("a")), "")

    def test_the_source_is_the_clients_own_or_the_nodes(self) -> None:
        self.assertEqual(wrong(self.both, answers("a", "b"), "10.244.1.2"), "")
        self.assertIn("10.244.1.2", wrong(self.both, answers("a", "b"), "node3"))
        from_node = "0 answered a 192.168.50.13:4 8\n0 answered b [fd00:50::13]:5 8\n"
        self.assertEqual(wrong(self.both, from_node, "node3"), "")

    def test_a_sticky_client_meets_one_pod_and_one_of_the_row(self) -> None:
        sticky = Row("s", "node1", TO, ends=["a", "b"], sticky=True)
        self.assertEqual(wrong(sticky, answers("b", "b")), "")
        self.assertNotEqual(wrong(sticky, answers("a", "b")), "")
        self.assertNotEqual(wrong(sticky, answers("c", "c")), "")

    def test_a_request_that_arrives_in_part_is_a_failure(self) -> None:
        large = Row("s", "node1", TO, ends=["a"], bytes=100000)
        self.assertIn("8", wrong(large, answers("a")))

    def test_a_health_check_is_its_status(self) -> None:
        healthy = Row("s", "client", destination("healthCheck web:30000 on node1"), ends=200)
        self.assertEqual(wrong(healthy, "0 answered 200 - -\n"), "")
        self.assertNotEqual(wrong(healthy, "0 answered 503 - -\n"), "")

    def test_a_clients_packets_carry_the_number_of_the_node_they_arrive_at(self) -> None:
        row = Row("s", "client", destination("loadBalancer web:80 via node3"), ends=["a", "b"])
        self.assertEqual(request(7, probe(row)), "7 TCP 10.96.0.7 80 3 0 4 16 2 5000 8")

    def test_the_same_flow_is_one_attempt_from_one_port(self) -> None:
        row = Row("s", "node1", TO, ends=["a", "b"], source_port=5001)
        self.assertEqual(request(0, probe(row)), "0 TCP 10.96.0.7 80 0 5001 1 1 1 5000 8")


def answers(*names: str) -> str:
    return "".join(f"0 answered {name} 10.244.1.2:4711 8\n" for name in names)


if __name__ == "__main__":
    unittest.main()
