"""Whether this process lives, and whether it can serve: for whoever watches over it."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import text

from hub.db.installation import recognition
from hub.web.services import services

health = Blueprint("health", "hub.web")
LONGEST_WORD: Final = 64


@health.get("/healthz")
def lives() -> Response:
    """Say that the process answers."""
    return jsonify(status="alive")


@health.get("/readyz")
def ready() -> Response:
    """Say whether the database can be read; whoever knows this hub can tell it from others by a word of theirs."""
    word = request.args.get("word", "")[:LONGEST_WORD]
    with services().database.read() as session:
        session.execute(text("SELECT 1"))
        known = {"hub": recognition(session, word)} if word else {}
    return jsonify(status="ready", **known)
