"""Threads that carry things one after another, and are there for only as long as there is something to carry.

They are daemons: a worker that ends waits for none of them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Lanes(Generic[Thing]):
    """Up to `most` threads side by side. What cannot be carried at once waits in the order in which it came."""

    def __init__(self, most: int, carry: Callable[[Thing], None]) -> None:
        """Wire it; `carry` raises nothing."""
        self._most, self._carry = most, carry
        self._lock = threading.Lock()
        self._waiting: deque[Thing] = deque()
        self._threads: set[threading.Thread] = set()

    def add(self, things: Sequence[Thing]) -> None:
        """Have things carried."""
        with self._lock:
            self._waiting.extend(things)
            more = min(len(self._waiting), self._most - len(self._threads))
            begun = [threading.Thread(target=self._run, name="webhook", daemon=True) for _ in range(more)]
            self._threads.update(begun)
        for thread in begun:
            thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads.discard(threading.current_thread())
                    return
                thing = self._waiting.popleft()
            self._carry(thing)
