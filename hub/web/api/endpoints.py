"""Endpoints: addresses outside that hear of events."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from flask import Response
from pydantic import BaseModel, Field, StringConstraints, model_validator

from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Ident, Instant, Line, Shown
from hub.web.identity import actor
from hub.web.services import services

endpoints = blueprint("endpoints", "Webhooks that this hub sends.")

Url = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Kinds = Annotated[list[Ident], Field(max_length=100, description="Kinds, all of a room such as `asset.*`, or `*`.")]


class EndpointPath(BaseModel):
    """Names one endpoint."""

    endpoint_id: Ident


class DeliveryPath(EndpointPath):
    """Names one event on its way to an endpoint."""

    event_id: Ident


class FiltersIn(Given):
    """What an event must be about besides its kind; a list that is left out, or empty, asks for nothing."""

    collections: list[Ident] = Field([], max_length=50, description="Ids of collections that its asset is in.")
    campaigns: list[Line] = Field([], max_length=50, description="Campaigns of its asset, word for word.")
    connections: list[Ident] = Field([], max_length=50, description="Ids of connections to its account.")


class EndpointIn(Given):
    """An address that wants to hear of events."""

    url: Url
    kinds: Kinds
    description: Line = ""
    filters: FiltersIn = Field(default_factory=lambda: FiltersIn.model_validate({}))
    ordered: bool = Field(default=False, description="The next message about an asset waits for the one before.")


class EndpointChange(Given):
    """What to change; what is left out stays."""

    url: Url | None = None
    kinds: Kinds | None = None
    description: Line | None = None
    filters: FiltersIn | None = None
    ordered: bool | None = None


class EndpointOut(Shown):
    """An endpoint, without its secret."""

    id: str
    url: str
    description: str
    kinds: list[str]
    filters: dict[str, list[str]]
    ordered: bool
    state: str
    off_reason: str
    failing_since: int | None
    replaying: bool
    created_at: Instant


class EndpointMade(Shown):
    """An endpoint that was just added."""

    endpoint: EndpointOut
    secret: str = Field(description="Shown this once.")


class EndpointSecret(Shown):
    """A new secret; the old one goes on signing for a day beside it."""

    secret: str


class Endpoints(Shown):
    """Every endpoint."""

    items: list[EndpointOut]


class DeliveryQuery(Given):
    """Which deliveries, and where to go on."""

    state: Literal["", "pending", "delivered", "given_up"] = ""
    before: Annotated[str, StringConstraints(max_length=64)] = Field("", description="The last event id that was read.")
    limit: int = Field(50, ge=1, le=500)


class DeliveryOut(Shown):
    """One event on its way to an endpoint."""

    event_id: str
    kind: str
    state: str
    attempt: int
    due_at: int
    last_answer: str


class Deliveries(Shown):
    """An endpoint's deliveries, newest first."""

    items: list[DeliveryOut]


class DeliveryTry(Shown):
    """One try."""

    at: Instant
    took_ms: int
    status: int | None = Field(description="null: no answer came.")
    answer: str = Field(description="The status in words, or the code of what went wrong.")
    shown: str = Field(description="The beginning of the answer's body, without secrets.")


class DeliveryWhole(DeliveryOut):
    """One event on its way, with its body and every try that is still kept, newest first."""

    body: str = Field(description="The exact bytes that are sent, as text.")
    attempts: list[DeliveryTry]


class ReplayIn(Given):
    """What to send again: one event, or a span of time."""

    event_id: Ident | None = None
    from_at: Instant | None = None
    until_at: Instant | None = None

    @model_validator(mode="after")
    def one_way(self) -> Self:
        """Take one event or one span, not both."""
        if (self.event_id is None) == (self.from_at is None or self.until_at is None):
            raise ValueError("give event_id, or both from_at and until_at")
        return self


@endpoints.get("/endpoints", responses={200: Endpoints})
def list_endpoints() -> Response:
    """List every endpoint."""
    return answer(Endpoints(items=[EndpointOut.model_validate(one) for one in services().notify.list(actor())]))


