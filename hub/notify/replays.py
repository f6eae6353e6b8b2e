"""Sending events again: one, or all of a span of time, to one endpoint. Functions here receive the session.

A message that is sent again keeps its `webhook-id` and its bytes: by the Standard Webhooks specification the id belongs
to the event and "remains the same no matter how many times" it is sent. Whoever lost what they had must forget the ids,
too; whoever did not is not harmed.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.errors import Conflict, Invalid, NotFound
from hub.events.models import Event
from hub.notify.filters import Reach, passes
from hub.notify.kinds import KINDS, matching
from hub.notify.models import Delivery, Endpoint
from hub.notify.outbox import row_of

AT_ONCE: Final = 200
"""How many events of a span one unit makes due again."""


def again(session: Session, endpoint: Endpoint, event_id: str, *, now: int) -> None:
    """Make one event due again, whether or not it was delivered, and whatever the endpoint wants to hear of now.

    Raises:
        NotFound: `no_such_event`: there is none, or none of this kind goes out.
        Conflict: `endpoint_off`.
    """
    refuse_off(endpoint)
    event = session.scalar(select(Event).where(Event.id == event_id))
    if event is None or event.kind not in KINDS:
        raise NotFound("no_such_event", "There is no such event, or none that goes out.", next_step="Load the log.")
    _due_again(session, endpoint, event, now)


def begin(session: Session, endpoint: Endpoint, *, from_at: int, until_at: int) -> None:
    """Begin to send again what happened from an instant up to another one, and what the endpoint wants to hear of.

    Raises:
        Invalid: `span_empty`.
        Conflict: `endpoint_off`, `replay_running`.
    """
    refuse_off(endpoint)
    if from_at >= until_at:
        raise Invalid("span_empty", "A span of time begins before it ends.", where="until_at",
                      next_step="Give an earlier beginning, or a later end.")  # fmt: skip
    if endpoint.replay_until is not None:
        raise Conflict("replay_running", "Events are being sent there again already.", where=endpoint.id,
                       next_step="Wait until that is done.")  # fmt: skip
    first = session.scalar(select(func.min(Event.seq)).where(Event.at >= from_at))
    last = session.scalar(select(func.max(Event.seq)).where(Event.at < until_at))
    if first is None or last is None or first > last:
        return
    endpoint.replay_after, endpoint.replay_until = first - 1, last
    endpoint.replay_from_at, endpoint.replay_until_at = from_at, until_at


def carry_on(session: Session, reach: Reach, *, now: int) -> int:
    """Make the next events of replays due; return how many events were read. Each endpoint's in its order."""
    query = select(Endpoint).where(Endpoint.replay_until.is_not(None)).with_for_update(skip_locked=True)
    return sum(_carry_on(session, endpoint, reach, now) for endpoint in session.scalars(query))


def _carry_on(session: Session, endpoint: Endpoint, reach: Reach, now: int) -> int:
    after, until = endpoint.replay_after or 0, endpoint.replay_until or 0
    span = Event.seq > after, Event.seq <= until
    events = list(session.scalars(select(Event).where(*span).order_by(Event.seq).limit(AT_ONCE)))
    kinds = matching(endpoint.kinds)
    # Numbers follow the order of commits, times the clock: both bounds are held.
    begins, ends = endpoint.replay_from_at or 0, endpoint.replay_until_at or 0
    for event in events:
        wanted = event.kind in kinds and begins <= event.at < ends
        if wanted and (not endpoint.filters or passes(endpoint.filters, reach(session, event))):
            _due_again(session, endpoint, event, now)
    if len(events) < AT_ONCE:
        endpoint.replay_after = endpoint.replay_until = endpoint.replay_from_at = endpoint.replay_until_at = None
    else:
        endpoint.replay_after = events[-1].seq
    return len(events)


def _due_again(session: Session, endpoint: Endpoint, event: Event, now: int) -> None:
    """Make a delivery due; one that is on its way, or waits for its next try, is hurried and not doubled."""
    row = session.get(Delivery, (endpoint.id, event.id), with_for_update=True, populate_existing=True)
    if row is None:
        session.add(Delivery(**row_of(endpoint, event, due_at=now)))
    else:
        row.state, row.attempt, row.due_at, row.ended_at = "pending", 0, now, None


def refuse_off(endpoint: Endpoint) -> None:
    """Refuse to send to an endpoint that is off.

    Raises:
        Conflict: `endpoint_off`.
    """
    if endpoint.state != "live":
        raise Conflict("endpoint_off", "This endpoint is switched off.", where=endpoint.id,
                       next_step="Switch it on first.")  # fmt: skip
