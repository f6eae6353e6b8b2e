"""Webhooks that a sandbox sends, and the ways in which they get lost, come late or come twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import httpx

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook request, signed."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    secret: str = field(default="", repr=False)  # what it was signed with
    names: bool = True  # whether this vendor's webhooks say what they are about
    tells_whose: bool = True  # whether they say who caused it
    numbered: bool = True  # whether one that comes again can be told from a new one
    signed: bool = True  # whether something in it proves it; else a word in the query of its address does
    proves_body: bool = True  # whether that proves its body, too; a token in a header does not


class HookFault(StrEnum):
    """What happens to deliveries."""

    NONE = "none"
    LOSE = "lose"
    HOLD = "hold"  # kept back until `release`
    DOUBLE = "double"


def exchange(delivery: Delivery) -> tuple[int, Mapping[str, str]]:
    """Send one delivery over the network; return the receiver's status and headers, 0 when nobody answers."""
    try:
        answer = httpx.request(
            delivery.method, delivery.url, headers=dict(delivery.headers), content=delivery.body, timeout=TIMEOUT_S,
            trust_env=False,
        )  # fmt: skip
    except httpx.HTTPError:
        return 0, {}
    return answer.status_code, answer.headers


def post(delivery: Delivery) -> int:
    """Send one delivery over the network and return the receiver's status; 0 when nobody answers."""
    return exchange(delivery)[0]


class Outbox:
    """Deliveries in their order. `flush` sends what is due; a thread may call it again and again."""

    def __init__(self, send: Callable[[Delivery], int] = post) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._due: list[Delivery] = []
        self._held: list[Delivery] = []
        self.fault = HookFault.NONE
        self.sent: list[tuple[Delivery, int]] = []

    def add(self, delivery: Delivery) -> None:
        """Take a delivery; what becomes of it depends on the fault that is set."""
        with self._lock:
            if self.fault is HookFault.HOLD:
                self._held.append(delivery)
            elif self.fault is not HookFault.LOSE:
                self._due.extend([delivery] * (2 if self.fault is HookFault.DOUBLE else 1))

    def release(self) -> None:
        """Let what was held back go, last one first."""
        with self._lock:
            self._due.extend(reversed(self._held))
            self._held.clear()

    def flush(self) -> int:
        """Send everything that is due; return how many were sent."""
        with self._lock:
            due, self._due = self._due, []
        for delivery in due:
            self.sent.append((delivery, self._send(delivery)))
        return len(due)
