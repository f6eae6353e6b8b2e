"""How the made-up Postiz answers: its forms of refusal, its kinds of file, its hourly budget."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

HOUR_S = 3600
BUDGET = 90


def said(body: Any, status: int) -> Response:
    """Answer JSON as it is."""
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")


def told(status: int, message: str | list[str], error: str = "Bad Request") -> Response:
    """Answer a refusal in the framework's own form."""
    return said({"message": message, "error": error, "statusCode": status}, status)


class Throttle:
    """The budget of `POST /posts`: so many an hour; the first refusal blocks for a full hour, whatever was left."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.budget = BUDGET
        self._began = clock()
        self._used = 0
        self._blocked_until = 0.0

    def turn(self) -> tuple[Response | None, Mapping[str, str]]:
        """Count a call; return a refusal if there is one, and the headers."""
        now = self.clock()
        if now < self._blocked_until:
            return self._refused(now)
        if now - self._began >= HOUR_S or self._blocked_until:
            self._began, self._used, self._blocked_until = now, 0, 0.0
        if self._used >= self.budget:
            self._blocked_until = now + HOUR_S
            return self._refused(now)
        self._used += 1
        left = {"Limit": self.budget, "Remaining": self.budget - self._used, "Reset": int(self._began + HOUR_S - now)}
        return None, {f"X-RateLimit-{name}": str(value) for name, value in left.items()}

    def _refused(self, now: float) -> tuple[Response, Mapping[str, str]]:
        body = {"statusCode": 429, "message": "ThrottlerException: Too Many Requests"}
        return said(body, 429), {"Retry-After": str(int(self._blocked_until - now))}
