"""What stands in a copy's place by somebody else's hand: fetched, looked at, and kept until a person decides.

What shows the same picture as ours (a channel that compresses anew, a scaled file), or is bytes of this very asset, is
proposed to nobody: ours are put back. What the hub cannot take in is left where it stands, and a person is told why.
"""

from __future__ import annotations

import mimetypes
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import select

from connectors.sdk.errors import ConnectorError, Missing, RetryLater
from hub.catalogue.assets import get_asset
from hub.catalogue.models import Version
from hub.clock import MINUTE
from hub.connections.models import Remote, Target
from hub.errors import HubError, Unavailable
from hub.intake.names import clean_filename
from hub.intake.stock.listing import reachable
from hub.intake.types import refuse_untaken
from hub.media.likeness import ALIKE as NEAR
from hub.media.likeness import NONE, telling
from hub.media.models import Rendition, Traits
from hub.media.pool import DECODED, TRANSIENT
from hub.media.presets import THUMBNAIL
from hub.notify import notices
from hub.placements.exchanges import ALIKE, OPEN, OVER, UNREAD, WANTED, locked, release
from hub.placements.models import Exchange, Placement
from hub.placements.reconcile import DEFECTS
from hub.storage.ledger import keep, record

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.intake.stock.matching import Bytes, Fetching
    from hub.media.pool import MediaPool
    from hub.placements.service import Placements
    from hub.storage.blobs import BlobStore, Stored

log = structlog.get_logger(__name__)

LEASE_MS: Final = 15 * MINUTE
MOST_TRIES: Final = 5
NOTICE: Final = "copy_exchanged"
PICTURE: Final = "image/"


@dataclass(frozen=True, slots=True)
class Job:
    """Other bytes that this process fetches now."""

    exchange_id: str
    remote_id: str
    connector: str
    item_ref: str
    asset_id: str
    filename: str  # of the version in whose place they stand
    phash: str | None  # of that version; None: not taken yet
    last_try: bool
    until: int  # the lease: whoever takes it later has another


@dataclass(frozen=True, slots=True)
class Taken:
    """What was found out about other bytes: kept unless they show the same."""

    alike: bool
    filename: str = ""
    media_type: str = ""
    stored: Stored | None = None
    preview: Stored | None = None
    preview_type: str = ""


