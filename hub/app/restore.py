"""Put a backup back into an empty hub, which then only observes until a person says what it is.

Nothing is to be found in the database until the archive was read to its end and found whole: then all rows come in one
unit of work. Blobs come first, as always; a restore that fails can be repeated.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from sqlalchemy import Table, bindparam, case, func, insert, select, update
from sqlalchemy.exc import CompileError, DataError, IntegrityError
from sqlalchemy.orm import Session

from hub.app.archive import (
    BLOBS,
    END,
    KEYS,
    MANIFEST,
    ROWS,
    TABLES,
    End,
    Heard,
    Manifest,
    Row,
    Told,
    clock_of,
    read_rows,
    tables,
)
from hub.clock import Clock
from hub.db.base import new_id
from hub.db.installation import observe_only
from hub.db.migrate import migrate, newest_revision
from hub.db.models import Installation
from hub.db.unit import Database
from hub.errors import Conflict, HubError, Invalid
from hub.events.log import RESTORED
from hub.events.models import Cursor, Event
from hub.placements.models import Placement
from hub.placements.phase import Observed, Phase
from hub.settings import Settings
from hub.storage.blobs import BlobStore
from hub.storage.stores import make_store

EVENTS_APART = 1_000_000
"""So many numbers lie between the backup's last event and the first one after it, for what happened in between."""

_KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_Model = TypeVar("_Model", bound=BaseModel)


def restore(settings: Settings, archive: Path, *, clock: Clock | None = None, told: Told | None = None) -> End:
    """Fill an empty hub with a backup, whichever database and store either has. `told` hears of the bytes so far.

    Raises:
        Conflict: the hub is not empty, or the backup was made by another release.
        Invalid: the archive is cut off, damaged or none of ours; the database is still empty.
    """
    database = Database(settings.database)
    try:
        migrate(database)
        _refuse_full(database)
        with tempfile.TemporaryDirectory(prefix="damhub-restore-") as scratch:
            reader = _Reader(make_store(settings), settings.home / "keys", Path(scratch))
            manifest, end = reader.read(archive, told)
            try:
                with database.unit() as session:
                    for table in tables():
                        _fill(session, table, Path(scratch) / (table.name + ROWS))
                    _begin_again(session, manifest, at=(clock or clock_of(settings)).now())
            except (IntegrityError, DataError, CompileError, ValueError) as unfit:
                raise _damaged("its rows do not fit their tables") from unfit
            reader.put_keys()
    finally:
        database.dispose()
    return end


def _refuse_full(database: Database) -> None:
    with database.read() as session:
        full = [table.name for table in tables() if session.execute(select(table).limit(1)).first()]
    if full:
        raise Conflict(
            "hub_not_empty",
            f"This hub has rows already ({', '.join(full[:3])}). Nothing was changed.",
            next_step="Restore into an empty data folder and an empty database.",
        )


class _Reader:
    """Reads the archive once, from front to back."""

    def __init__(self, store: BlobStore, keys: Path, scratch: Path) -> None:
        self._store = store
        self._keys = keys
        self._scratch = scratch
        self._blobs = 0

    def read(self, path: Path, told: Told | None = None) -> tuple[Manifest, End]:
        """Take blobs into the store and tables and keys into the scratch folder; return what frames them."""
        try:
            with path.open("rb") as opened, tarfile.open(fileobj=_heard(opened, told), mode="r|") as archive:
                members = iter(self._members(archive))
                name, first = next(members, ("", None))
                manifest = _parsed(Manifest, first if name == MANIFEST else None)
                _refuse_other_release(manifest)
                for name, file in members:
                    if name == END:
                        return manifest, self._whole(_parsed(End, file))
                    self._take(name, file)
        except (tarfile.TarError, EOFError) as broken:
            raise _damaged(str(broken)) from broken
        raise _damaged("it has no end")

    def put_keys(self) -> None:
        """Put the keys of the backup where the hub looks for them, never over keys that are there."""
        for path in sorted((self._scratch / KEYS).glob("*")):
            self._keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            target = self._keys / path.name
            if not target.exists():
                shutil.copyfile(path, target)
                target.chmod(0o600)

    @staticmethod
    def _members(archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
        while info := archive.next():
            file = archive.extractfile(info) if info.isreg() else None
            if file is None:
                raise _damaged(f"{info.name} is no file")
            with closing(file):
                yield info.name, file
            cast("Any", archive).members = []  # see backup

    def _take(self, name: str, file: IO[bytes]) -> None:
        if name.startswith(BLOBS):
            try:
                self._store.put(file, expect_sha256=name.removeprefix(BLOBS))
            except Invalid as wrong:
                raise _damaged(f"{name}: {wrong.code}") from wrong
            self._blobs += 1
        elif name in {TABLES + table.name + ROWS for table in tables()}:
            self._copy(file, self._scratch / name.removeprefix(TABLES))
        elif name.startswith(KEYS) and _KEY_NAME.fullmatch(name.removeprefix(KEYS)):
            (self._scratch / KEYS).mkdir(exist_ok=True)
            self._copy(file, self._scratch / name)
        else:
            raise _damaged(f"{name} does not belong there")

    @staticmethod
    def _copy(file: IO[bytes], path: Path) -> None:
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)

    def _whole(self, end: End) -> End:
        if self._blobs != end.blobs:
            raise _damaged(f"{self._blobs} of {end.blobs} blobs are in it")
        for table in tables():
            path = self._scratch / (table.name + ROWS)
            if not path.exists() or _hash(path) != end.tables.get(table.name):
                raise _damaged(f"the rows of {table.name} are not those that were written")
        return end


