"""Who asks: a session cookie with its CSRF token, or a bearer token."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Flask, g, request

from hub.access.actors import Actor
from hub.errors import Forbidden, NotSignedIn
from hub.web.bodies import WRITES
from hub.web.services import services

if TYPE_CHECKING:
    from flask import Response

SESSION_COOKIE: Final = "damhub_session"
FORM_COOKIE: Final = "damhub_form"
THEME_COOKIE: Final = "damhub_theme"
FORM_PURPOSE: Final = "sign-in-form"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and by which means."""

    actor: Actor | None = None
    csrf: str = ""
    session_hash: str = ""
    by_token: bool = False


def install(app: Flask) -> None:
    """Find out who asks before every view, and refuse forged writes."""

    def identify() -> None:
        if request.endpoint == "static" or request.path.startswith("/hooks/"):
            g.caller = Caller()
            return
        g.caller = _caller()
        if request.method in WRITES:
            refuse_forgery(g.caller)

    app.before_request(identify)


def caller() -> Caller:
    """Return who asks; nobody may be signed in."""
    found: Caller = g.caller
    return found


def actor() -> Actor:
    """Return the signed-in person or program.

    Raises:
        NotSignedIn: nobody is.
    """
    found = caller().actor
    if found is None:
        raise NotSignedIn("not_signed_in", "Nobody is signed in.", next_step="Sign in, or send a bearer token.")
    return found


def refuse_forgery(who: Caller) -> None:
    """Refuse a write that another site made a browser send.

    Raises:
        Forbidden: the request comes from elsewhere, or its token is missing.
    """
    if who.by_token:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign = site not in {None, "same-origin", "none"} or (origin and urlsplit(origin).netloc != request.host)
    sent = request.headers.get("X-CSRF-Token") or ("" if request.path.startswith("/api/") else _form_token())
    expected = who.csrf if who.actor else "" if request.path.startswith("/api/") else form_token()
    if foreign or (expected and not hmac.compare_digest(sent.encode(), expected.encode())):
        raise Forbidden(
            "forged_request", "This request did not come from a page of this hub. Nothing was done.",
            next_step="Load the page again and repeat it; programs send a bearer token.",
        )  # fmt: skip


def form_token() -> str:
    """Return the token for forms that people use before they are signed in; bound to a cookie of their browser."""
    nonce = request.cookies.get(FORM_COOKIE) or g.get("form_nonce") or secrets.token_urlsafe(24)
    g.form_nonce = nonce
    return services().keyring.sign(nonce.encode(), purpose=FORM_PURPOSE)


def keep_form_nonce(response: Response) -> Response:
    """Set the cookie that `form_token` is bound to."""
    if g.get("form_nonce") and not request.cookies.get(FORM_COOKIE):
        set_cookie(response, FORM_COOKIE, g.form_nonce)
    return response


def set_cookie(response: Response, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read and other sites cannot use for writes."""
    secure = services().settings.secure_cookies
    response.set_cookie(name, value, httponly=True, samesite="Lax", secure=secure, path="/")


def _form_token() -> str:
    return request.args.get("csrf", "") if request.mimetype == "multipart/form-data" else request.form.get("csrf", "")


def _caller() -> Caller:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        found = services().access.token_actor(secret.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise NotSignedIn(
                "bad_token", "This token is not known, has ended or was revoked.", next_step="Issue a new token."
            )
        return Caller(found, by_token=True)
    cookie = request.cookies.get(SESSION_COOKIE)
    session = services().access.session(cookie) if cookie else None
    if session is None:
        return Caller()
    return Caller(session.actor, session.csrf, session.hash)