class Receiving:
    """Fetches what was exchanged. Safe to be killed at any point: it is fetched again then."""

    def __init__(
        self, database: Database, clock: Clock, fetching: Fetching, *, store: BlobStore, pool: MediaPool,
        placements: Placements, base_url: str,
    ) -> None:  # fmt: skip
        self._database, self._clock, self._fetching = database, clock, fetching
        self._store, self._pool, self._placements, self._base_url = store, pool, placements, base_url

    def drain(self) -> int:
        """Fetch what stands in the place of one copy; return of how many."""
        job = self._take()
        if job is None:
            return 0
        try:
            with self._fetching.fetched(job.remote_id, job.item_ref) as found:
                taken = self._look_into(job, found)
            self._record(job, taken)
        except Missing:
            self._end(job, OVER)
        except ConnectorError as failure:
            self._failed(job, failure.code, failure.message, later=isinstance(failure, RetryLater))
        except HubError as refused:
            later = isinstance(refused, Unavailable) or refused.code in TRANSIENT
            self._failed(job, refused.code, refused.what, later=later)
        except DEFECTS as failure:
            log.warning("connector_failed", connector=job.connector, op="fetch", error=repr(failure))
            self._failed(job, "connector_failed", "The connector failed while it fetched this.", later=True)
        return 1

    def _take(self) -> Job | None:
        now = self._clock.now()
        query = (
            select(Exchange, Target.remote_id, Version.filename, Traits.phash)
            .join(Placement, Placement.id == Exchange.placement_id)
            .join(Target, Target.id == Placement.target_id)
            .join(Version, Version.id == Exchange.version_id)
            .outerjoin(Traits, Traits.version_id == Version.id)
            .where(Exchange.state == WANTED, Exchange.due_at <= now, Target.remote_id.in_(reachable(now)))
            .order_by(Exchange.due_at, Exchange.id)
            .limit(1)
            .with_for_update(of=Exchange, skip_locked=True)
        )
        with self._database.unit() as session:
            found = session.execute(query).first()
            if found is None:
                return None
            row, remote_id, filename, phash = found
            row.due_at = until = now + LEASE_MS
            connector = session.get_one(Remote, remote_id).connector
            return Job(
                row.id, remote_id, connector, row.item_ref, row.asset_id, filename, phash,
                row.failures + 1 >= MOST_TRIES, until,
            )  # fmt: skip

    def _look_into(self, job: Job, found: Bytes) -> Taken:
        """Find out what the bytes are, and keep them unless they show the same.

        Raises:
            Unsupported: `type_not_taken`. Unavailable: the store, or a decoding child, cannot be had now.
        """
        if self._is_ours(job, found.sha256):
            return Taken(alike=True)
        name = clean_filename(_named(job.filename, found.media_type))
        refuse_untaken(found.media_type, name)
        with tempfile.TemporaryDirectory(prefix="damhub-proposal-") as folder:
            preview = self._preview(found, Path(folder))
            if preview is not None and self._shows_the_same(job, found, *preview):
                return Taken(alike=True)
            small = self._keep(preview[0]) if preview else None
        return Taken(
            alike=False, filename=name, media_type=found.media_type, stored=self._keep(found.path), preview=small,
            preview_type=preview[1] if preview else "",
        )  # fmt: skip

    def _is_ours(self, job: Job, sha256: str) -> bool:
        """Tell whether these are bytes of the asset itself, such as of an older version that was put back there."""
        versions = select(Version.id).where(Version.asset_id == job.asset_id)
        with self._database.read() as session:
            own = session.scalar(versions.where(Version.sha256 == sha256).limit(1))
            made = select(Rendition.preset).where(Rendition.sha256 == sha256, Rendition.version_id.in_(versions))
            return own is not None or session.scalar(made.limit(1)) is not None

    def _preview(self, found: Bytes, folder: Path) -> tuple[Path, str] | None:
        """Make a small picture in a limited child; None where there is none to be made of it."""
        if found.media_type not in DECODED:
            return None
        try:
            made = self._pool.develop(found.path, found.media_type, rights={}, folder=folder).made
        except HubError as error:
            if isinstance(error, Unavailable) or error.code in TRANSIENT:
                raise
            return None
        return next(((one.path, one.media_type) for one in made if one.preset == THUMBNAIL), None)

    def _shows_the_same(self, job: Job, found: Bytes, preview: Path, media_type: str) -> bool:
        if not found.media_type.startswith(PICTURE):
            return False
        if job.phash is None and not job.last_try:
            raise Unavailable("not_looked_at", "The version itself was not looked at yet.", next_step="Wait a minute.")
        theirs = telling(self._pool.fingerprint(preview, media_type))
        return theirs != NONE and any(
            (int(theirs, 16) ^ int(one, 16)).bit_count() <= NEAR for one in self._looks_of(job.asset_id)
        )

    def _looks_of(self, asset_id: str) -> list[str]:
        """Return what the asset's versions look like, older ones too: one of them may be put back there."""
        query = select(Traits.phash).join(Version, Version.id == Traits.version_id)
        with self._database.read() as session:
            return [one for one in session.scalars(query.where(Version.asset_id == asset_id)) if one]

    def _keep(self, path: Path) -> Stored:
        with path.open("rb") as file:
            return self._store.put(file, expect_size=path.stat().st_size)

    def _record(self, job: Job, taken: Taken) -> None:
        if taken.alike or taken.stored is None:
            self._end(job, ALIKE)
            return
        now = self._clock.now()
        with self._database.unit() as session:
            row, copy = locked(session, job.exchange_id)
            if row.due_at != job.until:
                return
            for stored, kind in ((taken.stored, taken.media_type), (taken.preview, taken.preview_type)):
                if stored is not None:
                    record(session, stored, sniffed_type=kind, at=now)
                    keep(session, stored.sha256)
            row.sha256, row.size, row.media_type = taken.stored.sha256, taken.stored.size, taken.media_type
            row.preview_sha256 = taken.preview.sha256 if taken.preview else None
            row.filename, row.state, row.due_at, row.problem_code, row.problem = taken.filename, OPEN, None, "", ""
            self._tell(session, row, copy, now)

    def _end(self, job: Job, state: str) -> None:
        """Nobody is asked: the copy goes on, and is put right."""
        with self._database.unit() as session:
            row, _ = locked(session, job.exchange_id)
            if row.due_at != job.until:
                return
            copy = release(session, row, state)
            if copy is not None:
                self._placements.wake(session, copy)

    def _failed(self, job: Job, code: str, what: str, *, later: bool) -> None:
        """Try again later, a few times; then ask a person without the bytes: they are not overwritten unseen."""
        now = self._clock.now()
        with self._database.unit() as session:
            row, copy = locked(session, job.exchange_id)
            if row.due_at != job.until:
                return
            row.failures += 1
            row.problem_code, row.problem = code, what
            if later and row.failures < MOST_TRIES:
                row.due_at = now + MINUTE * 2**row.failures
                return
            row.state, row.due_at = UNREAD, None
            self._tell(session, row, copy, now)

    def _tell(self, session: Session, row: Exchange, copy: Placement, at: int) -> None:
        """Tell the asset's owner, unless nothing waits for a decision any more."""
        if copy.exchange_id != row.id:
            return
        asset, target = get_asset(session, row.asset_id), session.get_one(Target, copy.target_id)
        remote = session.get_one(Remote, target.remote_id)
        told = {
            "asset": asset.code, "place": target.label, "account": remote.label, "connector": remote.connector,
            "problem": row.problem, "link": f"{self._base_url}/conflicts?copy={copy.id}",
        }  # fmt: skip
        notices.tell(session, asset.owner_id, NOTICE, subject=copy.id, body=told, at=at)


def _named(ours: str, media_type: str) -> str:
    """Return the name that our version has, with an ending that fits the other bytes."""
    path = PurePosixPath(ours)
    if mimetypes.guess_type(ours, strict=False)[0] == media_type:
        return ours
    return path.stem + (mimetypes.guess_extension(media_type, strict=False) or path.suffix)
