"""Archives of several assets, made while they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Protocol, cast

from zipstream import ZipStream  # pyright: ignore[reportMissingTypeStubs] - it has none; `Stream` says what we use

CHUNK = 256 * 1024


class Stream(Protocol):
    """An archive that is made while it is read, and whose length is known beforehand."""

    def __iter__(self) -> Iterator[bytes]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive; `open` checks once more whether its bytes may go."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def build(entries: list[Entry]) -> Stream:
    """Return an archive whose length is known beforehand, so that a cut-off one is noticed by whoever receives it."""
    archive = cast("Any", ZipStream)(sized=True)
    taken: set[str] = set()
    for entry in entries:
        name = _unique(entry.name, taken)
        archive.add(_read(entry), name, size=entry.size)
    return cast("Stream", archive)


def _read(entry: Entry) -> Iterator[bytes]:
    with entry.open() as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _unique(name: str, taken: set[str]) -> str:
    candidate, n = name, 1
    while candidate.casefold() in taken:
        n += 1
        stem, dot, suffix = name.rpartition(".")
        candidate = f"{stem}-{n}{dot}{suffix}" if dot else f"{name}-{n}"
    taken.add(candidate.casefold())
    return candidate
