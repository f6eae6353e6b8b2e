"""What an account sent to this hub: how much of it is kept, and having it read again."""

from __future__ import annotations

from typing import Literal

from flask import Response
from pydantic import Field

from hub.connections.replaying import STATES, Which
from hub.web.api.connections import ConnectionPath
from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

inbound = blueprint("inbound", "What accounts sent by webhooks: kept as it came, and read again where that is asked.")


class InboundQuery(Given):
    """Which deliveries: all that is said must hold."""

    since: Instant | None = Field(None, description="What came then or later.")
    until: Instant | None = Field(None, description="What came before then.")
    state: Literal["all", "worked", "ignored"] = Field(
        "all", description="What led to a look (worked), what was ignored, or all of it."
    )


class InboundOut(Shown):
    """What is kept of an account's deliveries of a span of time. Those that were refused were never kept."""

    deliveries: int = Field(description="How many were read, and would be read again.")
    waiting: int = Field(description="How many wait to be read, for the first time or again; it falls to 0.")
    first_at: int | None = Field(description="When the first of both came.")
    last_at: int | None


@inbound.get("/connections/<connection_id>/inbound", responses={200: InboundOut})
def count_inbound(path: ConnectionPath, query: InboundQuery) -> Response:
    """Count what would be read again, and what still waits to be read."""
    return answer(InboundOut.model_validate(services().rereading.kept(actor(), _which(path, query))))


@inbound.post("/connections/<connection_id>/inbound/replay", responses={202: InboundOut})
def replay_inbound(path: ConnectionPath, body: InboundQuery) -> Response:
    """Have deliveries read again, after a mistake in reading them was mended; a worker does it, in their order.

    What waits is what the answer, and the count after it, tell. Asking twice adds none twice.
    """
    return answer(InboundOut.model_validate(services().rereading.replay(actor(), _which(path, body))), 202)


def _which(path: ConnectionPath, said: InboundQuery) -> Which:
    states = STATES if said.state == "all" else (said.state,)
    return Which(path.connection_id, said.since, said.until, states)
