"""People and tokens: who may come in with which role, and one's own password and API tokens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from hub.access.actors import Role, Scope
from hub.access.permissions import Act, require
from hub.errors import HubError, Invalid, NotFound
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.frame import go, page

people = Blueprint("people-pages", "hub.web")
MOST_DAYS = 365
SCOPES = {
    Scope.READ: "look at assets, where they are, and what happened",
    Scope.UPLOAD: "bring in files and send them to review",
    Scope.EDIT: "describe, archive and delete",
    Scope.PUBLISH: "approve, set rights, place and recall",
    Scope.ADMIN: "connect accounts, and manage people and webhooks",
    Scope.EVENTS: "read the feed of events, which shows nothing of the assets",
}


@people.get("/people")
def show_people() -> Response:
    """Show everybody, to those who manage people."""
    return _people()


@people.post("/people")
def add_person() -> Response:
    """Add a person."""
    form = request.form
    try:
        services().access.create_user(
            actor(), email=form.get("email", ""), name=form.get("name", ""), role=_role(form.get("role", "")),
            password=form.get("password", ""),
        )  # fmt: skip
    except HubError as wrong:
        return _people(wrong, form)
    return go("/people", "person-added")


@people.post("/people/<user_id>/<act>")
def change_person(user_id: str, act: str) -> Response:
    """Change somebody's role or password, shut them out, or let them in again."""
    access, form = services().access, request.form
    try:
        if act == "role":
            access.set_role(actor(), user_id, _role(form.get("role", "")))
        elif act == "password":
            access.set_password(actor(), user_id, form.get("password", ""))
        elif act == "out":
            access.disable(actor(), user_id)
        elif act == "in":
            access.enable(actor(), user_id)
        else:
            raise NotFound("no_such_act", "There is no such act.", where=act, next_step="Choose one on the page.")
    except HubError as wrong:
        return _people(wrong)
    return go("/people", f"person-{act}")


@people.get("/account")
def show_account() -> Response:
    """Show one's own name, password form and tokens."""
    return _account()


@people.post("/account/password")
def change_password() -> Response:
    """Change one's own password; every session of it ends."""
    form = request.form
    try:
        services().access.set_password(actor(), actor().id, form.get("password", ""), current=form.get("current", ""))
    except HubError as wrong:
        return _account(wrong)
    return go("/sign-in")


@people.post("/account/tokens")
def issue_token() -> Response:
    """Issue a token in one's own name, and show its secret this one time."""
    form = request.form
    days = form.get("days", 0, type=int)
    try:
        _, secret = services().access.issue_token(
            actor(), label=form.get("label", ""), scopes=form.getlist("scope"), days=days
        )
    except HubError as wrong:
        return _account(wrong)
    return _account(secret=secret)


@people.post("/account/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> Response:
    """End a token at once."""
    services().access.revoke_token(actor(), token_id)
    return go("/account", "token-revoked")


def _role(given: str) -> Role:
    for role in Role:
        if role.value == given:
            return role
    raise Invalid("no_such_role", "There is no such role.", where="role", next_step="Choose one of the list.")


def _people(error: HubError | None = None, given: Any = None) -> Response:
    require(actor(), Act.MANAGE_USERS)
    return page(
        "people.html", error.status if error else 200, here="people", error=error, given=given or {},
        persons=services().access.users(actor()), roles=[role.value for role in Role],
    )  # fmt: skip


def _account(error: HubError | None = None, *, secret: str = "") -> Response:
    now = services().clock.now()
    return page(
        "account.html", error.status if error else 200, here="account", error=error, secret=secret, scopes=SCOPES,
        tokens=services().access.list_tokens(actor()), now=now, most_days=MOST_DAYS,
    )  # fmt: skip
