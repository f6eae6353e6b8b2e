"""Paging, written out: where the next page is, and how to read all of them without going round in circles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

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
        BadAnswer: the header is missing or no number: guessing would return part of a listing without a word.
    """
    total = answer.headers.get(total_header.lower(), "")
    if not (total.isascii() and total.isdigit()):
        raise answer.call.senseless(f"no usable {total_header} header", status=answer.status)
    return str(page + 1) if page < int(total[:9]) else None
