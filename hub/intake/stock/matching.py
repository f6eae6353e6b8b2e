"""What a listed thing is by its bytes: fetched, hashed, and compared by looks; a file is on the disk meanwhile."""

from __future__ import annotations

import hashlib
import io
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

import structlog
from sqlalchemy import select

from connectors.sdk.errors import ConnectorError, Rejected, RetryLater
from hub.catalogue.assets import get_version
from hub.clock import MINUTE
from hub.connections.models import Remote
from hub.db.unit import refuse_in_transaction
from hub.errors import HubError, Unavailable
from hub.intake.models import FoundItem
from hub.intake.stock.listing import reachable
from hub.intake.stock.recognising import FORGOTTEN, STRANGER, by_bytes
from hub.media.likeness import NONE, nearest, telling
from hub.media.pool import TRANSIENT
from hub.media.sniff import HEAD_BYTES, sniff
from hub.placements.reconcile import DEFECTS

if TYPE_CHECKING:
    from collections.abc import Generator

    from connectors.sdk.protocols import Import
    from connectors.sdk.types import Fetched
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.media.pool import MediaPool
    from hub.placements.ports import Switchboard

log = structlog.get_logger(__name__)

LEASE_MS: Final = 15 * MINUTE
MOST_TRIES: Final = 5
CHUNK: Final = 1024 * 1024
PICTURES: Final = "image/"


@dataclass(frozen=True, slots=True)
class Job:
    """An item whose bytes this process looks at now."""

    item_id: str
    remote_id: str
    connector: str
    ref: str
    until: int  # the lease: whoever takes it later has another


@dataclass(frozen=True, slots=True)
class Bytes:
    """What was fetched, for as long as its file lives."""

    path: Path
    told: Fetched
    sha256: str
    media_type: str  # sniffed


class Bounded(io.RawIOBase):
    """Writes into a file, up to a limit: what a remote sends may have no end."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        super().__init__()
        self._file, self._left = file, limit

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, data: Any, /) -> int:
        """Pass on.

        Raises:
            Rejected: more came than is taken in.
        """
        self._left -= len(data)
        if self._left < 0:
            raise Rejected("This is larger than the hub takes in.", code="item_too_large")
        return self._file.write(data)


class Fetching:
    """Brings an item's bytes onto the disk of this process."""

    def __init__(self, switchboard: Switchboard, limit: int) -> None:
        """Wire it; more than `limit` bytes are not fetched."""
        self._switchboard, self._limit = switchboard, limit

    @contextmanager
    def fetched(self, remote_id: str, ref: str) -> Generator[Bytes]:
        """Lend an item's bytes as a file.

        Raises:
            ConnectorError: the remote did not hand them over.
        """
        refuse_in_transaction("fetching a file")
        with tempfile.TemporaryDirectory(prefix="damhub-stock-") as folder:
            path = Path(folder) / "bytes"
            try:
                with path.open("wb") as file:
                    into = cast("IO[bytes]", Bounded(file, self._limit))
                    told = cast("Import", self._switchboard.speak(remote_id).connector).fetch(ref, into)
            except ConnectorError as failure:
                self._switchboard.report(remote_id, failure)
                raise
            self._switchboard.report(remote_id, None)
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
                file.seek(0)
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            yield Bytes(path, told, sha256, sniff(head))


class Matching:
    """Looks at the bytes of items that nothing else recognised. Safe to be killed: it is done again then."""

    def __init__(self, database: Database, clock: Clock, fetching: Fetching, pool: MediaPool) -> None:
        self._database, self._clock, self._fetching, self._pool = database, clock, fetching, pool

    def drain(self) -> int:
        """Look at one item; return how many were looked at."""
        job = self._take()
        if job is None:
            return 0
        try:
            with self._fetching.fetched(job.remote_id, job.ref) as found:
                self._record(job, found.sha256, self._fingerprint(found))
        except ConnectorError as failure:
            self._failed(job, failure.code, failure.message, later=isinstance(failure, RetryLater))
        except DEFECTS as failure:
            log.warning("connector_failed", connector=job.connector, op="fetch", error=repr(failure))
            self._failed(job, "connector_failed", "The connector failed while it fetched this.", later=True)
        return 1

    def _take(self) -> Job | None:
        now = self._clock.now()
        query = (
            select(FoundItem)
            .where(FoundItem.match_due_at <= now, FoundItem.gone_at.is_(None), FoundItem.act != "ignore")
            .where(FoundItem.remote_id.in_(reachable(now)))
            .order_by(FoundItem.match_due_at, FoundItem.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._database.unit() as session:
            row = session.scalars(query).first()
            if row is None:
                return None
            row.match_due_at = until = now + LEASE_MS
            connector = session.get_one(Remote, row.remote_id).connector
            return Job(row.id, row.remote_id, connector, row.external_id, until)

    def _fingerprint(self, found: Bytes) -> str:
        """Return what a picture looks like; nothing where it is none, or cannot be opened."""
        if not found.media_type.startswith(PICTURES):
            return NONE
        try:
            return telling(self._pool.fingerprint(found.path, found.media_type))
        except HubError as error:
            if isinstance(error, Unavailable) or error.code in TRANSIENT:
                raise
            return NONE

    def _record(self, job: Job, sha256: str, fingerprint: str) -> None:
        with self._database.unit() as session:
            row = session.get_one(FoundItem, job.item_id, with_for_update=True, populate_existing=True)
            if row.match_due_at != job.until:
                return
            row.match_due_at, row.match_failures, row.sha256 = None, 0, sha256
            row.problem_code = row.problem = ""
            if row.whose not in {STRANGER, FORGOTTEN} or by_bytes(session, row):
                return
            alike = nearest(session, fingerprint) if row.whose == STRANGER else None
            if alike is not None:
                version = get_version(session, alike.version_id)
                row.how, row.asset_id, row.version_id = "perceptual", version.asset_id, version.id

    def _failed(self, job: Job, code: str, what: str, *, later: bool) -> None:
        """Try again later, a few times; then it is left as it is, and says why."""
        now = self._clock.now()
        with self._database.unit() as session:
            row = session.get_one(FoundItem, job.item_id, with_for_update=True, populate_existing=True)
            if row.match_due_at != job.until:
                return
            row.match_failures += 1
            row.problem_code, row.problem = code, what
            again = later and row.match_failures < MOST_TRIES
            row.match_due_at = now + MINUTE * 2**row.match_failures if again else None
