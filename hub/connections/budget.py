"""What is left of a remote's limits, kept in the database: one truth for all processes, restarts and crashes.

A process leases a few calls for about a second, spends them without asking, and gives back what it did not use. Leased
calls count as made at the end of their lease, so a process that is killed can only have made fewer, and what it held
is free again one window later. Within any window at most as many calls go as the limit says.

Functions here are for the inside of one short unit of work; `hub.connections.turns` is what waits and remembers.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from sqlalchemy import Insert, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from connectors.sdk.limit_headers import LONGEST_PAUSE_S, pause_after
from hub.clock import MINUTE, SECOND
from hub.connections.allowance import CHECK, ELSEWHERE, Book, Rule, remote_key
from hub.connections.models import Budget, Spent

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.clock import Clock

URGENT_MS = SECOND
"""An urgent call that waits says so at least this often; a dead process's word is worth no longer."""
WAITING_MS = 3 * SECOND
"""How long it is remembered that a member of an app waits."""
FAR_MS = MINUTE
"""What is said to be spent further in the future than this was written under a clock that was wrong."""
LONGEST_PAUSE_MS = int(LONGEST_PAUSE_S * SECOND)


@dataclass(frozen=True, slots=True)
class LimitLeft:
    """What is left of one limit."""

    scope: str  # connection, or app: shared by all accounts that are connected by the same app
    calls: int
    per_s: float
    counts: str  # which calls count, such as "POST /posts"; empty: all
    left: int
    reserved: int  # how many of these only urgent calls, such as a recall's, may make
    whole_at: int  # when all is there again, if nobody calls meanwhile


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What a remote allows just now."""

    limits: tuple[LimitLeft, ...]
    closed_until: int | None  # the remote said so; None: it is open
    urgent_only_until: int | None  # an urgent call waits; others wait for it

    @property
    def has_room(self) -> bool:
        """Tell whether calls that are in no hurry may go: nobody waits, and half of each limit is left to others."""
        free = self.closed_until is None and self.urgent_only_until is None
        return free and all(limit.left * 2 >= limit.calls for limit in self.limits)


Deltas = dict[tuple[str, str, int, str], int]
"""Calls to be added (or taken away), by key, rule, slice and member."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a remote said of one of its limits: so many calls are left; what is missing in our books others made."""

    rule: Rule
    left: int  # less the calls that were made since
    until: int  # the slice that stands for the missing calls, until they are all back


