"""The connections page: who needs you, how each outside account is, connect, test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from sqlalchemy import func, select

from connectors.sdk.manifest import Auth, Manifest
from hub.connections.models import Target
from hub.errors import HubError, NotFound
from hub.placements.models import Placement
from hub.web.identity import actor, caller
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.frame import go, page
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from hub.connections.views import ConnectionView

connections = Blueprint("connections", "hub.web")
LONGEST_CODE: Final = 8192


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
    expires_at: int | None
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
    return page("connection.html", here="connections", card=card, targets=targets)


@connections.post("/connections/<connection_id>/<act>")
def act_on_connection(connection_id: str, act: str) -> Response:
    """Test, read places, pause, resume, disconnect."""
    room = services().connections
    doing: dict[str, tuple[Any, str]] = {
        "test": (room.test, "tested"), "targets": (room.refresh_targets, "refreshed"), "pause": (room.pause, "paused"),
        "resume": (room.resume, "resumed"), "disconnect": (room.disconnect, "disconnected"),
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
    return _form(_manifest(name), request.args.get("auth", ""), {}, None)


@connections.post("/connections/new/<name>")
def connect(name: str) -> Response:
    """Connect an account, or send the browser to the vendor to sign in there."""
    manifest = _manifest(name)
    auth = _auth(manifest, request.form.get("auth", ""))
    settings = {key: request.form[key] for key in manifest.settings.model_fields if request.form.get(key)}
    secrets = {field.name: request.form[field.name] for field in auth.fields if request.form.get(field.name)}
    room = services().connections
    try:
        if auth.oauth is not None:
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
    query = {name: value for name, value in request.args.items() if len(value) <= LONGEST_CODE}
    made = services().connections.finish_oauth(caller().session_hash, actor(), query)
    services().connections.refresh_targets(actor(), made.id)
    return go(f"/connections/{made.id}", "connected")


def _cards(found: Sequence[ConnectionView]) -> list[Card]:
    with services().database.read() as session:
        counted = (
            select(Target.remote_id, func.count(Placement.id))
            .join(Placement, Placement.target_id == Target.id)
            .where(Placement.settled_at.is_(None))
            .group_by(Target.remote_id)
        )
        copies = dict(session.execute(counted).all())
    return [
        Card(
            one.id, one.remote_id, one.connector, one.connector_title, one.account_label, one.state,
            words.CONNECTION.get(one.state, words.UNKNOWN), one.problem, one.problem_code, _said(one.auth),
            copies.get(one.remote_id, 0), one.targets, one.last_ok_at, one.ends_at, one.created_at,
            [words.ABILITY.get(ability.name, ability.name) for ability in one.abilities if ability.able],
        )
        for one in found
    ]  # fmt: skip


def _form(manifest: Manifest, auth_name: str, values: Mapping[str, str], error: HubError | None) -> Response:
    auth = _auth(manifest, auth_name)
    return page(
        "connect.html", error.status if error else 200, here="connections", name=manifest.name, title=manifest.title,
        summary=manifest.summary, auths=manifest.auths, auth=auth, error=error, gaps=manifest.gaps,
        fields=[*_setting_fields(manifest, values), *_secret_fields(auth)],
    )  # fmt: skip


def _setting_fields(manifest: Manifest, values: Mapping[str, str]) -> list[dict[str, Any]]:
    schema = manifest.settings.model_json_schema()
    required = set(schema.get("required", []))
    found: list[dict[str, Any]] = []
    for name, about in schema.get("properties", {}).items():
        default = about.get("default")
        found.append({
            "name": name, "label": about.get("title", name).replace("_", " ").capitalize(),
            "type": {"integer": "number", "boolean": "checkbox"}.get(about.get("type", ""), "text"),
            "hint": about.get("description", ""), "required": name in required, "choices": about.get("enum", []),
            "value": values.get(name, str(default).lower() if isinstance(default, bool) else default or ""),
        })  # fmt: skip
    return found


def _secret_fields(auth: Auth) -> list[dict[str, Any]]:
    return [
        {
            "name": field.name, "label": field.label, "type": "password" if field.secret else "text",
            "hint": field.hint, "required": not getattr(field, "optional", False), "choices": [], "value": "",
        }
        for field in auth.fields
    ]  # fmt: skip


def _auth(manifest: Manifest, name: str) -> Auth:
    return next((auth for auth in manifest.auths if auth.name == name), manifest.auths[0])


def _manifest(name: str) -> Manifest:
    return services().connections.manifest(name)


def _said(auth: str) -> str:
    return auth.replace("_", " ").capitalize()
