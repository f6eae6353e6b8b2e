"""The drift list: everything out there that is not as it should be, or that nobody can vouch for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from hub.placements.drift import MOST, Drift
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.copies import CopyRow, row_of
from hub.web.ui.frame import page
from hub.web.ui.names import connector_title
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from hub.placements.drift import DriftLine, Unvouched

drift = Blueprint("drift_pages", "hub.web")

SIGNS: Final = {
    Drift.CONFLICT: Sign("To decide", "stop", "git-compare"),
    Drift.BLOCKED: Sign("Blocked", "stop", "octagon-alert"),
    Drift.UNSURE: Sign("Unsure", "care", "circle-question-mark"),
    Drift.PARTIAL: Sign("Partial", "care", "contrast"),
    Drift.ALTERED: Sign("Changed there", "care", "pencil-line"),
    Drift.GONE: Sign("Removed there", "rest", "unlink"),
    Drift.FAILING: Sign("Tried again", "flow", "refresh-cw"),
    Drift.UNSEEN: Sign("Look is late", "care", "eye"),
}
WHY: Final = {
    "not_answering": "it does not answer",
    "connection_needs_person": "somebody must sign in again",
    "connection_paused": "it is paused",
    "not_connected": "it is not connected any more",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One copy in the list."""

    copy: CopyRow
    code: str
    sign: Sign
    since: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """An account that nobody can look into, in words."""

    view: Unvouched
    title: str
    why: str
    href: str  # where somebody who may can put that right


@drift.get("/drift")
def show_drift() -> Response:
    """Show what is not as it should be, the longest first."""
    remote_id, wanted = request.args.get("account", "")[:64], request.args.get("kind", "")
    kind = wanted if wanted in set(Drift) else ""
    skip = max(request.args.get("from", 0, type=int), 0)
    found = services().placements.drift.report(actor(), remote_id=remote_id, drift=kind, skip=skip)
    connections = services().connections.list(actor())
    accounts = {one.remote_id: f"{one.connector_title}, {one.account_label}" for one in connections}
    pages = {one.remote_id: f"/connections/{one.id}" for one in connections}
    accounts |= {one.remote_id: f"{connector_title(one.connector)}, {one.label}" for one in found.unvouched}
    more = {"account": remote_id, "kind": kind, "from": str(skip + MOST)}
    return page(
        "drift.html", here="drift", rows=[_row(line) for line in found.lines],
        unvouched=[
            Unseen(one, connector_title(one.connector), WHY.get(one.why, ""), pages.get(one.remote_id, "/connections"))
            for one in found.unvouched
        ],
        counts=[(each, SIGNS[each], found.counts.get(each, 0)) for each in Drift if found.counts.get(each)],
        total=sum(found.counts.values()), account=remote_id, kind=kind, kinds=SIGNS,
        accounts=sorted(accounts.items(), key=lambda each: each[1]),
        more=f"/drift?{urlencode(more)}" if found.more else "",
    )  # fmt: skip


def _row(line: DriftLine) -> Row:
    return Row(row_of(line.copy), line.copy.asset_code, SIGNS[line.drift], line.since)
