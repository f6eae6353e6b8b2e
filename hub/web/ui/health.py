"""Whether this process lives, and whether it can serve: for whoever watches over it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from hub.web.services import services

health = Blueprint("health", "hub.web")


@health.get("/healthz")
def lives() -> Response:
    """Say that the process answers."""
    return jsonify(status="alive")


@health.get("/readyz")
def ready() -> Response:
    """Say whether the database can be read."""
    with services().database.read() as session:
        session.execute(text("SELECT 1"))
    return jsonify(status="ready")
