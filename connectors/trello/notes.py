"""What people see of our links on a card's front, where the settings ask for it and the board has what is named there.

A text field names the assets that are linked to a card, a label marks a card from which a link was taken, and a card
without a cover shows our picture. All is made from what stands on the card, and written before the link itself comes or
goes: a repeat writes the same again, and a refusal comes while nothing is done yet.
"""

from __future__ import annotations

from typing import Any

from connectors.sdk.http import Api
from connectors.sdk.marker import marker_in
from connectors.sdk.types import Target
from connectors.trello.calls import Calls
from connectors.trello.types import Attachment, Card, Named, Settings

LONGEST_TEXT = 255
FRONT = "idBoard,idLabels,idAttachmentCover,cover"


class Notes:
    """Writes them."""

    def __init__(self, api: Api, calls: Calls, settings: Settings) -> None:
        self._api, self._calls, self._settings = api, calls, settings

    def before_link(self, target: Target, name: str, media_type: str) -> bool:
        """Name a link that is about to be made; tell whether it shall be the cover. One that somebody chose stays."""
        covers = self._settings.cover and media_type.startswith("image/")
        if not (self._settings.asset_field or covers):
            return False
        card = self._calls.card(target.ref, fields=FRONT)
        self._name(card, [*(link.name for link in _ours(card)), name])
        return covers and not card.covered

    def before_withdrawal(self, target: Target, ref: str) -> None:
        """Name what will be left, mark the card unless a replacement stands there, and take our cover away."""
        if not (self._settings.asset_field or self._settings.label or self._settings.cover):
            return
        card = self._calls.card(target.ref, fields=FRONT)
        left = [link for link in _ours(card) if link.id != ref]
        self._name(card, [link.name for link in left])
        markers = {marker_in(link.url) for link in left}
        if any(link.id == ref and marker_in(link.url) not in markers for link in _ours(card)):
            self._mark(card)
        if card.id_attachment_cover == ref:
            self._api.put(f"/1/cards/{card.id}", dict[str, Any], json={"idAttachmentCover": None})

    def _name(self, card: Card, names: list[str]) -> None:
        if not self._settings.asset_field:
            return
        text = ", ".join(dict.fromkeys(filter(None, names)))
        short = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
        for field in self._api.get(f"/1/boards/{card.id_board}/customFields", list[Named]):
            if field.type == "text" and _same(field.name, self._settings.asset_field):
                path = f"/1/cards/{card.id}/customField/{field.id}/item"
                self._api.put(path, dict[str, Any], json={"value": {"text": short} if short else ""})

    def _mark(self, card: Card) -> None:
        if not self._settings.label:
            return
        query = {"fields": "name", "limit": 1000}
        labels = self._api.get(f"/1/boards/{card.id_board}/labels", list[Named], query=query)
        wanted = next((one.id for one in labels if _same(one.name, self._settings.label)), None)
        if wanted and wanted not in card.id_labels:
            self._api.ask("POST", f"/1/cards/{card.id}/idLabels", query={"value": wanted})


def _ours(card: Card) -> list[Attachment]:
    return [one for one in card.attachments if not one.is_upload and marker_in(one.url)]


def _same(name: str, wanted: str) -> bool:
    return name.strip().casefold() == wanted.strip().casefold()
