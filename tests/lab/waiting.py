"""The one way to wait for a condition."""

from __future__ import annotations

import time
from collections.abc import Callable

_PAUSE = 0.2


class WaitedInVain(Exception):
    """A condition did not come about; the text says which."""


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Returns when `condition` holds; WaitedInVain naming `what` if it never does."""
    if not came_true(condition, seconds):
        raise WaitedInVain(f"waited {seconds:.0f} s in vain for {what}")


def came_true(condition: Callable[[], object], seconds: float, pause: float = _PAUSE) -> bool:
    """Whether `condition` held in time, for those who have more to say of it."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
