"""Fields that were changed here and there: what each side says, and what holds."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Response
from pydantic import BaseModel, Field, StringConstraints

from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Ident, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

conflicts = blueprint("conflicts", "Fields that were changed here and there, and what a person decided.")

LONGEST = 40_000
Text = Annotated[str, StringConstraints(max_length=LONGEST)]
Value = str | list[str]


class ConflictPath(BaseModel):
    """Names one conflict."""

    conflict_id: Ident


class ConflictsQuery(Given):
    """Which conflicts."""

    copy_id: str = Field(default="", max_length=64, description="Of this copy only.")
    decided: bool = Field(default=False, description="Those that were decided, instead of those that wait.")


class DecideIn(Given):
    """What holds."""

    choice: Literal["ours", "theirs", "other"]
    value: Text | Annotated[list[Text], Field(max_length=200)] | None = Field(
        default=None, description="With `other`: what holds instead; a list for keywords."
    )


class ConflictOut(Shown):
    """One field that two sides disagree about. Values are as the catalogue keeps them."""

    id: str
    placement_id: str
    asset_id: str
    asset_code: str
    connector: str
    remote_label: str
    target_label: str
    field: str = Field(description="The remote's name of it.")
    name: str = Field(description="The catalogue's name of it.")
    language: str
    reason: str = Field(description="both, cut (only a shortened text stands there) or ping_pong.")
    base: Value = Field(description="What was agreed upon last.")
    ours: Value
    theirs: Value
    ours_by: str
    ours_author: str
    ours_at: Instant | None
    noticed_at: Instant
    decided_at: Instant | None
    decision: str = Field(description="ours, theirs, other, or over: they agreed by themselves; empty: it waits.")
    value: Value = Field(description="What the catalogue says since the decision.")
    decided_by: str | None
    open: bool
    changeable: bool = Field(description="Whether it can be decided otherwise: nobody changed the field since.")


class ConflictsOut(Shown):
    """Conflicts: the longest waiting first, or the newest decision first."""

    items: list[ConflictOut]


@conflicts.get("/conflicts", responses={200: ConflictsOut})
def list_conflicts(query: ConflictsQuery) -> Response:
    """List the fields that wait for a decision."""
    found = services().placements.conflicts.list(actor(), placement_id=query.copy_id, decided=query.decided)
    return answer(ConflictsOut(items=[ConflictOut.model_validate(one) for one in found]))


@conflicts.get("/conflicts/<conflict_id>", responses={200: ConflictOut})
def get_conflict(path: ConflictPath) -> Response:
    """Read one conflict, decided or not."""
    return answer(ConflictOut.model_validate(services().placements.conflicts.get(actor(), path.conflict_id)))


@conflicts.post("/conflicts/<conflict_id>/decide", responses={200: ConflictOut})
def decide(path: ConflictPath, body: DecideIn) -> Response:
    """Say which value holds; again, to decide otherwise."""
    made = services().placements.conflicts.decide(actor(), path.conflict_id, body.choice, body.value)
    return answer(ConflictOut.model_validate(made))
