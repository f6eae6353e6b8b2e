"""Secrets that remotes choose themselves and hand over while a subscription is made (Asana's X-Hook-Secret).

Anybody who knows the address could hand over a secret of their own, and sign lies with it afterwards. So one is taken
only while our own call is open, only one, and it signs nothing that is kept before the answer to that call, which
comes from the remote itself, has named the same one. What a subscription holds is sealed as a whole.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from connectors.sdk.protocols import HandsOver, Inbound
from hub.connections.models import Subscription

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.keyring import Keyring

OPEN_MS = 2 * 60_000
"""Longer than any call lasts; a process that died in between leaves no door open."""
_SECRETS = range(16, 513)
_MARK = "handshake:"


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a subscription knows of its remote's secret."""

    secret: str = field(default="", repr=False)  # agreed; empty: none yet
    offered: str = field(default="", repr=False)  # handed over during the call that is open
    open_until: int = 0

    def is_open(self, now: int) -> bool:
        """Tell whether our own call is under way."""
        return now < self.open_until

    def opened(self, now: int) -> Handshake:
        """Begin a call; what was agreed before goes on being believed meanwhile."""
        return replace(self, offered="", open_until=now + OPEN_MS)

    def closed(self) -> Handshake:
        """End a call without an agreement."""
        return Handshake(self.secret)

    def taking(self, secret: str, now: int) -> Handshake | None:
        """Return how it is after a handshake; None when that must be refused."""
        usable = len(secret) in _SECRETS and secret.isascii() and secret.isprintable()
        if not self.is_open(now) or not usable or (self.offered and not _same(self.offered, secret)):
            return None
        return replace(self, offered=secret)

    def after(self, named: str) -> Handshake | None:
        """Return how it is after the answer to our call; None when it named another secret than was handed over.

        An answer that names none is about a subscription that stood there already, whose secret must be known.
        """
        if not named:
            return self.closed() if self.secret else None
        return Handshake(named) if self.offered and _same(self.offered, named) else None


def hands_over(inbound: Inbound | None) -> HandsOver | None:
    """Return the inbound as one whose remote hands secrets over, if it is."""
    return inbound if isinstance(inbound, HandsOver) else None


def of(keyring: Keyring, subscription_id: str, sealed: str) -> Handshake | None:
    """Open what is sealed in a subscription; None where the secret was known from the start."""
    if not sealed.startswith(_MARK):
        return None
    return Handshake(**json.loads(keyring.open(sealed.removeprefix(_MARK), purpose=_purpose(subscription_id))))


def load(keyring: Keyring, session: Session, row: Subscription) -> Handshake:
    """Open what a subscription holds now, and keep others from changing it in this unit."""
    session.flush()
    session.refresh(row, with_for_update=True)
    return of(keyring, row.id, row.sealed_secret) or Handshake()


def store(keyring: Keyring, row: Subscription, handshake: Handshake) -> None:
    """Seal it into the subscription's row."""
    row.sealed_secret = _MARK + keyring.seal(json.dumps(asdict(handshake)), purpose=_purpose(row.id))


def _purpose(subscription_id: str) -> str:
    return f"handshake/{subscription_id}"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
