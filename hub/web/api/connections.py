"""Connections: outside accounts and the places in them."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, Field, StringConstraints

from hub.connections.recognising import Known
from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Ident, Instant, Shown
from hub.web.identity import actor, caller
from hub.web.services import services

connections = blueprint("connections", "Outside accounts and how they are.")
Secret = Annotated[str, StringConstraints(max_length=8192)]


class ConnectionPath(BaseModel):
    """Names one connection."""

    connection_id: Ident


class ConnectIn(Given):
    """An account to connect."""

    connector: Ident
    auth: Annotated[str, StringConstraints(max_length=64)] = ""
    settings: dict[Ident, Any] = Field({})
    secrets: dict[Ident, Secret] = Field({})
    known: Known = Field(
        Known.ASK,
        description="What becomes of an account that is connected already: answer 409 (ask), go on with these "
        "credentials and settings (renew), or keep both, where they are two people's (second).",
    )


class SettingsChange(Given):
    """Settings to change; those that are left out stay."""

    settings: dict[Ident, Any]
    seen: int = Field(ge=0, description="How many changes there were when these were read.")


class SettingsBack(Given):
    """Which change is taken back."""

    seen: int = Field(ge=1, description="How many changes there were: the last of them is taken back.")


class SettingsOut(Shown):
    """A connection's settings."""

    number: int = Field(description="How many changes there were so far.")
    values: dict[str, Any]
    fixed: dict[str, str] = Field(description="Settings that nobody can change, with the reason.")
    asks_anew: bool = Field(description="Whether this change asks for other permissions: sign in again for them.")


class OAuthIn(Given):
    """A sign-in at a vendor to begin."""

    connector: Ident
    auth: Annotated[str, StringConstraints(max_length=64)] = ""
    settings: dict[Ident, Any] = Field({})
    secrets: dict[Ident, Secret] = Field({})


class OAuthOut(Shown):
    """Where to send the browser."""

    url: str


class AbilityOut(Shown):
    """One thing that a connector can do, or why it cannot."""

    name: str
    able: bool
    write: str
    best: str
    gap: str


class ConnectorOut(Shown):
    """A connector that is installed."""

    name: str
    title: str
    summary: str
    auths: list[str]
    settings_schema: dict[str, Any]
    gaps: dict[str, str]


class Connectors(Shown):
    """The connectors that are installed."""

    items: list[ConnectorOut]


class ConnectionOut(Shown):
    """One connection. It holds no secret."""

    id: str
    remote_id: str
    connector: str
    connector_title: str
    account_key: str
    account_label: str
    owner_id: str
    auth: str
    state: str
    problem_code: str
    problem: str
    last_ok_at: Instant | None
    ends_at: Instant | None
    next_try_at: Instant | None
    leaving_since: Instant | None
    created_at: Instant
    plan: str = Field(description="What the system last told of the account's plan and space; empty: nothing.")
    abilities: list[AbilityOut]
    targets: int
    forged: int = Field(description="Deliveries to its webhook addresses that were refused, at least so many.")
    forged_at: Instant | None = Field(description="When the last of them came.")


class Connections(Shown):
    """All connections."""

    items: list[ConnectionOut]


class TargetPath(BaseModel):
    """Names one place."""

    target_id: Ident


class SubscribedOut(Shown):
    """A webhook that is sent from now on, or the address to enter there."""

    id: str
    callback_url: str
    secret: str | None = Field(description="Shown this once, and only where a person must carry it over.")


class TargetOut(Shown):
    """A place where copies can stand."""

    id: str
    remote_id: str
    connector: str
    account_label: str
    kind: str
    ref: str
    label: str
    channel: str
    territory: str
    lead_s: int = Field(description="Seconds that publishing there takes.")
    late_s: int = Field(description="What has a time goes out so many seconds late at most; then a person says when.")
    life_s: int = Field(description="What goes out at a time must be usable there for so many seconds from then on.")
    language: str = Field(description="Tag of the language of the texts there; empty: the catalogue's own.")


class TargetIn(Given):
    """What a place stands for; what is left out stays as it is."""

    channel: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = Field(
        None, description="The word that licences use for it."
    )
    territory: Annotated[str, StringConstraints(max_length=2)] | None = Field(
        None, description="A country (ISO 3166-1 alpha-2), or * for everywhere."
    )
    lead_s: int | None = Field(None, ge=0, le=31_536_000, description="Seconds that publishing there takes.")
    late_s: int | None = Field(
        None, ge=0, le=31_536_000, description="What has a time goes out so many seconds late at most."
    )
    life_s: int | None = Field(
        None, ge=0, le=31_536_000, description="What goes out at a time must be usable for so many seconds then."
    )
    language: Annotated[str, StringConstraints(max_length=35)] | None = Field(
        None, description="Tag of the language of the texts there, such as de or pt-BR; empty: the catalogue's own."
    )


class Targets(Shown):
    """Places."""

    items: list[TargetOut]


