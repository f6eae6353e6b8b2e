"""How failures are told: problem details (RFC 9457) to programs, a page to people. Never a trace, never a secret."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask, Response, g, render_template, request
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import ClientDisconnected, HTTPException

from connectors.sdk.errors import ConnectorError, NeedsPerson, RetryLater
from hub.connections.speaking import CALLBACK_PATH
from hub.errors import HubError, Throttled

if TYPE_CHECKING:
    from hub.web.identity import Caller

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"

HTTP_CODES = {
    400: ("bad_request", "The request could not be read.", "Check the request."),
    404: ("no_such_page", "There is no such page.", "Check the address, or start at the library."),
    405: ("method_not_allowed", "This address does not take that method.", "Look at the API's description."),
    413: ("too_large", "That is more than this hub takes at once.", "Send less."),
    415: ("wrong_content_type", "The body is not of a type that this address takes.", "Send the type it asks for."),
    416: ("no_such_range", "There are no such bytes.", "Ask for a range inside the file."),
}

BROKEN_OFF = ("body_cut_off", "The request broke off before all of it had come. Nothing was done.", "Send it again.")


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="Path of the field.")
    what: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """What went wrong, where, and what to do next."""

    type: str = Field(description="Names the kind of problem for good.")
    title: str
    status: int
    code: str = Field(description="The stable code.")
    detail: str = Field(description="What happened and what is safe, for a person.")
    where: str = Field(description="The field, asset or connection it is about; may be empty.")
    next: str = Field(description="What to do now; may be empty.")
    request_id: str
    errors: list[Fault] = []


def problem(error: HubError, faults: list[Fault] | None = None) -> Response:
    """Return a failure as problem details."""
    body = Problem(
        type=f"urn:damhub:problem:{error.code}", title=HTTPStatus(error.status).phrase, status=error.status,
        code=error.code, detail=error.what, where=error.where, next=error.next_step,
        request_id=g.get("request_id", ""), errors=faults or [],
    )  # fmt: skip
    response = Response(body.model_dump_json(), status=error.status, content_type=MEDIA_TYPE)
    return _hints(response, error)


def refused(error: ValidationError) -> Response:
    """Answer a request whose values do not fit (called by flask-openapi3 before any view runs)."""
    faults = [
        Fault(where=".".join(str(part) for part in one["loc"]), what=one["msg"])
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return problem(_Refused(faults), faults)


class _Refused(HubError):
    status = 422

    def __init__(self, faults: list[Fault]) -> None:
        first = faults[0] if faults else Fault(where="", what="The values do not fit.")
        super().__init__(
            "values_do_not_fit", f"Nothing was done: {first.what}.", where=first.where,
            next_step="Put the named fields right and send it again.",
        )  # fmt: skip


class _Plain(HubError):
    def __init__(self, status: int, code: str, what: str, next_step: str) -> None:
        super().__init__(code, what, next_step=next_step)
        self.status = status


def install(app: Flask) -> None:
    """Answer every failure of every route."""

    def hub_error(error: HubError) -> Response:
        return tell(error)

    def connector_error(error: ConnectorError) -> Response:
        status = 503 if isinstance(error, RetryLater) else 409 if isinstance(error, NeedsPerson) else 502
        return tell(_Plain(status, error.code, error.message, "See the connection's state, then try again."))

    def http_error(error: HTTPException) -> Response:
        if isinstance(error.response, Response):
            return error.response
        status = error.code or 500
        default = ("http_error", error.name or "Something is wrong with the request.", "Check the request.")
        code, what, step = BROKEN_OFF if isinstance(error, ClientDisconnected) else HTTP_CODES.get(status, default)
        response = tell(_Plain(status, code, what, step))
        for name, value in error.get_headers():
            if name.lower() in {"allow", "content-range", "retry-after"}:
                response.headers[name] = value
        return response

    def bug(error: Exception) -> Response:
        log.error("request %s failed", g.get("request_id", ""), exc_info=error)
        what = "The hub failed at this. What was under way was not done, or not wholly."
        return tell(_Plain(500, "internal_error", what, "Try again; if it stays, tell an operator the request's id."))

    app.register_error_handler(HubError, hub_error)
    app.register_error_handler(ConnectorError, connector_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, bug)


def tell(error: HubError) -> Response:
    """Answer a failure in the form that the asker reads."""
    if wants_json():
        return problem(error)
    if request.path.startswith(("/d/", "/p/", "/hooks/")):
        text = f"{error.what} {error.next_step}".strip()
        return _hints(Response(text, status=error.status, content_type="text/plain; charset=utf-8"), error)
    if error.status == HTTPStatus.UNAUTHORIZED:
        return _to_sign_in()
    caller: Caller | None = g.get("caller")
    signed_in = caller is not None and caller.actor is not None
    page: Any = "fragments/problem.html" if request.headers.get("HX-Request") else "problem.html"
    body = render_template(page, error=error, request_id=g.get("request_id", ""), signed_in=signed_in)
    response = _hints(Response(body, status=error.status, content_type="text/html; charset=utf-8"), error)
    if request.path == CALLBACK_PATH:
        response.headers["Referrer-Policy"] = "no-referrer"  # the page's own address may hold a password
    return response


def wants_json() -> bool:
    """Tell whether this request is a program's."""
    return request.path.startswith("/api/") or request.path in {"/healthz", "/readyz"}


def _to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    if request.path == CALLBACK_PATH:
        # What a vendor sent may be a password, and is no use to another session than the one that began.
        wanted = "/connections"
    location = "/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted, safe='/')}"
    response = Response(status=303)
    response.headers["HX-Redirect" if request.headers.get("HX-Request") else "Location"] = location
    return response


def _hints(response: Response, error: HubError) -> Response:
    if isinstance(error, Throttled):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="damhub"'
    return response
