"""Uploaded files as an import sees them: boards and cards are folders; of links only those of hubs are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote, unquote, urlsplit

from connectors.sdk.marker import marker_in
from connectors.sdk.types import Item, ItemKind
from connectors.trello.types import Attachment, Board, Card


def of_board(board: Board) -> Item:
    """Return a board as a folder."""
    return Item(board.id, ItemKind.FOLDER, board.name or board.id, url=board.url)


def of_card(card: Card, board: str) -> Iterator[Item]:
    """Return a card that holds files as a folder, the files, and hubs' links. Else a card is nothing to import."""
    uploads = [attachment for attachment in card.attachments if attachment.is_upload]
    if uploads:
        yield folder(card.id, card.name, board, archived=card.closed, url=card.url)
    for attachment in uploads:
        yield file(card.id, attachment, url=card.url)
    for attachment in card.attachments:
        if not attachment.is_upload and (marker := marker_in(attachment.url)):
            yield link(card, attachment, marker)


def folder(card: str, name: str, board: str, *, archived: bool = False, url: str | None = None) -> Item:
    """Return a card as a folder."""
    facts = {"archived": True} if archived else {}
    return Item(card, ItemKind.FOLDER, name or card, (board,) if board else (), facts=dict(facts), url=url)


def file(card: str, attachment: Attachment, *, url: str | None = None) -> Item:
    """Return an uploaded file. Its bytes never change: other bytes are another attachment."""
    return Item(
        ref=ref_of(card, attachment.id),
        kind=ItemKind.FILE,
        name=attachment.name or attachment.id,
        parents=(card,),
        size=attachment.size,
        media_type=attachment.mime_type or "",
        modified_at=milliseconds(attachment.date) if attachment.date else None,
        revision=attachment.id,
        url=url,
    )


def link(card: Card, attachment: Attachment, marker: str) -> Item:
    """Return a link that a hub attached."""
    return Item(
        ref=ref_of(card.id, attachment.id),
        kind=ItemKind.LINK,
        name=attachment.name or attachment.id,
        parents=(card.id,),
        modified_at=milliseconds(attachment.date) if attachment.date else None,
        url=card.url,
        marker=marker,
        copy_ref=attachment.id,
        place=card.id,
    )


def ref_of(card: str, attachment: str) -> str:
    """Name an uploaded file: Trello reads attachments only by way of their card."""
    return f"{card}/{attachment}"


def path_of(ref: str) -> str:
    """Return where a file's attachment is read."""
    card, _, attachment = ref.partition("/")
    return f"/1/cards/{quote(card, safe='')}/attachments/{quote(attachment, safe='')}"


def file_name(attachment: Attachment) -> str:
    """Return the name under which Trello hands the bytes out: the last part of the address, wherever that leads."""
    last = unquote(urlsplit(attachment.url).path.rpartition("/")[2])
    return quote(last or attachment.name, safe="")


def is_upload(url: str, attachment: str) -> bool:
    """Tell whether an action's attachment is a file: actions do not say it, only the address does."""
    return f"/attachments/{attachment}/download/" in urlsplit(url).path


def milliseconds(moment: datetime) -> int:
    """Return UTC milliseconds."""
    return round(moment.timestamp() * 1000)
