"""What others take from the made-up vendor: everything that stands there, what changed, what was counted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from connectors.sdk.types import ItemKind
from connectors.testing.ledger import What
from connectors.testing.pinboard.answers import GONE, page
from connectors.testing.sandbox import Stock

if TYPE_CHECKING:
    from flask import Flask

    from connectors.testing.ledger import Ledger

FEED_PAGE = 20
KEPT = 1024 * 1024
"""Larger pins are only hashed: what nobody takes out again need not be kept."""


class Archive:
    """Answers `/items`, `/changes`, and what is counted of a pin. State is what the ledger adds up to."""

    def __init__(self, app: Flask, ledger: Ledger, walls: tuple[str, ...]) -> None:
        self._ledger = ledger
        self._walls = walls
        self._bytes: dict[str, bytes] = {}
        self._forgotten = 0
        for path, act in (
            ("/items", self._items), ("/items/<ref>/bytes", self._fetch), ("/changes", self._changes),
            ("/walls/<wall>/pins/<ref>/frames", self._frames), ("/walls/<wall>/pins/<ref>/numbers", self._numbers),
        ):  # fmt: skip
            app.add_url_rule(path, endpoint=f"archive {path}", view_func=act)

    def keep(self, data: bytes) -> str:
        """Keep bytes that can be fetched again; return their hash."""
        digest = hashlib.sha256(data).hexdigest()
        self._bytes[digest] = data
        return digest

    def items(self) -> tuple[Stock, ...]:
        """Return walls as folders and pins as files."""
        folders = tuple(Stock(wall, ItemKind.FOLDER, f"Wall {wall[4:]}") for wall in self._walls)
        pins = tuple(
            Stock(ref, ItemKind.FILE, facts["filename"], facts["size"], facts["sha256"])
            for ref, facts in self._ledger.living().items()
        )
        return folders + pins

    def forget(self) -> None:
        """Forget every cursor that was handed out."""
        self._forgotten = len(self._ledger.effects())

    def _items(self) -> Response:
        parents = {ref: facts["target"] for ref, facts in self._ledger.living().items()}
        shapes = [
            {
                "id": one.ref, "kind": one.kind, "name": one.name, "wall": parents.get(one.ref, ""), "size": one.size,
                "sha256": one.sha256 or "",
            }
            for one in self.items()
        ]  # fmt: skip
        return page(shapes)

    def _fetch(self, ref: str) -> Response | tuple[str, int]:
        facts = self._ledger.living().get(ref)
        if facts is None or facts["sha256"] not in self._bytes:
            return GONE
        said = {"X-Sha256": facts["sha256"]}
        return Response(self._bytes[facts["sha256"]], headers=said, content_type="application/octet-stream")

    def _changes(self) -> Response | tuple[str, int]:
        effects = self._ledger.effects()
        since = request.args.get("since", type=int)
        if since is None:
            return jsonify({"changes": [], "next": len(effects), "more": False})
        if since < self._forgotten:
            return ("this cursor is too old", 410)
        told = effects[since : since + FEED_PAGE]
        shapes = [{"id": effect.ref, "gone": effect.what is What.REMOVED} for effect in told]
        after = since + len(told)
        return jsonify({"changes": shapes, "next": after, "more": after < len(effects)})

    def _frames(self, wall: str, ref: str) -> Response | tuple[str, int]:
        facts = self._ledger.living(wall).get(ref)
        return page([{"id": one, "name": f"Frame {one}"} for one in facts["frames"]]) if facts else GONE

    def _numbers(self, wall: str, ref: str) -> Response | tuple[str, int]:
        facts = self._ledger.living(wall).get(ref)
        return jsonify(counted(facts)) if facts else GONE


def counted(facts: Mapping[str, Any]) -> dict[str, int]:
    """Return what Pinboard counts of a pin."""
    return {"views": int(facts.get("views", 0))}