class Counted(Shown):
    """How many."""

    count: int


@connections.get("/connectors", responses={200: Connectors})
def list_connectors() -> Response:
    """List the connectors that are installed."""
    actor()
    return answer(
        Connectors(
            items=[
                ConnectorOut(
                    name=one.name, title=one.title, summary=one.summary, auths=[auth.name for auth in one.auths],
                    settings_schema=one.settings.model_json_schema(), gaps=dict(one.gaps),
                )
                for one in services().connections.connectors()
            ]
        )
    )  # fmt: skip


@connections.get("/connections", responses={200: Connections})
def list_connections() -> Response:
    """List connections and how they are."""
    found = services().connections.list(actor())
    return answer(Connections(items=[ConnectionOut.model_validate(one) for one in found]))


@connections.post("/connections", responses={201: ConnectionOut})
def connect(body: ConnectIn) -> Response:
    """Connect an account; it is asked who we are first."""
    who = actor()
    made = services().connections.connect(
        who, body.connector, auth=body.auth, settings=body.settings, secrets=body.secrets, known=body.known
    )
    return answer(ConnectionOut.model_validate(services().connections.view(who, made.id)), 201)


@connections.post("/connections/oauth", responses={201: OAuthOut})
def start_oauth(body: OAuthIn) -> Response:
    """Begin a sign-in at a vendor; it ends at /oauth/callback in the same browser session."""
    url = services().connections.start_oauth(
        actor(), caller().session_hash, body.connector, body.settings, auth=body.auth, secrets=body.secrets
    )
    return answer(OAuthOut(url=url), 201)


@connections.get("/connections/<connection_id>/settings", responses={200: SettingsOut})
def show_settings(path: ConnectionPath) -> Response:
    """Tell a connection's settings, and which of them nobody can change."""
    return answer(SettingsOut.model_validate(services().connections.settings(actor(), path.connection_id)))


@connections.patch("/connections/<connection_id>/settings", responses={200: SettingsOut})
def change_settings(path: ConnectionPath, body: SettingsChange) -> Response:
    """Change settings; the account is asked who we are first, and copies there are looked at afterwards."""
    view = services().connections.change_settings(actor(), path.connection_id, body.settings, seen=body.seen)
    return answer(SettingsOut.model_validate(view))


@connections.post("/connections/<connection_id>/settings/back", responses={200: SettingsOut})
def undo_settings(path: ConnectionPath, body: SettingsBack) -> Response:
    """Take the last change of the settings back, as a change of its own."""
    view = services().connections.undo_settings(actor(), path.connection_id, seen=body.seen)
    return answer(SettingsOut.model_validate(view))


@connections.post("/connections/<connection_id>/test", responses={200: ConnectionOut})
def test_connection(path: ConnectionPath) -> Response:
    """Ask the remote who we are."""
    return answer(ConnectionOut.model_validate(services().connections.test(actor(), path.connection_id)))


@connections.post("/connections/<connection_id>/targets", responses={200: Counted})
def refresh_targets(path: ConnectionPath) -> Response:
    """Read the remote's places again."""
    return answer(Counted(count=services().connections.refresh_targets(actor(), path.connection_id)))


@connections.post("/connections/<connection_id>/pause", responses={204: None})
def pause(path: ConnectionPath) -> Response:
    """Send nothing there until it is resumed."""
    services().connections.pause(actor(), path.connection_id)
    return answer()


@connections.post("/connections/<connection_id>/resume", responses={204: None})
def resume(path: ConnectionPath) -> Response:
    """Go on after a pause."""
    services().connections.resume(actor(), path.connection_id)
    return answer()


@connections.delete("/connections/<connection_id>", responses={204: None})
def disconnect(path: ConnectionPath) -> Response:
    """Forget an account's secrets; its copies stay where they are, and stay known."""
    services().placements.leaving.disconnect(actor(), path.connection_id)
    return answer()


class TargetQuery(Given):
    """Places of one remote, or of all."""

    remote_id: Ident | None = None


@connections.get("/targets", responses={200: Targets})
def list_targets(query: TargetQuery) -> Response:
    """List places where copies can stand."""
    found = services().connections.targets(actor(), query.remote_id)
    return answer(Targets(items=[TargetOut.model_validate(one) for one in found]))


@connections.patch("/targets/<target_id>", responses={200: TargetOut})
def change_target(path: TargetPath, body: TargetIn) -> Response:
    """Say which channel, country and language a place stands for; copies there follow."""
    return answer(TargetOut.model_validate(services().connections.set_target(actor(), path.target_id, **dict(body))))


@connections.post("/targets/<target_id>/subscription", responses={201: SubscribedOut})
def subscribe(path: TargetPath) -> Response:
    """Have webhooks sent about a place, or make the address that a person enters there."""
    return answer(SubscribedOut.model_validate(services().connections.subscribe(actor(), path.target_id)), 201)
