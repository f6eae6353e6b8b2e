"""Pinboard's connector, as short as a connector with every ability can be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import IO, cast

from connectors.sdk.errors import Missing, Rejected
from connectors.sdk.http import Api
from connectors.sdk.marker import content_key, key_in, marker_in
from connectors.sdk.paging import every, next_number
from connectors.sdk.types import (
    COMPANIONS,
    Account,
    Board,
    Card,
    Change,
    Changes,
    Copy,
    Fetched,
    Fields,
    Item,
    ItemKind,
    Named,
    Outgoing,
    Page,
    Part,
    PartKind,
    PartState,
    Receipt,
    Target,
    Use,
)
from connectors.testing.pinboard.shapes import Hashing, Hung, Me, News, Pin, Room, Settings, Thing, Wall

__all__ = ["Pinboard", "Settings"]

PAGES = "X-Pages"
MOST_SHEETS = 5


class Pinboard:
    """One account."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def identify(self) -> Account:
        """Read who we are."""
        me = self._api.get("/me", Me)
        return Account(me.id, me.name)

    def targets(self, cursor: str | None) -> Page[Target]:
        """List walls."""
        answer = self._api.ask("GET", "/walls", query={"page": cursor or "1"})
        walls = tuple(Target("wall", wall.id, wall.name) for wall in answer.parse(list[Wall]))
        return Page(walls, next_number(answer, int(cursor or "1"), total_header=PAGES))

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Upload with the fields in the same call."""
        query = {name: str(value) for name, value in outgoing.fields.items() if name != COMPANIONS}
        more = {"filename": _filename(outgoing), "publish_at": outgoing.publish_at, **self._sheets(target, outgoing)}
        answer = self._api.upload(f"/walls/{target.ref}/pins", outgoing, query={**query, **more}, headers={})
        return _receipt(answer.parse(Pin))

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Change fields."""
        return _receipt(self._api.patch(f"/walls/{target.ref}/pins/{ref}", Pin, json=dict(fields)))

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Change the bytes."""
        path = f"/walls/{target.ref}/pins/{ref}/bytes"
        query = {"filename": _filename(outgoing), **self._sheets(target, outgoing)}
        answer = self._api.upload(path, outgoing, method="PUT", query=query, headers={})
        return _receipt(answer.parse(Pin))

    def _sheets(self, target: Target, outgoing: Outgoing) -> dict[str, str]:
        """Send the further pictures of a set, which nobody sees before a pin shows them."""
        if not outgoing.companions:
            return {}
        fitting = [one for one in outgoing.pictures if one.media_type.startswith("image/")]
        if len(outgoing.pictures) > MOST_SHEETS or len(fitting) < len(outgoing.pictures):
            raise Rejected(f"A pin shows up to {MOST_SHEETS} pictures, and nothing else beside them.")
        path = f"/walls/{target.ref}/sheets"
        sent = [self._api.upload(path, one, headers={}).parse(Me).id for one in outgoing.companions]
        about = [{"id": ref, **one.fields} for ref, one in zip(sent, outgoing.companions, strict=True)]
        return {"more": json.dumps(about)}

    def repoint(self, target: Target, old_ref: str, new_ref: str) -> Receipt:
        """Let all frames that show one pin show another."""
        path = f"/walls/{target.ref}/pins/{old_ref}/repoint"
        return _receipt(self._api.post(path, Pin, json={"to": new_ref}))

    def withdraw(self, target: Target, ref: str) -> None:
        """Take a pin and its frames away."""
        try:
            self._api.delete(f"/walls/{target.ref}/pins/{ref}")
        except Missing:
            return

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Read all pages of a wall."""

        def page(cursor: str | None) -> Page[Pin]:
            answer = self._api.ask("GET", f"/walls/{target.ref}/pins", query={"page": cursor or "1"})
            number = next_number(answer, int(cursor or "1"), total_header=PAGES)
            return Page(tuple(answer.parse(list[Pin])), number)

        copies = (_copy(pin) for pin in every(page))
        return tuple(copy for copy in copies if copy.marker == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read one pin."""
        return _copy(self._api.get(f"/walls/{target.ref}/pins/{ref}", Pin))

    def subscribe(self, target: Target, callback_url: str) -> str:
        """Pinboard answers the same hook for the same address."""
        return self._api.post(f"/walls/{target.ref}/hooks", Me, json={"url": callback_url}).id

    def unsubscribe(self, ref: str) -> None:
        """End a hook."""
        try:
            self._api.delete(f"/hooks/{ref}")
        except Missing:
            return

    def hold(self, target: Target, ref: str) -> Receipt:
        """Park a pin."""
        return _receipt(self._api.post(f"/walls/{target.ref}/pins/{ref}/hold", Pin))

    def resume(self, target: Target, ref: str, at: int) -> Receipt:
        """Give a parked pin a time."""
        return _receipt(self._api.post(f"/walls/{target.ref}/pins/{ref}/resume", Pin, json={"at": at}))

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List walls and pins."""
        answer = self._api.ask("GET", "/items", query={"page": cursor or "1"})
        items = tuple(_item(thing) for thing in answer.parse(list[Thing]))
        return Page(items, next_number(answer, int(cursor or "1"), total_header=PAGES))

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read a pin's bytes."""
        hashing = Hashing(into)
        answer = self._api.download(f"/items/{ref}/bytes", cast("IO[bytes]", hashing))
        if hashing.seen.hexdigest() != answer.headers.get("x-sha256"):
            raise answer.call.senseless("other bytes came than it says", status=answer.status)
        return Fetched(answer.size, answer.headers.get("content-type", ""))

    def changes(self, cursor: str | None) -> Changes:
        """Read the feed."""
        try:
            news = self._api.get("/changes", News, query={"since": cursor})
        except Missing:
            return replace(self.changes(None), lost=True)
        return Changes(tuple(Change(one.id, one.gone) for one in news.changes), str(news.next), news.more)

    def uses(self, target: Target, ref: str, cursor: str | None) -> Page[Use]:
        """List the frames around a pin."""
        path = f"/walls/{target.ref}/pins/{ref}/frames"
        answer = self._api.ask("GET", path, query={"page": cursor or "1"})
        uses = tuple(Use("frame", frame.id, frame.name) for frame in answer.parse(list[Me]))
        return Page(uses, next_number(answer, int(cursor or "1"), total_header=PAGES))

    def numbers(self, target: Target, ref: str) -> Mapping[str, int]:
        """Read how often a pin was looked at."""
        return self._api.get(f"/walls/{target.ref}/pins/{ref}/numbers", dict[str, int])

    def boards(self, cursor: str | None) -> Page[Board]:
        """List rooms."""
        answer = self._api.ask("GET", "/rooms", query={"page": cursor or "1"})
        rooms = tuple(Board(room.id, room.name) for room in answer.parse(list[Room]))
        return Page(rooms, next_number(answer, int(cursor or "1"), total_header=PAGES))

    def board(self, ref: str) -> Board:
        """Read a room."""
        room = self._api.get(f"/rooms/{ref}", Room)
        return Board(room.id, room.name, _named(room.sides), _named(room.colours), _named(room.marks))

    def cards(self, board: str, cursor: str | None) -> Page[Card]:
        """List the walls of a room."""
        answer = self._api.ask("GET", f"/rooms/{board}/walls", query={"page": cursor or "1"})
        cards = tuple(_card(wall) for wall in answer.parse(list[Hung]))
        return Page(cards, next_number(answer, int(cursor or "1"), total_header=PAGES))

    def card(self, ref: str) -> Card:
        """Read one wall."""
        return _card(self._api.get(f"/walls/{ref}", Hung))


def _named(found: tuple[Me, ...]) -> tuple[Named, ...]:
    return tuple(Named(one.id, one.name) for one in found)


def _card(wall: Hung) -> Card:
    fields = {"m": wall.mark} if wall.mark else {}
    return Card(
        Target("wall", wall.id, wall.name),
        wall.name,
        wall.text,
        {wall.room: wall.side},
        wall.colours,
        fields,
        wall.done,
    )


def _filename(outgoing: Outgoing) -> str:
    return f"{outgoing.marker}-{outgoing.content_key}-{outgoing.filename}"


def _receipt(pin: Pin) -> Receipt:
    return Receipt(pin.id, _copy(pin).parts)


def _copy(pin: Pin) -> Copy:
    marker = marker_in(pin.filename)
    words: Fields = {COMPANIONS: [{"note": sheet.note} for sheet in pin.more]} if pin.more else {}
    # Of a set the key is made of what stands there, whatever its name says: somebody may have taken a sheet away.
    several = content_key([pin.sha256, *(sheet.sha256 for sheet in pin.more)]) if pin.more else None
    return Copy(
        ref=pin.id,
        marker=marker,
        content_key=several or (key_in(pin.filename, marker) if marker else None),
        fields={"title": pin.title, "note": pin.note, **words},
        parts=(Part(PartKind.MEDIA, pin.id, _state(pin)), *(Part(PartKind.EMBED, frame) for frame in pin.frames)),
        sha256=None if several else pin.sha256,
        publish_at=pin.at if pin.state == PartState.QUEUED else None,
    )


def _state(pin: Pin) -> PartState:
    # A state that nobody knows yet is no reason to fail: it is just not known.
    return PartState(pin.state) if pin.state in set(PartState) else PartState.UNKNOWN


def _item(thing: Thing) -> Item:
    return Item(
        ref=thing.id,
        kind=ItemKind.FOLDER if thing.kind == ItemKind.FOLDER else ItemKind.FILE,
        name=thing.name,
        parents=(thing.wall,) if thing.wall else (),
        size=thing.size,
        revision=thing.sha256,
        checksums={"sha256": thing.sha256} if thing.sha256 else {},
    )