@dataclass(frozen=True, slots=True)
class Ask:
    """What a process wants: calls for a member, under the rules of its remote and of its app."""

    keys: tuple[str, ...]  # the remote's first, then the app's and the user's; locked in the order of their names
    rules: tuple[Rule, ...]
    member: str
    most: int
    urgent: bool
    heard: tuple[Heard, ...] = ()

    @property
    def lease_ms(self) -> int:
        """Return how long all that is leased may be kept."""
        return min(rule.lease_ms for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Grant:
    """What it got: so many calls, or none and a time to wait."""

    calls: int
    at: int
    wait_ms: int
    closed_until: int
    refusals: int  # in a row, of the remote
    left: Mapping[str, int] = field(default_factory=dict[str, int])  # what stays free, by the remote's rules


def take(session: Session, ask: Ask, changes: Deltas, clock: Clock) -> Grant:
    """Lease calls, after `changes` (what an earlier lease comes to) were entered; more is added to them."""
    rows = _lock(session, ask.keys)
    now = clock.now()  # only now: the lock may have been waited for
    books = _books(session, ask, rows, now, changes)
    _believe(books, ask.heard, changes, now)
    closed = max(closed_until(row, now) for row in rows.values())
    waits = [closed - now, *(book.wait(ask.member, now, urgent=ask.urgent) for book in books)]
    if not ask.urgent:
        waits += [urgent_until(row, now) - now for row in rows.values()]
    calls = 0 if max(waits) > 0 else _calls(ask, books, now)
    for book in books if calls else ():
        add(changes, book.rule, now + ask.lease_ms, ask.member, calls)
    for row in rows.values():
        _note_wait(row, ask, [book for book in books if book.rule.key == row.key], now, granted=calls > 0)
    enter(session, changes)
    own = [book for book in books if book.rule.limit.scope != "app"]
    left = {book.rule.name: book.rule.limit.calls - book.total(now) - calls for book in own}
    return Grant(calls, now, max(waits), closed, rows[ask.keys[0]].refusals, left)


def _calls(ask: Ask, books: Sequence[Book], now: int) -> int:
    """Share what is there: never more than a fraction of it at once, so that others find something too."""
    ordinary = min(book.allows(ask.member, now, urgent=False) for book in books)
    return max(1, min(ask.most, ordinary // 2, *(book.rule.part for book in books)))


def _note_wait(row: Budget, ask: Ask, books: Sequence[Book], now: int, *, granted: bool) -> None:
    """Let the others know of who waits for a key: nobody goes before the urgent, nobody beyond its share before others.

    Several accounts that are called in turn remember each other for longer than one of them naps.
    """
    short = any(book.wait(ask.member, now, urgent=ask.urgent) > 0 for book in books)
    if short and ask.urgent and not granted:
        row.urgent_until = now + URGENT_MS
    known = {member: until for member, until in waiting(row, now).items() if member != ask.member}
    if short and not ask.member.startswith(CHECK) and any(book.rule.shared for book in books):
        known[ask.member] = now + WAITING_MS
    if known != row.waiting:
        row.waiting = known


def waiting(row: Budget, now: int) -> dict[str, int]:
    """Return which members of an app wait."""
    kept = cast("dict[str, int]", row.waiting)
    return {member: until for member, until in kept.items() if now < until <= now + WAITING_MS}


def closed_until(row: Budget, now: int) -> int:
    """Return until when a key is closed; what lies further ahead than any pause was written under a wrong clock."""
    return row.closed_until if now < row.closed_until <= now + LONGEST_PAUSE_MS else now


def urgent_until(row: Budget, now: int) -> int:
    """Return until when only urgent calls go."""
    return row.urgent_until if now < row.urgent_until <= now + URGENT_MS else now


def close(session: Session, key: str, now: int, *, after_s: float | None) -> float:
    """Close a key after a refusal, for all processes; return for how many seconds.

    As the remote asks, or for longer with each refusal in a row.
    """
    row = _lock(session, (key,))[key]
    row.refusals = refused_again(row.refusals, closed=closed_until(row, now) > now)
    pause = pause_after(row.refusals, after_s)
    row.closed_until = max(closed_until(row, now), now + int(pause * SECOND))
    return pause


def refused_again(refusals: int, *, closed: bool) -> int:
    """Count a refusal; calls that were under way together when the remote closed are refused together, and are one."""
    return max(1, refusals) if closed else refusals + 1


def close_until(session: Session, key: str, now: int, *, after_s: float) -> None:
    """Close a key because the remote's answer says that nothing is left for so long."""
    row = _lock(session, (key,))[key]
    row.closed_until = max(closed_until(row, now), now + min(int(after_s * SECOND), LONGEST_PAUSE_MS))


def accept(session: Session, key: str) -> None:
    """Note that a call was not refused."""
    session.execute(update(Budget).where(Budget.key == key, Budget.refusals > 0).values(refusals=0))


def enter(session: Session, changes: Deltas) -> None:
    """Enter calls into the books; taking away what was never entered is no harm."""
    rows = [
        {"key": key, "rule": rule, "until": until, "member": member, "calls": calls}
        for (key, rule, until, member), calls in changes.items()
        if calls
    ]
    if rows:
        session.execute(_entering(session.get_bind().dialect.name), rows)


@functools.cache
def _entering(dialect: str) -> Insert:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(Spent)
    added = {"calls": Spent.calls + insert.excluded.calls}
    return insert.on_conflict_do_update(index_elements=list(Spent.__table__.primary_key), set_=added)


def settle(
    session: Session, keys: Sequence[str], changes: Deltas, *, heard: Sequence[Heard] = (), now: int = 0
) -> None:
    """Enter what a lease comes to, and what was heard, when nothing more is wanted."""
    _lock(session, keys)
    books = books_of(session, [one.rule for one in heard]) if heard else []
    for book in books:
        _change(book, changes)
    _believe(books, heard, changes, now)
    enter(session, changes)


def _believe(books: Iterable[Book], heard: Iterable[Heard], changes: Deltas, now: int) -> None:
    """Let calls count that a remote knows of and the books do not: what other processes of ours made stands in them."""
    said = {one.rule: one for one in heard}
    for book in books:
        one = said.get(book.rule)
        missing = book.rule.limit.calls - book.total(now) - one.left if one else 0
        if one and missing > 0:
            place = (one.until, ELSEWHERE)
            book.spent[place] = book.spent.get(place, 0) + missing
            key = (book.rule.key, book.rule.name, *place)
            changes[key] = changes.get(key, 0) + missing


def _change(book: Book, changes: Deltas) -> None:
    for (key, name, until, member), calls in changes.items():
        if (key, name) == (book.rule.key, book.rule.name):
            book.spent[until, member] = book.spent.get((until, member), 0) + calls


def add(changes: Deltas, rule: Rule, at: int, member: str, calls: int) -> None:
    """Note that calls are to be added to the slice of an instant, or taken from it."""
    place = (rule.key, rule.name, rule.slice_of(at), member)
    changes[place] = changes.get(place, 0) + calls


def books_of(session: Session, rules: Iterable[Rule]) -> list[Book]:
    """Read what was spent of rules."""
    books = {(rule.key, rule.name): Book(rule) for rule in rules}
    query = select(Spent.key, Spent.rule, Spent.until, Spent.member, Spent.calls)
    for key, name, until, member, calls in session.execute(query.where(Spent.key.in_({key for key, _ in books}))):
        if (key, name) in books:
            books[key, name].spent[until, member] = calls
    return list(books.values())


def left(session: Session, remote_id: str, rules: Sequence[Rule], now: int) -> BudgetLeft:
    """Return what is left of a remote's and its app's limits; what processes have leased counts as spent."""
    keys = {remote_key(remote_id), *(rule.key for rule in rules)}
    rows = list(session.scalars(select(Budget).where(Budget.key.in_(keys))))
    closed = max((closed_until(row, now) for row in rows), default=now)
    urgent = max((urgent_until(row, now) for row in rows), default=now)
    limits = tuple(_left(book, now) for book in books_of(session, rules))
    return BudgetLeft(limits, closed if closed > now else None, urgent if urgent > now else None)


def _left(book: Book, now: int) -> LimitLeft:
    rule, limit = book.rule, book.rule.limit
    free = max(0, limit.calls - book.total(now))
    return LimitLeft(
        limit.scope, limit.calls, limit.per_s, limit.counts, free, min(free, rule.reserve), book.all_back(now)
    )


def _books(session: Session, ask: Ask, rows: Mapping[str, Budget], now: int, changes: Deltas) -> list[Book]:
    """Read the books as they are after `changes`."""
    books = books_of(session, ask.rules)
    for book in books:
        book.waiting = frozenset(waiting(rows[book.rule.key], now))
        _tidy(session, book, now, changes)
        _change(book, changes)
    return books


def _tidy(session: Session, book: Book, now: int, changes: Deltas) -> None:
    """Clear away what counts no more; let what was written under a clock that was ahead count from now on."""
    rule = book.rule
    old = {place for place in book.spent if place[0] <= now - rule.per_ms - FAR_MS}
    ahead = {place for place in book.spent if place[0] > now + rule.slice_ms + FAR_MS}
    for place in ahead:
        add(changes, rule, now, place[1], book.spent.pop(place))
    if old or ahead:
        gone = {until for until, _ in old | ahead}
        session.execute(delete(Spent).where(Spent.key == rule.key, Spent.rule == rule.name, Spent.until.in_(gone)))


def _lock(session: Session, keys: Sequence[str]) -> dict[str, Budget]:
    """Let one unit at a time decide about these keys, always locked in the same order; SQLite's are alone anyway."""
    query = select(Budget).where(Budget.key.in_(keys)).order_by(Budget.key.desc()).with_for_update()
    rows = {row.key: row for row in session.scalars(query)}
    if len(rows) == len(keys):
        return rows
    new = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(Budget)
    nobody: dict[str, int] = {}
    values = {"closed_until": 0, "refusals": 0, "urgent_until": 0, "waiting": nobody}
    session.execute(new.on_conflict_do_nothing(), [{"key": key, **values} for key in sorted(keys)])
    return {row.key: row for row in session.scalars(query)}
