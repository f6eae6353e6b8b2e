"""Other texts of an asset: what of them its copies would say, told beside the form before they are saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from hub.errors import HubError
from hub.placements.rewording import Says
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.copies import Outcome, spread
from hub.web.ui.frame import page
from hub.web.ui.shown import Note
from hub.web.ui.texts import LABELS, given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.placements.rewording import Reworded, TextLine

rewording = Blueprint("rewording", "hub.web")
MOST = 3


@rewording.post("/assets/<code>/texts/follows")
def show_follows(code: str) -> Response:
    """Say which copies would say the texts that are filled in, which cannot, and what of them is lost: a fragment."""
    view = services().catalogue.view(actor(), code)
    try:
        found = services().placements.rewording.texts(
            actor(), view.id, given(request.form), language=request.form.get("language", "")
        )
    except HubError as error:
        return page("fragments/follows.html", problem=error.what, seen="", lines=[], notes=[])
    return page("fragments/follows.html", problem="", seen="", lines=outcomes(found.lines), notes=_notes(found))


def outcomes(found: Sequence[TextLine]) -> list[Outcome]:
    """Return what will be said by copies, by outcome."""
    lines = [
        _outcome(found, Says.FOLLOWS, ("says the new text", "say the new text"), "refresh-cw", "flow"),
        _outcome(found, Says.LATER, ("says it once it stands there", "say it once they stand there"), "hourglass",
                 "rest"),
        _outcome(found, Says.KEPT, ("stays as it is", "stay as they are"), "circle-check", "rest"),
        _outcome(found, Says.PERSON, ("needs a person", "need a person"), "octagon-alert", "stop"),
    ]  # fmt: skip
    return [line for line in lines if line.count]


def _outcome(found: Sequence[TextLine], says: Says, heads: tuple[str, str], icon: str, hue: str) -> Outcome:
    mine = [line for line in found if line.says is says]
    whys = [f"{line.copy.target_label}: {line.why}" for line in mine if line.why]
    text = "; ".join(whys[:MOST]) if whys else spread(line.copy for line in mine)
    return Outcome(len(mine), heads[len(mine) != 1], text, icon, hue)


def _notes(found: Reworded) -> list[Note]:
    """Say what of the texts does not arrive, and where."""
    if found.fields and not found.lines:
        return [Note("No copy shows this asset.", "circle-check")]
    where: dict[tuple[str, str], list[str]] = {}
    for line in found.lines:
        for lost in line.lost:
            where.setdefault((lost.field, lost.why), []).append(line.copy.target_label)
    return [
        Note(f"{LABELS[field][0]} in {_some(list(dict.fromkeys(places)))}: {why}.", "info", "care")
        for (field, why), places in where.items()
    ]


def _some(places: list[str]) -> str:
    more = len(places) - MOST
    return ", ".join(places[:MOST]) + (f" and {more} more" if more > 0 else "")
