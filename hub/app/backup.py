"""Back a whole hub up into one archive while it runs. See `hub.app.archive` for its form."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from pydantic import BaseModel
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from hub.app.archive import (
    BATCH,
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
    write_rows,
)
from hub.app.restore import restore
from hub.clock import Clock
from hub.db.migrate import newest_revision, revision
from hub.db.models import Installation
from hub.db.unit import Database
from hub.errors import Conflict, NotFound
from hub.settings import Settings
from hub.storage.blobs import BlobStore
from hub.storage.folder import sync_folder
from hub.storage.models import REMOVED
from hub.storage.stores import make_store

__all__ = ["backup", "restore"]


def backup(
    settings: Settings,
    out_path: Path,
    *,
    with_keys: bool = False,
    clock: Clock | None = None,
    told: Told | None = None,
) -> End:
    """Write everything into one file, which appears under its name only when it is whole.

    The rows are those of one moment. Memory stays flat. Keys are left out unless asked for: whoever has them and the
    archive can use the credentials in it. `told` hears of the bytes so far.

    Raises:
        Conflict: there is no hub in this database, or it was made by another release.
    """
    database = Database(settings.database)
    try:
        with tempfile.TemporaryDirectory(dir=out_path.parent, prefix=".damhub-backup-") as scratch:
            manifest, rows = _dump(database, Path(scratch), at=(clock or clock_of(settings)).now(), with_keys=with_keys)
            with _new_file(out_path) as file, tarfile.open(fileobj=file, mode="w|") as archive:
                writer = _Writer(archive, at=manifest.made_at, told=told)
                writer.add_text(MANIFEST, manifest)
                end = End(tables={}, rows=rows, blobs=0, bytes=0, missing=[])
                writer.of = _bytes_of_blobs(Path(scratch))
                _add_blobs(writer, make_store(settings), Path(scratch), end)
                _add_tables(writer, Path(scratch), end)
                _add_keys(writer, settings.home / "keys" if with_keys else None)
                writer.add_text(END, end)
    finally:
        database.dispose()
    return end


def _dump(database: Database, folder: Path, *, at: int, with_keys: bool) -> tuple[Manifest, int]:
    if (stands_at := revision(database)) != newest_revision():
        raise Conflict(
            "database_not_current",
            f"The database's tables are not those of this release (revision {stands_at or 'none'}).",
            next_step="Start the hub once with this release, then make the backup.",
        )
    with database.read() as session:
        installation = session.scalar(select(Installation))
        manifest = Manifest(
            revision=newest_revision(),
            installation_id=installation.id if installation else "",
            epoch=installation.epoch if installation else 0,
            made_at=at,
            with_keys=with_keys,
        )
        count = sum(write_rows(folder / (table.name + ROWS), _rows(session, table)) for table in tables())
    return manifest, count


def _bytes_of_blobs(folder: Path) -> int:
    rows = (row for batch in read_rows(folder / ("blobs" + ROWS)) for row in batch)
    return sum(row["size"] for row in rows if row["state"] not in REMOVED)


def _rows(session: Session, table: Table) -> Iterator[Row]:
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    return (dict(row) for row in session.execute(query).mappings())


def _add_blobs(writer: _Writer, store: BlobStore, folder: Path, end: End) -> None:
    for batch in read_rows(folder / ("blobs" + ROWS)):
        for row in batch:
            if row["state"] in REMOVED:
                continue
            if _add_blob(writer, store, row["sha256"], row["size"]):
                end.blobs += 1
                end.bytes += row["size"]
            else:
                end.missing.append(row["sha256"])


def _add_blob(writer: _Writer, store: BlobStore, sha256: str, size: int) -> bool:
    """Add a blob if the store has it whole. It is read twice: a tar cannot take back what was damaged."""
    try:
        with store.local_copy(sha256) as path, path.open("rb") as file:
            if path.stat().st_size != size or hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return False
            file.seek(0)
            writer.add(BLOBS + sha256, file, size)
    except NotFound:
        return False
    return True


def _add_tables(writer: _Writer, folder: Path, end: End) -> None:
    for table in tables():
        path = folder / (table.name + ROWS)
        with path.open("rb") as file:
            end.tables[table.name] = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            writer.add(TABLES + path.name, file, path.stat().st_size)


def _add_keys(writer: _Writer, folder: Path | None) -> None:
    if folder is None or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            writer.add(KEYS + path.name, file, path.stat().st_size)


class _Writer:
    """Adds members to the archive and forgets them at once."""

    def __init__(self, archive: tarfile.TarFile, *, at: int, told: Told | None = None) -> None:
        self._archive = archive
        self._at = at // 1000
        self._told = told
        self._so_far = 0
        self.of = 0

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, self._at, 0o600
        # Blobs are nearly all of it, and the only part whose size is known before.
        heard = cast("IO[bytes]", Heard(file, self._hear)) if name.startswith(BLOBS) else file
        self._archive.addfile(info, heard)
        # tarfile remembers each member, which a million blobs would turn into a gigabyte.
        cast("Any", self._archive).members = []

    def _hear(self, count: int) -> None:
        self._so_far += count
        if self._told:
            self._told(self._so_far, self.of)

    def add_text(self, name: str, value: BaseModel) -> None:
        body = value.model_dump_json().encode()
        self.add(name, io.BytesIO(body), len(body))


@contextmanager
def _new_file(path: Path) -> Generator[IO[bytes]]:
    """Lend a file that nobody else may read and that gets its name only when all of it is on the disk."""
    part = path.with_name(path.name + ".part")
    # What a killed backup left is in the way; so would be a link or a file that somebody else put there beforehand.
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)
