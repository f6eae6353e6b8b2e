"""What the doctor looks at of the work: who does it, what is late and why, what waits for a person."""

from __future__ import annotations

import io
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from connectors.sdk.errors import ConnectorError
from connectors.sdk.guard import Guard
from connectors.sdk.http import guarded_client
from connectors.sdk.public import PublicLook, fetch_public
from connectors.sdk.registry import discover
from hub.app import answering
from hub.cli.findings import Finding, bad, good, look
from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.connections import calendar
from hub.connections.health import State
from hub.connections.models import Connection, Inbox, Remote, Subscription
from hub.db.installation import recognition
from hub.db.models import Installation
from hub.db.unit import Database
from hub.events.models import Cursor, Event
from hub.jobs.models import Heartbeat
from hub.jobs.slots import living_slots
from hub.media.models import Traits
from hub.notify.models import Delivery
from hub.placements.models import Placement
from hub.placements.phase import Phase
from hub.search.index import IndexFolder, Progress
from hub.settings import Settings

DRAINS: Final = (
    "media", "likeness", "search", "rights", "plan", "reconcile-1", "reconcile-2", "reconcile-3", "reconcile-4",
    "reconcile-5", "reconcile-6", "leaving", "purge", "blobs", "uses", "numbers", "stock", "proposals", "bindings",
    "feeds", "inbox", "health", "subscriptions", "warnings", "silence", "webhook-events", "webhook-deliveries",
    "webhook-log",
)  # fmt: skip
"""Every kind of work, by the names of `hub.app.compose.Hub.drains`."""
SILENT_MS: Final = 2 * MINUTE
STUCK_MS: Final = 15 * MINUTE
LATE_MS: Final = MINUTE
TOO_LATE_MS: Final = 10 * MINUTE
ENDS_SOON_MS: Final = 14 * DAY
FORGED_TOLD_MS: Final = 7 * DAY
ANSWER_WITHIN_S: Final = 5.0
OK: Final = 200
NOBODY: Final = "there is no hub here yet, so that whatever answers is another one"
WORKER: Final = "Start `damhub serve`, or `damhub worker` on one host at least; its messages tell more."


def web(settings: Settings, database: Database | None) -> Iterator[Finding]:
    """Ask the web process, at the address where it listens and at the one that others use, and whether it is ours."""
    here = answering.here(settings)
    if not settings.base_url and here != settings.url:
        what = f"The hub listens everywhere, and its links begin with {settings.url}, where nobody can go."
        yield bad("web", what, "Set DAMHUB_BASE_URL to the address that browsers and remotes use.")
        return
    guard = Guard(trusted_origins=[here, settings.url])
    word = secrets.token_urlsafe(16)
    ours = _recognised(settings, database, word)
    told = {url: _ask(guard, url, word, ours) for url in dict.fromkeys((here, settings.url))}
    if not told[settings.url]:
        yield good("web", f"answers at {settings.url}")
    else:
        step = (
            "Start `damhub serve` or `damhub web`, at another DAMHUB_PORT where somebody else has this one; behind a "
            "proxy, check DAMHUB_BASE_URL and the proxy."
        )
        yield bad("web", told[settings.url], step)
    if here != settings.url and told[here]:
        step = "This is right on a host that runs the worker only; else start `damhub web`."
        yield look("web here", told[here], step)


def _recognised(settings: Settings, database: Database | None, word: str) -> str:
    """Return what this hub would answer to a word; empty where its database is there and cannot be asked."""
    if database is None:
        there = settings.database_url or (settings.home / "damhub.sqlite3").is_file()
        return "" if there else NOBODY
    with database.read() as session:
        return recognition(session, word)


def _ask(guard: Guard, url: str, word: str, ours: str) -> str:
    """Return what is wrong with the answer; empty when all is well."""
    kept = io.BytesIO()
    try:
        with guarded_client(guard) as client:
            lives = fetch_public(f"{url}/healthz", client=client, total_s=ANSWER_WITHIN_S)
            ready = fetch_public(f"{url}/readyz?word={word}", client=client, into=kept, total_s=ANSWER_WITHIN_S)
    except ConnectorError as failure:
        return f"Nobody answers at {url} ({failure.code})."
    wrong = _wrong(lives) or _wrong(ready)
    if wrong or not ours or f'"{ours}"'.encode() in kept.getvalue():
        return wrong
    return f"Another hub answers at {url}, one with another database."


def _wrong(answer: PublicLook) -> str:
    if answer.media_type not in {"application/json", "application/problem+json"}:
        return f"Another program answers at {_plain(answer.url)}."
    return "" if answer.status == OK else f"The hub is not ready: {_plain(answer.url)} answers {answer.status}."


def _plain(url: str) -> str:
    return url.partition("?")[0]


