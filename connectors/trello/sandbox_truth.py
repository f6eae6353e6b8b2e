"""What is true of the made-up Trello's boards and cards, in the words of the SDK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connectors.sdk.types import Board, Card, Named, Target
from connectors.trello.sandbox_fronts import LISTS, list_of

if TYPE_CHECKING:
    from connectors.trello.sandbox_fronts import Fronts


def all_boards(boards: Sequence[Mapping[str, str]], fronts: Fronts) -> tuple[Board, ...]:
    """Tell every board."""
    return tuple(
        Board(
            one["id"],
            one["name"],
            tuple(Named(list_of(one["id"], number), name) for number, name in enumerate(LISTS)),
            tuple(Named(label["id"], label["name"]) for label in fronts.labels.get(one["id"], []) if label["name"]),
            tuple(Named(each["id"], each["name"]) for each in fronts.fields.get(one["id"], [])),
        )
        for one in boards
    )


def on_board(
    boards: Sequence[Mapping[str, str]], cards: Mapping[str, Mapping[str, Any]], board: str
) -> tuple[Card, ...]:
    """Tell the open cards of a board."""
    called = next(one["name"] for one in boards if one["id"] == board)
    return tuple(
        Card(
            Target("card", ref, f"{called} / {card['name']}", f"https://trello.com/c/{ref}"),
            card["name"],
            card["desc"],
            {board: list_of(board, card["list"])},
            tuple(card["labels"]),
            {field: text for field, text in card["fields"].items() if text},
            bool(card["due_complete"]),
        )
        for ref, card in cards.items()
        if card["board"] == board and not card["closed"]
    )
