"""One client for each address that is sent to, so that a connection stays open from one message to the next.

A pool that all addresses share keeps the connections of a few only, and looks at every one of them for each message.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from connectors.sdk.guard import Guard, origin_of
from connectors.sdk.wire import Client, GuardedTransport, guarded_client

MOST: Final = 128
"""To how many addresses connections are kept; beyond, to those that were sent to last."""


@dataclass(slots=True, eq=False)
class _Kept:
    client: Client
    users: int = 0
    dropped: bool = False


class Wires:
    """Clients by origin. Safe for threads."""

    def __init__(self, guard: Guard, *, most: int = MOST) -> None:
        """Wire it; `guard` says which addresses may be called."""
        self._guard, self._most = guard, most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @contextmanager
    def to(self, url: str) -> Generator[Client]:
        """Lend the client for an address.

        Raises:
            AddressRefused: it is no http or https address.
        """
        kept = self._lend(origin_of(url))
        try:
            yield kept.client
        finally:
            self._take_back(kept)

    def close(self) -> None:
        """Close all connections, those that are in use as soon as they are not."""
        with self._lock:
            dropped = list(self._kept.values())
            self._kept.clear()
            for kept in dropped:
                kept.dropped = True
        for kept in dropped:
            self._close_unused(kept)

    def _lend(self, origin: str) -> _Kept:
        with self._lock:
            kept = self._kept.get(origin)
            if kept is None:
                kept = self._kept[origin] = _Kept(guarded_client(self._guard, transport=self._transport()))
            self._kept.move_to_end(origin)
            kept.users += 1
            oldest = next(iter(self._kept.values()))
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
                oldest.dropped = True
        self._close_unused(oldest)
        return kept

    def _take_back(self, kept: _Kept) -> None:
        with self._lock:
            kept.users -= 1
        self._close_unused(kept)

    @staticmethod
    def _close_unused(kept: _Kept) -> None:
        """Close what was dropped once nobody uses it; closing twice is no harm."""
        if kept.dropped and not kept.users:
            kept.client.close()

    def _transport(self) -> GuardedTransport:
        return GuardedTransport(self._guard, idle=1)
