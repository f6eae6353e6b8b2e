"""How the made-up Drupal says things: JSON:API documents, errors line by line as a real 11.4 answered, HTML pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote

from flask import Response, request

T = TypeVar("T")
JSONAPI: Final = "application/vnd.api+json"
FULL: Final = 50
BEGAN: Final = datetime(2026, 11, 25, 4, tzinfo=UTC)
VERSION: Final[dict[str, Any]] = {
    "version": "1.1", "meta": {"links": {"self": {"href": "http://jsonapi.org/format/1.1/"}}},
}  # fmt: skip
READ_ONLY: Final = (
    "JSON:API is configured to accept only read operations. Site administrators can configure this at "
    "{origin}/admin/config/services/jsonapi."
)
DRAFT: Final = (
    "Updating a resource object that has a working copy is not yet supported. "
    "See https://www.drupal.org/project/drupal/issues/2795279."
)
NO_FORMAT: Final = 'No route found that matches "Content-Type: {kind}"'
NO_HEADER: Final = (
    '"Content-Disposition" header is required. A file name in the format "filename=FILENAME" must be provided.'
)
NO_NAME: Final = (
    'No filename found in "Content-Disposition" header. A file name in the format "filename=FILENAME" must be provided.'
)
NOT_PERMITTED: Final = "The current user is not permitted to upload a file for this field."
_UNKNOWN_QUERY: Final = re.compile(r"^[a-z]+$")
_KNOWN_QUERY: Final = frozenset({"filter", "sort", "page", "fields", "include", "resourceVersion"})
_NOT_EMPTY: Final = "This value should not be null."


class Refusal(Exception):
    """An error as Drupal answers it."""

    def __init__(
        self, status: int, detail: str, *, pointer: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.pointer = pointer
        self.headers = dict(headers or {})


class Page404(Exception):
    """A page in HTML: what Drupal answers where no route is."""


def refuse(refusal: Refusal) -> Response:
    """Say an error. What a form would have said has a pointer and no links."""
    error: dict[str, Any] = {
        "title": HTTPStatus(refusal.status).phrase, "status": str(refusal.status), "detail": refusal.detail,
    }  # fmt: skip
    if refusal.pointer:
        error["source"] = {"pointer": refusal.pointer}
    else:
        info = f"http://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.{refusal.status // 100}"
        error["links"] = {"via": {"href": request.url}, "info": {"href": info}}
    answer = told({"errors": [error]}, refusal.status)
    answer.headers.update(refusal.headers)
    return answer


def page_404(_: Exception) -> Response:
    """Answer a page."""
    page = "<!DOCTYPE html><html><head><title>Page not found | Sandbox site</title></head><body></body></html>"
    return Response(page, HTTPStatus.NOT_FOUND, content_type="text/html; charset=UTF-8")


def told(document: Mapping[str, Any], status: int = HTTPStatus.OK) -> Response:
    """Answer a document."""
    answer = Response(json.dumps({"jsonapi": VERSION, **document}), status, content_type=JSONAPI)
    answer.headers["Cache-Control"] = "must-revalidate, no-cache, private"
    return answer


def one(data: Mapping[str, Any], included: Sequence[Any] = (), status: int = HTTPStatus.OK) -> Response:
    """Answer one thing."""
    more = {"included": list(included)} if included else {}
    return told({"data": data, "links": {"self": {"href": request.url}}, **more}, status)


def many(
    items: Sequence[T], shape: Callable[[T], dict[str, Any]], included: Callable[[T], Sequence[Any]] = lambda _: ()
) -> Response:
    """Answer a page of a listing as measured: more than 50 is cut, 0 is refused, what is no number is nonsense."""
    limit, offset = _size(request.args.get("page[limit]")), _start(request.args.get("page[offset]"))
    shown = items[offset : offset + limit]
    links = {"self": {"href": request.url}}
    if offset + limit < len(items):
        others = [(name, value) for name, value in request.args.items() if not name.startswith("page")]
        query = [*others, ("page[offset]", str(offset + limit)), ("page[limit]", str(limit))]
        text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
        links["next"] = {"href": f"{request.base_url}?{text}"}
    more = [extra for item in shown for extra in included(item)] if "include" in request.args else []
    document: dict[str, Any] = {"data": [shape(item) for item in shown], "links": links}
    return told({**document, **({"included": more} if more else {})})


def check_query() -> None:
    """Refuse parameters that JSON:API keeps for itself."""
    if "page" in request.args:
        raise Refusal(400, "The page parameter needs to be an array.")
    wrong = [name for name in request.args if _UNKNOWN_QUERY.match(name) and name not in _KNOWN_QUERY]
    if wrong:
        named = "', '".join(wrong)
        raise Refusal(400, f"The following query parameters violate the JSON:API spec: '{named}'.")


def moment(number: int) -> str:
    """Say a time: the clock here goes on by one second with each change."""
    return (BEGAN + timedelta(seconds=number)).isoformat()


def media_json(uuid: str, facts: Mapping[str, Any], file: Mapping[str, Any] | None, origin: str) -> dict[str, Any]:
    """Say a media item."""
    bundle, _, field = str(facts["target"]).partition("/")
    address = f"{origin}/jsonapi/media/{bundle}/{uuid}"
    attributes: dict[str, Any] = {
        "drupal_internal__mid": facts["mid"], "drupal_internal__vid": facts["vid"], "langcode": "en",
        "revision_created": facts["changed"], "revision_log_message": facts["log"], "status": facts["status"],
        "name": facts["name"], "created": facts["created"], "changed": facts["changed"], "default_langcode": True,
        "revision_translation_affected": True, "path": {"alias": None, "pid": None, "langcode": "en"},
        "field_rights": facts["rights"],
    }  # fmt: skip
    shown = {"type": "file--file", "id": facts["file"] if file else "missing", "meta": _beside(facts, file)}
    own = {"data": shown, "links": {"self": {"href": f"{address}/relationships/{field}"}}}
    kind = {"type": "media_type--media_type", "id": facts["kind"], "meta": {"drupal_internal__target_id": bundle}}
    return {
        "type": f"media--{bundle}", "id": uuid,
        "links": {"self": {"href": f"{address}?resourceVersion=id%3A{facts['vid']}"}},
        "attributes": attributes, "relationships": {"bundle": {"data": kind}, field: own},
    }  # fmt: skip


def _beside(facts: Mapping[str, Any], file: Mapping[str, Any] | None) -> dict[str, Any]:
    if file is None:
        return {"links": {"help": {"href": "https://www.drupal.org/docs/8/modules/json-api/core-concepts#missing"}}}
    number = {"drupal_internal__target_id": file["attributes"]["drupal_internal__fid"]}
    if facts["image"]:
        return {"alt": facts["alt"], "title": facts["title"], "width": 1, "height": 1, **number}
    return {"display": None, "description": facts["description"], **number}


def required(value: object, field: str) -> None:
    """Refuse what lacks a value."""
    if not value:
        raise Refusal(422, f"{field}: {_NOT_EMPTY}", pointer=f"/data/attributes/{field}")


def _size(text: str | None) -> int:
    if text is None:
        return FULL
    if text == "":
        raise Refusal(500, "Unsupported operand types: string + int")
    try:
        number = int(float(text))
    except ValueError:
        return FULL
    if number <= 0:
        raise Refusal(400, "The page size needs to be a positive integer.")
    return min(number, FULL)


def _start(text: str | None) -> int:
    try:
        return max(int(text or "0"), 0)
    except ValueError:
        raise Refusal(500, "Unsupported operand types: string + int") from None
