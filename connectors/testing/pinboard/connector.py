"""Pinboard's connector, as short as a connector with every ability can be."""

from __future__ import annotations

from connectors.sdk.errors import Missing
from connectors.sdk.http import Api
from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.paging import every, next_number
from connectors.sdk.types import Account, Copy, Fields, Outgoing, Page, Part, PartKind, Receipt, Target
from connectors.testing.pinboard.shapes import Me, Pin, Settings, Wall

__all__ = ["Pinboard", "Settings"]

PAGES = "X-Pages"


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
        query = {name: str(value) for name, value in outgoing.fields.items()}
        answer = self._api.upload(
            f"/walls/{target.ref}/pins", outgoing, query={**query, "filename": _filename(outgoing)}, headers={}
        )
        return _receipt(answer.parse(Pin))

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Change fields."""
        return _receipt(self._api.patch(f"/walls/{target.ref}/pins/{ref}", Pin, json=dict(fields)))

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Change the bytes."""
        path = f"/walls/{target.ref}/pins/{ref}/bytes"
        answer = self._api.upload(path, outgoing, method="PUT", query={"filename": _filename(outgoing)}, headers={})
        return _receipt(answer.parse(Pin))

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


def _filename(outgoing: Outgoing) -> str:
    return f"{outgoing.marker}-{outgoing.content_key}-{outgoing.filename}"


def _receipt(pin: Pin) -> Receipt:
    return Receipt(pin.id, _copy(pin).parts)


def _copy(pin: Pin) -> Copy:
    marker = marker_in(pin.filename)
    return Copy(
        ref=pin.id,
        marker=marker,
        content_key=key_in(pin.filename, marker) if marker else None,
        fields={"title": pin.title, "note": pin.note},
        parts=(Part(PartKind.MEDIA, pin.id), *(Part(PartKind.EMBED, frame) for frame in pin.frames)),
        sha256=pin.sha256,
    )
