"""How the made-up WordPress reads requests and words its answers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, cast

from flask import Response, jsonify, request

from connectors.wordpress.sandbox_library import Refusal

Json = dict[str, Any]
MOST_PER_PAGE = 100


def refuse(error: Any) -> Response:
    """Answer an error."""
    return answer(error.body, error.status)


def answer(body: Any, status: int = HTTPStatus.OK) -> Response:
    """Answer JSON, reduced to `_fields` where these are asked for."""
    wanted = request.args.get("_fields")
    if wanted and status < HTTPStatus.BAD_REQUEST:
        names = {name.strip().split(".")[0] for name in wanted.split(",")}
        body = (
            [_reduced(each, names) for each in cast("list[Json]", body)]
            if isinstance(body, list)
            else _reduced(body, names)
        )
    said = jsonify(body)
    said.status_code = status
    return said


def _reduced(body: Json, names: set[str]) -> Json:
    return {name: value for name, value in body.items() if name in names}


def edits() -> bool:
    """Tell whether the editor's view is asked for."""
    return request.args.get("context") == "edit"


def sent() -> Json:
    """Return what a JSON or form body says."""
    body = request.get_json(silent=True)
    return {**(body if isinstance(body, dict) else {}), **request.form}


def raw(value: Any) -> str:
    """Return a text that may be sent as an object."""
    return str(cast("Json", value).get("raw", "")) if isinstance(value, dict) else str(value)


def matches(texts: Iterable[str]) -> bool:
    """Tell whether one of these texts holds what is searched for."""
    wanted = (request.args.get("search") or "").lower()
    return any(wanted in text.lower() for text in texts)


def page(found: Iterable[Any], say: Callable[[Any], Json], *, hidden: Collection[int] = ()) -> Response:
    """Answer the part of a listing that is asked for; what may not be seen is left out, and counted all the same."""
    per_page, number = int(request.args.get("per_page", 10)), int(request.args.get("page", 1))
    if not 1 <= per_page <= MOST_PER_PAGE:
        raise out_of_bounds()
    if include := request.args.get("include"):
        wanted = {int(each) for each in include.split(",")}
        found = [each for each in found if each.id in wanted]
    if after := request.args.get("modified_after"):
        since = _time(after)
        found = [each for each in found if each.modified > since]
    listed = sorted(found, key=lambda each: each.id, reverse=request.args.get("order", "desc") == "desc")
    pages = math.ceil(len(listed) / per_page)
    if number > pages and listed:
        raise Refusal("rest_post_invalid_page_number",
                      "The page number requested is larger than the number of pages available.",
                      HTTPStatus.BAD_REQUEST)  # fmt: skip
    offset = int(request.args.get("offset", (number - 1) * per_page))
    shown = listed[offset : offset + per_page]
    said = answer([say(each) for each in shown if each.id not in hidden])
    total = len(listed) if shown else 0  # past the end WordPress counts nothing
    said.headers["X-WP-Total"], said.headers["X-WP-TotalPages"] = str(total), str(math.ceil(total / per_page))
    return said


def _time(text: str) -> datetime:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        why = "Invalid date."
        detail = {"code": "rest_invalid_date", "message": why, "data": None}
        raise Refusal("rest_invalid_param", "Invalid parameter(s): modified_after", HTTPStatus.BAD_REQUEST,
                      params={"modified_after": why}, details={"modified_after": detail}) from None  # fmt: skip
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def uploaded() -> tuple[str, bytes]:
    """Return the name and the bytes of an upload, in either of its forms."""
    if request.files:
        part = request.files.get("file")
        return (part.filename or "", part.read()) if part else ("", b"")
    content = request.get_data()
    if not content or request.mimetype in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        raise Refusal("rest_upload_no_data", "No data supplied.", HTTPStatus.BAD_REQUEST)
    if not request.content_type:
        raise Refusal("rest_upload_no_content_type", "No Content-Type supplied.", HTTPStatus.BAD_REQUEST)
    disposition = request.headers.get("Content-Disposition")
    if not disposition:
        raise Refusal("rest_upload_no_content_disposition", "No Content-Disposition supplied.", HTTPStatus.BAD_REQUEST)
    found = re.search(r'filename="?([^";]+)"?', disposition)
    if not found:
        raise Refusal("rest_upload_invalid_disposition",
                      "Invalid Content-Disposition supplied. Content-Disposition needs to be formatted as "
                      '`attachment; filename="image.png"` or similar.', HTTPStatus.BAD_REQUEST)  # fmt: skip
    return found[1], content


def broken_off() -> Response:
    """Answer as PHP does when it dies: an empty page, after what was sent of the headers."""
    return Response("", HTTPStatus.INTERNAL_SERVER_ERROR, content_type="text/html; charset=UTF-8")


def out_of_bounds() -> Refusal:
    """Say that a page would be too long."""
    message = "per_page must be between 1 (inclusive) and 100 (inclusive)"
    detail = {"code": "rest_out_of_bounds", "message": message, "data": None}
    return Refusal("rest_invalid_param", "Invalid parameter(s): per_page", HTTPStatus.BAD_REQUEST,
                   params={"per_page": message}, details={"per_page": detail})  # fmt: skip
