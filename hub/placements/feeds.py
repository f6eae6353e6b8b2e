"""Change feeds: what remotes tell of themselves is read on from where it ended, and copies it names are looked at.

A feed is a hint like a webhook, and never missed: its place is kept. What it tells is not believed either; rows are
looked at. A remote that lost our place has everything looked at. Feeds get the smaller part of a remote's limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from connectors.sdk.errors import ConnectorError, keepable
from connectors.sdk.manifest import Capability, Manifest
from connectors.sdk.types import Change, Changes
from hub.clock import MINUTE, SECOND, Clock
from hub.connections.models import Connection, Remote, Target
from hub.db.unit import Database
from hub.errors import NotFound
from hub.placements.bindings.hearing import things_heard
from hub.placements.models import Feed, Placement
from hub.placements.neighbours import meet
from hub.placements.plan import Planner
from hub.placements.ports import Switchboard
from hub.placements.reconcile import DEFECTS

if TYPE_CHECKING:
    from connectors.sdk.protocols import Feed as Tells

log = structlog.get_logger(__name__)

EVERY_MS: Final = MINUTE
LONGEST_MS: Final = 30 * MINUTE
"""A feed that fails is asked more and more seldom, but never more seldom than this."""
LEASE_MS: Final = 5 * MINUTE
SHARE: Final = 20
"""One read of a feed for so many calls that the remote's slowest limit allows."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A feed that this process reads now."""

    remote_id: str
    connector: str
    cursor: str | None
    until: int  # the lease: whoever reads it later has another


class Feeds:
    """Reads the feeds of remotes where copies stand. Safe to be killed at any point: the place moves last."""

    def __init__(self, database: Database, clock: Clock, switchboard: Switchboard, planner: Planner) -> None:
        self._database, self._clock, self._switchboard, self._planner = database, clock, switchboard, planner

    def drain(self, owner: str) -> int:
        """Read on in one feed that is due; return how many were read."""
        del owner  # a turn is leased by its time, which no two turns share
        self._begin_new()
        turn = self._take()
        if turn is None:
            return 0
        try:
            told = self._ask(turn)
        except ConnectorError as failure:
            self._switchboard.report(turn.remote_id, failure)
            self._failed(turn, failure.code)
        except DEFECTS as failure:
            log.warning("connector_failed", connector=turn.connector, op="changes", error=repr(failure))
            self._failed(turn, "connector_failed")
        else:
            self._switchboard.report(turn.remote_id, None)
            self._heard(turn, told)
        return 1

    def _ask(self, turn: Turn) -> Changes:
        return cast("Tells", self._switchboard.speak(turn.remote_id).connector).changes(turn.cursor)

    def _begin_new(self) -> None:
        """Remember every remote that has copies and a feed, and has not been asked yet."""
        with self._database.read() as session:
            found = self._without_feed(session)
        if not found:
            return
        now = self._clock.now()
        with self._database.unit() as session:
            for remote_id in found:
                # Locked, so that two who begin at once come one after the other.
                session.get_one(Remote, remote_id, with_for_update=True)
                if session.get(Feed, remote_id) is None:
                    session.add(Feed(remote_id=remote_id, cursor=None, due_at=now, reads=0, failures=0, problem=""))

    def _without_feed(self, session: Session) -> list[str]:
        placed = select(Target.remote_id).join(Placement, Placement.target_id == Target.id)
        query = select(Remote).where(
            Remote.id.in_(placed.where(Placement.settled_at.is_(None))),
            Remote.id.not_in(select(Feed.remote_id)),
            Remote.id.in_(select(Connection.remote_id).where(Connection.state == "live")),
        )
        return [remote.id for remote in session.scalars(query) if self._tells(remote.connector)]

    def _tells(self, connector: str) -> bool:
        manifest = self._manifest(connector)
        return manifest is not None and Capability.CHANGES in manifest.abilities

    def _manifest(self, connector: str) -> Manifest | None:
        try:
            return self._switchboard.manifest(connector)
        except NotFound:  # not installed any more
            return None

    def _take(self) -> Turn | None:
        """Lease the feed that has been due for longest, of a remote that can be reached and has copies."""
        now = self._clock.now()
        reachable = select(Connection.remote_id).where(
            Connection.state.in_(("live", "ailing")), or_(Connection.not_before <= now, Connection.not_before.is_(None))
        )
        with self._database.unit() as session:
            query = select(Feed).where(Feed.due_at <= now, Feed.remote_id.in_(reachable))
            row = session.scalars(query.order_by(Feed.due_at).limit(1).with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            row.due_at = now + LEASE_MS
            return Turn(row.remote_id, session.get_one(Remote, row.remote_id).connector, row.cursor, row.due_at)

    def _heard(self, turn: Turn, told: Changes) -> None:
        with self._database.unit() as session:
            row = self._still_ours(session, turn)
            if row is None:
                return
            now = self._clock.now()
            # What no database can keep is none of our copies' names, and must not stop the feed for ever.
            items = [change for change in told.items if keepable(change.ref) == change.ref]
            refs = list(dict.fromkeys(name for change in items for name in _names(change)))
            if told.lost:
                self._planner.doubt(session, turn.remote_id)
            elif refs:
                self._planner.doubt(session, turn.remote_id, refs)
            things_heard(session, turn.remote_id, refs, now)
            row.cursor, row.read_at, row.failures, row.problem = told.cursor, now, 0, ""
            row.reads += 1
            row.due_at = now if told.more else now + row.reads * self._every_ms(turn.connector)
            row.reads = row.reads if told.more else 0
            meet(session, turn.remote_id, items)

    def _failed(self, turn: Turn, code: str) -> None:
        with self._database.unit() as session:
            row = self._still_ours(session, turn)
            if row is None:
                return
            row.failures += 1
            row.problem = code
            wait = min(self._every_ms(turn.connector) * 2 ** min(row.failures, 10), LONGEST_MS)
            row.due_at = self._clock.now() + wait

    @staticmethod
    def _still_ours(session: Session, turn: Turn) -> Feed | None:
        """Return the row unless somebody else took it over meanwhile: then what they read counts."""
        row = session.get(Feed, turn.remote_id, with_for_update=True)
        return row if row is not None and row.due_at == turn.until else None

    def _every_ms(self, connector: str) -> int:
        """Return how long to wait between two reads: the tighter the remote's limits, the longer."""
        manifest = self._manifest(connector)
        slowest = max((limit.per_s / limit.calls for limit in manifest.limits), default=0.0) if manifest else 0.0
        return max(EVERY_MS, int(slowest * SHARE * SECOND))


def _names(change: Change) -> list[str]:
    """Return what a thing is called: as the feed calls it, and as a copy, where that is another name."""
    copy = change.item.copy_ref if change.item else ""
    return [change.ref, copy] if copy and keepable(copy) == copy else [change.ref]
