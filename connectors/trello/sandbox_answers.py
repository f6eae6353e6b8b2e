"""Forms of answer that all parts of the made-up Trello share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response

MEMBER = {"id": "5abbe4b7ddc1b351ef961414", "username": "dana", "fullName": "Dana Editor"}
NOT_FOUND = "The requested resource was not found."


def says(text: str, status: int) -> Response:
    """Answer with a sentence."""
    return Response(text, status, content_type="text/plain; charset=utf-8")


def moment(at: int) -> str:
    """Write UTC milliseconds as Trello does."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03}Z"


def shape(ref: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return an attachment; links made before there were times are of the epoch."""
    return {
        "id": ref, "bytes": facts.get("size"), "date": moment(facts.get("at", 0)), "edgeColor": None,
        "idMember": MEMBER["id"], "isUpload": facts["isUpload"], "mimeType": facts.get("kind", ""),
        "name": facts["name"], "previews": [], "url": facts["url"], "pos": 16384, "fileName": facts.get("fileName"),
    }  # fmt: skip
