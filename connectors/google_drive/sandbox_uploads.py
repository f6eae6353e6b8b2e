"""How the made-up Drive takes bytes: bodies of two parts, and upload sessions that keep what they keep."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from connectors.google_drive.sandbox_answers import Refused

UNIT = 256 * 1024
MOST_SIMPLE = 5 * 1024 * 1024
KEPT = 1024 * 1024
CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


@dataclass(slots=True)
class Taken:
    """Bytes as they come: added up, and kept where they are few."""

    size: int = 0
    data: bytes | None = b""
    sums: Mapping[str, Any] = field(
        default_factory=lambda: {
            "md5": hashlib.md5(usedforsecurity=False), "sha1": hashlib.sha1(usedforsecurity=False),
            "sha256": hashlib.sha256(),
        }
    )  # fmt: skip

    def add(self, data: bytes) -> None:
        """Take some more."""
        self.size += len(data)
        self.data = self.data + data if self.data is not None and self.size <= KEPT else None
        for one in self.sums.values():
            one.update(data)

    def facts(self) -> dict[str, Any]:
        """Return what Drive says of them."""
        return {"size": self.size, **{name: one.hexdigest() for name, one in self.sums.items()}}


@dataclass(slots=True)
class Session:
    """A resumable upload."""

    ref: str  # of the file that gets a new revision; empty: a new file
    about: Mapping[str, Any]
    media_type: str
    size: int
    taken: Taken = field(default_factory=Taken)
    done: str = ""  # the file's id, once it is complete

    def take(self, span: str, stream: IO[bytes], most: int | None) -> bool:
        """Take a piece; tell whether that was all. At most `most` bytes of it are kept, where that is said."""
        told = _RANGE.fullmatch(span)
        if told is None or int(told.group(3)) != self.size:
            raise Refused(400, "badRequest", "Failed to parse Content-Range header.")
        if told.group(1) is None:
            return self.taken.size == self.size
        first, last = int(told.group(1)), int(told.group(2))
        if first != self.taken.size:
            raise Refused(400, "badRequest", f"The piece begins at {first}, {self.taken.size} bytes are kept.")
        if last + 1 != self.size and (last + 1 - first) % UNIT:
            raise Refused(400, "badRequest", "A piece that is not the last must be a multiple of 256 KiB.")
        self._read(stream, last + 1 - first, most)
        return self.taken.size == self.size

    def _read(self, stream: IO[bytes], size: int, most: int | None) -> None:
        left = size if most is None else min(size, most - most % UNIT)
        while chunk := stream.read(CHUNK):
            self.taken.add(chunk[:left])
            left -= min(left, len(chunk))


def two_parts(content_type: str, body: bytes) -> tuple[dict[str, Any], str, bytes]:
    """Split a multipart/related body into what is said, the bytes' media type, and the bytes."""
    found = re.fullmatch(r"multipart/related; boundary=([\w'()+,./:=?-]{1,70})", content_type)
    if found is None or len(body) > MOST_SIMPLE + CHUNK:
        raise Refused(400, "badRequest", "Malformed multipart body.")
    mark = f"--{found.group(1)}".encode()
    head, first, second, tail = _split(body, mark)
    if head or tail.strip() != b"--":
        raise Refused(400, "badRequest", "Malformed multipart body.")
    said_kind, said = _part(first)
    media_type, data = _part(second)
    if not said_kind.startswith("application/json"):
        raise Refused(400, "badContent", "The first part must be JSON.")
    return json.loads(said), media_type, data


def _split(body: bytes, mark: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    try:
        head, first, second, tail = body.split(mark)
    except ValueError:
        raise Refused(400, "badRequest", "Missing end boundary in multipart body.") from None
    return head, first, second, tail


def _part(part: bytes) -> tuple[str, bytes]:
    head, _, rest = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    name, _, value = head.decode().partition(":")
    if name.lower() != "content-type":
        raise Refused(400, "badRequest", "A part without a Content-Type.")
    return value.strip(), rest.removesuffix(b"\r\n")
