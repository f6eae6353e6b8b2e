"""From events to deliveries, and what an answer does to a delivery. Functions here receive the session."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from hub.clock import SECOND
from hub.db.base import new_id
from hub.db.seed import insert_if_missing
from hub.events.log import advance, read_after
from hub.events.models import Cursor, Event
from hub.jobs.leases import held, release, take
from hub.notify.endpoints import get_endpoint, switch_off_and_tell
from hub.notify.filters import Reach, Touched, nothing, passes
from hub.notify.kinds import KINDS, matching
from hub.notify.messages import about, message_of
from hub.notify.models import Delivery, DeliveryAttempt, Endpoint
from webhooks import OFF_AFTER_S, TIME_LIMIT_S, delay_before

CONSUMER: Final = "notify"
LEASE_MS: Final = 4 * TIME_LIMIT_S * SECOND
AT_ONCE: Final = 4
"""How many messages are on their way to one endpoint that answers; to one that does not, one."""
SLOW_MS: Final = 2 * SECOND
"""An endpoint that took longer for its last answer is sent to beside those that do not answer."""
SUCCESS: Final = range(200, 300)
GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Parcel:
    """A leased delivery, ready to be signed and sent."""

    endpoint_id: str
    event_id: str
    url: str
    sealed_secrets: str
    body: str
    ailing: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended. `status` is None when no answer came."""

    status: int | None
    what: str
    shown: str = ""
    """The beginning of the answer, without secrets."""
    took_ms: int = 0


class Hearers:
    """The endpoints that are on, and which of them want an event."""

    def __init__(self, session: Session, reach: Reach) -> None:
        """Read the endpoints; what an event touches is asked only where a filter needs it."""
        self._session, self._reach = session, reach
        live = session.scalars(select(Endpoint).where(Endpoint.state == "live")).all()
        self._wanted = [(endpoint, matching(endpoint.kinds)) for endpoint in live]

    def of(self, event: Event) -> list[Endpoint]:
        """Return the endpoints that want to hear of an event."""
        found: list[Endpoint] = []
        touched: Touched | None = None
        for endpoint, kinds in self._wanted:
            if event.kind not in kinds or event.at < endpoint.created_at:
                continue
            if endpoint.filters:
                touched = touched or self._reach(self._session, event)
            if touched is None or passes(endpoint.filters, touched):
                found.append(endpoint)
        return found


def take_up(session: Session, reach: Reach = nothing) -> int:
    """Make a delivery for each new event and endpoint that wants it; return how many events were read."""
    insert_if_missing(session, Cursor, consumer=CONSUMER, seq=0, epoch=0)
    mine = select(Cursor).where(Cursor.consumer == CONSUMER).with_for_update(skip_locked=True)
    if session.scalars(mine).one_or_none() is None:
        return 0  # another worker is at it
    events = read_after(session, CONSUMER)
    if not events:
        return 0
    hearers = Hearers(session, reach)
    for event in (event for event in events if event.kind in KINDS):
        for endpoint in hearers.of(event):
            insert_if_missing(session, Delivery, **row_of(endpoint, event, due_at=event.at))
    advance(session, CONSUMER, events[-1].seq)
    return len(events)


def row_of(endpoint: Endpoint, event: Event, *, due_at: int) -> dict[str, Any]:
    """Return the columns of a delivery that nobody has tried yet."""
    return {
        "endpoint_id": endpoint.id, "event_id": event.id, "seq": event.seq, "kind": event.kind, "about": about(event),
        "body": message_of(event), "due_at": due_at, "lease_owner": None, "lease_until": None, "attempt": 0,
        "state": "pending", "last_answer": "", "ended_at": None,
    }  # fmt: skip


def lease_due(
    session: Session, *, owner: str, now: int, well: int = 8, ailing: int = 2, chance: random.Random | None = None
) -> list[Parcel]:
    """Lease deliveries that are due: up to `well` to endpoints that answer, up to `ailing` to others.

    No endpoint gets more than its share while others wait, and none more than `AT_ONCE`. Who comes first is left to
    chance, so that nobody always comes last.
    """
    due = Delivery.endpoint_id == Endpoint.id, Delivery.state == "pending", Delivery.due_at <= now
    waiting = session.scalars(select(Endpoint).where(Endpoint.state == "live", exists().where(*due))).all()
    lame = [each for each in waiting if _is_ailing(each)]
    fit = [each for each in waiting if not _is_ailing(each)]
    found: list[Parcel] = []
    for group, room, most in ((fit, well, AT_ONCE), (lame, ailing, 1)):
        if chance is not None:
            chance.shuffle(group)
        found += _share(session, group, room, most, owner=owner, now=now)
    return found


