"""Pages before anybody is signed in, and leaving."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from hub.errors import HubError
from hub.web.identity import SESSION_COOKIE, THEME_COOKIE, Caller, caller, set_cookie
from hub.web.services import services
from hub.web.ui.frame import go, page, safe_next

entry = Blueprint("entry", "hub.web")


@entry.get("/sign-in")
def sign_in_page() -> Response:
    """Show the sign-in form, or the first-run form of a new hub."""
    if caller().actor is not None:
        return go(safe_next(request.args.get("next", "/")))
    if not services().access.has_users():
        return go("/first-run")
    return page("sign_in.html", next=safe_next(request.args.get("next", "/")), email="", error=None)


@entry.post("/sign-in")
def sign_in() -> Response:
    """Check the form; say in place what was wrong."""
    email, wanted = request.form.get("email", ""), safe_next(request.form.get("next", "/"))
    try:
        done = services().access.sign_in(email, request.form.get("password", ""), address=request.remote_addr or "")
    except HubError as error:
        return page("sign_in.html", error.status, next=wanted, email=email, error=error)
    response = go(wanted)
    set_cookie(response, SESSION_COOKIE, done.cookie)
    return response


@entry.get("/first-run")
def first_run_page() -> Response:
    """Show the form for the first administrator, once."""
    if services().access.has_users():
        return go("/sign-in")
    return page("first_run.html", code=request.args.get("code", ""), name="", email="", error=None)


@entry.post("/first-run")
def first_run() -> Response:
    """Create the first administrator for whoever holds the one-time code, and sign them in."""
    code, name, email, password = (request.form.get(part, "") for part in ("code", "name", "email", "password"))
    try:
        services().access.first_run(code, email=email, name=name, password=password)
    except HubError as error:
        kept = "" if error.where == "code" else code
        return page("first_run.html", error.status, code=kept, name=name, email=email, error=error)
    done = services().access.sign_in(email, password, address=request.remote_addr or "")
    response = go("/")
    set_cookie(response, SESSION_COOKIE, done.cookie)
    return response


@entry.post("/sign-out")
def sign_out() -> Response:
    """End the session."""
    services().access.sign_out(request.cookies.get(SESSION_COOKIE, ""))
    g.caller = Caller()
    response = go("/sign-in")
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@entry.post("/theme")
def choose_theme() -> Response:
    """Keep which colours this browser wants."""
    response = go(_back())
    wanted = request.form.get("theme", "")
    set_cookie(response, THEME_COOKIE, wanted if wanted in {"light", "dark"} else "")
    return response


def _back() -> str:
    came_from = request.referrer or ""
    return safe_next(came_from.removeprefix(request.host_url.rstrip("/")) or "/")
