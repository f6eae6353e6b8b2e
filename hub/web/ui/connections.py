"""The connections page: who needs you, how each outside account is, connect, test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from flask import Blueprint, Response, request
from sqlalchemy import func, select

from connectors.sdk.manifest import Auth, AuthField, Manifest
from hub.access.permissions import Act, require
from hub.connections.calendar import Sure, What
from hub.connections.models import Target
from hub.connections.speaking import CALLBACK_PATH
from hub.errors import HubError, NotFound
from hub.placements.models import Placement
from hub.web.identity import actor, caller
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.calendar import hue_of, when
from hub.web.ui.frame import go, page
from hub.web.ui.listening import told_by
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from hub.connections.views import ConnectionView

connections = Blueprint("connections", "hub.web")
LONGEST_CODE: Final = 8192


@dataclass(frozen=True, slots=True)
class Ending:
    """When a person must sign in again."""

    at: int
    when: str
    hue: str
    usual: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One connection on the page."""

    id: str
    remote_id: str
    connector: str
    title: str
    label: str
    state: str
    sign: Sign
    problem: str
    problem_code: str
    auth: str
    copies: int
    places: int
    last_ok_at: int | None
    next_try_at: int | None
    ends: Ending | None
    budget: str
    leaving_since: int | None
    created_at: int
    abilities: Sequence[str]


@connections.get("/connections")
def show_connections() -> Response:
    """Show all connections, those that need somebody first."""
    found = services().connections.list(actor())
    cards = sorted(_cards(found), key=lambda card: (card.state != "needs_person", card.state == "off", card.title))
    counted = Counter(card.sign.word for card in cards)
    summary = ", ".join(f"{count} {word.lower()}" for word, count in counted.items())
    return page(
        "connections.html", here="connections", cards=cards, summary=summary, offers=services().connections.connectors()
    )


@connections.get("/connections/<connection_id>")
def show_connection(connection_id: str) -> Response:
    """Show one connection and its places."""
    view = services().connections.view(actor(), connection_id)
    (card,) = _cards([view])
    targets = services().connections.targets(actor(), view.remote_id)
    return page("connection.html", here="connections", card=card, targets=targets, told_by=told_by(view), view=view)


@connections.post("/connections/<connection_id>/<act>")
def act_on_connection(connection_id: str, act: str) -> Response:
    """Test, read places, pause, resume."""
    room = services().connections
    doing: dict[str, tuple[Any, str]] = {
        "test": (room.test, "tested"), "targets": (room.refresh_targets, "refreshed"), "pause": (room.pause, "paused"),
        "resume": (room.resume, "resumed"),
    }  # fmt: skip
    if act not in doing:
        raise NotFound("no_such_act", "There is no such act.", where=act, next_step="Choose one on the page.")
    do, said = doing[act]
    do(actor(), connection_id)
    if act == "test" and room.view(actor(), connection_id).state != "live":
        return go(f"/connections/{connection_id}")
    return go(f"/connections/{connection_id}", said)


@connections.get("/connections/new/<name>")
def connect_page(name: str) -> Response:
    """Show the form that a connector's manifest asks for."""
    require(actor(), Act.CONNECT)
    return _form(_manifest(name), request.args.get("auth", ""), {}, None)


@connections.post("/connections/new/<name>")
def connect(name: str) -> Response:
    """Connect an account, or send the browser to the vendor to sign in there."""
    manifest = _manifest(name)
    auth = auth_named(manifest, request.form.get("auth", ""))
    settings = _settings(manifest)
    secrets = {field.name: request.form[field.name] for field in auth.fields if request.form.get(field.name)}
    room = services().connections
    try:
        if auth.in_browser:
            url = room.start_oauth(actor(), caller().session_hash, name, settings, auth=auth.name, secrets=secrets)
            return page("leave.html", here="connections", title=manifest.title, url=url)
        made = room.connect(actor(), name, auth=auth.name, settings=settings, secrets=secrets)
        room.refresh_targets(actor(), made.id)
    except HubError as error:
        return _form(manifest, auth.name, settings, error)
    return go(f"/connections/{made.id}", "connected")


@connections.get("/oauth/callback")
def oauth_callback() -> Response:
    """Finish a sign-in at a vendor."""
    # What comes twice is nobody's word: one of the two was put there by somebody else (RFC 6749, 3.1).
    given = request.args.lists()
    query = {name: values[0] for name, values in given if len(values) == 1 and len(values[0]) <= LONGEST_CODE}
    made = services().connections.finish_oauth(caller().session_hash, actor(), query)
    services().connections.refresh_targets(actor(), made.id)
    return go(f"/connections/{made.id}", "connected")


