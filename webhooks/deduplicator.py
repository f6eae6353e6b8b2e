"""Recognises messages that came before, within a window and a bounded memory."""

from __future__ import annotations

import threading
from collections import OrderedDict


class Deduplicator:
    """Remembers the ids of messages. Safe to share between threads; forgotten when the process ends."""

    def __init__(self, *, keep_s: int, most: int = 100_000) -> None:
        """Remember each id for `keep_s` seconds, the latest `most` of them."""
        self._keep_s = keep_s
        self._most = most
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, message_id: str, *, now_s: int) -> bool:
        """Tell whether this id comes for the first time, and remember it. Of callers at once exactly one hears yes."""
        with self._lock:
            seen_at = self._seen.get(message_id)
            if seen_at is not None and now_s - seen_at < self._keep_s:
                return False
            self._seen[message_id] = now_s
            self._seen.move_to_end(message_id)
            if len(self._seen) > self._most:
                self._seen.popitem(last=False)
            return True

    def forget(self, message_id: str) -> None:
        """Let an id count as new again, because working on its message failed."""
        with self._lock:
            self._seen.pop(message_id, None)

    def __len__(self) -> int:
        return len(self._seen)
