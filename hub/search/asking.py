"""What somebody asks, as query objects. Nothing that a person types is ever parsed as a query language."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tantivy import FieldType, Occur, Query, Schema

from hub.access.actors import Actor
from hub.access.permissions import Act, allowed
from hub.catalogue.models import Lifecycle
from hub.errors import Invalid
from hub.search.entries import FILTERS
from hub.search.index import analyzer

MOST_WORDS: Final = 16
LONGEST_TEXT: Final = 500
MOST_VALUES: Final = 50
MOST_HITS: Final = 200
DEEPEST: Final = 10_000
HIGHEST: Final = 2**53
SORTS: Final = ("relevance", "newest")

_ANALYZER: Final = analyzer()
_TITLE_BOOST: Final = 3.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins. By relevance: after so many hits; by age: below a number, which new assets do not move."""

    offset: int = 0
    below: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A checked question."""

    words: tuple[str, ...]
    filters: dict[str, tuple[str, ...]]
    sort: str
    limit: int
    place: Place
    open_end: bool
    """Whether the last word may only be the beginning of one."""


def understand(
    text: str, filters: Mapping[str, Sequence[str]], *, sort: str, limit: int, cursor: str | None
) -> Question:
    """Check what somebody asks.

    Raises:
        Invalid: `query_too_long`, `unknown_filter`, `too_many_filters`, `unknown_sort`, `bad_limit`, `bad_cursor`.
    """
    if len(text) > LONGEST_TEXT:
        raise _unfit("query_too_long", f"A search has at most {LONGEST_TEXT} characters.", "text", "Use fewer words.")
    for name, values in filters.items():
        if name not in FILTERS:
            raise Invalid(
                "unknown_filter", "There is no such filter.", where=name[:40], next_step=f"Use {', '.join(FILTERS)}."
            )
        if len(values) > MOST_VALUES:
            raise _unfit(
                "too_many_filters", f"A filter takes at most {MOST_VALUES} values.", name, "Choose fewer values."
            )
    if sort not in SORTS:
        raise _unfit("unknown_sort", "There is no such order.", "sort", f"Sort by {' or '.join(SORTS)}.")
    if not 1 <= limit <= MOST_HITS:
        raise _unfit("bad_limit", f"A page has 1 to {MOST_HITS} hits.", "limit", "Ask for a page of that size.")
    plain = text.encode("utf-8", "ignore").decode()
    words = tuple(dict.fromkeys(_ANALYZER.analyze(plain)))[:MOST_WORDS]
    wanted = {name: tuple(_plain(value) for value in values) for name, values in filters.items() if values}
    # Without words there is nothing to be relevant to.
    order = sort if words else "newest"
    return Question(words, wanted, order, limit, _place(cursor, order), plain[-1:].isalnum())


def _unfit(code: str, what: str, where: str, next_step: str) -> Invalid:
    return Invalid(code, what, where=where, next_step=next_step)


def to_cursor(place: Place) -> str:
    """Return a cursor for the page that begins at a place."""
    text = f"r{place.offset}" if place.below is None else f"n{place.below}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def below(query: Query, schema: Schema, number: int) -> Query:
    """Return a query for those of the hits whose number is lower."""
    lower = Query.range_query(schema, "number", FieldType.Unsigned, 0, number, include_upper=False)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, Query.const_score_query(lower, 0.0))])


def queries(question: Question, actor: Actor, schema: Schema, *, leave_out: str = "") -> Query:
    """Return the query for a question as this person may ask it; `leave_out` names a filter that is ignored."""
    parts = [(Occur.Must, _word(schema, word, beginning=False)) for word in question.words[:-1]]
    if question.words:
        parts.append((Occur.Must, _word(schema, question.words[-1], beginning=question.open_end)))
    for name, values in question.filters.items():
        if name != leave_out:
            parts.append((Occur.Must, Query.term_set_query(schema, name, list(values))))
    if "lifecycle" not in question.filters:
        parts.append((Occur.MustNot, Query.term_query(schema, "lifecycle", Lifecycle.ARCHIVED.value)))
    parts.append((Occur.Must, Query.const_score_query(_may_be_found(schema, actor), 0.0)))
    return Query.boolean_query(parts)


def _may_be_found(schema: Schema, actor: Actor) -> Query:
    """Return the query for what somebody may see: totals and counts tell of nothing else."""
    if allowed(actor, Act.VIEW_UNAPPROVED):
        # Every asset has a kind; the document that marks progress has none.
        return Query.exists_query("kind")
    shown = (Occur.Should, Query.term_query(schema, "shown", field_value=True))
    if not allowed(actor, Act.VIEW_UNAPPROVED, owner_id=actor.id):
        return Query.boolean_query([shown])
    return Query.boolean_query([shown, (Occur.Should, Query.term_query(schema, "owner", actor.id))])


def _word(schema: Schema, word: str, *, beginning: bool) -> Query:
    """Match a word in title or body, titles first; a beginning also matches what it may become."""
    exact = [
        (Occur.Should, Query.boost_query(Query.term_query(schema, "title", word), _TITLE_BOOST)),
        (Occur.Should, Query.term_query(schema, "body", word)),
    ]
    if beginning:
        for field, boost in (("title", _TITLE_BOOST), ("body", 1.0)):
            grown = Query.fuzzy_term_query(schema, field, word, distance=0, prefix=True)
            exact.append((Occur.Should, Query.boost_query(grown, boost / 2)))
    return Query.boolean_query(exact)


def _plain(value: str) -> str:
    return value[:LONGEST_TEXT].encode("utf-8", "ignore").decode()


def _place(cursor: str | None, order: str) -> Place:
    if not cursor:
        return Place()
    try:
        text = base64.b64decode(cursor[:40] + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        figure = int(text[1:]) if text[1:].isdecimal() else -1
    except (ValueError, binascii.Error):
        text, figure = "", -1
    kind, most = ("n", HIGHEST) if order == "newest" else ("r", DEEPEST)
    if text[:1] != kind or not 0 <= figure <= most:
        raise Invalid(
            "bad_cursor",
            "This page cannot be found.",
            where="cursor",
            next_step="Begin at the first page, or narrow it.",
        )
    return Place(below=figure) if kind == "n" else Place(offset=figure)
