"""The door for webhooks that remotes send: bytes are handed over as they came, answered fast, worked later."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hub.errors import TooLarge
from hub.web.services import services

hooks = Blueprint("hooks", "hub.web", url_prefix="/hooks")
LIMIT = 1024 * 1024


@hooks.route("/<subscription_id>", methods=["GET", "HEAD", "POST"], provide_automatic_options=False)
def receive(subscription_id: str) -> Response:
    """Pass a delivery on to the connections room."""
    if (request.content_length or 0) > LIMIT:
        raise TooLarge("too_large", "A delivery may have up to 1 MB.", next_step="Send less.")
    status, headers, body = services().connections.receive(
        subscription_id, method=request.method, headers=dict(request.headers), body=request.get_data(cache=False)
    )
    return Response(body, status=status, headers=dict(headers))