def _cards(found: Sequence[ConnectionView]) -> list[Card]:
    with services().database.read() as session:
        counted = (
            select(Target.remote_id, func.count(Placement.id))
            .join(Placement, Placement.target_id == Target.id)
            .where(Placement.settled_at.is_(None), Placement.phase != "withdrawn")
            .group_by(Target.remote_id)
        )
        copies = dict(session.execute(counted).all())
    room, now = services().connections, services().clock.now()
    ends = {
        one.connection_id: Ending(one.ends_at, when(one.ends_at, now), hue_of(one, now), one.sure is Sure.USUAL)
        for one in room.calendar(actor())
        if one.what is What.SIGN_IN
    }
    return [
        Card(
            one.id, one.remote_id, one.connector, one.connector_title, one.account_label, one.state,
            _sign(one), one.problem, one.problem_code, _said(one.auth),
            copies.get(one.remote_id, 0), one.targets, one.last_ok_at, one.next_try_at, ends.get(one.id),
            _budget(one.id), one.leaving_since, one.created_at,
            [words.ABILITY.get(ability.name, ability.name) for ability in one.abilities if ability.able],
        )
        for one in found
    ]  # fmt: skip


def _sign(one: ConnectionView) -> Sign:
    left = one.state == "off" and one.problem_code in {"disconnected", "replaced"}
    return words.LEFT if left else words.CONNECTION.get(one.state, words.UNKNOWN)


def _budget(connection_id: str) -> str:
    """Say how many calls the tightest limit still allows."""
    try:
        budget = services().connections.budget_left(actor(), connection_id)
    except HubError:  # the way to connect is not offered any more: the connection itself says so when it is used
        return ""
    tightest = min(budget.limits, key=lambda one: one.left / one.calls, default=None)
    if tightest is None:
        return ""
    span = {60: "a minute", 3600: "an hour", 86400: "a day"}.get(int(tightest.per_s), f"{tightest.per_s:g} s")
    return f"{words.figure(tightest.left)} of {words.figure(tightest.calls)} calls in {span}"


def _form(manifest: Manifest, auth_name: str, values: Mapping[str, Any], error: HubError | None) -> Response:
    auth = auth_named(manifest, auth_name)
    return page(
        "connect.html", error.status if error else 200, here="connections", name=manifest.name, title=manifest.title,
        summary=manifest.summary, auths=manifest.auths, auth=auth, error=error, gaps=manifest.gaps,
        fields=[*_setting_fields(manifest, values), *secret_fields(auth)],
        redirect=services().settings.url + CALLBACK_PATH,
    )  # fmt: skip


def _settings(manifest: Manifest) -> dict[str, Any]:
    """Return what was typed in; a list is written with commas."""
    listed = {name for name, about in _properties(manifest).items() if about.get("type") == "array"}
    typed = {name: request.form[name].strip() for name in manifest.settings.model_fields if request.form.get(name)}
    return {
        name: [part.strip() for part in text.split(",") if part.strip()] if name in listed else text
        for name, text in typed.items()
    }


def _properties(manifest: Manifest) -> dict[str, dict[str, Any]]:
    return manifest.settings.model_json_schema().get("properties", {})


def _written(value: Any) -> str:
    """Return a setting as a person would type it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in cast("Sequence[object]", value))
    return "" if value is None else str(value)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _setting_fields(manifest: Manifest, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = set(manifest.settings.model_json_schema().get("required", []))
    found: list[dict[str, Any]] = []
    for name, about in _properties(manifest).items():
        found.append({
            "name": name, "label": _sentence(about.get("title", name).replace("_", " ")),
            "type": {"integer": "number", "boolean": "checkbox"}.get(about.get("type", ""), "text"),
            "hint": _sentence(about.get("description", "").replace("`", "")),
            "required": name in required, "choices": about.get("enum", []),
            "value": _written(values.get(name, about.get("default"))),
        })  # fmt: skip
    return found


def secret_fields(auth: Auth) -> list[dict[str, Any]]:
    """Return the fields of a form for what a way to connect asks for."""
    return [
        {
            "name": field.name, "label": field.label, "type": _input_type(field),
            "hint": field.hint, "required": not getattr(field, "optional", False), "choices": [], "value": "",
        }
        for field in auth.fields
    ]  # fmt: skip


def _input_type(field: AuthField) -> str:
    # A password field would drop the line breaks of a pasted file.
    return "lines" if field.lines else "password" if field.secret else "text"


def auth_named(manifest: Manifest, name: str) -> Auth:
    """Return a way to connect by its name; the first of them for any other."""
    return next((auth for auth in manifest.auths if auth.name == name), manifest.auths[0])


def _manifest(name: str) -> Manifest:
    return services().connections.manifest(name)


def _said(auth: str) -> str:
    return auth.replace("_", " ").capitalize()
