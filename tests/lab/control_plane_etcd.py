"""The control plane's etcd, asked over its JSON gateway."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FIRST_KEY = "AA=="  # base64 of a zero byte


@dataclass(frozen=True)
class Etcd:
    """A running etcd."""

    folder: Path  # its data
    port: int  # of its clients, on 127.0.0.1

    def revision(self) -> int:
        """The number of the newest change."""
        answer = self._ask("kv/range", {"key": _FIRST_KEY, "limit": "1"})
        return int(answer["header"]["revision"])

    def compact(self) -> None:
        """Forgets the history of everything up to now; returns when it is forgotten."""
        self._ask("kv/compaction", {"revision": str(self.revision()), "physical": True})

    def _ask(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v3/{what}",
                                         json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            result: dict[str, Any] = json.load(answer)
        return result
