"""Endpoints: addresses outside that hear of events."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import BaseModel, Field, StringConstraints

from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Ident, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

endpoints = blueprint("endpoints", "Webhooks that this hub sends.")


class EndpointPath(BaseModel):
    """Names one endpoint."""

    endpoint_id: Ident


class EndpointIn(Given):
    """An address that wants to hear of events."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    kinds: list[Ident] = Field(max_length=50)


class EndpointOut(Shown):
    """An endpoint, without its secret."""

    id: str
    url: str
    kinds: list[str]
    state: str
    off_reason: str
    failing_since: int | None
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


class DeliveryOut(Shown):
    """One event on its way to an endpoint."""

    event_id: str
    state: str
    attempt: int
    due_at: int
    last_answer: str


class Deliveries(Shown):
    """An endpoint's latest deliveries, newest first."""

    items: list[DeliveryOut]


@endpoints.get("/endpoints", responses={200: Endpoints})
def list_endpoints() -> Response:
    """List every endpoint."""
    return answer(Endpoints(items=[EndpointOut.model_validate(one) for one in services().notify.list(actor())]))


@endpoints.post("/endpoints", responses={201: EndpointMade})
def add_endpoint(body: EndpointIn) -> Response:
    """Let an address hear of events from now on."""
    made, secret = services().notify.add_endpoint(actor(), body.url, body.kinds)
    return answer(EndpointMade(endpoint=EndpointOut.model_validate(made), secret=secret), 201)


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


@endpoints.get("/endpoints/<endpoint_id>/deliveries", responses={200: Deliveries})
def list_deliveries(path: EndpointPath) -> Response:
    """List an endpoint's latest deliveries."""
    found = services().notify.deliveries(actor(), path.endpoint_id)
    return answer(Deliveries(items=[DeliveryOut.model_validate(one) for one in found]))
