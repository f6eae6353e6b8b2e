"""What the made-up Google counts of calls, and when it has had enough.

https://developers.google.com/workspace/drive/api/guides/limits
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from flask import request

from connectors.google_drive.sandbox_answers import Refused


class Quotas:
    """What Google counts: units a minute, of each user of a project and of the project."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.per_user, self.per_project = 325_000, 1_000_000
        self.clock = clock
        self._spent: Counter[tuple[str, int]] = Counter()

    def spend(self, user: str) -> None:
        """Count the call that is being made.

        Raises:
            Refused: the user, or all of them together, made too many.
        """
        minute, units = int(self.clock() // 60), _units()
        for whose, most, reason in (
            (user, self.per_user, "userRateLimitExceeded"), ("", self.per_project, "rateLimitExceeded"),
        ):  # fmt: skip
            if self._spent[whose, minute] + units > most:
                raise Refused(403, reason, "User rate limit exceeded." if whose else "Rate Limit Exceeded")
        self._spent.update({(user, minute): units, ("", minute): units})


def _units() -> int:
    """Return what a call costs: those that Google does not name count as what is nearest."""
    end = request.path.rpartition("/")[2]
    if request.method != "GET":
        return 5 if end in ("watch", "stop") else 50
    if request.args.get("alt") == "media" or end.lower() == "export":
        return 200
    return 100 if end in ("files", "changes", "drives") else 5
