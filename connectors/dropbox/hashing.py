"""Dropbox's own hash: SHA-256 over the SHA-256 of each block of 4 MiB.

https://www.dropbox.com/developers/reference/content-hash
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import IO

from connectors.sdk.source import CHUNK
from connectors.sdk.types import Outgoing

BLOCK = 4 * 1024 * 1024
_DIGEST = 32


class Hashing:
    """Takes bytes in pieces of any size; memory grows by 32 bytes for each block."""

    def __init__(self) -> None:
        self._blocks = bytearray()
        self._block, self._room = hashlib.sha256(), BLOCK

    def write(self, data: bytes) -> int:
        """Take some more."""
        left = memoryview(data)
        while left:
            now, left = left[: self._room], left[self._room :]
            self._block.update(now)
            self._room -= len(now)
            if not self._room:
                self._close()
        return len(data)

    def _close(self) -> None:
        self._blocks += self._block.digest()
        self._block, self._room = hashlib.sha256(), BLOCK

    def content_hash(self, start: int = 0, size: int | None = None) -> str:
        """Return the hash of everything, or of a part that begins with a block and ends with one, or with the file."""
        blocks = bytes(self._blocks) + (self._block.digest() if self._room < BLOCK else b"")
        first = start // BLOCK * _DIGEST
        last = None if size is None else first - (-size // BLOCK) * _DIGEST
        return hashlib.sha256(blocks[first:last]).hexdigest()


class Watching:
    """A file that hashes what is written into it on its way."""

    def __init__(self, into: IO[bytes]) -> None:
        self._into = into
        self.seen = Hashing()

    def write(self, data: bytes) -> int:
        """Write and hash."""
        self.seen.write(data)
        return self._into.write(data)


def hash_of(outgoing: Outgoing) -> Hashing:
    """Read what is to be sent, once, in pieces."""
    hashing = Hashing()
    with closing(outgoing.open()) as stream:
        while chunk := stream.read(CHUNK):
            hashing.write(chunk)
    return hashing
