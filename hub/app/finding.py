"""All assets that a saved search finds, for bindings: the room that plans them lies below the room that searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hub.access.actors import SYSTEM
from hub.search.service import Search

PAGE: Final = 200
MOST: Final = 10_000
"""More are not linked to cards by one search: whoever asks for so many asked for something else."""


def found_by(search: Search, words: str, filters: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the ids of all assets that words and filters find, newest first.

    Raises:
        Invalid, Unavailable: as `Search.query`.
    """
    found: list[str] = []
    cursor: str | None = None
    while len(found) < MOST:
        hits = search.query(SYSTEM, words, filters=filters, sort="newest", limit=PAGE, cursor=cursor)
        found += hits.asset_ids
        cursor = hits.cursor
        if cursor is None:
            break
    return found[:MOST]
