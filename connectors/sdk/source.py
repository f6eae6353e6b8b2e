"""The bytes of an upload, read from a fresh stream for each try, in chunks, and exactly as many as were announced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from connectors.sdk.types import Source

CHUNK = 256 * 1024
"""What is read and sent at once. A quarter of the steps of 64 KiB saves more than the call's guard and limits cost."""


class SourceBroken(Exception):
    """A stream held fewer or more bytes than its size said; part of them may have been sent."""


def part(outgoing: Source, start: int, size: int) -> Iterator[bytes]:
    """Yield exactly this part of the bytes.

    Raises:
        SourceBroken: there are fewer.
    """
    with closing(outgoing.open()) as stream:
        if stream.seekable():
            stream.seek(start)
        else:
            for at in range(0, start, CHUNK):
                stream.read(min(CHUNK, start - at))
        while size and (chunk := stream.read(min(CHUNK, size))):
            size -= len(chunk)
            yield chunk
    if size:
        raise SourceBroken(f"fewer bytes than the {outgoing.size} announced")


def chunks(outgoing: Source) -> Iterator[bytes]:
    """Yield the bytes.

    Raises:
        SourceBroken: there are fewer or more than `outgoing.size`.
    """
    left = outgoing.size
    with closing(outgoing.open()) as stream:
        while chunk := stream.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
    if left:
        raise SourceBroken(f"{'more' if left < 0 else 'fewer'} bytes than the {outgoing.size} announced")