@endpoints.post("/endpoints", responses={201: EndpointMade})
def add_endpoint(body: EndpointIn) -> Response:
    """Let an address hear of events from now on."""
    made, secret = services().notify.add_endpoint(
        actor(), body.url, body.kinds, description=body.description, filters=body.filters.model_dump(),
        ordered=body.ordered,
    )  # fmt: skip
    return answer(EndpointMade(endpoint=EndpointOut.model_validate(made), secret=secret), 201)


@endpoints.get("/endpoints/<endpoint_id>", responses={200: EndpointOut})
def show_endpoint(path: EndpointPath) -> Response:
    """Show one endpoint."""
    return answer(EndpointOut.model_validate(services().notify.endpoint(actor(), path.endpoint_id)))


@endpoints.patch("/endpoints/<endpoint_id>", responses={200: EndpointOut})
def change_endpoint(path: EndpointPath, body: EndpointChange) -> Response:
    """Change what an endpoint hears of, or its address."""
    changed = services().notify.change_endpoint(
        actor(), path.endpoint_id, url=body.url, kinds=body.kinds, description=body.description,
        filters=None if body.filters is None else body.filters.model_dump(), ordered=body.ordered,
    )  # fmt: skip
    return answer(EndpointOut.model_validate(changed))


@endpoints.delete("/endpoints/<endpoint_id>", responses={204: None})
def remove_endpoint(path: EndpointPath) -> Response:
    """Remove an endpoint with the log of what was sent to it."""
    services().notify.remove_endpoint(actor(), path.endpoint_id)
    return answer()


@endpoints.post("/endpoints/<endpoint_id>/rotate", responses={200: EndpointSecret})
def rotate(path: EndpointPath) -> Response:
    """Give an endpoint a new secret."""
    return answer(EndpointSecret(secret=services().notify.rotate(actor(), path.endpoint_id)))


@endpoints.post("/endpoints/<endpoint_id>/off", responses={200: EndpointOut})
def switch_off(path: EndpointPath) -> Response:
    """Send nothing more to an endpoint."""
    return answer(EndpointOut.model_validate(services().notify.off(actor(), path.endpoint_id)))


@endpoints.post("/endpoints/<endpoint_id>/on", responses={200: EndpointOut})
def switch_on(path: EndpointPath) -> Response:
    """Let an endpoint hear of events again."""
    return answer(EndpointOut.model_validate(services().notify.on(actor(), path.endpoint_id)))


@endpoints.post("/endpoints/<endpoint_id>/test", responses={202: DeliveryOut})
def send_test(path: EndpointPath) -> Response:
    """Send a message that says nothing, to see whether it arrives."""
    return answer(DeliveryOut.model_validate(services().notify.test(actor(), path.endpoint_id)), 202)


@endpoints.post("/endpoints/<endpoint_id>/replay", responses={202: EndpointOut})
def replay(path: EndpointPath, body: ReplayIn) -> Response:
    """Send one event again, or what happened in a span of time; each with the id and the bytes that it had."""
    notify, who = services().notify, actor()
    if body.event_id is not None:
        notify.replay(who, path.endpoint_id, body.event_id)
    else:
        notify.replay_span(who, path.endpoint_id, from_at=body.from_at or 0, until_at=body.until_at or 0)
    return answer(EndpointOut.model_validate(notify.endpoint(who, path.endpoint_id)), 202)


@endpoints.get("/endpoints/<endpoint_id>/deliveries", responses={200: Deliveries})
def list_deliveries(path: EndpointPath, query: DeliveryQuery) -> Response:
    """List an endpoint's deliveries, newest first."""
    found = services().notify.deliveries(
        actor(), path.endpoint_id, state=query.state, before=query.before, limit=query.limit
    )
    return answer(Deliveries(items=[DeliveryOut.model_validate(one) for one in found]))


@endpoints.get("/endpoints/<endpoint_id>/deliveries/<event_id>", responses={200: DeliveryWhole})
def show_delivery(path: DeliveryPath) -> Response:
    """Show what was sent, and how each try was answered."""
    found, tries = services().notify.delivery(actor(), path.endpoint_id, path.event_id)
    shown = DeliveryOut.model_validate(found).model_dump()
    attempts = [DeliveryTry.model_validate(one) for one in tries]
    return answer(DeliveryWhole(**shown, body=found.body, attempts=attempts))