def _heard(file: IO[bytes], told: Told | None) -> IO[bytes]:
    size, so_far = os.fstat(file.fileno()).st_size, 0

    def hear(count: int) -> None:
        nonlocal so_far
        so_far += count
        if told:
            told(so_far, size)

    return cast("IO[bytes]", Heard(file, hear))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parsed(model: type[_Model], file: IO[bytes] | None) -> _Model:
    try:
        return model.model_validate_json(file.read() if file else b"")
    except ValidationError as unreadable:
        raise _damaged(f"it has no readable {model.__name__.lower()}") from unreadable


def _damaged(how: str) -> HubError:
    return Invalid(
        "backup_damaged",
        f"This is no whole backup: {how}. The database is still empty.",
        next_step="Take another copy of the archive, or an older one.",
    )


def _refuse_other_release(manifest: Manifest) -> None:
    if manifest.revision != newest_revision():
        raise Conflict(
            "backup_of_another_release",
            f"The backup's tables are those of another release (revision {manifest.revision}). Nothing was changed.",
            next_step="Restore it with the release that made it, then start this one.",
        )


def _fill(session: Session, table: Table, path: Path) -> None:
    """Insert a table's rows; references within the table are set when all rows are there."""
    inward = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    leases = [name for name in ("lease_owner", "lease_until") if name in table.columns]
    for batch in read_rows(path):
        session.execute(insert(table), [{**row, **dict.fromkeys([*inward, *leases])} for row in batch])
    for name in inward:
        key = next(iter(table.primary_key.columns))
        statement = update(table).where(key == bindparam("row_key")).values({name: bindparam("row_value")})
        for batch in read_rows(path):
            if pairs := [_pair(row, key.name, name) for row in batch if row[name] is not None]:
                session.connection().execute(statement, pairs)


def _pair(row: Row, key: str, name: str) -> Row:
    return {"row_key": row[key], "row_value": row[name]}


def _begin_again(session: Session, manifest: Manifest, *, at: int) -> None:
    """Start a new epoch: what is outside may have changed since, and so may what others were told."""
    installation = session.scalar(select(Installation))
    if installation is None:
        return
    installation.epoch += 1
    installation.home_fingerprint = ""
    observe_only(
        installation,
        "This hub was restored from a backup. Say whether it is the hub (`damhub adopt`) or a copy of it "
        "(`damhub declare-copy`): until then it only observes.",
    )
    session.execute(update(Cursor).values(epoch=installation.epoch))
    _forget_observations(session, at)
    last = session.scalar(select(func.coalesce(func.max(Event.seq), 0))) or 0
    session.add(
        Event(
            seq=last + EVENTS_APART,
            id=new_id(),
            at=at,
            kind=RESTORED,
            subject=installation.id,
            actor="system",
            cause_id=None,
            depth=0,
            batch_id=None,
            body={"epoch": installation.epoch, "made_at": manifest.made_at, "last_seq": last},
        )
    )


def _forget_observations(session: Session, at: int) -> None:
    """Let every living copy be looked for again, also those that the backup had not seen being made.

    What may have been published since the backup is looked for, or asked about, before it is published: see
    `hub.placements.lost`.
    """
    stays = Placement.phase.in_([Phase.BLOCKED.value, Phase.UNSURE.value])
    session.execute(
        update(Placement)
        .where(Placement.settled_at.is_(None))
        .values(
            observed=Observed.UNKNOWN.value,
            observed_at=None,
            phase=case((stays, Placement.phase), else_=Phase.WORKING.value),
            due_at=at,
            revision=Placement.revision + 1,
        )
    )
