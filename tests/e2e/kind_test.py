"""The shared cases on the kind cluster that scripts/kind-e2e has made."""

from __future__ import annotations

import unittest

from e2e.provider import kind_cluster
from e2e.shared_cases import SharedCases


class OnKind(SharedCases, unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        found = kind_cluster()
        if found is None:
            raise unittest.SkipTest("no kind cluster: `scripts/kind-e2e all` makes one")
        cls.provider = found
        cls.addClassCleanup(cls.tidy)
        cls.prepare()
