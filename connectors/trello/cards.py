"""Cards as bindings read them: what they say, in which list they lie, what stands in their custom fields."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.sdk.http import Api
from connectors.sdk.types import Board, Card, Named, Page, Target
from connectors.trello import types
from connectors.trello.calls import PAGE_SIZE, Calls

FIELDS = "name,url,desc,closed,dueComplete,idBoard,idList,idLabels"
MOST_LABELS = 1000


class Cards:
    """Reads them."""

    def __init__(self, api: Api, calls: Calls) -> None:
        self._api, self._calls = api, calls

    def boards(self) -> Page[Board]:
        """List the open boards, which Trello does not page."""
        return Page(tuple(Board(board.id, board.name) for board in self._calls.boards()), None)

    def board(self, ref: str) -> Board:
        """Read a board's name, open lists, named labels and custom fields."""
        path = f"/1/boards/{ref}"
        board = self._api.get(path, types.Board, query={"fields": "name,url"})
        lists = self._api.get(f"{path}/lists", list[types.Named], query={"filter": "open", "fields": "name"})
        labels = self._api.get(f"{path}/labels", list[types.Named], query={"fields": "name", "limit": MOST_LABELS})
        fields = self._api.get(f"{path}/customFields", list[types.CustomField])
        return Board(board.id, board.name, _named(lists), _named(labels), _named(fields))

    def cards(self, board: str, cursor: str | None) -> Page[Card]:
        """Read a page of a board's open cards, newest first; the cursor is the oldest id seen."""
        query = {"fields": FIELDS, "customFieldItems": True, "limit": PAGE_SIZE, "before": cursor}
        found = self._api.get(f"/1/boards/{board}/cards/open", list[types.Card], query=query)
        called = self._calls.board_name(board) if found else ""
        options = self._options(board, found)
        after = min(card.id for card in found) if len(found) >= PAGE_SIZE else None
        return Page(tuple(_card(called, card, options) for card in found), after)

    def card(self, ref: str) -> Card:
        """Read one card, which may be archived."""
        card = self._api.get(f"/1/cards/{ref}", types.Card, query={"fields": FIELDS, "customFieldItems": True})
        return _card(self._calls.board_name(card.id_board), card, self._options(card.id_board, [card]))

    def _options(self, board: str, cards: Sequence[types.Card]) -> dict[str, str]:
        """Return what the choices are called that stand on these cards: only the board tells."""
        if not any(item.id_value for card in cards for item in card.items):
            return {}
        fields = self._api.get(f"/1/boards/{board}/customFields", list[types.CustomField])
        return {one.id: one.value.text for field in fields for one in field.options}


def _named(found: Sequence[types.Named]) -> tuple[Named, ...]:
    return tuple(Named(one.id, one.name) for one in found if one.name)


def _card(board: str, card: types.Card, options: dict[str, str]) -> Card:
    values = {item.field: options.get(item.id_value or "", "") or item.said for item in card.items}
    return Card(
        target=Target("card", card.id, f"{board} / {card.name}", card.url),
        title=card.name,
        text=card.desc,
        lies={card.id_board: card.id_list},
        labels=card.id_labels,
        fields={field: value for field, value in values.items() if value},
        done=card.closed or card.due_complete,
    )
