"""What every operation of the API shares: how it is described, and how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response
from pydantic import BaseModel

from hub.web.described import Operations, Security
from hub.web.problems import MEDIA_TYPE, Problem

PREFIX: Final = "/api/v1"
SECURITY_SCHEMES: Final[dict[str, Any]] = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token; its scopes narrow the role."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "damhub_session",
        "description": "A signed-in browser; writes also need its token in X-CSRF-Token.",
    },
}
EITHER: Final[Security] = [{"token": []}, {"session": []}]
ANYBODY: Final[Security] = [{}]
_REF: Final = {"$ref": "#/components/schemas/Problem"}
_PROBLEM: Final = {"description": "What went wrong and what to do next.", "content": {MEDIA_TYPE: {"schema": _REF}}}
_KEY: Final = {
    "name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 255},
    "description": "The same key gives the same answer for a day.",
}  # fmt: skip
_IF_MATCH: Final = {
    "name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "The ETag that the change is based upon; without it 428 is answered.",
}  # fmt: skip
_BYTES: Final[dict[str, Any]] = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})


def blueprint(name: str, about: str, *, open_to: Security | None = None) -> Operations:
    """Return one part of the API, for its views."""
    return Operations(name, about, prefix=PREFIX, security=EITHER if open_to is None else open_to)


def answer(body: BaseModel | None = None, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a model as JSON, or an empty answer."""
    if body is None:
        return Response(status=HTTPStatus.NO_CONTENT, headers=dict(headers or {}))
    return Response(body.model_dump_json(), status=status, headers=dict(headers or {}), content_type="application/json")


def finish(document: dict[str, Any]) -> dict[str, Any]:
    """Return the API's description with what flask-openapi3 cannot say by itself."""
    document["components"]["schemas"]["Problem"] = Problem.model_json_schema(
        ref_template="#/components/schemas/{model}", mode="serialization"
    )
    document["components"]["schemas"].update(document["components"]["schemas"]["Problem"].pop("$defs", {}))
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                _finish_operation(path, method, operation)
    return document


def _finish_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = _PROBLEM
    parameters = operation.setdefault("parameters", [])
    if method == "post":
        parameters.append(_KEY)
    if method == "patch" and path.endswith("/assets/{asset_id}"):
        parameters.append(_IF_MATCH)
    if path.endswith(("/assets", "/assets/{asset_id}/versions")) and method == "post":
        operation["requestBody"] = _BYTES
