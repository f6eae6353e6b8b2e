"""The event log as people and programs read it, and whether the hub is well."""

from __future__ import annotations

from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import select, text

from hub.access.permissions import Act, require
from hub.events.models import Event
from hub.web.api.documents import ANYBODY, answer, blueprint
from hub.web.api.schemas import Given, Ident, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

activity = blueprint("activity", "What happened, in order.")
health = blueprint("health", "Whether the hub is well.", open_to=ANYBODY)


class EventQuery(Given):
    """Where to go on, and which events."""

    after: int = Field(0, ge=0, le=2**53, description="The last number that was read.")
    limit: int = Field(100, ge=1, le=1000)
    kind: list[Ident] = Field([])
    subject: Ident | None = None


class EventOut(Shown):
    """One thing that happened."""

    seq: int
    id: str
    at: Instant
    kind: str
    subject: str
    actor: str
    body: dict[str, Any]


class Events(Shown):
    """Part of the log, oldest first."""

    items: list[EventOut]
    cursor: int = Field(description="Send it back as `after` to go on.")


class Health(Shown):
    """How the hub is."""

    status: str


@activity.get("/activity", responses={200: Events})
def list_activity(query: EventQuery) -> Response:
    """Read the whole event log, as the hub keeps it for itself; the feed at /events is what programs rely on."""
    require(actor(), Act.SEE_ACTIVITY)
    wanted = select(Event).where(Event.seq > query.after).order_by(Event.seq).limit(query.limit)
    if query.kind:
        wanted = wanted.where(Event.kind.in_(query.kind))
    if query.subject:
        wanted = wanted.where(Event.subject == query.subject)
    with services().database.read() as session:
        found = [EventOut.model_validate(event) for event in session.scalars(wanted)]
    return answer(Events(items=found, cursor=found[-1].seq if found else query.after))


@health.get("/health", responses={200: Health})
def show_health() -> Response:
    """Tell whether the hub can read its database."""
    with services().database.read() as session:
        session.execute(text("SELECT 1"))
    return answer(Health(status="ready"))
