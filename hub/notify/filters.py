"""What an endpoint wants to hear of besides kinds: collections, campaigns, connections.

Which of them an event touches is known by rooms above this one; `hub.app` hands in the function that tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from hub.errors import Invalid
from hub.events.models import Event

NAMES: Final = ("collections", "campaigns", "connections")
MOST: Final = 50
LONGEST: Final = 200

Filters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Touched:
    """What an event is about, at the time when it is taken up."""

    collections: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()
    connections: frozenset[str] = frozenset()


Reach = Callable[[Session, Event], Touched]
"""Tells what an event touches."""


def nothing(session: Session, event: Event) -> Touched:
    """Touch nothing: for a hub without rooms above."""
    del session, event
    return Touched()


def checked_filters(given: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return filters as they are kept; empty ones are left out.

    Raises:
        Invalid: `filters_unfit`.
    """
    if set(given) - set(NAMES):
        raise _unfit("filters", "Filters are lists of collections, campaigns and connections.")
    kept: dict[str, list[str]] = {}
    for name in NAMES:
        values = sorted({value.strip() for value in given.get(name, ()) if value.strip()})
        if len(values) > MOST or any(len(value) > LONGEST or not value.isprintable() for value in values):
            raise _unfit(name, f"At most {MOST} of them, each of at most {LONGEST} printable characters.")
        if values:
            kept[name] = values
    return kept


def passes(filters: Filters, touched: Touched) -> bool:
    """Tell whether an event has, for each filter that is set, one of its values."""
    return all(not filters.get(name) or set(filters[name]) & getattr(touched, name) for name in NAMES)


def _unfit(where: str, what: str) -> Invalid:
    return Invalid("filters_unfit", what, where=where, next_step="Correct the filters and save again.")
