"""Remove bytes that nothing refers to any more. The row of a blob stays, with its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, or_, select

from hub.clock import HOUR, MINUTE
from hub.db.installation import may_write
from hub.storage.models import Blob, BlobState

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.storage.blobs import BlobStore

GRACE_MS: Final = HOUR
"""Condemned bytes stay for so long: an upload of the same bytes saves them."""

TAKEN_UP_MS: Final = 10 * MINUTE
"""What a killed worker was removing is taken up again after this time."""

AT_ONCE: Final = 50


class Sweeper:
    """Removes condemned bytes, safe to be killed at any point."""

    def __init__(self, database: Database, clock: Clock, store: BlobStore) -> None:
        self._database, self._clock, self._store = database, clock, store

    def drain(self, owner: str) -> int:
        """Remove what is condemned for long enough; return how many blobs."""
        del owner  # a row says itself that it is being removed
        now = self._clock.now()
        for sha256 in (found := self._take(now)):
            self._store.delete(sha256)
            with self._database.unit() as session:
                blob = session.get_one(Blob, sha256, with_for_update=True, populate_existing=True)
                blob.state, blob.condemned_at = BlobState.GONE.value, self._clock.now()
        return len(found)

    def _take(self, now: int) -> list[str]:
        due = or_(
            and_(Blob.state == BlobState.CONDEMNED.value, Blob.condemned_at <= now - GRACE_MS),
            and_(Blob.state == BlobState.GOING.value, Blob.condemned_at <= now - TAKEN_UP_MS),
        )
        query = select(Blob).where(due).order_by(Blob.condemned_at).limit(AT_ONCE).with_for_update(skip_locked=True)
        with self._database.unit() as session:
            if not may_write(session):  # a copy of the hub may share its store
                return []
            rows = session.scalars(query.execution_options(populate_existing=True)).all()
            for row in rows:
                row.state, row.condemned_at = BlobState.GOING.value, now
            return [row.sha256 for row in rows]
