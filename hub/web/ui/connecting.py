"""Connecting an account: the form that its manifest asks for, signing in at the vendor, an account that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError

from connectors.sdk.manifest import Auth, Manifest
from hub.access.permissions import Act, require
from hub.connections.problems import AlreadyConnected
from hub.connections.recognising import Known
from hub.connections.speaking import CALLBACK_PATH
from hub.errors import HubError
from hub.web.identity import actor, caller
from hub.web.services import services
from hub.web.ui.asking import (
    Asked,
    auth_named,
    secret_fields,
    setting_fields,
    typed_secrets,
    typed_settings,
    with_error,
)
from hub.web.ui.frame import go, page
from hub.web.ui.sandboxes import Running, running

if TYPE_CHECKING:
    from hub.connections.models import Connection

connecting = Blueprint("connecting", "hub.web")
LONGEST_CODE: Final = 8192
NOTHING: Final[Mapping[str, str]] = {}


@connecting.get("/connections/new/<name>")
def connect_page(name: str) -> Response:
    """Show the form that a connector's manifest asks for."""
    require(actor(), Act.CONNECT)
    manifest = services().connections.manifest(name)
    beside = running(manifest)
    return _form(manifest, auth_named(manifest, request.args.get("auth", "") or (beside.auth if beside else "")))


@connecting.post("/connections/new/<name>")
def connect(name: str) -> Response:
    """Connect an account, or send the browser to the vendor to sign in there."""
    require(actor(), Act.CONNECT)
    room = services().connections
    manifest = room.manifest(name)
    auth, settings = auth_named(manifest, request.form.get("auth", "")), typed_settings(manifest)
    if other := request.form.get("way", ""):  # another way to connect was chosen: what was typed in stays
        return _form(manifest, auth_named(manifest, other), settings, typed_secrets(auth))
    secrets = typed_secrets(auth)
    try:
        if auth.in_browser:
            url = room.start_oauth(actor(), caller().session_hash, name, settings, auth=auth.name, secrets=secrets)
            return page("leave.html", here="connections", title=manifest.title, url=url)
        made = room.connect(
            actor(), name, auth=auth.name, settings=settings, secrets=secrets, session_hash=caller().session_hash
        )
    except AlreadyConnected as known:
        return _known(known)
    except HubError as error:
        return _form(manifest, auth, settings, secrets, error=error)
    return _arrive(made)


@connecting.get("/oauth/callback")
def oauth_callback() -> Response:
    """Finish a sign-in at a vendor."""
    # What comes twice is nobody's word: one of the two was put there by somebody else (RFC 6749, 3.1).
    given = request.args.lists()
    query = {name: values[0] for name, values in given if len(values) == 1 and len(values[0]) <= LONGEST_CODE}
    try:
        made = services().connections.finish_oauth(caller().session_hash, actor(), query)
    except AlreadyConnected as known:
        return _known(known)
    return _arrive(made)


@connecting.post("/connections/known")
def choose() -> Response:
    """Go on with a sign-in to an account that is connected already, as a person chose."""
    known = Known.SECOND if request.form.get("known") == Known.SECOND else Known.RENEW
    made = services().connections.choose(actor(), caller().session_hash, request.form.get("state", ""), known)
    return go(f"/connections/{made.id}", "reconnected") if known is Known.RENEW else _arrive(made)


def _arrive(made: Connection) -> Response:
    """Read the places of a new connection, and go to its page."""
    services().connections.refresh_targets(actor(), made.id)
    return go(f"/connections/{made.id}", "connected")


def _known(told: AlreadyConnected) -> Response:
    """Ask what becomes of a sign-in to an account that is connected already."""
    there = services().connections.view(actor(), told.connection_id)
    answer = page("known.html", told.status, here="connections", known=told, there=there)
    answer.headers["Referrer-Policy"] = "no-referrer"  # the page's own address may hold a password
    return answer


def _form(
    manifest: Manifest,
    auth: Auth,
    settings: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] = NOTHING,
    *,
    error: HubError | None = None,
) -> Response:
    beside = running(manifest)
    fields = [*setting_fields(manifest, settings or {}), *secret_fields(auth, secrets)]
    if beside and settings is None and beside.auth == auth.name:
        fields = _filled(fields, beside)
    fields, told = with_error(fields, error)
    return page(
        "connect.html", error.status if error else 200, here="connections", name=manifest.name, title=manifest.title,
        summary=manifest.summary, auths=manifest.auths, auth=auth, error=None if told else error, fields=fields,
        gaps=manifest.gaps, scopes=_scopes(manifest, auth, settings or {}), beside=beside,
        untried=beside is None and services().settings.sandboxes is not None,
        redirect=services().settings.url + CALLBACK_PATH,
        beside_auth=auth_named(manifest, beside.auth) if beside else None,
    )  # fmt: skip


def _filled(fields: Sequence[Asked], beside: Running) -> list[Asked]:
    """Fill in what a sandbox beside the hub is connected with: nobody's secrets."""
    given = {**beside.settings, **beside.secrets}
    return [replace(one, value=given.get(one.name, one.value), shown=one.name in beside.secrets) for one in fields]


def _scopes(manifest: Manifest, auth: Auth, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a sign-in asks for and why, as far as settings that are not typed in yet let it be known."""
    server = auth.server(_as_they_will_be(manifest, settings)) if auth.oauth else None
    return [(scope, server.why.get(scope, "")) for scope in server.scopes] if server else []


def _as_they_will_be(manifest: Manifest, settings: Mapping[str, Any]) -> BaseModel:
    try:
        return manifest.settings.model_validate(settings)
    except ValidationError:  # the form says what is wrong when it is sent; scopes hang on none that are required
        needed = {name: "" for name, field in manifest.settings.model_fields.items() if field.is_required()}
        return manifest.settings.model_construct(None, **needed)
