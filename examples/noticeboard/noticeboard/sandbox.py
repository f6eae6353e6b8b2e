"""A made-up Noticeboard: boards and notices in pages, one token. Its state is what its ledger adds up to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from connectors.sdk.marker import marker_in
from connectors.testing.contract import Contract
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing

PAGE = 50
BOARDS = tuple(f"board-{number:03}" for number in range(1, 121))
TEXTS = {"title": {}, "text": {"max": 5000}, "link": {"max": 2000}}
CONTRACT = {
    "source": "Noticeboard's manual, in this package's README",
    "operations": [
        {"method": "GET", "path": "/me"},
        {"method": "GET", "path": "/boards", "parameters": {"page": {"type": "integer", "min": 1}}},
        {"method": "GET", "path": "/boards/{id}/notices", "parameters": {"page": {"type": "integer", "min": 1}}},
        {"method": "POST", "path": "/boards/{id}/notices", "parameters": TEXTS},
        {"method": "GET", "path": "/notices/{id}"},
        {"method": "PATCH", "path": "/notices/{id}", "parameters": TEXTS},
        {"method": "DELETE", "path": "/notices/{id}"},
    ],
}


def create(*, ledger: Ledger | None = None) -> NoticeboardSandbox:
    """Make one with 120 boards."""
    return NoticeboardSandbox(ledger=ledger)


class NoticeboardSandbox(Sandbox):
    """Answers as the manual says, and nothing else."""

    name = "noticeboard"
    auth = "token"
    secrets: Mapping[str, str] = {"token": "notice-5ca1ab1e-0fac"}
    text_fields = ("title", "text")
    contract = Contract.model_validate(CONTRACT)

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.app.before_request(self._sign_in)
        for method, path, act in (
            ("GET", "/me", lambda: jsonify({"id": "team-1", "name": "Press team"})),
            ("GET", "/boards", self._boards),
            ("GET", "/boards/<board>/notices", self._notices),
            ("POST", "/boards/<board>/notices", self._post),
            ("GET", "/notices/<ref>", self._one),
            ("PATCH", "/notices/<ref>", self._change),
            ("DELETE", "/notices/<ref>", self._remove),
        ):
            self.app.add_url_rule(path, endpoint=f"{method} {path}", view_func=act, methods=[method])

    def _sign_in(self) -> tuple[str, int] | None:
        right = request.headers.get("Authorization") == f"Bearer {self.secrets['token']}"
        return None if right else ("who are you?", 401)

    def _boards(self) -> Response:
        return _page("boards", [{"id": board, "name": f"Board {board[6:]}"} for board in BOARDS])

    def _notices(self, board: str) -> Response:
        return _page("notices", [_shape(ref, facts) for ref, facts in self.ledger.living(board).items()])

    def _post(self, board: str) -> Response:
        ref = self._add(board, **request.get_json())
        return jsonify(_shape(ref, self.ledger.living()[ref]))

    def _one(self, ref: str) -> Response | tuple[str, int]:
        facts = self.ledger.living().get(ref)
        return jsonify(_shape(ref, facts)) if facts else ("gone", 404)

    def _change(self, ref: str) -> Response | tuple[str, int]:
        facts = self.ledger.living().get(ref)
        if facts is None:
            return "gone", 404
        self.ledger.add(What.CHANGED, ref, facts["target"], **request.get_json())
        return self._one(ref)

    def _remove(self, ref: str) -> tuple[str, int]:
        facts = self.ledger.living().get(ref)
        if facts is None:
            return "gone", 404
        self.ledger.add(What.REMOVED, ref, facts["target"])
        return "", 204

    def _add(self, board: str, **texts: Any) -> str:
        with self.lock:
            ref = f"notice-{len(self.ledger.effects()) + 1}"
            self.ledger.add(What.MADE, ref, board, **{"title": "", "text": "", "link": "", **texts})
        return ref

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"origin": origin}

    def targets(self) -> tuple[str, ...]:
        """All boards."""
        return BOARDS

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All notices of a board."""
        return tuple(
            Standing(ref, target, marker_in(facts["link"]), None, {name: facts[name] for name in self.text_fields})
            for ref, facts in self.ledger.living(target).items()
        )

    def intrude(self, target: str, text: str) -> str:
        """Somebody posts something else."""
        return self._add(target, title=text, link=f"https://elsewhere.example/{text}")

    def vanish(self, target: str, ref: str) -> None:
        """Somebody takes a notice down."""
        self.ledger.add(What.REMOVED, ref, target)

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody rewrites a notice."""
        self.ledger.add(What.CHANGED, ref, target, **fields)


def _page(name: str, items: list[Any]) -> Response:
    number = request.args.get("page", 1, int)
    more = len(items) > number * PAGE
    return jsonify({name: items[(number - 1) * PAGE : number * PAGE], "next": number + 1 if more else None})


def _shape(ref: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ref, "title": facts["title"], "text": facts["text"], "link": facts["link"]}
