"""What a blob store promises, whatever keeps the bytes.

- A blob is named by the SHA-256 of its bytes and never changes.
- `put` returns only when the bytes would survive a power cut (folder) or were acknowledged whole (S3). A body that is
  shorter, longer or other than announced is refused and leaves nothing behind.
- Memory stays flat whatever the size.
- No unit of work may be open around a call.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from hub.errors import Invalid, NotFound, TooLarge

CHUNK = 1024 * 1024
"""How many bytes are in memory at once."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that are safe: their hash and how many they are."""

    sha256: str
    size: int


class BlobStore(Protocol):
    """Keeps bytes by their hash."""

    def put(
        self,
        stream: IO[bytes],
        *,
        expect_size: int | None = None,
        expect_sha256: str | None = None,
        limit: int | None = None,
    ) -> Stored:
        """Read the stream to its end and keep the bytes.

        Raises:
            Invalid: `upload_cut_off` (other than `expect_size` bytes came) or `upload_wrong_digest`; nothing is kept.
            TooLarge: `upload_too_large`: more than `limit` bytes came; nothing is kept.
            Unavailable: the store cannot take bytes now; nothing is kept.
        """
        ...

    def open(self, sha256: str, *, start: int = 0, end: int | None = None) -> IO[bytes]:
        """Open the bytes from `start` up to, not including, `end`. The caller closes.

        Raises:
            NotFound: `no_such_blob`.
        """
        ...

    def exists(self, sha256: str) -> bool:
        """Tell whether the bytes are there. Never answers no because the store was down."""
        ...

    def size(self, sha256: str) -> int:
        """Return how many bytes there are.

        Raises:
            NotFound: `no_such_blob`.
        """
        ...

    def delete(self, sha256: str) -> None:
        """Remove the bytes; it is no error when they are gone already."""
        ...

    def local_copy(self, sha256: str) -> AbstractContextManager[Path]:
        """Lend the bytes as a file that must not be changed, for as long as the context is open.

        Raises:
            NotFound: `no_such_blob`.
        """
        ...


def no_such_blob(sha256: str) -> NotFound:
    """Return the error that says that these bytes are not in the store."""
    return NotFound(
        "no_such_blob",
        "These bytes are not in the store.",
        where=sha256,
        next_step="Run `damhub doctor`; restore the file from a backup if it names this hash too.",
    )


def pour(
    source: IO[bytes],
    sink: IO[bytes],
    *,
    expect_size: int | None,
    expect_sha256: str | None,
    limit: int | None,
) -> Stored:
    """Copy a stream chunk by chunk, hash it on the way, and refuse what is not as announced."""
    digest = hashlib.sha256()
    size = 0
    bounds = [bound for bound in (limit, expect_size) if bound is not None]
    while chunk := _read(source):
        size += len(chunk)
        if bounds and size > min(bounds):
            break
        digest.update(chunk)
        sink.write(chunk)
    _refuse_size(size, expect_size=expect_size, limit=limit)
    sha256 = digest.hexdigest()
    if expect_sha256 is not None and sha256 != expect_sha256.lower():
        raise Invalid(
            "upload_wrong_digest",
            "The bytes that arrived are not the bytes that were announced. Nothing was kept.",
            next_step="Send the file again.",
        )
    return Stored(sha256, size)


def _read(source: IO[bytes]) -> bytes:
    try:
        return source.read(CHUNK)
    except OSError as lost:
        raise Invalid(
            "upload_cut_off",
            f"The upload broke off: {lost}. Nothing was kept.",
            next_step="Send the file again.",
        ) from lost


def _refuse_size(size: int, *, expect_size: int | None, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise TooLarge(
            "upload_too_large",
            f"The file is larger than the limit of {limit} bytes. Nothing was kept.",
            next_step="Make the file smaller, or ask the operator for a higher limit.",
        )
    if expect_size is not None and size != expect_size:
        came = f"more than {expect_size}" if size > expect_size else f"{size} of {expect_size}"
        raise Invalid(
            "upload_cut_off",
            f"The upload ended too early or went on too long: {came} bytes came. Nothing was kept.",
            next_step="Send the file again.",
        )
