"""From events to deliveries, and what an answer does to a delivery. Functions here receive the session."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.clock import SECOND
from hub.db.seed import insert_if_missing
from hub.events.log import advance, read_after
from hub.events.models import Cursor
from hub.jobs.leases import held, release, take
from hub.notify.endpoints import get_endpoint, switch_off_and_tell
from hub.notify.messages import KINDS, message_of
from hub.notify.models import Delivery, Endpoint
from webhooks import OFF_AFTER_S, TIME_LIMIT_S, delay_before

CONSUMER = "notify"
LEASE_MS = 4 * TIME_LIMIT_S * SECOND
WELL_AT_ONCE = 8
AILING_AT_ONCE = 2
"""How many deliveries to endpoints that do not answer are tried at once: the others go first."""
SUCCESS = range(200, 300)
GONE = 410


@dataclass(frozen=True, slots=True)
class Parcel:
    """A leased delivery, ready to be signed and sent."""

    endpoint_id: str
    event_id: str
    url: str
    sealed_secrets: str
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended. `status` is None when no answer came."""

    status: int | None
    what: str


def take_up(session: Session) -> int:
    """Make a delivery for each new event and endpoint that wants it; return how many events were read."""
    insert_if_missing(session, Cursor, consumer=CONSUMER, seq=0, epoch=0)
    mine = select(Cursor).where(Cursor.consumer == CONSUMER).with_for_update(skip_locked=True)
    if session.scalars(mine).one_or_none() is None:
        return 0  # another worker is at it
    events = read_after(session, CONSUMER)
    if not events:
        return 0
    endpoints = session.scalars(select(Endpoint).where(Endpoint.state == "live")).all()
    for event in (event for event in events if event.kind in KINDS):
        body = message_of(event)
        for endpoint in endpoints:
            if event.kind in endpoint.kinds and event.at >= endpoint.created_at:
                insert_if_missing(
                    session, Delivery, endpoint_id=endpoint.id, event_id=event.id, body=body, due_at=event.at,
                    lease_owner=None, lease_until=None, attempt=0, state="pending", last_answer="",
                )  # fmt: skip
    advance(session, CONSUMER, events[-1].seq)
    return len(events)


def lease_due(session: Session, *, owner: str, now: int) -> list[Parcel]:
    """Lease deliveries that are due, those to endpoints that answer first."""
    well = select(Endpoint.id).where(Endpoint.state == "live", Endpoint.failing_since.is_(None))
    ailing = select(Endpoint.id).where(Endpoint.state == "live", Endpoint.failing_since.is_not(None))
    rows = [
        row
        for group, limit in ((well, WELL_AT_ONCE), (ailing, AILING_AT_ONCE))
        for row in take(
            session, Delivery, Delivery.state == "pending", Delivery.endpoint_id.in_(group),
            owner=owner, now=now, lease_ms=LEASE_MS, limit=limit,
        )
    ]  # fmt: skip
    endpoints = {row.endpoint_id: session.get_one(Endpoint, row.endpoint_id) for row in rows}
    return [
        Parcel(
            row.endpoint_id, row.event_id, endpoints[row.endpoint_id].url,
            endpoints[row.endpoint_id].sealed_secrets, row.body,
        )
        for row in rows
    ]  # fmt: skip


def record(session: Session, parcel: Parcel, outcome: Outcome, *, owner: str, now: int) -> None:
    """Write down how a try ended, unless the lease was lost meanwhile: then somebody else's try counts."""
    endpoint = get_endpoint(session, parcel.endpoint_id)
    query = select(Delivery).where(Delivery.endpoint_id == endpoint.id, Delivery.event_id == parcel.event_id)
    delivery = session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()
    if delivery.state != "pending" or not held(delivery, owner=owner, now=now):
        return
    delivery.attempt += 1
    delivery.last_answer = outcome.what
    if outcome.status in SUCCESS:
        delivery.state = "delivered"
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
        delivery.state = "given_up"
        release(delivery)
    else:
        release(delivery, due_at=now + delay * SECOND)
