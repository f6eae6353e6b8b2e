"""The log of deliveries: what was sent, how each try was answered, and when that is forgotten. The session is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.clock import DAY
from hub.errors import NotFound
from hub.notify.models import Delivery, DeliveryAttempt

KEPT_MS: Final = 30 * DAY
"""How long tries, and deliveries that have ended, are kept."""
SWEPT_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One event on its way to one endpoint, as it is shown."""

    event_id: str
    seq: int
    kind: str
    state: str
    attempt: int
    due_at: int
    last_answer: str
    body: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try, as it is shown: when it ended, how long it took, and how it was answered."""

    at: int
    took_ms: int
    status: int | None
    answer: str
    shown: str


def deliveries(
    session: Session, endpoint_id: str, *, state: str = "", before: str = "", limit: int
) -> list[DeliveryView]:
    """Return an endpoint's deliveries, newest event first, of one state or of all; `before`: an event's id."""
    query = select(Delivery).where(Delivery.endpoint_id == endpoint_id)
    if state:
        query = query.where(Delivery.state == state)
    if before:
        query = query.where(Delivery.event_id < before)
    return [_view(row) for row in session.scalars(query.order_by(Delivery.event_id.desc()).limit(limit))]


def delivery(session: Session, endpoint_id: str, event_id: str) -> tuple[DeliveryView, list[AttemptView]]:
    """Return a delivery and its tries, newest first.

    Raises:
        NotFound: `no_such_delivery`: there is none, or it was swept.
    """
    row = session.get(Delivery, (endpoint_id, event_id))
    if row is None:
        raise NotFound("no_such_delivery", "There is no such delivery, or it ended more than 30 days ago.",
                       next_step="Load the list again.")  # fmt: skip
    mine = DeliveryAttempt.endpoint_id == endpoint_id, DeliveryAttempt.event_id == event_id
    tries = session.scalars(select(DeliveryAttempt).where(*mine).order_by(DeliveryAttempt.id.desc()))
    return _view(row), [AttemptView(one.at, one.took_ms, one.status, one.answer, one.shown) for one in tries]


def sweep(session: Session, *, now: int) -> int:
    """Forget some of what is older than `KEPT_MS`; return how many rows went. What still waits is never swept."""
    old = now - KEPT_MS
    tries = select(DeliveryAttempt.id).where(DeliveryAttempt.at < old).limit(SWEPT_AT_ONCE)
    gone = list(session.scalars(tries))
    session.execute(delete(DeliveryAttempt).where(DeliveryAttempt.id.in_(gone)))
    ended = select(Delivery.endpoint_id, Delivery.event_id).where(Delivery.ended_at < old).limit(SWEPT_AT_ONCE)
    rows = [(endpoint_id, event_id) for endpoint_id, event_id in session.execute(ended)]
    if rows:
        # Column by column: SQLite uses no index for pairs. Whatever else this meets is as old, and is to go too.
        endpoints, events = zip(*rows, strict=True)
        these = Delivery.endpoint_id.in_(set(endpoints)), Delivery.event_id.in_(set(events))
        session.execute(delete(Delivery).where(*these, Delivery.ended_at < old))
    return len(gone) + len(rows)


def _view(row: Delivery) -> DeliveryView:
    return DeliveryView(row.event_id, row.seq, row.kind, row.state, row.attempt, row.due_at, row.last_answer, row.body)
