"""Named points at which a rehearsal kills its own process. In real use they do nothing.

`DAMHUB_FAULTPOINT=name` kills at the first time that the point is reached, `name:3` at the third. The points stand
around every write to a remote: before the intent is committed, after it, while the remote works, before the answer is
recorded, and after that.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

VARIABLE: Final = "DAMHUB_FAULTPOINT"
DELAY_VARIABLE: Final = "DAMHUB_FAULTPOINT_DELAY_S"
POINTS: Final = (
    "intent_not_committed",
    "committed_not_sent",
    "sent_no_answer",
    "answered_not_recorded",
    "recorded_not_acknowledged",
)

_reached: Counter[str] = Counter()


def reach(name: str) -> None:
    """Say that a point was reached; end this process at once if a rehearsal asked for it."""
    if _strikes(name):
        _die()


@contextmanager
def under_way() -> Generator[None]:
    """Stand around a call: `sent_no_answer` strikes a moment after it was begun, before it is answered.

    The remote must hold its answer for longer than the delay (0.3 s by default). If it does not, the process ends
    when the call returns, so that an armed point never passes unnoticed.
    """
    if not _strikes("sent_no_answer"):
        yield
        return
    timer = threading.Timer(float(os.environ.get(DELAY_VARIABLE, "0.3")), _die)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.join()


def _strikes(name: str) -> bool:
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return False
    point, _, count = wanted.partition(":")
    if point != name:
        return False
    _reached[name] += 1
    return _reached[name] == int(count or "1")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