def workers(database: Database, now: int) -> Iterator[Finding]:
    """Look whether a worker process lives, and how each kind of work last went."""
    with database.read() as session:
        living = len(living_slots(session, now))
        beats = {row.drain: row for row in session.scalars(select(Heartbeat))}
    if not living:
        yield bad("worker", "No worker lives: nothing is measured, published, followed or withdrawn.", WORKER)
        return
    yield good("worker", f"{living} alive")
    troubled = [finding for name in DRAINS for finding in _beat(name, beats.get(name), now)]
    yield from troubled or [good("drains", f"all {len(DRAINS)} run and report no error")]


def _beat(name: str, beat: Heartbeat | None, now: int) -> Iterator[Finding]:
    if beat is None:
        yield look("drains", f"{name} was never heard of.", "It reports within seconds after a start: look again.")
    elif beat.error:
        yield bad("drains", f"{name} fails ({beat.error}).", "It is tried again by itself; the worker's log tells why.")
    elif now - beat.ran_at > SILENT_MS:
        tell = bad if now - beat.ran_at > STUCK_MS else look
        yield tell("drains", f"{name} was last heard of {span(now - beat.ran_at)} ago.", WORKER)


def copies_due(database: Database, now: int) -> Iterator[Finding]:
    """Look how late the work on copies is."""
    mine = (Placement.settled_at.is_(None), Placement.blocked.is_(False))
    yield _late(database, now, "copies due", Placement.due_at, *mine)


def media_due(database: Database, now: int) -> Iterator[Finding]:
    """Look how late measuring and rendering is."""
    yield _late(database, now, "media due", Traits.due_at, Traits.state == "pending")


def deliveries_due(database: Database, now: int) -> Iterator[Finding]:
    """Look how late outgoing webhooks are."""
    yield _late(database, now, "webhooks due", Delivery.due_at, Delivery.state == "pending")


def inbox_due(database: Database, now: int) -> Iterator[Finding]:
    """Look how late the reading of what remotes sent is."""
    yield _late(database, now, "inbox due", Inbox.at, Inbox.state == "new")


def _late(
    database: Database, now: int, name: str, due_at: InstrumentedAttribute[int], *criteria: ColumnElement[bool]
) -> Finding:
    with database.read() as session:
        count, oldest = session.execute(select(func.count(), func.min(due_at)).where(due_at <= now, *criteria)).one()
    if not count or now - oldest <= LATE_MS:
        return good(name, f"{count} now" if count else "nothing waits")
    tell = bad if now - oldest > TOO_LATE_MS else look
    return tell(name, f"{count} wait, the longest for {span(now - oldest)}.", WORKER)


def events_unread(database: Database, now: int) -> Iterator[Finding]:
    """Look how far each reader of the event log is behind."""
    with database.read() as session:
        cursors = {row.consumer: row.seq for row in session.scalars(select(Cursor).order_by(Cursor.consumer))}
        unread = {
            consumer: session.execute(select(func.count(), func.min(Event.at)).where(Event.seq > seq)).one()
            for consumer, seq in cursors.items()
        }
    yield from (_behind(f"events for {name}", count, oldest, now) for name, (count, oldest) in unread.items())


def search_index(settings: Settings, database: Database, now: int) -> Iterator[Finding]:
    """Look how far the search index is behind the event log."""
    folder = IndexFolder(settings.home / "index")
    if not folder.path.is_dir():
        yield look("search index", "There is none here yet.", "The worker makes it within seconds.")
        return
    try:
        progress = folder.progress()
    except (ValueError, OSError):
        progress = None
    with database.read() as session:
        epoch = session.scalar(select(func.max(Installation.epoch))) or 0
        seq = (progress or Progress(0, 0)).seq
        count, oldest = session.execute(select(func.count(), func.min(Event.at)).where(Event.seq > seq)).one()
    if progress is None or progress.epoch != epoch:
        yield look("search index", "It is not of this database, or cannot be read.", "The worker makes it again.")
    else:
        yield _behind("search index", count, oldest, now)


def _behind(name: str, count: int, oldest: int | None, now: int) -> Finding:
    if not count or oldest is None or now - oldest <= LATE_MS:
        return good(name, f"{count} events behind" if count else "up to date")
    tell = bad if now - oldest > TOO_LATE_MS else look
    return tell(name, f"{count} events behind, the oldest of {span(now - oldest)} ago.", WORKER)


def connections(database: Database, now: int) -> Iterator[Finding]:
    """Look for connections that a person must mend."""
    del now
    query = select(Connection, Remote).join(Remote, Remote.id == Connection.remote_id).where(Connection.state != "off")
    with database.read() as session:
        rows = [(row, remote) for row, remote in session.execute(query.order_by(Connection.id))]
    troubled = [finding for row, remote in rows for finding in _connection(row, f"{remote.connector} {remote.label}")]
    yield from troubled or [good("connections", f"{len(rows)} in use")]


