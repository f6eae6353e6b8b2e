"""Listing what stands at a remote: page by page, resumable at each, and never in the way of urgent work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from sqlalchemy import or_, select, update

from connectors.sdk.errors import BadAnswer, ConnectorError, RetryLater, keepable
from connectors.sdk.manifest import Capability
from connectors.sdk.types import ItemKind
from hub.clock import MINUTE, SECOND
from hub.connections.models import Connection, Remote, Target
from hub.connections.targets import printable
from hub.db.base import new_id
from hub.errors import NotFound
from hub.intake.models import FoundItem, StockTaking
from hub.intake.stock.recognising import recognise
from hub.placements.models import Placement
from hub.placements.neighbours import own_beginning, seen
from hub.placements.reconcile import DEFECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from connectors.sdk.protocols import Import
    from connectors.sdk.types import Item, Page
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.placements.ports import Switchboard

log = structlog.get_logger(__name__)

LEASE_MS: Final = 5 * MINUTE
LONGEST_MS: Final = 30 * MINUTE
SHARE: Final = 4
"""At most one page in so many calls that the remote's slowest limit allows: the others are for copies."""
LONGEST_REF: Final = 1000
LONGEST_TEXT: Final = 2000
LISTING, DONE = "listing", "done"


@dataclass(frozen=True, slots=True)
class Turn:
    """One page of a listing, which this process reads now."""

    remote_id: str
    connector: str
    round: int
    cursor: str | None
    until: int  # the lease: whoever reads it later has another


def begin(session: Session, remote_id: str, *, by: str, at: int) -> StockTaking:
    """Begin to list what stands at a remote; a listing that is under way goes on."""
    session.get_one(Remote, remote_id, with_for_update=True)  # two who begin at once come one after the other
    row = session.get(StockTaking, remote_id, with_for_update=True, populate_existing=True)
    if row is None:
        row = StockTaking(remote_id=remote_id, round=0, state=DONE, ended_at=None)
        session.add(row)
    if row.state == LISTING:
        row.due_at = min(row.due_at, at) if row.failures else row.due_at
        return row
    row.round, row.state, row.cursor, row.listed = row.round + 1, LISTING, None, 0
    row.asked_by, row.begun_at, row.due_at, row.failures, row.problem = by, at, at, 0, ""
    session.flush()
    return row


def reachable(now: int) -> Select[Any]:
    """Select the remotes that can be spoken to now, and where nothing urgent waits for its turn."""
    urgent = (
        select(Target.remote_id)
        .join(Placement, Placement.target_id == Target.id)
        .where(Placement.urgent.is_(True), Placement.settled_at.is_(None), Placement.due_at <= now)
    )
    return select(Connection.remote_id).where(
        Connection.state.in_(("live", "ailing")),
        or_(Connection.not_before <= now, Connection.not_before.is_(None)),
        Connection.remote_id.not_in(urgent),
    )


