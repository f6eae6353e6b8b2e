"""Planted bugs of reading cards."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from connectors.sdk.errors import ConnectorError, Missing
from connectors.sdk.types import Board, Card, Page, Target
from connectors.testing.conformance.bench import Bench, Planted
from connectors.testing.conformance.breaking import inbound, method

NOTHING: Page[Any] = Page((), None)
NOBODY = Card(Target("card", "0", "Nobody"), "Nobody")


def _all_but_one(inner: Any, _bench: Bench, cursor: str | None) -> Page[Any]:
    page = inner.boards(cursor)
    return replace(page, items=page.items[:-1])


def _backwards(inner: Any, _bench: Bench, ref: str) -> Board:
    board: Board = inner.board(ref)
    return replace(board, lists=board.lists[::-1])


def _shorter(inner: Any, _bench: Bench, board: str, cursor: str | None) -> Page[Card]:
    with suppress(ConnectorError):
        return inner.cards(board, cursor)
    return NOTHING


def _open_only(inner: Any, _bench: Bench, board: str, cursor: str | None) -> Page[Card]:
    page = inner.cards(board, cursor)
    return Page(tuple(card for card in page.items if not card.done), page.cursor)


def _textless(inner: Any, _bench: Bench, ref: str) -> Card:
    return replace(inner.card(ref), text="")


def _elsewhere(inner: Any, _bench: Bench, board: str, cursor: str | None) -> Page[Card]:
    page = inner.cards(board, cursor)
    return Page(tuple(replace(one, target=replace(one.target, kind="note")) for one in page.items), page.cursor)


def _never_done(inner: Any, _bench: Bench, ref: str) -> Card:
    return replace(inner.card(ref), done=False)


def _forgiving(inner: Any, _bench: Bench, ref: str) -> Card:
    with suppress(Missing):
        return inner.card(ref)
    return NOBODY


CARDS: tuple[Planted, ...] = (
    method("boards-complete", "the last board is lost", "boards", _all_but_one),
    method("board-read", "the lists come in another order", "board", _backwards),
    method("cards-complete", "done cards are left out", "cards", _open_only),
    method("cards-whole-or-fail", "a failed page ends the list", "cards", _shorter),
    method("cards-say", "the text is not read", "card", _textless),
    method("cards-are-targets", "cards are things of another kind", "cards", _elsewhere),
    method("card-put-away", "what was put away is not done", "card", _never_done),
    method("card-missing", "a card that is gone is an empty one", "card", _forgiving),
    inbound("card-heard", "no card is named", read=lambda hint: replace(hint, cards=())),
)  # fmt: skip
