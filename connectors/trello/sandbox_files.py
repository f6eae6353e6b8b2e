"""Uploaded files and the action feed of the made-up Trello. Actions are what the ledger and `acts` tell of a board."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from connectors.trello.sandbox_answers import MEMBER, NOT_FOUND, moment, says

if TYPE_CHECKING:
    from flask import Flask

SCATTER = 0x9E3779B97F4A7C15
"""Spreads the ids of one second: Trello's come in no order within it, as a recording of February 2023 shows."""
MADE, REMOVED = "made", "removed"
KINDS = {"jpg": "image/jpeg", "png": "image/png", "tif": "image/tiff", "txt": "text/plain"}


class Files:
    """Serves bytes and actions."""

    def __init__(self, app: Flask, ledger: Any, card: Callable[[str], Mapping[str, Any]]) -> None:
        self._ledger, self._card = ledger, card
        self._bytes: dict[str, bytes] = {}
        self.acts: list[tuple[int, str, str, dict[str, Any]]] = []  # when, on which board, what, about what
        app.add_url_rule("/1/boards/<board>/actions", view_func=self._actions)
        app.add_url_rule("/1/cards/<card>/attachments/<ref>/download/<name>", view_func=self._download)

    def keep(self, card: str, ref: str, name: str, data: bytes) -> dict[str, Any]:
        """Keep the bytes of a new file; return the facts of its attachment."""
        digest = hashlib.sha256(data).hexdigest()
        self._bytes[digest] = data
        plain = re.sub(r"[^\w.-]", "_", name)
        kind = KINDS.get(name.rpartition(".")[2], "application/octet-stream")
        url = f"https://trello.com/1/cards/{card}/attachments/{ref}/download/{plain}"
        facts = {"url": url, "name": name, "fileName": plain, "isUpload": True}
        return {**facts, "size": len(data), "sha256": digest, "kind": kind}

    def _download(self, card: str, ref: str, name: str) -> Response:
        facts = self._ledger.living(card).get(ref)
        if facts is None or not facts["isUpload"] or facts["fileName"] != name:
            return says(NOT_FOUND, 404)
        return Response(self._bytes[facts["sha256"]], content_type=facts["kind"])

    def _actions(self, board: str) -> Response:
        """Answer newest first, between two ids that are not told themselves."""
        asked = request.args
        wanted = asked.get("filter", "all").split(",")
        told = [
            action for action in self._of(board)
            if ("all" in wanted or action["type"] in wanted)
            and asked.get("since", "") < action["id"] < asked.get("before", "~")
        ]  # fmt: skip
        told.sort(key=lambda action: action["date"], reverse=True)
        return jsonify(told[: asked.get("limit", 50, int)])

    def _of(self, board: str) -> list[dict[str, Any]]:
        effects = [effect for effect in self._ledger.effects() if self._tells(effect, board)]
        made = {effect.ref: effect.facts["name"] for effect in effects if effect.what == MADE}
        acts = [act for act in self.acts if act[1] == board]
        return [
            *(self._action(effect.seq, effect.facts.get("at", 0), *self._about(effect, made)) for effect in effects),
            *(self._action(10**6 + number, at, kind, data) for number, (at, _, kind, data) in enumerate(acts)),
        ]

    def _tells(self, effect: Any, board: str) -> bool:
        return effect.what in (MADE, REMOVED) and self._card(effect.target)["board"] == board

    def _about(self, effect: Any, names: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        card = effect.target
        attachment = {"id": effect.ref, "name": names.get(effect.ref, "")}
        about = {
            "card": {"id": card, "name": self._card(card)["name"], "idShort": 1, "shortLink": card[-8:]},
            "board": {"id": self._card(card)["board"], "name": "", "shortLink": "SCPjg8ON"}, "attachment": attachment,
        }  # fmt: skip
        if effect.what == REMOVED:
            return "deleteAttachmentFromCard", about
        return "addAttachmentToCard", {**about, "attachment": {**attachment, "url": effect.facts["url"]}}

    def _action(self, seq: int, at: int, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
        scattered = seq * SCATTER % 2**64
        return {
            "id": f"{at // 1000:08x}{scattered:016x}", "idMemberCreator": MEMBER["id"], "type": kind,
            "date": moment(at), "data": data, "appCreator": None, "limits": None,
        }  # fmt: skip