def _share(
    session: Session, endpoints: Sequence[Endpoint], room: int, most: int, *, owner: str, now: int
) -> list[Parcel]:
    """Lease up to `room` deliveries, shared among endpoints."""
    found: list[Parcel] = []
    for place, endpoint in enumerate(endpoints):
        left, sharers = room - len(found), len(endpoints) - place
        limit = min(most - _under_way(session, endpoint, now), -(-left // sharers))
        if limit <= 0:
            continue
        rows = take(
            session, Delivery, *_deliverable(endpoint), owner=owner, now=now, lease_ms=LEASE_MS, limit=limit
        )  # fmt: skip
        found += [
            Parcel(endpoint.id, row.event_id, endpoint.url, endpoint.sealed_secrets, row.body, _is_ailing(endpoint))
            for row in rows
        ]
    return found


def _deliverable(endpoint: Endpoint) -> list[ColumnElement[bool]]:
    """Return what a delivery must be: where order is asked for, the first that is left about its asset."""
    mine = [Delivery.endpoint_id == endpoint.id, Delivery.state == "pending"]
    if not endpoint.ordered:
        return mine
    earlier = aliased(Delivery)
    before = exists().where(
        earlier.endpoint_id == endpoint.id, earlier.state == "pending", earlier.about == Delivery.about,
        earlier.seq < Delivery.seq,
    )  # fmt: skip
    return [*mine, ~before]


def _under_way(session: Session, endpoint: Endpoint, now: int) -> int:
    """Return how many messages are on their way to an endpoint, from every worker."""
    leased = Delivery.endpoint_id == endpoint.id, Delivery.state == "pending", Delivery.lease_until > now
    return session.scalar(select(func.count()).select_from(Delivery).where(*leased)) or 0


def _is_ailing(endpoint: Endpoint) -> bool:
    return endpoint.failing_since is not None or endpoint.took_ms > SLOW_MS


def record(session: Session, parcel: Parcel, outcome: Outcome, *, owner: str, now: int) -> None:
    """Write down how a try ended. Whether it counts is another matter: not when the lease was lost meanwhile."""
    query = select(Endpoint).where(Endpoint.id == parcel.endpoint_id)
    if session.scalars(query).one_or_none() is None:
        return  # removed meanwhile, with its log
    endpoint = get_endpoint(session, parcel.endpoint_id)
    session.add(
        DeliveryAttempt(
            id=new_id(), endpoint_id=endpoint.id, event_id=parcel.event_id, at=now, took_ms=outcome.took_ms,
            status=outcome.status, answer=outcome.what, shown=outcome.shown,
        )
    )  # fmt: skip
    if (outcome.took_ms > SLOW_MS) != (endpoint.took_ms > SLOW_MS):
        endpoint.took_ms = outcome.took_ms
    mine = Delivery.endpoint_id == endpoint.id, Delivery.event_id == parcel.event_id
    query_row = select(Delivery).where(*mine).with_for_update().execution_options(populate_existing=True)
    delivery = session.scalars(query_row).one_or_none()
    if delivery is None or delivery.state != "pending" or not held(delivery, owner=owner, now=now):
        return
    delivery.attempt += 1
    delivery.last_answer = outcome.what
    if outcome.status in SUCCESS:
        delivery.state, delivery.ended_at = "delivered", now
        endpoint.failing_since = None
        release(delivery)
    elif outcome.status == GONE:
        switch_off_and_tell(session, endpoint, "gone", at=now)
    else:
        _failed(session, endpoint, delivery, now)


def _failed(session: Session, endpoint: Endpoint, delivery: Delivery, now: int) -> None:
    since = endpoint.failing_since
    if since is None:
        endpoint.failing_since = now
    elif now - since >= OFF_AFTER_S * SECOND:
        switch_off_and_tell(session, endpoint, "failing_for_days", at=now)
        return
    delay = delay_before(delivery.attempt)
    if delay is None:
        delivery.state, delivery.ended_at = "given_up", now
        release(delivery)
    else:
        release(delivery, due_at=now + delay * SECOND)
