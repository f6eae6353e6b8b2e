"""The made-up vendor itself. State is what the ledger adds up to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from connectors.sdk.types import Board, Card, PartState
from connectors.testing.contract import Contract, Operation
from connectors.testing.hooks import Delivery
from connectors.testing.ledger import Ledger, What
from connectors.testing.pinboard.answers import GONE, page
from connectors.testing.pinboard.archive import KEPT, Archive, counted
from connectors.testing.pinboard.events import sign
from connectors.testing.pinboard.rooms import Rooms
from connectors.testing.sandbox import Sandbox, Shown, Standing, Stock
from connectors.testing.scopes import Needs, Scopes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MARKER = re.compile(r"(?<![a-z0-9])(dh[a-z0-9]{6}-[a-z0-9]{20})(?![a-z0-9])(?:-([0-9a-f]{12}))?")
WALLS = tuple(f"wall{number:03}" for number in range(1, 121))
CHUNK = 64 * 1024
SHAPE = ("filename", "title", "note", "sha256", "frames", "state", "at", "more")
NEEDS = (Needs("GET", "*", ("read",)), Needs("POST PUT PATCH DELETE", "*", ("write",)))
PATHS = (
    ("GET", "/me"), ("GET", "/walls"), ("GET", "/walls/{w}/pins"), ("POST", "/walls/{w}/pins"),
    ("GET", "/walls/{w}/pins/{p}"), ("PATCH", "/walls/{w}/pins/{p}"), ("DELETE", "/walls/{w}/pins/{p}"),
    ("PUT", "/walls/{w}/pins/{p}/bytes"), ("POST", "/walls/{w}/pins/{p}/repoint"), ("POST", "/walls/{w}/hooks"),
    ("DELETE", "/hooks/{h}"), ("POST", "/walls/{w}/pins/{p}/hold"), ("POST", "/walls/{w}/pins/{p}/resume"),
    ("GET", "/items"), ("GET", "/items/{i}/bytes"), ("GET", "/changes"), ("GET", "/walls/{w}/pins/{p}/frames"),
    ("GET", "/walls/{w}/pins/{p}/numbers"), ("POST", "/walls/{w}/sheets"),
    ("GET", "/rooms"), ("GET", "/rooms/{r}"), ("GET", "/rooms/{r}/walls"), ("GET", "/walls/{w}"),
)  # fmt: skip


def create(*, ledger: Ledger | None = None) -> PinboardSandbox:
    """Make a sandbox with 120 walls."""
    return PinboardSandbox(ledger=ledger)


class PinboardSandbox(Sandbox):
    """One account with a token."""

    name = "pinboard"
    auth = "token"
    text_fields = ("title", "note")
    contract = Contract(
        source="made up",
        operations=tuple(Operation(method=method, path=path, open=True) for method, path in PATHS),
    )

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {"token": "pin-token-5ca1ab1e"}
        self.scopes = Scopes("", NEEDS, lambda scope: Response(f"needs {scope}", 403))
        self.hooks: dict[str, str] = {}
        self.sheets: list[str] = []  # hashes of further pictures that were sent; nobody sees them yet
        for method, path, act in (
            ("GET", "/me", self._me), ("GET", "/walls", self._walls), ("GET", "/walls/<wall>/pins", self._pins),
            ("POST", "/walls/<wall>/pins", self._pin), ("GET", "/walls/<wall>/pins/<ref>", self._one),
            ("PATCH", "/walls/<wall>/pins/<ref>", self._change), ("DELETE", "/walls/<wall>/pins/<ref>", self._unpin),
            ("PUT", "/walls/<wall>/pins/<ref>/bytes", self._bytes),
            ("POST", "/walls/<wall>/pins/<ref>/repoint", self._repoint), ("POST", "/walls/<wall>/hooks", self._hook),
            ("DELETE", "/hooks/<ref>", self._unhook), ("POST", "/walls/<wall>/pins/<ref>/hold", self._hold),
            ("POST", "/walls/<wall>/pins/<ref>/resume", self._resume), ("POST", "/walls/<wall>/sheets", self._sheet),
        ):  # fmt: skip
            self.app.add_url_rule(path, endpoint=f"{method} {path}", view_func=act, methods=[method])
        self.archive = Archive(self.app, self.ledger, WALLS)
        self.rooms = Rooms(self.app, WALLS)
        self.app.before_request(self._sign_in)

    def _sign_in(self) -> Response | tuple[str, int] | None:
        right = request.headers.get("Authorization") == f"Bearer {self.secrets['token']}"
        return self.scopes.refusal() if right else ("who are you", 401)

    def _me(self) -> Response:
        return jsonify({"id": "account-1", "name": "Dana"})

    def _walls(self) -> Response:
        return page([{"id": wall, "name": f"Wall {wall[4:]}"} for wall in WALLS])

    def _pins(self, wall: str) -> Response:
        return page([_shape(ref, facts) for ref, facts in self.ledger.living(wall).items()])

    def _one(self, wall: str, ref: str) -> Response | tuple[str, int]:
        facts = self.ledger.living(wall).get(ref)
        return jsonify(_shape(ref, facts)) if facts else GONE

    def _pin(self, wall: str) -> Response:
        with self.lock:
            ref = self._next()
            fields = {name: request.args.get(name, "") for name in self.text_fields}
            at = request.args.get("publish_at", type=int)
            facts: dict[str, Any] = {
                "filename": request.args["filename"], "frames": [], **self._sent(), **fields, "at": at,
                "state": "showing" if at is None else "queued", "more": self._more(),
            }  # fmt: skip
            self.ledger.add(What.MADE, ref, wall, **facts)
        return jsonify(_shape(ref, facts))

    def _change(self, wall: str, ref: str) -> Response | tuple[str, int]:
        sent: dict[str, Any] = request.get_json()
        facts: dict[str, Any] = {name: value for name, value in sent.items() if name in self.text_fields}
        if "companions" in sent:
            sheets = self.ledger.living(wall).get(ref, {}).get("more", [])
            facts["more"] = [{**sheet, **words} for sheet, words in zip(sheets, sent["companions"], strict=True)]
        return self._set(wall, ref, **facts)

    def _bytes(self, wall: str, ref: str) -> Response | tuple[str, int]:
        return self._set(wall, ref, filename=request.args["filename"], **self._sent(), more=self._more())

    def _sheet(self, wall: str) -> Response:
        del wall
        self.sheets.append(self._sent()["sha256"])
        return jsonify({"id": str(len(self.sheets) - 1)})

    def _more(self) -> list[dict[str, str]]:
        """Return the further pictures that a request names, in its order."""
        about: list[dict[str, str]] = json.loads(request.args.get("more", "[]"))
        return [{"sha256": self.sheets[int(one["id"])], "note": one.get("note", "")} for one in about]

    def shows(self, environ: WSGIEnvironment) -> bool:
        """A further picture shows nobody anything before a pin does."""
        return super().shows(environ) and not environ["PATH_INFO"].endswith("/sheets")

    def _hold(self, wall: str, ref: str) -> Response | tuple[str, int]:
        return self._set(wall, ref, state="held")

    def _resume(self, wall: str, ref: str) -> Response | tuple[str, int]:
        return self._set(wall, ref, state="queued", at=int(request.get_json()["at"]))

    def _sent(self) -> dict[str, Any]:
        """Read the bytes of a request; small ones can be fetched again."""
        digest, size, kept = hashlib.sha256(), 0, b""
        while chunk := request.stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            kept = kept + chunk if size <= KEPT else b""
        if size <= KEPT:
            self.archive.keep(kept)
        return {"sha256": digest.hexdigest(), "size": size}

    def _repoint(self, wall: str, ref: str) -> Response | tuple[str, int]:
        to = str(request.get_json()["to"])
        pins = self.ledger.living(wall)
        if ref not in pins or to not in pins:
            return GONE
        moved = pins[ref]["frames"]
        self._set(wall, ref, frames=[])
        return self._set(wall, to, frames=[*pins[to]["frames"], *moved])

    def _set(self, wall: str, ref: str, **facts: Any) -> Response | tuple[str, int]:
        with self.lock:
            if ref not in self.ledger.living(wall):
                return GONE
            self.ledger.add(What.CHANGED, ref, wall, **facts)
            return jsonify(_shape(ref, self.ledger.living(wall)[ref]))

    def _unpin(self, wall: str, ref: str) -> Response | tuple[str, int]:
        with self.lock:
            if ref not in self.ledger.living(wall):
                return GONE
            self.ledger.add(What.REMOVED, ref, wall)
        return Response(status=204)

    def _hook(self, wall: str) -> Response:
        url = f"{wall} {request.get_json()['url']}"
        known = [ref for ref, one in self.hooks.items() if one == url]
        ref = known[0] if known else f"hook{len(self.hooks) + 1}"
        self.hooks[ref] = url
        return jsonify({"id": ref})

    def _unhook(self, ref: str) -> Response | tuple[str, int]:
        return Response(status=204) if self.hooks.pop(ref, None) else GONE

    def _next(self) -> str:
        return f"pin{len(self.ledger.effects()) + 1:06}"

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"origin": origin}

    def targets(self) -> tuple[str, ...]:
        """All walls."""
        return WALLS

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All pins of a wall."""
        return tuple(_standing(target, ref, facts) for ref, facts in self.ledger.living(target).items())

    def intrude(self, target: str, text: str) -> str:
        """Somebody pins something else."""
        ref = self._next()
        self.ledger.add(What.MADE, ref, target, **_facts(f"{text}.png", "0" * 64, 0))
        return ref

    def everything(self) -> tuple[Stock, ...]:
        """Everything."""
        return self.archive.items()

    def stock(self, name: str, data: bytes) -> str:
        """Somebody pins a file to the first wall."""
        ref = self._next()
        self.ledger.add(What.MADE, ref, WALLS[0], **_facts(name, self.archive.keep(data), len(data)))
        return ref

    def unstock(self, ref: str) -> None:
        """Somebody takes it away."""
        self.ledger.add(What.REMOVED, ref, WALLS[0])

    def lose_feed(self) -> None:
        """Forget all cursors."""
        self.archive.forget()

    def subscriptions(self) -> int:
        """Count the hooks."""
        return len(self.hooks)

    def view(self, target: str, ref: str) -> Mapping[str, int]:
        """Somebody looks at a pin."""
        views = counted(self.ledger.living(target)[ref])["views"] + 1
        self.ledger.add(What.CHANGED, ref, target, views=views)
        return {"views": views}

    def vanish(self, target: str, ref: str) -> None:
        """Somebody takes a pin away."""
        self.ledger.add(What.REMOVED, ref, target)

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody writes something else."""
        self.ledger.add(What.CHANGED, ref, target, **fields)

    def thin(self, target: str, ref: str) -> bool:
        """Somebody takes the last picture of a pin away."""
        self.ledger.add(What.CHANGED, ref, target, more=self.ledger.living(target)[ref]["more"][:-1])
        return True

    def use(self, target: str, ref: str) -> str:
        """Somebody hangs a frame around a pin."""
        frame = f"frame-of-{ref}"
        self.ledger.add(What.CHANGED, ref, target, frames=[*self.ledger.living(target)[ref]["frames"], frame])
        return frame

    def uses(self, target: str, ref: str) -> int:
        """Count a pin's frames."""
        return len(self.ledger.living(target).get(ref, {}).get("frames", []))

    def all_boards(self) -> tuple[Board, ...]:
        """All rooms."""
        return self.rooms.all()

    def on_board(self, board: str) -> tuple[Card, ...]:
        """All walls of a room."""
        return self.rooms.cards(board)

    def deal(self, board: str, title: str, text: str = "", *, done: bool = False) -> str:
        """Somebody hangs another wall."""
        return self.rooms.deal(board, title, text, done=done)

    def put_away(self, ref: str) -> bool:
        """Somebody rolls a wall up."""
        self.rooms.walls[ref].away = True
        return True

    def discard(self, ref: str) -> None:
        """Somebody tears a wall down."""
        del self.rooms.walls[ref]

    def card_news(self, ref: str) -> Delivery:
        """Pinboard tells that a wall changed."""
        return self.delivery(target=ref, ref="", kind="wall.changed")

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery:
        """Pinboard tells that a pin changed."""
        event = {
            "id": f"event-{ref}-{len(self.ledger.effects())}", "kind": kind or "pin.changed", "pin": ref,
            "wall": target, "by_client": "damhub" if ours else "browser",
        }  # fmt: skip
        body = json.dumps(event).encode()
        secret = self.secrets["token"]
        return Delivery("https://hub.example/hook", {"X-Pin-Signature": sign(secret, body)}, body, secret=secret)


def _shape(ref: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ref, **{name: facts[name] for name in SHAPE}}


def _facts(filename: str, sha256: str, size: int) -> dict[str, Any]:
    return {
        "filename": filename, "sha256": sha256, "size": size, "frames": [], "title": "", "note": "", "at": None,
        "state": "showing", "more": [],
    }  # fmt: skip


def _standing(target: str, ref: str, facts: Mapping[str, Any]) -> Standing:
    found = MARKER.search(facts["filename"])
    fields = {"title": facts["title"], "note": facts["note"]}
    marker, key = found.groups() if found else (None, None)
    pictures = ((facts["sha256"], facts["note"]), *((one["sha256"], one["note"]) for one in facts["more"]))
    return Standing(
        ref, target, marker, key, fields, facts["sha256"], 1 + len(facts["frames"]), PartState(facts["state"]),
        facts["at"], tuple(Shown(sha256, {"note": note}) for sha256, note in pictures),
    )  # fmt: skip
