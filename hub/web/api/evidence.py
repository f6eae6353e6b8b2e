"""Evidence: signed reports of recalls, the keys that check them, and where copies are used."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from hub.placements.reports.forms import Form
from hub.placements.reports.service import Made
from hub.web.api.documents import answer, blueprint
from hub.web.api.placements import CopyPath, RecallPath
from hub.web.api.schemas import AssetPath, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

evidence = blueprint("evidence", "Signed reports that can be checked without the hub, and where copies are used.")
well_known = Blueprint("evidence_keys", "hub.web")
JSON_FILE: Final[dict[str, Any]] = {
    "description": "The signed report.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
PDF_FILE: Final[dict[str, Any]] = {"description": "The signed report.", "content": {"application/pdf": {"schema": {}}}}


class ReportOut(Shown):
    """A report that was made and signed. What it says is in its file, which is made anew at each request."""

    id: str
    number: int = Field(description="In the row of all reports of this installation.")
    recall_id: str
    sha256: str = Field(description="Of the signed document.")
    previous: str = Field(description="The SHA-256 of the report before it; empty: it is the first.")
    key_id: str
    by: str
    at: Instant


class ReportsOut(Shown):
    """The reports of one recall, newest first."""

    items: list[ReportOut]


class UsePlaceOut(Shown):
    """A place that uses a copy, or did."""

    kind: str
    ref: str
    label: str
    url: str
    public: bool | None = Field(description="Whether anybody can see it; null: the remote does not tell.")
    first_told_at: Instant
    told_at: Instant
    gone_at: Instant | None = Field(description="When the remote did not tell of it any more; null: it is in use.")


class UsesOut(Shown):
    """What is known of the uses of one copy."""

    able: bool = Field(description="Whether its remote can tell at all.")
    told_at: Instant | None = Field(description="When the remote last told all; null: it has not yet.")
    under_way: bool
    problem: str
    uses: list[UsePlaceOut]


class WhereUsed(BaseModel):
    """The uses of every copy of an asset, by the copy's id."""

    copies: dict[str, UsesOut]


class DayOut(Shown):
    """What was told last on one day."""

    day: Instant = Field(description="Its first millisecond, UTC.")
    value: int


class NumberOut(Shown):
    """One thing that a remote counts of a copy."""

    name: str = Field(description="The remote's own name for it.")
    value: int
    told_at: Instant
    days: list[DayOut] = Field(
        description="Of the last 90 days, the earliest first; days without an answer are left out."
    )


class NumbersOut(Shown):
    """What is counted of one copy. What is not there was not told: it is not zero."""

    able: bool = Field(description="Whether its remote counts anything there.")
    told_at: Instant | None = Field(description="When the remote last answered; null: it has not yet.")
    under_way: bool
    problem: str
    numbers: list[NumberOut]


class CountedCopies(BaseModel):
    """The numbers of every copy of an asset, by the copy's id."""

    copies: dict[str, NumbersOut]


@evidence.get("/recalls/<recall_id>/report.json", responses={200: JSON_FILE})
def report_json(path: RecallPath) -> Response:
    """Make a signed report of how a recall stands now: canonical JSON. Each making has a number and an event."""
    return file_of(services().reports.make(actor(), path.recall_id, Form.JSON))


@evidence.get("/recalls/<recall_id>/report.pdf", responses={200: PDF_FILE})
def report_pdf(path: RecallPath) -> Response:
    """Make a signed report as pages, with the signed JSON attached. Each making has a number and an event."""
    return file_of(services().reports.make(actor(), path.recall_id, Form.PDF))


@evidence.get("/recalls/<recall_id>/reports", responses={200: ReportsOut})
def reports_made(path: RecallPath) -> Response:
    """List the reports that were made of a recall."""
    found = services().reports.made_for(actor(), path.recall_id)
    return answer(ReportsOut(items=[ReportOut.model_validate(one) for one in found]))


@evidence.get("/assets/<asset_id>/uses", responses={200: WhereUsed})
def where_used(path: AssetPath) -> Response:
    """Tell where the copies of an asset are used, as their remotes last told."""
    found = services().uses.of_asset(actor(), path.asset_id)
    return answer(WhereUsed(copies={key: UsesOut.model_validate(one) for key, one in found.items()}))


@evidence.post("/copies/<placement_id>/uses", responses={202: UsesOut})
def ask_uses(path: CopyPath) -> Response:
    """Have the remote asked at once where a copy is used; the answer tells what is known up to now."""
    return answer(UsesOut.model_validate(services().uses.ask_now(actor(), path.placement_id)), 202)


@evidence.get("/copies/<placement_id>/uses", responses={200: UsesOut})
def uses_of_copy(path: CopyPath) -> Response:
    """Tell where a copy is used, as its remote last told."""
    return answer(UsesOut.model_validate(services().uses.of_copy(actor(), path.placement_id)))


@evidence.get("/assets/<asset_id>/numbers", responses={200: CountedCopies})
def counted(path: AssetPath) -> Response:
    """Tell what remotes count of the copies of an asset: views, clicks, likes, as each calls them."""
    found = services().numbers.of_asset(actor(), path.asset_id)
    return answer(CountedCopies(copies={key: NumbersOut.model_validate(one) for key, one in found.items()}))


@evidence.get("/copies/<placement_id>/numbers", responses={200: NumbersOut})
def numbers_of_copy(path: CopyPath) -> Response:
    """Tell what its remote counts of a copy, day by day."""
    return answer(NumbersOut.model_validate(services().numbers.of_copy(actor(), path.placement_id)))


@evidence.post("/copies/<placement_id>/numbers", responses={202: NumbersOut})
def ask_numbers(path: CopyPath) -> Response:
    """Have the remote asked as soon as its limits have room; the answer tells what is known up to now."""
    return answer(NumbersOut.model_validate(services().numbers.ask_now(actor(), path.placement_id)), 202)


@well_known.get("/.well-known/damhub-evidence-keys.json")
def public_keys() -> Response:
    """Publish the keys that check this hub's reports, to anybody (JWK set, RFC 7517)."""
    return Response(json.dumps(services().reports.keys()), content_type="application/json")


def file_of(made: Made) -> Response:
    """Answer with a report, to be saved."""
    response = Response(made.data, content_type=made.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{made.filename}"'
    response.headers["X-Damhub-Document-SHA256"] = made.sha256
    return response
