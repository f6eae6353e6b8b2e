"""Trello's action feed: one for each board, read in turn.

The cursor holds for each board the second up to which it was read, and the actions that were told of the minute before:
ids within a second come in no order, and Trello's servers have clocks of their own, so that minute is read again. Pages
come newest first; each begins with the whole second in which the last one ended. Boards that came or went, lists that
moved between boards, and more than anybody reads are told as lost: then only a new inventory tells what is there.
Manual: https://developer.atlassian.com/cloud/trello/guides/rest-api/nested-resources/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime

from pydantic import BaseModel

from connectors.sdk.answer import Answer
from connectors.sdk.errors import Misconfigured, Missing
from connectors.sdk.http import Api
from connectors.sdk.types import Change, Changes
from connectors.trello.calls import FILE_FIELDS, Calls
from connectors.trello.items import file, folder, is_upload, of_card, ref_of
from connectors.trello.types import Attachment, Board, Done

PAGE_SIZE = 1000
MOST_PAGES = 20
OVERLAP_S = 60
COMES, GOES, DELETED = "addAttachmentToCard", "deleteAttachmentFromCard", "deleteCard"
CARDS_MOVE = frozenset({"copyCard", "emailCard", "moveCardToBoard", "moveCardFromBoard"})
LISTS_MOVE = frozenset({"moveListToBoard", "moveListFromBoard"})
WANTED = ",".join((COMES, GOES, DELETED, *sorted(CARDS_MOVE), *sorted(LISTS_MOVE)))


Read = tuple[int, list[str]]
"""How far a board was read: until which second, and what was told of the minute before."""


class _Place(BaseModel):
    """Where we are in all boards, and which are still to be read in this round."""

    boards: dict[str, Read]
    left: list[str] = []


def read_feed(api: Api, cursor: str | None) -> Changes:
    """Tell what happened on the next board; without a cursor, begin on all of them."""
    calls = Calls(api)
    answer = calls.ask_boards()
    boards, now_s = sorted(board.id for board in answer.parse(list[Board])), _time_of(answer)
    if cursor is None:
        return _begin(api, boards, now_s)
    place = _Place.model_validate_json(cursor)
    if set(place.boards) != set(boards):
        return replace(_begin(api, boards, now_s), lost=True)
    left = place.left or boards
    if not left:
        return Changes((), cursor)
    until, told = place.boards[left[0]]
    actions = _since(api, left[0], until - OVERLAP_S)
    fresh = [action for action in actions or () if action.id not in told]
    if actions is None or any(action.type in LISTS_MOVE for action in fresh):
        return replace(_begin(api, boards, now_s), lost=True)
    after = _Place(boards={**place.boards, left[0]: _read(actions, until, now_s)}, left=left[1:])
    return Changes(_told(calls, fresh), after.model_dump_json(), more=bool(after.left))


def _begin(api: Api, boards: Sequence[str], now_s: int) -> Changes:
    """Begin where we are; what was done in the minute before counts as told."""
    read = {board: _read(_since(api, board, now_s - OVERLAP_S) or (), now_s, now_s) for board in boards}
    return Changes((), _Place(boards=read).model_dump_json())


def _read(actions: Sequence[Done], until: int, now_s: int) -> Read:
    # One clock that is ahead must not carry us past what the others are still to tell.
    until = max(until, min(now_s, max((action.second for action in actions), default=until)))
    return until, [action.id for action in actions if action.second >= until - OVERLAP_S]


def _since(api: Api, board: str, second: int) -> list[Done] | None:
    """Read all actions that count since a second, oldest first; None: there are more than can be told apart."""
    found: dict[str, Done] = {}
    before: str | None = None
    for _ in range(MOST_PAGES):
        query = {
            "filter": WANTED, "fields": "type,date,data", "limit": PAGE_SIZE, "since": _first_of(second),
            "before": before, "member": False, "memberCreator": False,
        }  # fmt: skip
        page = api.get(f"/1/boards/{board}/actions", list[Done], query=query)
        known = len(found)
        found.update((action.id, action) for action in page)
        if len(page) < PAGE_SIZE:
            # What came and went within a millisecond is gone: nothing that was deleted comes back.
            return sorted(found.values(), key=lambda action: (action.date, action.type in (GOES, DELETED)))
        if len(found) == known:
            return None
        before = _first_of(min(action.second for action in page) + 1)
    return None


def _first_of(second: int) -> str:
    """Return the smallest id that Trello can give out in a second."""
    return f"{second:08x}{0:016x}"


def _time_of(answer: Answer) -> int:
    try:
        return int(parsedate_to_datetime(answer.headers.get("date", "")).timestamp())
    except (TypeError, ValueError):
        raise answer.call.senseless("no Date header", status=answer.status) from None


def _told(calls: Calls, actions: Iterable[Done]) -> tuple[Change, ...]:
    """Return each thing once, as the last action about it says."""
    told: dict[str, Change] = {}
    for action in actions:
        for change in _changes(calls, action):
            told.pop(change.ref, None)
            told[change.ref] = change
    return tuple(told.values())


def _changes(calls: Calls, action: Done) -> Iterator[Change]:
    card, attachment = action.data.card, action.data.attachment
    if action.type == DELETED:
        yield Change(card.id, gone=True)
    elif action.type == GOES:
        # Whether it was a link or a file is not said any more: the hub knows at most one of these names.
        yield from (Change(attachment.id, gone=True), Change(ref_of(card.id, attachment.id), gone=True))
    elif action.type == COMES and is_upload(attachment.url, attachment.id):
        url = f"https://trello.com/c/{card.short_link}" if card.short_link else None
        come = Attachment(id=attachment.id, name=attachment.name, date=action.date)
        yield Change(card.id, item=folder(card.id, card.name, action.data.board.id, url=url))
        yield Change(ref_of(card.id, attachment.id), item=file(card.id, come, url=url))
    elif action.type == COMES:
        yield Change(attachment.id)
    elif action.type in CARDS_MOVE:
        yield from _as_it_is(calls, card.id)


def _as_it_is(calls: Calls, ref: str) -> tuple[Change, ...]:
    """Read a card that came as a whole, or moved; where it cannot be seen any more, it is gone for us."""
    with suppress(Missing, Misconfigured):
        card = calls.card(ref, FILE_FIELDS, "name,url,closed,idBoard")
        return tuple(Change(item.ref, item=item) for item in of_card(card, card.id_board))
    return (Change(ref, gone=True),)
