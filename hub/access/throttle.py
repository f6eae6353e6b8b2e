"""Slows down guessing: each failed try is counted for the account and for the address before it is judged."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.access.models import SignInAttempt
from hub.clock import DAY, MINUTE, SECOND
from hub.db.seed import insert_if_missing
from hub.errors import Throttled

FORGOTTEN_AFTER = 60 * MINUTE
FIRST_WAIT = 30 * SECOND
LONGEST_WAIT = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Gate:
    """One counter: a key, and how many failures are free."""

    key: str
    free: int


def account_gate(email: str) -> Gate:
    """Return the counter of an account, known or not."""
    return Gate(_key("account", email), 5)


def address_gate(address: str) -> Gate:
    """Return the counter of a network address; one customer's IPv6 addresses, a /64, count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        parsed = None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        address = str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
    return Gate(_key("address", address), 20)


def count_try(session: Session, gates: tuple[Gate, ...], *, at: int) -> None:
    """Count a try as failed before it is judged, so that tries side by side cannot slip past.

    Raises:
        Throttled: too many failures lately; this try was not counted.
    """
    rows = [(gate, _locked(session, gate, at)) for gate in sorted(gates, key=lambda gate: gate.key)]
    wait = max(row.blocked_until - at for _, row in rows)
    if wait > 0:
        raise Throttled(
            "too_many_tries",
            "Too many failed tries to sign in.",
            retry_after_s=-(-wait // SECOND),
            next_step="Wait, then try again.",
        )
    for gate, row in rows:
        row.failures = row.failures + 1 if at - row.last_at < FORGOTTEN_AFTER else 1
        row.last_at = at
        row.blocked_until = at + _wait(row.failures - gate.free)


def forgive(session: Session, gate: Gate, *, at: int, entirely: bool) -> None:
    """Take back the counted try after a success; `entirely` clears the counter."""
    row = _locked(session, gate, at)
    row.failures = 0 if entirely else max(0, row.failures - 1)
    row.blocked_until = at + _wait(row.failures - gate.free)


def sweep(session: Session, *, at: int) -> None:
    """Forget counters that no longer count."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.last_at < at - DAY))


def _wait(over: int) -> int:
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(over, 10)) if over >= 0 else 0


def _locked(session: Session, gate: Gate, at: int) -> SignInAttempt:
    insert_if_missing(session, SignInAttempt, key=gate.key, failures=0, last_at=at, blocked_until=0)
    query = select(SignInAttempt).where(SignInAttempt.key == gate.key).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _key(kind: str, value: str) -> str:
    return f"{kind}:{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"
