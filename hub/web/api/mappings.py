"""Field mappings of single accounts: the one that counts, new ones, and the way back."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field, StringConstraints

from hub.connections.mappings import MappingView
from hub.web.api.connections import ConnectionPath
from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

mappings = blueprint("mappings", "How the catalogue's fields stand in one account.")


class MappingIn(Given):
    """A mapping to count from now on."""

    text: Annotated[str, StringConstraints(max_length=65_536)] = Field(description="The mapping spec, as YAML.")
    note: Annotated[str, StringConstraints(max_length=500)] = Field("", description="Why it is changed.")
    seen: int = Field(ge=0, description="The number of the version that it was made from; 0 is the shipped one.")


class BackIn(Given):
    """An earlier mapping to count again."""

    number: int = Field(ge=0, description="Which one; 0 is the one that comes with the connector.")
    seen: int = Field(ge=0, description="The number of the version that counts now.")


class MappingVersionOut(Shown):
    """One version of an account's mapping."""

    number: int
    note: str
    by: str
    at: Instant


class MappingOut(Shown):
    """The mapping that counts for an account."""

    remote_id: str
    connector: str
    number: int = Field(description="0: it is as it comes with the connector.")
    text: str
    versions: list[MappingVersionOut] = Field(description="Newest first, without the shipped one.")


@mappings.get("/connections/<connection_id>/mapping", responses={200: MappingOut})
def show_mapping(path: ConnectionPath) -> Response:
    """Return the mapping that counts for the account behind a connection."""
    return _told(services().mappings.view(actor(), path.connection_id))


@mappings.put("/connections/<connection_id>/mapping", responses={200: MappingOut})
def save_mapping(path: ConnectionPath, body: MappingIn) -> Response:
    """Let a new version count; every copy in the account follows."""
    return _told(services().mappings.save(actor(), path.connection_id, body.text, note=body.note, seen=body.seen))


@mappings.post("/connections/<connection_id>/mapping/back", responses={200: MappingOut})
def go_back(path: ConnectionPath, body: BackIn) -> Response:
    """Let an earlier version count again, as a new one."""
    return _told(services().mappings.go_back(actor(), path.connection_id, body.number, seen=body.seen))


def _told(view: MappingView) -> Response:
    return answer(MappingOut.model_validate(view))
