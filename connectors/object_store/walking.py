"""Goes through a whole bucket, of which a listing knows names alone: folders at any depth, and names anywhere.

One call lists a thousand names at whatever depth, so this costs one call for every thousand objects: never more than
asking folder by folder. A very large bucket would take too long: after `MOST_DEEP` calls only the folders right below
the top are still told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Protocol

from connectors.object_store.types import Listing
from connectors.sdk.errors import BadAnswer
from connectors.sdk.paging import MOST_PAGES

MOST_DEEP = 100
"""Calls, of 1,000 names each."""


class Read(Protocol):
    """Reads a page of the names below the top, in their order."""

    def __call__(self, cursor: str | None, *, behind: str = "", folders: bool = False) -> Listing:
        """Read on at a store's own cursor, or behind a name; `folders`: those right below the top, for all in them."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """How far a bucket was gone through."""

    calls: int = 0
    last: str = ""  # the last name that was listed
    cursor: str | None = None  # the store's own; None: read on behind `last`

    @classmethod
    def of(cls, cursor: str | None) -> Spot:
        """Read one from a cursor of a listing of ours; None begins."""
        return cls(*json.loads(cursor)) if cursor else cls()

    def text(self) -> str:
        """Return it as a cursor."""
        return json.dumps([*asdict(self).values()])


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one call told."""

    keys: tuple[str, ...]
    folders: tuple[str, ...]  # that no earlier call told
    closed: bool  # the folders were not looked into
    next: Spot | None  # None: this was the end


def stretch(read: Read, top: str, spot: Spot) -> Stretch:
    """Read on from a spot in what lies below the top."""
    closed = spot.calls >= MOST_DEEP
    page = read(spot.cursor, behind="" if spot.cursor else spot.last, folders=closed)
    keys = tuple(one.key for one in page.objects)
    folders = page.folders if closed else tuple(_new_folders(keys, top, spot.last))
    last = max((spot.last, *keys, *page.folders))
    if page.cursor is None:
        return Stretch(keys, folders, closed, None)
    if spot.calls + 1 == MOST_DEEP:
        return Stretch(keys, folders, closed, Spot(MOST_DEEP, _behind_folder(last, top)))
    return Stretch(keys, folders, closed, Spot(spot.calls + 1, last, page.cursor))


def through(read: Read, top: str) -> Iterator[Stretch]:
    """Go through all that lies below the top.

    Raises:
        BadAnswer: a store names the same cursor twice, or more pages than anybody needs.
    """
    seen: set[str] = set()
    spot: Spot | None = Spot()
    for _ in range(MOST_PAGES):
        told = stretch(read, top, spot)
        yield told
        spot = told.next
        if spot is None:
            return
        if spot.cursor in seen:
            raise BadAnswer("The store lists the same page again and again.", detail=f"cursor {spot.cursor[:40]}")
        seen.add(spot.cursor or "")
    raise BadAnswer("The store's list does not end.", detail=f"more than {MOST_PAGES} pages")


def _new_folders(keys: tuple[str, ...], top: str, last: str) -> Iterator[str]:
    """Yield the folders that keys lie in. What lies in one stands together: only those of `last` were told before."""
    known = set(_above(last, top))
    for key in keys:
        for folder in _above(key, top):
            if folder not in known:
                known.add(folder)
                yield folder


def _above(key: str, top: str) -> Iterator[str]:
    rest = key.removeprefix(top)
    return (top + rest[: at + 1] for at, sign in enumerate(rest) if sign == "/")


def _behind_folder(key: str, top: str) -> str:
    """Return a name behind all that lies in the same folder right below the top: `0` comes after the slash."""
    folder, slash, _ = key.removeprefix(top).partition("/")
    return f"{top}{folder}0" if slash else key
