"""The agent's client against a real API server that is restarted, frozen, compacted, restored.

100 rounds of the same: `PYTHONPATH=tests python3 -m e2e.rounds`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import ClassVar

from e2e.black_hole import black_hole
from e2e.fault_rounds import NAMESPACE, FaultRounds
from e2e.fixture import ClusterTest
from e2e.followed_agent import AgentInLab

NODE = "node1"
FREEZE = 10.0
NOTICED = 32.0  # 30 s, and the time that looking takes


class Client(ClusterTest):
    rounds: ClassVar[FaultRounds]
    agent: ClassVar[AgentInLab]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.make_namespace(NAMESPACE)
        cls.agent = AgentInLab(cls.cluster, NODE)
        cls.rounds = FaultRounds(cls.cluster.control_plane, cls.agent)
        cls.addClassCleanup(cls.rounds.token.remove)
        cls.addClassCleanup(cls.agent.start, "")

    def test_a_server_that_is_restarted_again_and_again_is_followed(self) -> None:
        for _ in range(2):
            self.assert_current_after(self.rounds.faults.restart)

    def test_a_frozen_server_is_followed_when_it_goes_on(self) -> None:
        self.assert_current_after(lambda: self.rounds.faults.freeze(FREEZE))

    def test_a_compacted_history_is_read_as_a_whole(self) -> None:
        self.assert_current_after(self.rounds.faults.compact)

    def test_a_renewed_token_is_used_when_the_old_one_is_refused(self) -> None:
        self.assert_current_after(self.rounds.token_renewed)

    def test_an_older_snapshot_is_believed_when_it_is_restored(self) -> None:
        self.assert_current_after(self.rounds.restored)

    def test_a_server_whose_packets_vanish_is_given_up_within_half_a_minute(self) -> None:
        self.assert_current_after(self.vanished_until_noticed)

    def vanished_until_noticed(self) -> None:
        """Ends with the hole, when the agent has said that it lost the server."""
        node = next(node for node in self.cluster.nodes if node.name == NODE)
        with black_hole(self.cluster, node.addresses[0]):
            began = time.monotonic()
            log = len(self.cluster.agents.log(NODE))
            self.cluster.wait_for(
                lambda: "cannot watch" in self.cluster.agents.log(NODE)[log:], 60,
                "the agent to notice that the API server is gone")
            self.assertLessEqual(time.monotonic() - began, NOTICED)

    def assert_current_after(self, fault: Callable[[], None]) -> None:
        self.assert_within(self.agent.limit, lambda: self.told(self.rounds.seconds_after(fault)))

    @staticmethod
    def told(seconds: float) -> float:
        print(f"        current again after {seconds:.2f} s", file=sys.stderr)
        return seconds