class Listing:
    """Reads on in the listings that are under way. Safe to be killed at any point: the place moves last."""

    def __init__(self, database: Database, clock: Clock, switchboard: Switchboard) -> None:
        self._database, self._clock, self._switchboard = database, clock, switchboard

    def able(self, connector: str) -> bool:
        """Tell whether a connector can list what stands there."""
        try:
            return Capability.IMPORT in self._switchboard.manifest(connector).abilities
        except NotFound:  # not installed any more
            return False

    def why_not(self, connector: str) -> str:
        """Return why a connector lists nothing, as it declares; empty where it says nothing of that."""
        try:
            return self._switchboard.manifest(connector).gaps.get(Capability.IMPORT.value, "")
        except NotFound:  # not installed any more
            return ""

    def drain(self) -> int:
        """Read one page of the listing that has been due for longest; return how many pages were read."""
        turn = self._take()
        if turn is None:
            return 0
        try:
            page = cast("Import", self._switchboard.speak(turn.remote_id).connector).inventory(turn.cursor)
            if page.cursor is not None and page.cursor == turn.cursor:
                raise BadAnswer("The remote goes round in circles while it lists what is there.")
        except ConnectorError as failure:
            self._switchboard.report(turn.remote_id, failure)
            self._failed(turn, failure.message, later=isinstance(failure, RetryLater))
        except DEFECTS as failure:
            log.warning("connector_failed", connector=turn.connector, op="inventory", error=repr(failure))
            self._failed(turn, "The connector failed while it listed.", later=True)
        else:
            self._switchboard.report(turn.remote_id, None)
            self._heard(turn, page)
        return 1

    def _take(self) -> Turn | None:
        now = self._clock.now()
        query = (
            select(StockTaking)
            .where(StockTaking.state == LISTING, StockTaking.due_at <= now, StockTaking.remote_id.in_(reachable(now)))
            .order_by(StockTaking.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._database.unit() as session:
            row = session.scalars(query).first()
            if row is None:
                return None
            row.due_at = now + LEASE_MS
            connector = session.get_one(Remote, row.remote_id).connector
            return Turn(row.remote_id, connector, row.round, row.cursor, row.due_at)

    def _heard(self, turn: Turn, page: Page[Item]) -> None:
        now = self._clock.now()
        with self._database.unit() as session:
            row = _still_ours(session, turn)
            if row is None:
                return
            row.listed += _enter(session, turn, [item for item in page.items if _is_nameable(item)], now)
            row.cursor, row.failures, row.problem = page.cursor, 0, ""
            row.due_at = now + self._pace_ms(turn.connector)
            if page.cursor is None:
                row.state, row.ended_at = DONE, now
                _end(session, turn, now)

    def _failed(self, turn: Turn, problem: str, *, later: bool) -> None:
        """Go on later; what a remote refused for good (its cursor may have ended) begins anew from the first page."""
        with self._database.unit() as session:
            row = _still_ours(session, turn)
            if row is None:
                return
            row.failures += 1
            row.problem = problem
            if not later:
                row.cursor, row.listed = None, 0
            row.due_at = self._clock.now() + min(MINUTE * 2 ** min(row.failures, 6), LONGEST_MS)

    def _pace_ms(self, connector: str) -> int:
        limits = [one for one in self._switchboard.manifest(connector).limits if not one.counts]
        slowest = max((limit.per_s / limit.calls for limit in limits), default=0.0)
        return int(slowest * SHARE * SECOND)


def _still_ours(session: Session, turn: Turn) -> StockTaking | None:
    """Return the row unless somebody else took it over meanwhile: then what they read counts."""
    row = session.get(StockTaking, turn.remote_id, with_for_update=True, populate_existing=True)
    ours = row is not None and row.due_at == turn.until and row.round == turn.round
    return row if ours else None


def _enter(session: Session, turn: Turn, items: Sequence[Item], now: int) -> int:
    """Write a page down; return how many things are on it. What has no bytes of its own is not kept."""
    told = [item for item in items if _is_kept(item)]
    refs = [item.ref for item in told]
    there = (FoundItem.remote_id == turn.remote_id, FoundItem.external_id.in_(refs))
    known = {row.external_id: row for row in session.scalars(select(FoundItem).where(*there))}
    begins = own_beginning(session)
    seen(session, turn.remote_id, {item.marker for item in told if item.marker})
    for item in told:
        row = known.get(item.ref)
        if row is None:
            row = known[item.ref] = _new(turn, item)
            session.add(row)
        was = _tell(row, item, turn, now)
        _recognise(session, row, was, begins=begins, now=now)
    return len(told)


def _is_kept(item: Item) -> bool:
    if item.kind not in {ItemKind.FILE, ItemKind.DOCUMENT, ItemKind.LINK}:
        return False
    if len(item.ref) > LONGEST_REF:
        log.warning("item_not_kept", why="its reference is too long", ref=item.ref[:80])
        return False
    return item.kind is not ItemKind.LINK or bool(item.marker)


def _new(turn: Turn, item: Item) -> FoundItem:
    return FoundItem(
        id=new_id(), remote_id=turn.remote_id, external_id=item.ref, external_rev="", sha256=None, marker="",
        whose="stranger", how="none", match_failures=0, act="none", act_state="none", act_failures=0, problem_code="",
        problem="", copy_ref="", seen_round=0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Was:
    """What an item's bytes were found to be before; empty where they are not the same any more."""

    looked_at: bool
    sha256: str | None
    how: str
    asset_id: str | None
    version_id: str | None


def _is_nameable(item: Item) -> bool:
    """Tell whether every database can keep what an item is called; one that cannot be named ends no listing."""
    names = (item.ref, item.copy_ref, item.place, item.marker, *item.parents)
    return all(keepable(name) == name for name in names)


def _tell(row: FoundItem, item: Item, turn: Turn, now: int) -> Was:
    """Bring a row up to date with what the remote tells; return what was known of the very same bytes."""
    rev = keepable(item.revision) or f"{item.size} {item.modified_at}"
    same = row.external_rev == rev and row.seen_round > 0
    looked_at = same and row.match_due_at is None and row.whose == "stranger"
    was = Was(looked_at, row.sha256, row.how, row.asset_id, row.version_id)
    row.sha256 = item.checksums.get("sha256") or (row.sha256 if same else None)
    row.kind, row.name, row.external_rev, row.size = item.kind.value, printable(item.name) or item.ref, rev, item.size
    row.filename = keepable(str(item.facts.get("file_name") or ""))[:LONGEST_TEXT]
    row.url, row.place, row.parent = keepable(item.url or "")[:LONGEST_TEXT], item.place, next(iter(item.parents), "")
    row.media_type, row.marker = keepable(item.media_type)[:LONGEST_TEXT], item.marker
    row.copy_ref = item.copy_ref or item.ref
    row.seen_at, row.seen_round, row.gone_at = now, turn.round, None
    return was


def _recognise(session: Session, row: FoundItem, was: Was, *, begins: str, now: int) -> None:
    """Say anew what an item is; what its bytes were found to look like holds while they are the same."""
    recognise(session, row, begins=begins, now=now)
    if was.looked_at and was.sha256 == row.sha256 and row.whose == "stranger" and row.how == "none":
        row.how, row.asset_id, row.version_id = was.how, was.asset_id, was.version_id
        row.match_due_at = None


def _end(session: Session, turn: Turn, now: int) -> None:
    """After a whole listing: what it did not tell of is not there any more."""
    session.flush()
    missing = (FoundItem.remote_id == turn.remote_id, FoundItem.seen_round < turn.round, FoundItem.gone_at.is_(None))
    changed = {"gone_at": now, "match_due_at": None, "revision": FoundItem.revision + 1}
    session.execute(update(FoundItem).where(*missing).values(changed).execution_options(synchronize_session=False))
