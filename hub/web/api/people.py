"""Signing in and out, people, tokens."""

from __future__ import annotations

from flask import Response, g, request
from pydantic import BaseModel

from hub.web.api.documents import ANYBODY, answer, blueprint
from hub.web.api.schemas import (
    FirstBody,
    Ident,
    IssuedToken,
    Me,
    SessionOut,
    SignInBody,
    TokenIn,
    TokenOut,
    Tokens,
    UserChange,
    UserIn,
    UserOut,
    Users,
)
from hub.web.identity import SESSION_COOKIE, Caller, actor, refuse_forgery, set_cookie
from hub.web.services import services

entry = blueprint("sign-in", "Coming in.", open_to=ANYBODY)
people = blueprint("people", "People and their tokens.")


class UserPath(BaseModel):
    """Names one person."""

    user_id: Ident


class TokenPath(BaseModel):
    """Names one token."""

    token_id: Ident


@entry.post("/session", responses={201: SessionOut})
def sign_in(body: SignInBody) -> Response:
    """Sign in with a password."""
    refuse_forgery(Caller())
    signed_in = services().access.sign_in(body.email, body.password, address=request.remote_addr or "")
    g.caller = Caller()
    out = SessionOut(csrf=signed_in.csrf, me=Me.model_validate(signed_in.actor))
    response = answer(out, 201)
    set_cookie(response, SESSION_COOKIE, signed_in.cookie)
    return response


@entry.post("/first-administrator", responses={201: Me})
def first_administrator(body: FirstBody) -> Response:
    """Create the first person of a new hub, with the one-time code that it printed; refused for ever after."""
    made = services().access.first_run(body.code, email=body.email, name=body.name, password=body.password)
    return answer(Me.model_validate(made), 201)


@people.delete("/session", responses={204: None})
def sign_out() -> Response:
    """End this session."""
    services().access.sign_out(request.cookies.get(SESSION_COOKIE, ""))
    response = answer()
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@people.get("/me", responses={200: Me})
def me() -> Response:
    """Say who is signed in."""
    return answer(Me.model_validate(actor()))


@people.get("/users", responses={200: Users})
def list_users() -> Response:
    """List everybody."""
    return answer(Users(items=[UserOut.model_validate(user) for user in services().access.users(actor())]))


@people.post("/users", responses={201: UserOut})
def add_user(body: UserIn) -> Response:
    """Add a person."""
    made = services().access.create_user(
        actor(), email=body.email, name=body.name, role=body.role, password=body.password
    )
    return answer(UserOut.model_validate(made), 201)


@people.patch("/users/<user_id>", responses={204: None})
def change_user(path: UserPath, body: UserChange) -> Response:
    """Change a person's role or password, or shut them out: one thing at a time."""
    access, who = services().access, actor()
    if body.role is not None:
        access.set_role(who, path.user_id, body.role)
    if body.password is not None:
        access.set_password(who, path.user_id, body.password, current=body.current_password)
    if body.disabled is not None:
        (access.disable if body.disabled else access.enable)(who, path.user_id)
    return answer()


@people.get("/tokens", responses={200: Tokens})
def list_tokens() -> Response:
    """List one's own tokens."""
    return answer(Tokens(items=[TokenOut.model_validate(token) for token in services().access.list_tokens(actor())]))


@people.post("/tokens", responses={201: IssuedToken})
def issue_token(body: TokenIn) -> Response:
    """Issue a token in one's own name."""
    token_id, secret = services().access.issue_token(actor(), label=body.label, scopes=body.scopes, days=body.days)
    return answer(IssuedToken(id=token_id, secret=secret), 201)


@people.delete("/tokens/<token_id>", responses={204: None})
def revoke_token(path: TokenPath) -> Response:
    """Revoke a token at once."""
    services().access.revoke_token(actor(), path.token_id)
    return answer()
