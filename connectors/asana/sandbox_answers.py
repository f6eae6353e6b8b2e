"""Forms of answer that the made-up Asana's parts share: wrapped, compact unless more is asked for, in pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request

MADE_AT = "2026-03-17T10:11:06.474Z"
CUT_AT = 1000
"""A list that is asked for without a limit is cut without a word."""
HEALTH: dict[str, Any] = {
    "active": True, "is_workspace_webhook": False, "last_success_at": None, "last_failure_at": None,
    "last_failure_content": "", "next_attempt_after": None, "failure_deletion_timestamp": None,
    "delivery_retry_count": 0, "filters": [], "resource": None, "target": "",
}  # fmt: skip
"""What Asana tells of a webhook's health, in the whole record."""


def says(status: int, message: str) -> Response:
    """Refuse in Asana's form."""
    return _json(
        {"errors": [{"message": message, "help": "For more information: https://developers.asana.com"}]}, status
    )


def told(
    shape: Mapping[str, Any], usual: Sequence[str], *, status: int = 200, beside: Mapping[str, Any] | None = None
) -> Response:
    """Answer one thing; fields beyond the usual ones only where `opt_fields` names them."""
    return _json({"data": _picked(shape, usual), **(beside or {})}, status)


def told_page(shapes: Sequence[Mapping[str, Any]], usual: Sequence[str]) -> Response:
    """Answer one page; its successor is named by a token that means nothing to others."""
    start = _start(request.args.get("offset", ""))
    if start is None:
        return says(400, "offset: Your pagination token has expired or is invalid.")
    size = request.args.get("limit", type=int)
    page = shapes[start : start + (size or CUT_AT)]
    following: dict[str, str] | None = None
    if size and start + size < len(shapes):
        token = base64.urlsafe_b64encode(f"{request.path}|{start + size}".encode()).decode()
        path = f"{request.path}?limit={size}&offset={token}"
        following = {"offset": token, "path": path, "uri": f"https://app.asana.com{path}"}
    return _json({"data": [_picked(shape, usual) for shape in page], "next_page": following}, 200)


def event(
    user: str, action: str, resource: Mapping[str, Any], parent: Mapping[str, Any] | None, number: int
) -> dict[str, Any]:
    """Make an event as streams and webhooks tell it."""
    minutes, seconds = divmod(number, 60)
    return {
        "user": {"gid": user, "resource_type": "user"}, "action": action,
        "resource": _compact(resource), "parent": _compact(parent) if parent else None,
        "created_at": f"2026-03-17T{10 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}.474Z",
    }  # fmt: skip


def task_of(gid: str) -> dict[str, Any]:
    """Name a task as the parent of something."""
    return {"gid": gid, "resource_type": "task", "resource_subtype": "default_task"}


def named(gid: str, kind: str, name: str) -> dict[str, Any]:
    """Name anything."""
    return {"gid": gid, "resource_type": kind, "name": name}


def unknown(what: str, gid: str) -> Response:
    """Say that something is not there."""
    return says(404, f"{what}: Unknown object: {gid}")


def shape_of(ref: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Tell an attachment, without the address of its bytes."""
    uploaded = facts["kind"] != "external"
    permanent = f"https://app.asana.com/app/asana/-/get_asset?asset_id={ref}"
    return {
        "gid": ref, "resource_type": "attachment", "name": facts["name"], "resource_subtype": facts["kind"],
        "host": facts["kind"], "view_url": permanent if uploaded else facts["url"], "permanent_url": permanent,
        "parent": {"gid": facts["target"], "resource_type": "task", "resource_subtype": "default_task"},
        "created_at": MADE_AT, **({"size": facts["size"]} if "size" in facts else {}),
    }  # fmt: skip


def shape_of_hook(ref: str, hook: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a webhook."""
    beaten = {"last_success_at": "2026-03-17T10:11:06.474Z" if hook["beaten"] else None}
    shape = {"gid": ref, "resource_type": "webhook", "target": hook["target"], "filters": hook["filters"]}
    health = {**HEALTH, "active": hook.get("active", True)}
    return {**health, **shape, "resource": {"gid": hook["resource"], "resource_type": "task"}, **beaten}


def _compact(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {key: thing[key] for key in ("gid", "resource_type", "resource_subtype") if key in thing}


def _start(token: str) -> int | None:
    if not token:
        return 0
    try:
        path, _, start = base64.urlsafe_b64decode(token).decode().partition("|")
        return int(start) if path == request.path else None
    except ValueError:
        return None


def _picked(shape: Mapping[str, Any], usual: Sequence[str]) -> dict[str, Any]:
    asked = request.args.get("opt_fields")
    names = {name.partition(".")[0] for name in asked.split(",")} if asked else set(usual)
    return {name: value for name, value in shape.items() if name in {"gid", "resource_type", *names}}


def _json(body: Mapping[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status, content_type="application/json; charset=UTF-8")
