"""The door for webhooks that remotes send: bytes are handed over as they came, answered fast, worked later."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hub.web.bodies import read_bounded
from hub.web.services import services

hooks = Blueprint("hooks", "hub.web", url_prefix="/hooks")
LIMIT = 1024 * 1024


@hooks.route("/<subscription_id>", methods=["GET", "HEAD", "POST"], provide_automatic_options=False)
def receive(subscription_id: str) -> Response:
    """Pass a delivery on to the connections room."""
    status, headers, body = services().connections.receive(
        subscription_id, method=request.method, headers=dict(request.headers), body=read_bounded(LIMIT),
        query=request.args.to_dict(),
    )  # fmt: skip
    return Response(body, status=status, headers=dict(headers))
