"""The feed of events, and the kinds that there are."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response
from pydantic import Field, StringConstraints

from hub.notify.kinds import EVERY_TYPE
from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Ident, Shown
from hub.web.identity import actor
from hub.web.services import services

events = blueprint("events", "What happened, as webhooks tell it: read by cursor.")


class FeedQuery(Given):
    """Where to go on, and which kinds."""

    after: Annotated[str, StringConstraints(max_length=64)] = Field(
        "", description="The cursor that was read last; `latest`: from now on; left out: from the first event on."
    )
    kinds: list[Ident] = Field([], max_length=100, description="Kinds, or all of a room such as `asset.*`; none: all.")
    limit: int = Field(100, ge=1, le=500)


class MessageOut(Shown):
    """One message, the same that a webhook brings."""

    id: str = Field(description="The same as the webhook's id.")
    cursor: str = Field(description="Reading can go on behind this message.")
    message: dict[str, Any]


class Feed(Shown):
    """Part of the feed, oldest first."""

    items: list[MessageOut]
    cursor: str = Field(description="Send it back as `after` to go on.")
    more: bool = Field(description="Whether more was there already.")


class EventTypeOut(Shown):
    """One kind of event."""

    name: str
    version: int
    about: str
    message_schema: dict[str, Any] = Field(description="The JSON Schema of a whole message.")
    example: dict[str, Any]


class EventTypes(Shown):
    """Every kind of event."""

    items: list[EventTypeOut]


@events.get("/events", responses={200: Feed})
def read_events(query: FeedQuery) -> Response:
    """Read the feed by cursor; none is missed. 410: the cursor is from before a restore."""
    found = services().notify.feed(actor(), after=query.after, kinds=query.kinds, limit=query.limit)
    return answer(Feed.model_validate(found))


@events.get("/event-types", responses={200: EventTypes})
def list_event_types() -> Response:
    """List every kind of event with the JSON Schema of its message."""
    actor()
    kinds = [
        EventTypeOut(
            name=each.name, version=each.version, about=each.about, message_schema=each.schema(),
            example=each.example(),
        )
        for each in EVERY_TYPE
    ]  # fmt: skip
    return answer(EventTypes(items=kinds))
