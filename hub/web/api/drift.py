"""What is not as it should be out there, and what nobody can vouch for."""

from __future__ import annotations

from flask import Response
from pydantic import Field

from hub.placements.drift import Drift
from hub.web.api.documents import blueprint
from hub.web.api.placements import CopyOut
from hub.web.api.schemas import Given, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

drift = blueprint("drift", "What is not as it should be out there, and what nobody can vouch for.")


class DriftQuery(Given):
    """Of which account, and of which kind."""

    remote_id: str = Field(default="", max_length=64)
    drift: Drift | None = None
    skip: int = Field(default=0, ge=0, le=1_000_000, description="So many are left out at the beginning.")


class DriftLineOut(Shown):
    """One copy that is not as it should be."""

    copy_: CopyOut = Field(alias="copy", serialization_alias="copy")
    drift: Drift
    since: Instant


class UnvouchedOut(Shown):
    """An account that nobody can look into."""

    remote_id: str
    connector: str
    label: str
    copies: int = Field(description="So many copies stand there, as far as anybody knows.")
    since: Instant | None = Field(description="The last time that it answered.")
    why: str


class DriftOut(Shown):
    """The longest first; `counts` are of all copies of the account, or of all."""

    unvouched: list[UnvouchedOut]
    counts: dict[str, int]
    lines: list[DriftLineOut]
    more: bool


@drift.get("/drift", responses={200: DriftOut})
def show_drift(query: DriftQuery) -> Response:
    """List what is altered, gone, partial, unsure, blocked or not seen for too long, the longest first."""
    found = services().placements.drift.report(
        actor(), remote_id=query.remote_id, drift=query.drift or "", skip=query.skip
    )
    body = DriftOut.model_validate(found)
    return Response(body.model_dump_json(by_alias=True), content_type="application/json")
