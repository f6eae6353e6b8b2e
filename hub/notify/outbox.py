"""From events to deliveries, and what an answer does to a delivery. Functions here receive the session."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Integer, Select, Table, and_, bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from hub.clock import SECOND
from hub.db.base import new_id
from hub.db.seed import insert_each_missing, insert_if_missing
from hub.events.log import advance, read_after
from hub.events.models import Cursor, Event
from hub.jobs.leases import free, hold, release
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
    if len(endpoints) >= room and not any(endpoint.ordered for endpoint in endpoints):
        return _one_each(session, [each for each in endpoints if under_way[each.id] < most], now)
    for place, endpoint in enumerate(endpoints):
        left, sharers = room - len(found), len(endpoints) - place
        limit = min(most - under_way[endpoint.id], -(-left // sharers))
        if limit > 0:
            query = _NEXT_IN_ORDER if endpoint.ordered else _NEXT
            rows = session.scalars(query, {"endpoint_id": endpoint.id, "now": now, "most": limit})
            found += [(endpoint, row) for row in rows]
    return found


def _one_each(session: Session, endpoints: Sequence[Endpoint], now: int) -> list[tuple[Endpoint, Delivery]]:
    """Find the delivery of each endpoint that is due longest, by one question for all of them."""
    by_id = {endpoint.id: endpoint for endpoint in endpoints}
    rows = session.scalars(_FIRST_OF_EACH, {"endpoint_ids": list(by_id), "now": now})
    return [(by_id[row.endpoint_id], row) for row in rows]


def _due(endpoint_id: Any, now: Any, table: type[Delivery] = Delivery) -> tuple[ColumnElement[bool], ...]:
    """Return what a delivery to an endpoint must be to be sent now."""
    mine = table.endpoint_id == endpoint_id, table.state == "pending"
    return (*mine, table.due_at <= now, free(table, now))


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


def _first_of_each() -> Select[Delivery]:
    """Return the query for what `_one_each` finds, made once."""
    due = aliased(Delivery)
    oldest = select(due.event_id).where(*_due(Endpoint.id, bindparam("now"), due)).order_by(due.due_at).limit(1)
    there = select(Delivery).join(Endpoint, Endpoint.id == Delivery.endpoint_id)
    mine = Endpoint.id.in_(bindparam("endpoint_ids", expanding=True)), *_due(Endpoint.id, bindparam("now"))
    first = Delivery.event_id == oldest.correlate(Endpoint).scalar_subquery()
    return there.where(*mine, first).with_for_update(skip_locked=True, of=Delivery)


_FIRST_OF_EACH: Final = _first_of_each()
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
    waiting = _waiting(session, tries, now)
    log: list[dict[str, Any]] = []
    delivered: list[dict[str, Any]] = []
    for one in tries:
        parcel, outcome = one.parcel, one.outcome
        endpoint = endpoints.get(parcel.endpoint_id)
        if endpoint is None:
            continue  # removed meanwhile, with its log
        log.append({
            "id": new_id(), "endpoint_id": endpoint.id, "event_id": parcel.event_id, "at": now,
            "took_ms": outcome.took_ms, "status": outcome.status, "answer": outcome.what, "shown": outcome.shown,
        })  # fmt: skip
        if (outcome.took_ms > SLOW_MS) != (endpoint.took_ms > SLOW_MS):
            endpoint.took_ms = outcome.took_ms
        key = (parcel.endpoint_id, parcel.event_id, one.owner)
        if key not in waiting:
            continue
        waiting.remove(key)
        if outcome.status in SUCCESS:
            endpoint.failing_since = None
            delivered.append({"to": endpoint.id, "of": parcel.event_id, "answer": outcome.what, "now": now})
        else:
            _count(session, endpoint, parcel.event_id, outcome, now)
    # Nearly every try ends well, and is written down without a unit of work's bookkeeping for each row.
    if log:
        session.execute(insert(DeliveryAttempt), log)
    if delivered:
        session.execute(_DELIVERED, delivered)


_TABLE: Final = cast("Table", Delivery.__table__)
_DELIVERED: Final = (
    update(_TABLE)
    .where(_TABLE.c.endpoint_id == bindparam("to"), _TABLE.c.event_id == bindparam("of"))
    .values(
        state="delivered", attempt=_TABLE.c.attempt + 1, last_answer=bindparam("answer"), ended_at=bindparam("now"),
        lease_owner=None, lease_until=None,
    )
)  # fmt: skip


def _waiting(session: Session, tries: Sequence[Try], now: int) -> set[tuple[str, str, str]]:
    """Return which deliveries that tries were made of wait for an outcome, and from whom; they are locked."""
    of_event: dict[str, set[str]] = {}
    for one in tries:
        of_event.setdefault(one.parcel.event_id, set()).add(one.parcel.endpoint_id)
    # By event: SQLite uses no index for pairs of columns in a list.
    these = [
        and_(Delivery.event_id == event_id, Delivery.endpoint_id.in_(there)) for event_id, there in of_event.items()
    ]
    query = select(Delivery.endpoint_id, Delivery.event_id, Delivery.lease_owner)
    held = query.where(or_(*these), Delivery.state == "pending", Delivery.lease_until > now)
    ordered = held.order_by(Delivery.endpoint_id, Delivery.event_id).with_for_update()
    return {(endpoint_id, event_id, owner or "") for endpoint_id, event_id, owner in session.execute(ordered)}


def _count(session: Session, endpoint: Endpoint, event_id: str, outcome: Outcome, now: int) -> None:
    """Let a try count that did not end well."""
    delivery = session.get_one(Delivery, (endpoint.id, event_id), populate_existing=True)
    delivery.attempt += 1
    delivery.last_answer = outcome.what
    if outcome.status == GONE:
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
