"""Files that somebody put in the place of copies, and which of the two holds."""

from __future__ import annotations

from typing import Literal

from flask import Response
from pydantic import BaseModel, Field

from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Ident, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

proposals = blueprint("proposals", "Files that somebody put in the place of copies, and what a person decided.")


class ProposalPath(BaseModel):
    """Names one proposal."""

    proposal_id: Ident


class ProposalsQuery(Given):
    """Which proposals."""

    copy_id: str = Field(default="", max_length=64, description="Of this copy only.")
    decided: bool = Field(default=False, description="Those that wait for nobody any more, instead of those that do.")


class SideIn(Given):
    """Which file holds."""

    choice: Literal["ours", "theirs"]


class ProposalOut(Shown):
    """Another file that stood, or stands, in the place of a copy."""

    id: str
    placement_id: str
    asset_id: str
    asset_code: str
    connector: str
    remote_label: str
    target_label: str
    version_id: str = Field(description="The version in whose place it stands.")
    version_number: int
    state: str = Field(description="wanted (being fetched), open, unread (the hub has not got the file), taken, kept.")
    open: bool = Field(description="The copy rests until somebody decides.")
    takeable: bool = Field(description="It can become a version.")
    media_type: str
    filename: str
    size: int | None
    sha256: str | None
    noticed_at: Instant
    problem: str
    decided_at: Instant | None
    decided_by: str | None
    made_version_id: str | None = Field(description="The version that it became.")


class ProposalsOut(Shown):
    """Proposals: the longest waiting first, or the newest decision first."""

    items: list[ProposalOut]


@proposals.get("/proposals", responses={200: ProposalsOut})
def list_proposals(query: ProposalsQuery) -> Response:
    """List the files that wait for a decision."""
    found = services().proposals.list(actor(), placement_id=query.copy_id, decided=query.decided)
    return answer(ProposalsOut(items=[ProposalOut.model_validate(one) for one in found]))


@proposals.get("/proposals/<proposal_id>", responses={200: ProposalOut})
def get_proposal(path: ProposalPath) -> Response:
    """Read one proposal, decided or not."""
    return answer(ProposalOut.model_validate(services().proposals.get(actor(), path.proposal_id)))


@proposals.post("/proposals/<proposal_id>/decide", responses={200: ProposalOut})
def decide(path: ProposalPath, body: SideIn) -> Response:
    """Say which file holds; theirs becomes the asset's next version and waits for approval."""
    return answer(ProposalOut.model_validate(services().proposals.decide(actor(), path.proposal_id, body.choice)))
