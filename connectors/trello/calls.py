"""Reads that several abilities share. Cards are paged by the oldest id seen, boards and attachments not at all."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sdk.answer import Answer
from connectors.sdk.http import Api
from connectors.trello.types import Board, Card

PAGE_SIZE = 100
LINK_FIELDS = "name,url,isUpload"
FILE_FIELDS = f"{LINK_FIELDS},bytes,mimeType,date"
OPEN: Mapping[str, str] = {"filter": "open", "fields": "name,url"}
ALL: Mapping[str, str] = {
    "filter": "all", "fields": "name,url,closed", "attachments": "true", "attachment_fields": FILE_FIELDS,
}  # fmt: skip


class Calls:
    """What one member sees."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def ask_boards(self) -> Answer:
        """List the open boards."""
        return self._api.ask("GET", "/1/members/me/boards", query={"filter": "open", "fields": "name,url"})

    def boards(self) -> list[Board]:
        """List the open boards, oldest first."""
        return sorted(self.ask_boards().parse(list[Board]), key=lambda board: board.id)

    def cards(
        self, cursor: str | None, wanted: Mapping[str, str], *, empty: bool
    ) -> tuple[Board | None, list[Card], str | None]:
        """Read a page of one board's cards; return the board, the cards, and where to go on.

        `empty` says whether a board without cards is a page too, or passed over.
        """
        boards = self.boards()
        done, _, before = (cursor or "").partition(":")
        for board in boards:
            if board.id < done or (board.id == done and not before):
                continue
            cards = self._page(board, before if board.id == done else "", wanted)
            if not (cards or empty):
                continue
            full = len(cards) >= PAGE_SIZE
            after = f"{board.id}:{min(card.id for card in cards)}" if full else f"{board.id}:"
            return board, cards, None if not full and board.id == boards[-1].id else after
        return None, [], None

    def board_name(self, ref: str) -> str:
        """Read what a board is called."""
        return self._api.get(f"/1/boards/{ref}", Board, query={"fields": "name,url"}).name

    def card(self, ref: str, attachment_fields: str = LINK_FIELDS, fields: str = "name") -> Card:
        """Read a card with all that is attached to it."""
        query = {"fields": fields, "attachments": "true", "attachment_fields": attachment_fields}
        return self._api.get(f"/1/cards/{ref}", Card, query=query)

    def _page(self, board: Board, before: str, wanted: Mapping[str, str]) -> list[Card]:
        query = {**wanted, "limit": PAGE_SIZE, "before": before or None}
        which = query.pop("filter")
        return self._api.get(f"/1/boards/{board.id}/cards/{which}", list[Card], query=query)
