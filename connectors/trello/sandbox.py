"""A made-up Trello: boards, cards, attachments that are links, webhooks. State is what the ledger adds up to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Response, jsonify, request

from connectors.testing.contract import Contract
from connectors.testing.hooks import Delivery, post
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing
from connectors.trello.events import CLIENT_IDENTIFIER, ECHO, SIGNATURE, sign

CONTRACT = Path(__file__).parent / "fixtures" / "contract.json"
CALLBACK = "https://hub.example/hooks/subscription"
SIZES = (("Campaign spring", 3), ("Website", 120), ("Empty board", 0), ("Brand", 2))
MEMBER = {"id": "5abbe4b7ddc1b351ef961414", "username": "dana", "fullName": "Dana Editor"}
MARKER = re.compile(r"(?<![a-z0-9])dh[a-z0-9]{6}-[a-z0-9]{20}(?![a-z0-9])")
OK = 200


def create(*, ledger: Ledger | None = None) -> TrelloSandbox:
    """Make a sandbox with four boards, one of which spans two pages."""
    return TrelloSandbox(ledger=ledger)


class TrelloSandbox(Sandbox):
    """Answers as Trello does: plain sentences for refusals, JSON for the rest."""

    name = "trello"
    auth = "key_and_token"
    text_fields = ("name",)
    contract = Contract.load(CONTRACT)

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {"key": "0471642aefef5fa1", "token": "ATTA7e1dd0c5b2sandbox", "secret": "c0ffee5ec2e7f00d"}
        self.boards = [{"id": f"b{number:023x}", "name": name} for number, (name, _) in enumerate(SIZES, 1)]
        self.cards = {
            f"c{number:03x}{card:020x}": {"board": f"b{number:023x}", "name": f"Card {card} für Anna & Jörg"}
            for number, (_, count) in enumerate(SIZES, 1)
            for card in range(1, count + 1)
        }
        self.hooks: dict[str, dict[str, Any]] = {}
        route = self.app.add_url_rule
        route("/1/members/me", view_func=self._me)
        route("/1/members/me/boards", view_func=self._boards)
        route("/1/members/me/tokens", view_func=self._tokens)
        route("/1/boards/<board>/cards/open", view_func=self._cards)
        route("/1/cards/<card>/attachments", view_func=self._attachments)
        route("/1/cards/<card>/attachments", view_func=self._attach, methods=["POST"])
        route("/1/cards/<card>/attachments/<ref>", view_func=self._attachment)
        route("/1/cards/<card>/attachments/<ref>", view_func=self._detach, methods=["DELETE"])
        route("/1/webhooks/", view_func=self._add_hook, methods=["POST"])
        route("/1/webhooks/<ref>", view_func=self._drop_hook, methods=["DELETE"])
        self.app.before_request(self._sign_in)

    def _sign_in(self) -> Response | None:
        sent = dict(re.findall(r'(\w+)="([^"]*)"', request.headers.get("Authorization", "")))
        if sent.get("oauth_consumer_key") != self.secrets["key"]:
            return _says("invalid key", 401)
        return None if sent.get("oauth_token") == self.secrets["token"] else _says("invalid token", 401)

    def _me(self) -> Response:
        return jsonify(MEMBER)

    def _boards(self) -> Response:
        return jsonify([{**board, "closed": False} for board in reversed(self.boards)])

    def _cards(self, board: str) -> Response:
        if board not in {one["id"] for one in self.boards}:
            return _says("The requested resource was not found.", 404)
        before = request.args.get("before", "~")
        refs = sorted(
            (ref for ref, card in self.cards.items() if card["board"] == board and ref < before), reverse=True
        )
        return jsonify([self._card(ref) for ref in refs[: request.args.get("limit", 1000, int)]])

    def _card(self, ref: str) -> dict[str, Any]:
        return {"id": ref, "name": self.cards[ref]["name"], "url": f"https://trello.com/c/{ref}", "badges": {}}

    def _attachments(self, card: str) -> Response:
        if card not in self.cards:
            return _says("The requested resource was not found.", 404)
        return jsonify([_shape(ref, facts) for ref, facts in self.ledger.living(card).items()])

    def _attachment(self, card: str, ref: str) -> Response:
        facts = self.ledger.living(card).get(ref)
        return jsonify(_shape(ref, facts)) if facts else _says("The requested resource was not found.", 404)

    def _attach(self, card: str) -> Response:
        url = request.args["url"]
        if card not in self.cards:
            return _says("The requested resource was not found.", 404)
        if not re.match(r"https?://", url):
            return _says("invalid value for url", 400)
        with self.lock:
            ref = self._next()
            facts = {"url": url, "name": request.args.get("name") or url, "isUpload": False}
            self.ledger.add(What.MADE, ref, card, **facts)
        self._tell("addAttachmentToCard", card, ref, facts)
        return jsonify(_shape(ref, facts))

    def _detach(self, card: str, ref: str) -> Response:
        with self.lock:
            facts = self.ledger.living(card).get(ref)
            if facts is None:
                return _says("The requested resource was not found.", 404)
            self.ledger.add(What.REMOVED, ref, card)
        self._tell("deleteAttachmentFromCard", card, ref, {"name": facts["name"]})
        return jsonify({"limits": {}})

    def _tokens(self) -> Response:
        return jsonify([{"id": "t1", "identifier": "damhub", "webhooks": list(self.hooks.values())}])

    def _add_hook(self) -> Response:
        url, model = request.args["callbackURL"], request.args["idModel"]
        if any((hook["callbackURL"], hook["idModel"]) == (url, model) for hook in self.hooks.values()):
            return _says("A webhook with that callback, model, and token already exists", 400)
        status = post(Delivery(url, {}, b"", method="HEAD"))
        if status != OK:
            told = f"URL ({url}) did not return 200 status code, got {status}"
            return Response(json.dumps({"message": told, "error": "ERROR"}), 400, content_type="application/json")
        ref = f"e{len(self.hooks) + 1:023x}"
        self.hooks[ref] = {"id": ref, "idModel": model, "callbackURL": url, "active": True, "consecutiveFailures": 0}
        return jsonify(self.hooks[ref])

    def _drop_hook(self, ref: str) -> Response:
        if self.hooks.pop(ref, None) is None:
            return _says("The requested resource was not found.", 404)
        return jsonify({"_value": None})

    def _next(self) -> str:
        return f"a{len(self.ledger.effects()) + 1:023x}"

    def _tell(self, kind: str, card: str, ref: str, attachment: Mapping[str, Any]) -> None:
        ours = request.headers.get(ECHO) == CLIENT_IDENTIFIER
        for hook in self.hooks.values():
            if hook["idModel"] == card:
                self.outbox.add(self._delivery(hook["callbackURL"], kind, card, {"id": ref, **attachment}, ours=ours))

    def _delivery(self, url: str, kind: str, card: str, attachment: Mapping[str, Any], *, ours: bool) -> Delivery:
        action = {
            "id": f"d{len(self.ledger.effects()):023x}",
            "type": kind,
            "idMemberCreator": MEMBER["id"],
            "data": {"attachment": dict(attachment), "card": {"id": card, "name": self.cards[card]["name"]}},
        }
        body = json.dumps({"model": {"id": card}, "action": action}).encode()
        headers = {"Content-Type": "application/json", SIGNATURE: sign(self.secrets["secret"], url, body)}
        if ours:
            headers[ECHO] = CLIENT_IDENTIFIER
        return Delivery(url, headers, body, secret=self.secrets["secret"])

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"origin": origin}

    def targets(self) -> tuple[str, ...]:
        """All open cards."""
        return tuple(self.cards)

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All attachments of a card."""
        return tuple(_standing(target, ref, facts) for ref, facts in self.ledger.living(target).items())

    def intrude(self, target: str, text: str) -> str:
        """Somebody attaches another link."""
        ref = self._next()
        url = f"https://elsewhere.example/{text}"
        self.ledger.add(What.MADE, ref, target, url=url, name=text, isUpload=False, by="somebody")
        return ref

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes an attachment."""
        self.ledger.add(What.REMOVED, ref, target, by="somebody")

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody renames an attachment."""
        self.ledger.add(What.CHANGED, ref, target, **fields)

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery:
        """Trello tells that an attachment was deleted."""
        return self._delivery(CALLBACK, kind or "deleteAttachmentFromCard", target, {"id": ref, "name": "x"}, ours=ours)


def _says(text: str, status: int) -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8")


def _shape(ref: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": ref, "bytes": None, "date": "2026-02-07T20:41:33.813Z", "edgeColor": None, "idMember": MEMBER["id"],
        "isUpload": facts["isUpload"], "mimeType": "", "name": facts["name"], "previews": [], "url": facts["url"],
        "pos": 16384, "fileName": None,
    }  # fmt: skip


def _standing(target: str, ref: str, facts: Mapping[str, Any]) -> Standing:
    found = MARKER.search(facts["url"])
    return Standing(ref, target, found.group() if found else None, None, {"name": facts["name"]})
