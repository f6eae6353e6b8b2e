"""The made-up Asana's event streams: one list of events, and tokens that name places in it until they are forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

MOST = 100
TOO_OLD = (
    "Sync token invalid or too old. If you are attempting to keep resources in sync, you must fetch the full dataset "
    "for this query now and use the new sync token for the next sync."
)


class Streams:
    """All events, with the resources whose streams they are told on."""

    def __init__(self) -> None:
        self._events: list[tuple[frozenset[str], dict[str, Any]]] = []
        self._places: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self._events)

    def add(self, resources: Sequence[str], event: dict[str, Any]) -> None:
        """Tell an event on these streams."""
        self._events.append((frozenset(resources), event))

    def forget(self) -> None:
        """Forget all tokens, as after 24 hours."""
        self._places.clear()

    def read(self, resource: str, token: str) -> tuple[int, dict[str, Any]]:
        """Return status and answer; a token that is missing, unknown or another stream's gets a fresh one."""
        start = self._places.get((resource, token))
        if start is None:
            return 412, {"errors": [{"message": TOO_OLD}], "sync": self._token(resource, len(self._events))}
        here = [(at, event) for at, (told_on, event) in enumerate(self._events) if at >= start and resource in told_on]
        page, more = here[:MOST], len(here) > MOST
        after = page[-1][0] + 1 if more else len(self._events)
        return 200, {"data": [event for _, event in page], "sync": self._token(resource, after), "has_more": more}

    def _token(self, resource: str, place: int) -> str:
        token = hashlib.sha256(f"{resource} {place}".encode()).hexdigest()[:32] + f":{place}"
        self._places[resource, token] = place
        return token
