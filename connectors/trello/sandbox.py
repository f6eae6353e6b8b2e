"""A made-up Trello: boards, cards, attachments that are links, webhooks. State is what the ledger adds up to."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from connectors.sdk.types import Board, Card, ItemKind
from connectors.testing.authorization_server import AuthorizationServer
from connectors.testing.contract import Contract
from connectors.testing.hooks import Delivery, post
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing, Stock
from connectors.trello.events import CLIENT_IDENTIFIER, ECHO, SIGNATURE, sign
from connectors.trello.sandbox_answers import MEMBER, NOT_FOUND, says, shape
from connectors.trello.sandbox_files import Files
from connectors.trello.sandbox_fronts import Fronts, front, list_of
from connectors.trello.sandbox_truth import all_boards, on_board

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTRACT = Path(__file__).parent / "fixtures" / "contract.json"
CALLBACK = "https://hub.example/hooks/subscription"
SIZES = (("Campaign spring", 3), ("Website", 120), ("Empty board", 0), ("Brand", 2))
MARKER = re.compile(r"(?<![a-z0-9])dh[a-z0-9]{6}-[a-z0-9]{20}(?![a-z0-9])")
REDIRECT = "https://hub.example/oauth/callback"
SIGN_IN = {"/authorize": "/authorize", "/oauth/token": "/token"}
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
        self.cards: dict[str, dict[str, Any]] = {
            f"c{number:03x}{card:020x}": {
                "board": f"b{number:023x}", "name": f"Card {card} für Anna & Jörg", **front(),
            }
            for number, (_, count) in enumerate(SIZES, 1)
            for card in range(1, count + 1)
        }  # fmt: skip
        self.hooks: dict[str, dict[str, Any]] = {}
        self._said = 0
        self.clock = time.time
        self.calls_left: int | None = None  # in this window
        self.authorization = AuthorizationServer(
            client_id="7Hc0UAk2sandbox", client_secret="ATOA5eed0ff1ceba11ad", redirect_uris=(REDIRECT,)
        )
        self.authorization.takes_json = True
        self.files = Files(self.app, self.ledger, self.cards.__getitem__)
        self.fronts = Fronts(self.app, self.cards)
        route = self.app.add_url_rule
        route("/1/members/me", view_func=self._me)
        route("/1/members/me/boards", view_func=self._boards)
        route("/1/members/me/tokens", view_func=self._tokens)
        route("/1/boards/<board>", view_func=self._board)
        route("/1/boards/<board>/cards/<which>", view_func=self._cards)
        route("/1/cards/<card>", view_func=self._one_card)
        route("/1/cards/<card>/attachments", view_func=self._attachments)
        route("/1/cards/<card>/attachments", view_func=self._attach, methods=["POST"])
        route("/1/cards/<card>/attachments/<ref>", view_func=self._attachment)
        route("/1/cards/<card>/attachments/<ref>", view_func=self._detach, methods=["DELETE"])
        route("/1/webhooks/", view_func=self._add_hook, methods=["POST"])
        route("/1/webhooks/<ref>", view_func=self._drop_hook, methods=["DELETE"])
        route("/1/webhooks/<ref>", view_func=self._change_hook, methods=["PUT"])
        self.app.before_request(self._sign_in)
        self.app.after_request(self._tell_budget)

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; signing in with Atlassian has addresses of its own."""
        path = SIGN_IN.get(environ.get("PATH_INFO", ""))
        if path is None:
            return super().wsgi(environ, start_response)
        return self.authorization.app({**environ, "PATH_INFO": path}, start_response)

    def _sign_in(self) -> Response | None:
        if self.calls_left is not None:
            if self.calls_left <= 0:
                return self.too_many()
            self.calls_left -= 1
        proof = request.headers.get("Authorization", "")
        if proof.startswith("Bearer "):
            valid = self.authorization.valid(proof.removeprefix("Bearer "))
            return None if valid else says("invalid token", 401)
        sent = dict(re.findall(r'(\w+)="([^"]*)"', proof))
        if sent.get("oauth_consumer_key") != self.secrets["key"]:
            return says("invalid key", 401)
        return None if sent.get("oauth_token") == self.secrets["token"] else says("invalid token", 401)

    def too_many(self) -> Response:
        """Answer in Trello's form."""
        told = {"error": "API_TOKEN_LIMIT_EXCEEDED", "message": "Rate limit exceeded"}
        return Response(json.dumps(told), 429, content_type="application/json")

    def _tell_budget(self, answer: Response) -> Response:
        """Say what is left, as recorded answers do, though the guide does not list these headers."""
        if self.calls_left is not None:
            told = {"interval-ms": 10_000, "max": 100, "remaining": self.calls_left}
            answer.headers.update({f"x-rate-limit-api-token-{name}": str(figure) for name, figure in told.items()})
        return answer

    def _me(self) -> Response:
        return jsonify(MEMBER)

    def _boards(self) -> Response:
        return jsonify([{**board, "closed": False} for board in reversed(self.boards)])

    def _board(self, board: str) -> Response:
        known = next((one for one in self.boards if one["id"] == board), None)
        return jsonify({**known, "closed": False}) if known else says(NOT_FOUND, 404)

    def _cards(self, board: str, which: str) -> Response:
        if board not in {one["id"] for one in self.boards}:
            return says(NOT_FOUND, 404)
        before = request.args.get("before", "~")
        refs = sorted(
            (
                ref for ref, card in self.cards.items()
                if card["board"] == board and ref < before and (which == "all" or not card["closed"])
            ),
            reverse=True,
        )  # fmt: skip
        return jsonify([self._card(ref) for ref in refs[: request.args.get("limit", 1000, int)]])

    def _one_card(self, card: str) -> Response:
        return jsonify(self._card(card)) if card in self.cards else says(NOT_FOUND, 404)

    def _card(self, ref: str) -> dict[str, Any]:
        card = self.cards[ref]
        there = self.ledger.living(ref) if asked("attachments") else {}
        return {
            "id": ref, "name": card["name"], "url": f"https://trello.com/c/{ref}", "badges": {},
            "closed": card["closed"], "desc": card["desc"], "dueComplete": card["due_complete"],
            "idList": list_of(card["board"], card["list"]), "idBoard": card["board"], "idLabels": card["labels"],
            **({"customFieldItems": self.fronts.items(card)} if asked("customFieldItems") else {}),
            "idAttachmentCover": card["cover"]["idAttachment"], "cover": card["cover"],
            "attachments": [shape(one, facts) for one, facts in there.items()],
        }  # fmt: skip

    def _attachments(self, card: str) -> Response:
        if card not in self.cards:
            return says(NOT_FOUND, 404)
        return jsonify([shape(ref, facts) for ref, facts in self.ledger.living(card).items()])

    def _attachment(self, card: str, ref: str) -> Response:
        facts = self.ledger.living(card).get(ref)
        return jsonify(shape(ref, facts)) if facts else says(NOT_FOUND, 404)

    def _attach(self, card: str) -> Response:
        url = request.args["url"]
        if card not in self.cards:
            return says(NOT_FOUND, 404)
        if not re.match(r"https?://", url):
            return says("invalid value for url", 400)
        with self.lock:
            ref = self._next()
            facts = {"url": url, "name": request.args.get("name") or url, "isUpload": False}
            self.ledger.add(What.MADE, ref, card, **facts, at=self._now())
            if request.args.get("setCover") == "true":
                self.cards[card]["cover"]["idAttachment"] = ref
        self._tell("addAttachmentToCard", card, ref, facts)
        return jsonify(shape(ref, facts))

    def _detach(self, card: str, ref: str) -> Response:
        with self.lock:
            facts = self.ledger.living(card).get(ref)
            if facts is None:
                return says(NOT_FOUND, 404)
            self.ledger.add(What.REMOVED, ref, card, at=self._now())
        self._tell("deleteAttachmentFromCard", card, ref, {"name": facts["name"]})
        return jsonify({"limits": {}})

    def _tokens(self) -> Response:
        return jsonify([{"id": "t1", "identifier": "damhub", "webhooks": list(self.hooks.values())}])

    def _add_hook(self) -> Response:
        url, model = request.args["callbackURL"], request.args["idModel"]
        if any((hook["callbackURL"], hook["idModel"]) == (url, model) for hook in self.hooks.values()):
            return says("A webhook with that callback, model, and token already exists", 400)
        status = post(Delivery(url, {}, b"", method="HEAD"))
        if status != OK:
            told = f"URL ({url}) did not return 200 status code, got {status}"
            return Response(json.dumps({"message": told, "error": "ERROR"}), 400, content_type="application/json")
        ref = f"e{len(self.hooks) + 1:023x}"
        self.hooks[ref] = {"id": ref, "idModel": model, "callbackURL": url, "active": True, "consecutiveFailures": 0}
        return jsonify(self.hooks[ref])

    def _change_hook(self, ref: str) -> Response:
        if ref not in self.hooks:
            return says(NOT_FOUND, 404)
        self.hooks[ref].update(active=request.args.get("active") == "true", consecutiveFailures=0)
        return jsonify(self.hooks[ref])

    def _drop_hook(self, ref: str) -> Response:
        if self.hooks.pop(ref, None) is None:
            return says(NOT_FOUND, 404)
        return jsonify({"_value": None})

    def _now(self) -> int:
        return int(self.clock() * 1000)

    def _next(self) -> str:
        return f"a{len(self.ledger.effects()) + 1:023x}"

    def _tell(self, kind: str, card: str, ref: str, attachment: Mapping[str, Any]) -> None:
        ours = request.headers.get(ECHO) == CLIENT_IDENTIFIER
        for hook in self.hooks.values():
            if hook["idModel"] in (card, self.cards[card]["board"]) and hook["active"]:
                self.outbox.add(self._delivery(hook["callbackURL"], kind, card, {"id": ref, **attachment}, ours=ours))

    def _delivery(self, url: str, kind: str, card: str, attachment: Mapping[str, Any], *, ours: bool) -> Delivery:
        action = {
            "id": f"d{self._said:07x}{len(self.ledger.effects()):016x}",
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
        return {"origin": origin, "authorize_url": f"{origin}/authorize", "token_url": f"{origin}/oauth/token"}

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
        self.ledger.add(What.MADE, ref, target, url=url, name=text, isUpload=False, by="somebody", at=self._now())
        return ref

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes an attachment."""
        self.ledger.add(What.REMOVED, ref, target, by="somebody", at=self._now())

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody renames an attachment."""
        self.ledger.add(What.CHANGED, ref, target, **fields)

    def relocate(self, target: str, ref: str) -> bool:
        """Somebody moves the card to another board."""
        del ref
        self.cards[target].update(board=self.boards[-1]["id"], list=1)
        return True

    def everything(self) -> tuple[Stock, ...]:
        """Return boards, cards that hold files, and files."""
        files = {ref: facts for ref, facts in self.ledger.living().items() if facts["isUpload"]}
        cards = dict.fromkeys(facts["target"] for facts in files.values())
        return (
            *(Stock(board["id"], ItemKind.FOLDER, board["name"]) for board in self.boards),
            *(Stock(card, ItemKind.FOLDER, self.cards[card]["name"]) for card in cards),
            *(
                Stock(f"{facts['target']}/{ref}", ItemKind.FILE, facts["name"], facts["size"], facts["sha256"])
                for ref, facts in files.items()
            ),
        )

    def stock(self, name: str, data: bytes) -> str:
        """Somebody uploads a file to a card, now of the one board and now of the other."""
        with self.lock:
            ref = self._next()
            card = self.targets()[0 if len(self.ledger.effects()) % 2 else -1]
            self.ledger.add(What.MADE, ref, card, **self.files.keep(card, ref, name, data), at=self._now())
        return f"{card}/{ref}"

    def unstock(self, ref: str) -> None:
        """Somebody deletes such a file."""
        card, _, attachment = ref.partition("/")
        self.vanish(card, attachment)

    def subscriptions(self) -> int:
        """Count the webhooks."""
        return len(self.hooks)

    def lose_feed(self) -> None:
        """Somebody opens another board: what is on it, no cursor of before can tell."""
        self.boards.append({"id": f"b{len(self.boards) + 1:023x}", "name": "Another board"})

    def all_boards(self) -> tuple[Board, ...]:
        """All boards, with what somebody made on them."""
        return all_boards(self.boards, self.fronts)

    def on_board(self, board: str) -> tuple[Card, ...]:
        """Tell the open cards of a board as they are."""
        return on_board(self.boards, self.cards, board)

    def deal(self, board: str, title: str, text: str = "", *, done: bool = False) -> str:
        """Somebody makes a card in the second list."""
        if board not in self.fronts.fields:
            self.fronts.furnish(board, field="Asset codes", label="Launch")
        ref = f"c{len(self.cards) + 1:03x}{len(self.cards):020x}"
        self.cards[ref] = {
            **front(), "board": board, "name": title, "desc": text, "due_complete": done, "list": 1,
            "labels": [self.fronts.labels[board][1]["id"]], "fields": {self.fronts.fields[board][1]["id"]: "Spring"},
        }  # fmt: skip
        self.say(ref, "createCard")
        return ref

    def say(self, card: str, kind: str = "updateCard") -> None:
        """Tell whoever watches the card or its board that somebody did something to it."""
        for hook in self.hooks.values():
            if hook["idModel"] in (card, self.cards[card]["board"]) and hook["active"]:
                self._said += 1
                self.outbox.add(self._delivery(hook["callbackURL"], kind, card, {}, ours=False))

    def put_away(self, ref: str) -> bool:
        """Somebody archives a card."""
        self.cards[ref]["closed"] = True
        self.say(ref)
        return True

    def discard(self, ref: str) -> None:
        """Somebody deletes a card; with it goes what is attached to it."""
        self.say(ref, "deleteCard")
        for one in self.ledger.living(ref):
            self.ledger.add(What.REMOVED, one, ref, by="somebody", at=self._now())
        del self.cards[ref]

    def card_news(self, ref: str) -> Delivery:
        """Trello tells that a card changed."""
        return self._delivery(CALLBACK, "updateCard", ref, {}, ours=False)

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery:
        """Trello tells that an attachment was deleted."""
        return self._delivery(CALLBACK, kind or "deleteAttachmentFromCard", target, {"id": ref, "name": "x"}, ours=ours)


def _standing(target: str, ref: str, facts: Mapping[str, Any]) -> Standing:
    found = MARKER.search(facts["url"])
    return Standing(ref, target, found.group() if found else None, None, {"name": facts["name"]})


def asked(name: str) -> bool:
    """Tell whether a request wants a part of a card that comes only when it is asked for."""
    return request.args.get(name, "").lower() == "true"
