"""Blobs in a local folder: `<root>/ab/cd/<sha256>`, written to a temporary file first."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from hub.db.unit import refuse_in_transaction
from hub.errors import Unavailable
from hub.storage.blobs import CHUNK, Stored, no_such_blob, pour

_DIGEST = re.compile(r"[0-9a-f]{64}")
_INCOMING = "incoming"


class FolderStore:
    """Keeps blobs in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / _INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True)
        sync_folder(root)

    def put(
        self,
        stream: IO[bytes],
        *,
        expect_size: int | None = None,
        expect_sha256: str | None = None,
        limit: int | None = None,
    ) -> Stored:
        """Keep the bytes; file and folder are on the disk when this returns."""
        refuse_in_transaction("storing a blob")
        if not self._incoming.is_dir():
            raise Unavailable(
                "blob_folder_missing",
                f"The folder of the blobs is not there: {self._root}. Nothing was kept.",
                next_step="Mount it again, then send the file again.",
            )
        with _temporary(self._incoming) as (file, path):
            stored = pour(stream, file, expect_size=expect_size, expect_sha256=expect_sha256, limit=limit)
            file.flush()
            os.fsync(file.fileno())
            self._settle(path, self._path(stored.sha256))
        return stored

    def _settle(self, path: Path, final: Path) -> None:
        for folder in (final.parent.parent, final.parent):
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                sync_folder(folder.parent)
        path.chmod(0o400)
        # Replaces a file of the same name: if that one was damaged, it is whole now.
        path.rename(final)
        sync_folder(final.parent)

    def open(self, sha256: str, *, start: int = 0, end: int | None = None) -> IO[bytes]:
        """Open the bytes from `start` up to, not including, `end`."""
        refuse_in_transaction("reading a blob")
        try:
            file = self._path(sha256).open("rb")
        except FileNotFoundError as missing:
            raise no_such_blob(sha256) from missing
        file.seek(start)
        if end is None:
            return file
        return cast("IO[bytes]", io.BufferedReader(Window(file, max(0, end - start)), CHUNK))

    def exists(self, sha256: str) -> bool:
        """Tell whether the bytes are there."""
        refuse_in_transaction("looking for a blob")
        return bool(_DIGEST.fullmatch(sha256)) and self._path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """Return how many bytes there are."""
        refuse_in_transaction("looking at a blob")
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError as missing:
            raise no_such_blob(sha256) from missing

    def delete(self, sha256: str) -> None:
        """Remove the bytes if they are there."""
        refuse_in_transaction("removing a blob")
        if self.exists(sha256):
            path = self._path(sha256)
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    @contextmanager
    def local_copy(self, sha256: str) -> Generator[Path]:
        """Lend the file itself; it is read-only."""
        refuse_in_transaction("lending a blob")
        path = self._path(sha256)
        if not path.is_file():
            raise no_such_blob(sha256)
        yield path

    def _path(self, sha256: str) -> Path:
        if not _DIGEST.fullmatch(sha256):
            raise no_such_blob(sha256)
        return self._root / sha256[:2] / sha256[2:4] / sha256


class Window(io.RawIOBase):
    """The next `length` bytes of a stream, and no more."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        super().__init__()
        self._stream = stream
        self._left = length

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - the stub names a type that only stubs have
        """Fill the buffer with what is left, as far as it goes."""
        chunk = self._stream.read(min(len(buffer), self._left))
        buffer[: len(chunk)] = chunk
        self._left -= len(chunk)
        return len(chunk)

    def close(self) -> None:
        """Close the stream below too."""
        self._stream.close()
        super().close()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _temporary(folder: Path) -> Generator[tuple[IO[bytes], Path]]:
    """Lend a temporary file that is gone afterwards unless it was renamed."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            path = Path(file.name)
            try:
                yield file, path
            finally:
                path.unlink(missing_ok=True)
    except OSError as failed:
        raise Unavailable(
            "storage_failed",
            f"The folder of the blobs does not take the file: {failed.strerror}. Nothing was kept.",
            next_step="Make space or mend the disk (`damhub doctor`), then send the file again.",
        ) from failed
