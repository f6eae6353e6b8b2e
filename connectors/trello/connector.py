"""Trello: links to our delivery address on cards.

A card's attachment has no update in Trello's contract: a changed name is a new attachment and the old one withdrawn.
Manual: https://developer.atlassian.com/cloud/trello/rest/api-group-cards/
"""

from __future__ import annotations

from contextlib import suppress
from typing import IO

from connectors.sdk.errors import Missing, Rejected, Unreachable
from connectors.sdk.http import Api
from connectors.sdk.marker import marker_in
from connectors.sdk.types import (
    Account,
    Board,
    Card,
    Changes,
    Copy,
    Fetched,
    Item,
    Outgoing,
    Page,
    Part,
    PartKind,
    Receipt,
    Target,
)
from connectors.trello import types
from connectors.trello.calls import ALL, FILE_FIELDS, LINK_FIELDS, OPEN, Calls
from connectors.trello.cards import Cards
from connectors.trello.feed import read_feed
from connectors.trello.items import file_name, of_board, of_card, path_of
from connectors.trello.notes import Notes
from connectors.trello.types import Attachment, Member, Settings, Token, Webhook


class Trello:
    """One member's Trello."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._calls = Calls(api)
        self._cards = Cards(api, self._calls)
        self._notes = Notes(api, self._calls, settings)

    def identify(self) -> Account:
        """Read the member that the token belongs to."""
        member = self._api.get("/1/members/me?fields=username,fullName", Member)
        return Account(key=member.id, label=member.full_name or member.username, user=member.username)

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the open cards of all open boards, board by board."""
        board, cards, after = self._calls.cards(cursor, OPEN, empty=False)
        return Page(tuple(_target(board, card) for card in cards if board), after)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Attach our link; the marker stands in its path."""
        name = _name(outgoing)
        covers = self._notes.before_link(target, name or "", outgoing.media_type)
        query = {"url": outgoing.link, "name": name, "setCover": covers or None}
        attachment = self._api.post(f"/1/cards/{target.ref}/attachments", Attachment, query=query)
        return Receipt(attachment.id, (Part(PartKind.LINK, attachment.id),), target.url)

    def withdraw(self, target: Target, ref: str) -> None:
        """Delete the attachment."""
        with suppress(Missing):
            self._notes.before_withdrawal(target, ref)
            self._api.delete(f"/1/cards/{target.ref}/attachments/{ref}")

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """List the card's attachments, which Trello does not page, and compare the markers in their addresses."""
        attachments = self._api.get(
            f"/1/cards/{target.ref}/attachments", list[Attachment], query={"fields": LINK_FIELDS, "filter": "false"}
        )
        copies = (_copy(target, attachment) for attachment in attachments)
        return tuple(copy for copy in copies if copy.marker == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read one attachment."""
        path = f"/1/cards/{target.ref}/attachments/{ref}"
        return _copy(target, self._api.get(path, Attachment, query={"fields": LINK_FIELDS}))

    def subscribe(self, target: Target, callback_url: str) -> str:
        """Register a webhook on the card or board, unless there is one; Trello calls the address before it answers."""
        known = self._webhook(target, callback_url)
        if known is None:
            query = {"callbackURL": callback_url, "idModel": target.ref, "description": "damhub"}
            try:
                return self._api.post("/1/webhooks/", Webhook, query=query).id
            except Rejected:  # perhaps because another process was quicker
                known = self._webhook(target, callback_url)
                if known is None:
                    raise
        if not known.active:  # Trello switches off what failed for thirty days
            self._api.put(f"/1/webhooks/{known.id}", Webhook, query={"active": True})
        return known.id

    def unsubscribe(self, ref: str) -> None:
        """Delete a webhook."""
        with suppress(Missing):
            self._api.delete(f"/1/webhooks/{ref}")

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List the boards, and the cards and files on them, archived ones too."""
        board, cards, after = self._calls.cards(cursor, ALL, empty=True)
        if board is None:
            return Page((), None)
        first = (of_board(board),) if (cursor or "").partition(":")[0] != board.id else ()
        return Page((*first, *(item for card in cards for item in of_card(card, board.id))), after)

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read a file's bytes; Trello may send us on to its storage, where the credentials do not go."""
        known = self._api.get(path_of(ref), Attachment, query={"fields": FILE_FIELDS})
        answer = self._api.download(f"{path_of(ref)}/download/{file_name(known)}", into)
        if known.size not in (None, answer.size):
            raise Unreachable("A file came in part. The hub reads it again.", detail=f"{ref}: {answer.size} bytes")
        return Fetched(answer.size, known.mime_type or "", known.id)

    def changes(self, cursor: str | None) -> Changes:
        """Read the actions of all boards, one board with each call."""
        return read_feed(self._api, cursor)

    def boards(self, cursor: str | None) -> Page[Board]:
        """List the open boards."""
        del cursor
        return self._cards.boards()

    def board(self, ref: str) -> Board:
        """Read a board with its lists, labels and custom fields."""
        return self._cards.board(ref)

    def cards(self, board: str, cursor: str | None) -> Page[Card]:
        """List a board's open cards."""
        return self._cards.cards(board, cursor)

    def card(self, ref: str) -> Card:
        """Read one card."""
        return self._cards.card(ref)

    def _webhook(self, target: Target, callback_url: str) -> Webhook | None:
        tokens = self._api.get("/1/members/me/tokens", list[Token], query={"webhooks": True})
        webhooks = (webhook for token in tokens for webhook in token.webhooks)
        wanted = (target.ref, callback_url)
        return next((one for one in webhooks if (one.id_model, one.callback_url) == wanted), None)


def _target(board: types.Board, card: types.Card) -> Target:
    return Target("card", card.id, f"{board.name} / {card.name}", card.url)


def _name(outgoing: Outgoing) -> str | None:
    name = outgoing.fields.get("name")
    return name if isinstance(name, str) and name else None


def _copy(target: Target, attachment: Attachment) -> Copy:
    # A file that somebody uploaded is never ours, whatever it is called: we only attach links.
    marker = None if attachment.is_upload else marker_in(attachment.url)
    return Copy(
        ref=attachment.id,
        marker=marker,
        content_key=None,
        fields={"name": attachment.name},
        parts=(Part(PartKind.LINK, attachment.id),),
        url=target.url,
    )
