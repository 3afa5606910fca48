"""The shared cases on the lab's cluster."""

from __future__ import annotations

from e2e.fixture import ClusterTest
from e2e.provider import LabProvider
from e2e.shared_cases import SharedCases


class OnTheLab(SharedCases, ClusterTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.provider = LabProvider(cls.cluster)
        cls.addClassCleanup(cls.tidy)
        cls.prepare()