def _connection(row: Connection, label: str) -> Iterator[Finding]:
    page = f"Open /connections/{row.id}."
    problem = f"{row.problem} [{row.problem_code}]" if row.problem_code else ""
    if row.state == State.NEEDS_PERSON:
        yield bad("connections", f"{label}: nothing goes through. {problem}", f"{page} Connect anew.")
    elif row.state == State.AILING:
        yield look("connections", f"{label}: {problem}", "It is tried again by itself.")


def forged(database: Database, now: int) -> Iterator[Finding]:
    """Look for deliveries that were refused of late: somebody forges them, or a sender has another secret."""
    of_each = (
        select(Remote.connector, Remote.label, func.sum(Subscription.forged), func.max(Subscription.forged_at))
        .join(Remote, Remote.id == Subscription.remote_id)
        .where(Subscription.forged_at > now - FORGED_TOLD_MS)
        .group_by(Remote.id, Remote.connector, Remote.label)
        .order_by(Remote.id)
    )
    with database.read() as session:
        rows = [(f"{one[0]} {one[1]}", one[2], one[3] or now) for one in session.execute(of_each)]
    for label, count, last_at in rows:
        what = f"{label}: at least {count} deliveries were refused, the last {span(now - last_at)} ago."
        yield look("forged", what, "Nothing of them was kept. If they were genuine, the sender has another secret: "
                                   "connect the account again, or make a new address.")  # fmt: skip
    if not rows:
        yield good("forged", f"no delivery was refused within {span(FORGED_TOLD_MS)}")


def endings(database: Database, now: int) -> Iterator[Finding]:
    """Look in the credential calendar for what ends soon, or has ended, and does not renew itself."""
    with database.read() as session:
        entries = calendar.calendar(calendar.read(session), discover())
    soon = [one for one in entries if one.ends_at - now < ENDS_SOON_MS]
    asked = [one for one in soon if one.renewal is calendar.Renewal.PERSON or one.ends_at <= now]
    yield from map(partial(_ending, now=now), asked)
    if not asked:
        yield good("endings", f"{len(entries)} known, none needs a person within {span(ENDS_SOON_MS)}")


def _ending(entry: calendar.Entry, *, now: int) -> Finding:
    what = f"{entry.connector} {entry.account_label}: {entry.name}"
    step = f"{entry.step} Open {entry.link}."
    usual = " as usual" if entry.sure is calendar.Sure.USUAL else ""
    if entry.ends_at > now:
        return look("endings", f"{what} ends{usual} in {span(entry.ends_at - now)}.", step)
    tell = bad if entry.what is calendar.What.SIGN_IN and not usual else look
    return tell("endings", f"{what} ended{usual} {span(now - entry.ends_at)} ago.", step)


def copies(database: Database, now: int) -> Iterator[Finding]:
    """Look for copies that wait for a person."""
    del now
    by_phase = select(Placement.phase, func.count()).where(Placement.settled_at.is_(None)).group_by(Placement.phase)
    with database.read() as session:
        phases = Counter[str]()
        for phase, count in session.execute(by_phase):
            phases[phase] = count
        codes = session.scalars(select(Placement.problem_code).where(Placement.phase == Phase.BLOCKED).distinct())
        why = ", ".join(sorted(code for code in codes if code))
    if phases[Phase.BLOCKED]:
        yield look("copies", f"{phases[Phase.BLOCKED]} blocked: a person must act ({why or 'no code'}).",
                   "Open the assets concerned: each copy says what to do.")  # fmt: skip
    if phases[Phase.UNSURE]:
        yield look("copies", f"{phases[Phase.UNSURE]} unsure: a write was sent and nothing tells yet how it ended.",
                   "The hub looks for them by itself; a person is asked where it cannot.")  # fmt: skip
    if phases[Phase.GONE]:
        yield look("copies", f"{phases[Phase.GONE]} vanished in their channel though they should be there.",
                   "Decide on each: make it anew, or take it back.")  # fmt: skip
    if not any(phases[each] for each in (Phase.BLOCKED, Phase.UNSURE, Phase.GONE)):
        yield good("copies", f"{phases.total()} kept, none waits for a person")


def span(length_ms: int) -> str:
    """Say a length of time roughly."""
    for unit, name in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if length_ms >= 2 * unit:
            return f"{length_ms // unit} {name}"
    return f"{length_ms // SECOND} s"


IN_DATABASE: Final[tuple[tuple[str, Callable[[Database, int], Iterator[Finding]]], ...]] = (
    ("worker", workers),
    ("copies due", copies_due),
    ("media due", media_due),
    ("webhooks due", deliveries_due),
    ("inbox due", inbox_due),
    ("events", events_unread),
    ("connections", connections),
    ("forged", forged),
    ("endings", endings),
    ("copies", copies),
)
"""What is looked at in a database that answers and is of this release."""
