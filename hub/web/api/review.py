"""Review: submit, approve, reject, revoke."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import BaseModel, StringConstraints

from hub.review.models import Verdict
from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import AssetPath, Given, Ident, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

review = blueprint("review", "Who approved which bytes.")
Note = Annotated[str, StringConstraints(max_length=2000)]


class VersionPath(BaseModel):
    """Names one version."""

    version_id: Ident


class DecisionBody(Given):
    """A verdict on exact bytes."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    note: Note = ""


class NoteBody(Given):
    """Why."""

    note: Note = ""


class DecisionOut(Shown):
    """A verdict that was given."""

    id: str
    version_id: str
    sha256: str
    verdict: Verdict
    note: str
    by: str
    at: Instant


class Decisions(Shown):
    """The verdicts on one asset."""

    items: list[DecisionOut]


@review.post("/assets/<asset_id>/submit", responses={204: None})
def submit(path: AssetPath) -> Response:
    """Send the newest version to review."""
    services().review.submit(actor(), path.asset_id)
    return answer()


@review.post("/versions/<version_id>/approve", responses={204: None})
def approve(path: VersionPath, body: DecisionBody) -> Response:
    """Approve exactly these bytes; copies follow."""
    services().review.approve(actor(), path.version_id, sha256=body.sha256, note=body.note)
    return answer()


@review.post("/versions/<version_id>/reject", responses={204: None})
def reject(path: VersionPath, body: DecisionBody) -> Response:
    """Reject exactly these bytes."""
    services().review.reject(actor(), path.version_id, sha256=body.sha256, note=body.note)
    return answer()


@review.post("/assets/<asset_id>/revoke", responses={204: None})
def revoke(path: AssetPath, body: NoteBody) -> Response:
    """Take an approval back; copies are withdrawn."""
    services().review.revoke(actor(), path.asset_id, body.note)
    return answer()


@review.get("/assets/<asset_id>/decisions", responses={200: Decisions})
def decisions(path: AssetPath) -> Response:
    """List the verdicts on an asset."""
    found = services().review.history(actor(), path.asset_id)
    return answer(Decisions(items=[DecisionOut.model_validate(one) for one in found]))
