"""From events to deliveries, and what an answer does to a delivery. Functions here receive the session."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from hub.clock import SECOND
from hub.db.base import new_id
from hub.db.seed import insert_each_missing, insert_if_missing
from hub.events.log import advance, read_after
from hub.events.models import Cursor, Event
from hub.jobs.leases import free, held, hold, release
from hub.notify.endpoints import get_endpoints, switch_off_and_tell
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
MOST_ROWS: Final = 5000
"""How many deliveries one unit makes before it ends, a few more at most."""
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


@dataclass(frozen=True, slots=True)
class Try:
    """A parcel that was sent by whoever held its lease, and how that ended."""

    parcel: Parcel
    outcome: Outcome
    owner: str


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
    events, hearers, done = read_after(session, CONSUMER), None, 0
    rows: list[dict[str, Any]] = []
    for event in events:
        if len(rows) >= MOST_ROWS:
            break  # the others next time: a unit stays short however many endpoints there are
        done = done + 1
        if event.kind in KINDS:
            hearers = hearers or Hearers(session, reach)
            rows += _rows_of(hearers.of(event), event)
    insert_each_missing(session, Delivery, rows)
    if done:
        advance(session, CONSUMER, events[done - 1].seq)
    return done


def _rows_of(endpoints: Sequence[Endpoint], event: Event) -> list[dict[str, Any]]:
    """Return an event's deliveries to several endpoints; what they are told is written once."""
    if not endpoints:
        return []
    first = row_of(endpoints[0], event, due_at=event.at)
    return [{**first, "endpoint_id": endpoint.id} for endpoint in endpoints]


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
    due = _due(Endpoint.id, now)
    waiting = session.scalars(select(Endpoint).where(Endpoint.state == "live", exists().where(*due))).all()
    lame = [each for each in waiting if _is_ailing(each)]
    fit = [each for each in waiting if not _is_ailing(each)]
    found: list[tuple[Endpoint, Delivery]] = []
    for group, room, most in ((fit, well, AT_ONCE), (lame, ailing, 1)):
        if chance is not None:
            chance.shuffle(group)
        found += _share(session, group[: max(0, room)], room, most, now)
    hold(session, [delivery for _, delivery in found], owner=owner, now=now, lease_ms=LEASE_MS)
    return [
        Parcel(endpoint.id, delivery.event_id, endpoint.url, endpoint.sealed_secrets, delivery.body,
               _is_ailing(endpoint))
        for endpoint, delivery in found
    ]  # fmt: skip


def _share(
    session: Session, endpoints: Sequence[Endpoint], room: int, most: int, now: int
) -> list[tuple[Endpoint, Delivery]]:
    """Find up to `room` deliveries that are due, shared among endpoints."""
    found: list[tuple[Endpoint, Delivery]] = []
    under_way = _under_way(session, endpoints, now)
    for place, endpoint in enumerate(endpoints):
        left, sharers = room - len(found), len(endpoints) - place
        limit = min(most - under_way[endpoint.id], -(-left // sharers))
        if limit > 0:
            query = _NEXT_IN_ORDER if endpoint.ordered else _NEXT
            rows = session.scalars(query, {"endpoint_id": endpoint.id, "now": now, "most": limit})
            found += [(endpoint, row) for row in rows]
    return found


def _due(endpoint_id: Any, now: Any) -> tuple[ColumnElement[bool], ...]:
    """Return what a delivery to an endpoint must be to be sent now."""
    mine = Delivery.endpoint_id == endpoint_id, Delivery.state == "pending"
    return (*mine, Delivery.due_at <= now, free(Delivery, now))


def _next(*criteria: ColumnElement[bool]) -> Select[Delivery]:
    """Return the query for an endpoint's next deliveries, made once: it is asked very often."""
    due = _due(bindparam("endpoint_id"), bindparam("now"))
    query = select(Delivery).where(*due, *criteria).order_by(Delivery.due_at)
    return query.limit(bindparam("most", type_=Integer())).with_for_update(skip_locked=True)


def _is_first() -> ColumnElement[bool]:
    """Return what a delivery must be where order is asked for: the first that is left about its asset."""
    earlier = aliased(Delivery)
    before = exists().where(
        earlier.endpoint_id == Delivery.endpoint_id, earlier.state == "pending", earlier.about == Delivery.about,
        earlier.seq < Delivery.seq,
    )  # fmt: skip
    return ~before


_NEXT: Final = _next()
_NEXT_IN_ORDER: Final = _next(_is_first())


def _under_way(session: Session, endpoints: Sequence[Endpoint], now: int) -> Counter[str]:
    """Return how many messages are on their way to each of these endpoints, from every worker."""
    leased = Delivery.state == "pending", Delivery.lease_until > now
    mine = Delivery.endpoint_id.in_([endpoint.id for endpoint in endpoints])
    leased_there = session.scalars(select(Delivery.endpoint_id).where(mine, *leased))
    return Counter(leased_there.all())


def _is_ailing(endpoint: Endpoint) -> bool:
    return endpoint.failing_since is not None or endpoint.took_ms > SLOW_MS


def record(session: Session, tries: Sequence[Try], *, now: int) -> None:
    """Write down how tries ended. Whether one counts is another matter: not when its lease was lost meanwhile."""
    endpoints = get_endpoints(session, {one.parcel.endpoint_id for one in tries})
    deliveries = _deliveries(session, tries)
    for one in tries:
        parcel, outcome = one.parcel, one.outcome
        endpoint = endpoints.get(parcel.endpoint_id)
        if endpoint is None:
            continue  # removed meanwhile, with its log
        session.add(
            DeliveryAttempt(
                id=new_id(), endpoint_id=endpoint.id, event_id=parcel.event_id, at=now, took_ms=outcome.took_ms,
                status=outcome.status, answer=outcome.what, shown=outcome.shown,
            )
        )  # fmt: skip
        if (outcome.took_ms > SLOW_MS) != (endpoint.took_ms > SLOW_MS):
            endpoint.took_ms = outcome.took_ms
        delivery = deliveries.get((parcel.endpoint_id, parcel.event_id))
        if delivery is not None and delivery.state == "pending" and held(delivery, owner=one.owner, now=now):
            _count(session, endpoint, delivery, outcome, now)


def _deliveries(session: Session, tries: Sequence[Try]) -> dict[tuple[str, str], Delivery]:
    """Return the deliveries that tries were made of, locked."""
    keys = {(one.parcel.endpoint_id, one.parcel.event_id) for one in tries}
    # Spelt out: SQLite uses no index for pairs of columns in a list.
    these = [and_(Delivery.endpoint_id == endpoint_id, Delivery.event_id == event_id) for endpoint_id, event_id in keys]
    query = select(Delivery).where(or_(*these)).order_by(Delivery.endpoint_id, Delivery.event_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return {(row.endpoint_id, row.event_id): row for row in session.scalars(locked)}


def _count(session: Session, endpoint: Endpoint, delivery: Delivery, outcome: Outcome, now: int) -> None:
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
