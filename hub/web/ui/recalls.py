"""A recall: how it stands for every copy, and its signed reports."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request

from hub.errors import Invalid
from hub.placements.recall import RecallLine, Result
from hub.placements.reports.forms import Form
from hub.web.api.evidence import file_of
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.copies import Outcome, row_of, spread
from hub.web.ui.frame import page

recalls = Blueprint("recalls", "hub.web")


@recalls.get("/recalls/<recall_id>")
def show_recall(recall_id: str) -> Response:
    """Show how a recall stands."""
    report = services().placements.recall_report(actor(), recall_id)
    asset = services().catalogue.view(actor(), report.asset_id)
    lines = _results(report.lines)
    return page(
        "recall.html", here="library", title=asset.title, code=asset.code, recall_id=report.id, reason=report.reason,
        opened_at=report.opened_at, closed=report.closed_at, lines=lines, total=len(report.lines),
        sum_says=", ".join(f"{line.count} {line.head}" for line in lines) or "none stands anywhere",
        copies=[row_of(line.copy) for line in report.lines],
        reports=services().reports.made_for(actor(), recall_id),
    )  # fmt: skip


@recalls.post("/recalls/<recall_id>/report")
def make_report(recall_id: str) -> Response:
    """Make a signed report and hand it over as a file."""
    wanted = request.form.get("form", "")
    if wanted not in {form.value for form in Form}:
        raise Invalid("form_unknown", "A report is a PDF or JSON.", where="form", next_step="Use a button on the page.")
    return file_of(services().reports.make(actor(), recall_id, Form(wanted)))


def _results(lines: Sequence[RecallLine]) -> list[Outcome]:
    shown = [
        (Result.SUBSTITUTED, "substituted", "replace", "good"),
        (Result.WITHDRAWN, "withdrawn", "undo-2", "good"),
        (Result.NEVER_THERE, "never there", "circle-minus", "rest"),
        (Result.UNPROVEN, "not proven yet", "hourglass", "care"),
    ]
    found: list[Outcome] = []
    for result, head, icon, hue in shown:
        mine = [line for line in lines if line.result is result]
        levels = sorted({line.level for line in mine if line.level}, key=lambda level: words.LEVEL.get(level, 0))
        told = [line.reason for line in mine if not line.reason.startswith("Not proven yet")]
        reasons = "; ".join(dict.fromkeys(reason for reason in told if reason))
        if mine:
            found.append(
                Outcome(
                    len(mine),
                    head,
                    reasons or spread([line.copy for line in mine]),
                    icon,
                    hue,
                    levels[0] if levels else "",
                )
            )
    return found
