"""Forms of answer that all of Pinboard's parts share."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

PAGE = 50
GONE = ("gone", 404)


def page(items: list[Any]) -> Response:
    """Answer one page of a list; a header says how many there are."""
    number = request.args.get("page", 1, int)
    answer = jsonify(items[(number - 1) * PAGE : number * PAGE])
    answer.headers["X-Pages"] = str(max(1, -(-len(items) // PAGE)))
    return answer
