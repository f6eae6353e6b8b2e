"""Paging, written out: where the next page is, and how to read all of them without going round in circles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors.sdk.answer import Answer
from connectors.sdk.errors import BadAnswer
from connectors.sdk.types import Page

T = TypeVar("T")
MOST_PAGES = 10_000
_LINK = re.compile(r'<([^>]*)>\s*;[^,]*rel="?next"?')


def every(fetch: Callable[[str | None], Page[T]], *, most_pages: int = MOST_PAGES) -> Iterator[T]:
    """Yield the items of all pages.

    Raises:
        BadAnswer: a cursor came twice, or there are more pages than anybody needs.
    """
    seen: set[str] = set()
    cursor: str | None = None
    for _ in range(most_pages):
        page = fetch(cursor)
        yield from page.items
        if page.cursor is None:
            return
        if page.cursor in seen:
            raise BadAnswer(
                "The other system lists the same page again and again.", detail=f"cursor {page.cursor[:40]}"
            )
        seen.add(page.cursor)
        cursor = page.cursor
    raise BadAnswer("The other system's list does not end.", detail=f"more than {most_pages} pages")


def next_link(answer: Answer) -> str | None:
    """Return the address of the next page out of a Link header (RFC 8288), or None."""
    found = _LINK.search(answer.headers.get("link", ""))
    return found.group(1) if found else None


def next_number(answer: Answer, page: int, *, total_header: str) -> str | None:
    """Return the next page's number where a header tells how many pages there are, or None on the last.

    Raises:
        BadAnswer: the header is missing or no number.
    """
    return str(page + 1) if page < total_of(answer, total_header) else None


def total_of(answer: Answer, header: str) -> int:
    """Return the number in a header that tells how much there is.

    Raises:
        BadAnswer: the header is missing or no number: guessing would return part of a listing without a word.
    """
    total = answer.headers.get(header.lower(), "")
    if not (total.isascii() and total.isdigit()):
        raise answer.call.senseless(f"no usable {header} header", status=answer.status)
    return int(total[:9])


@dataclass(frozen=True, slots=True)
class Spot:
    """How far a listing by number was read: so many things, the last of which has this number."""

    offset: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What follows a spot in a listing by number."""

    items: tuple[T, ...]
    following: Spot | None  # None: this was the end
    moved: bool  # the spot is not where it was: something before it went or came


def after(
    spot: Spot, read: Callable[[int], tuple[list[T], int]], *, number: Callable[[T], int], size: int
) -> Part[T]:  # fmt: skip
    """Read on in a listing that goes by offset and is sorted by number; nothing is left out while things there go.

    What was deleted before the spot moved the rest up, so reading begins one earlier and goes back until it meets what
    is known. A remote may leave out what we may not see: then a page is short, or holds nothing, and is not the end.

    Args:
        spot: where to go on.
        read: returns up to `size` things from an offset on, and how many there are in all.
        number: returns a thing's number.
        size: how many things a page holds.
    """
    start = max(spot.offset - 1, 0)
    listed, total = read(start)
    moved = spot.offset > 0 and (not listed or number(listed[0]) != spot.last)
    while start and not (listed and number(listed[0]) <= spot.last):
        start = max(start - size + 1, 0)
        listed, total = read(start)
    fresh = [one for one in listed if number(one) > spot.last]
    while not fresh and start + size < total:
        start += max(size // 2, 1)
        listed, total = read(start)
        fresh = [one for one in listed if number(one) > spot.last]
    more = start + size < total and fresh
    return Part(tuple(fresh), Spot(start + size, number(fresh[-1])) if more else None, moved)
