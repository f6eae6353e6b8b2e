"""Fields that were changed here and there: what was agreed, ours and theirs side by side, and the decision."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from hub.catalogue.metadata import Author
from hub.errors import Conflict, HubError, Invalid, NotFound
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.frame import go, page
from hub.web.ui.names import Names, connector_title, people
from hub.web.ui.proposals import LATELY, in_words
from hub.web.ui.texts import LABELS, LONG
from mappings.languages import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.catalogue.metadata import Value
    from hub.placements.deciding import ConflictView

conflicts = Blueprint("conflicts_pages", "hub.web")
WORD: Final = re.compile(r"\S+\s*|\s+")
REASONS: Final = {
    "both": "Changed here and there in different ways.",
    "cut": "Changed there, where only the beginning of a longer text stands.",
    "ping_pong": "Changed there again and again, against what was said elsewhere. Look what changes it there.",
}
DECISIONS: Final = {"ours": "what stood here", "theirs": "what stood there", "other": "another text"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text: `same` as before, `in` what is new, or `out` what is not there any more."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One conflict in words."""

    view: ConflictView
    label: str
    where: str
    connector: str
    language: str
    why: str
    base: str
    ours: list[Piece]
    theirs: list[Piece]
    ours_who: str
    draft: str
    long: bool
    decided: str


@conflicts.get("/conflicts")
def show_conflicts() -> Response:
    """Show what waits for a decision, and what was decided lately."""
    return _show(None)


@conflicts.post("/conflicts/<conflict_id>")
def decide(conflict_id: str) -> Response:
    """Let a value hold."""
    room, choice = services().placements.conflicts, request.form.get("choice", "")
    name = room.get(actor(), conflict_id).name
    value = request.form.get("value", "") if choice == "other" else None
    try:
        made = room.decide(actor(), conflict_id, choice, _typed(name, value))
    except HubError as error:
        return _show(error)
    only = request.form.get("copy", "")
    return go(f"/conflicts?copy={made.placement_id}" if only else "/conflicts", "decided")


@conflicts.post("/proposals/<proposal_id>")
def decide_file(proposal_id: str) -> Response:
    """Let one of two files hold."""
    try:
        made = services().proposals.decide(actor(), proposal_id, request.form.get("choice", ""))
    except (Conflict, Invalid) as error:
        return _show(error)
    if made.made_version_id:
        return go(f"/assets/{made.asset_code}", "proposed")
    return go(f"/conflicts?copy={made.placement_id}" if request.form.get("copy") else "/conflicts", "ours")


def marked(before: str, after: str) -> list[Piece]:
    """Return a text with what differs from an earlier one marked, word by word."""
    old, new = WORD.findall(before), WORD.findall(after)
    pieces: list[Piece] = []
    for kind, low, high, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind in {"delete", "replace"}:
            pieces.append(Piece("out", "".join(old[low:high])))
        if kind in {"insert", "replace"}:
            pieces.append(Piece("in", "".join(new[start:end])))
        if kind == "equal":
            pieces.append(Piece("same", "".join(new[start:end])))
    return pieces


def _show(error: HubError | None) -> Response:
    room, who, only = services().placements.conflicts, actor(), request.values.get("copy", "")[:64]
    waiting = room.list(who, placement_id=only)
    decided = room.list(who, placement_id=only, decided=True)[:LATELY]
    proposed = services().proposals.list(who, placement_id=only)
    overs = services().proposals.list(who, placement_id=only, decided=True)[:LATELY]
    deciders = [one.decided_by or "" for one in (*waiting, *decided, *overs)]
    names = people((*deciders, *(one.ours_by for one in (*waiting, *decided))))
    return page(
        "conflicts.html", error.status if error else 200, here="drift", only=only, error=error,
        waiting=_said(waiting, names), decided=_said(decided, names), proposed=in_words(proposed, names),
        overs=in_words(overs, names),
    )  # fmt: skip


def _said(found: Sequence[ConflictView], names: Names) -> list[Disagreement]:
    return [_in_words(one, names) for one in found]


def _in_words(view: ConflictView, names: Names) -> Disagreement:
    base, ours, theirs = _line(view.base), _line(view.ours), _line(view.theirs)
    label = LABELS.get(view.name, (view.name.replace("_", " ").capitalize(), ""))[0]
    decided = DECISIONS.get(view.decision, "")
    return Disagreement(
        view, label, f"{view.target_label}, {view.remote_label}", connector_title(view.connector),
        name_of(view.language) if view.language else "", REASONS.get(view.reason, ""), base, marked(base, ours),
        marked(base, theirs), _who(view, names), _line(view.value) if view.decision else ours, view.name in LONG,
        f"{names[view.decided_by or '']} chose {decided}" if decided else "",
    )  # fmt: skip


def _who(view: ConflictView, names: Names) -> str:
    if view.ours_author == Author.PERSON:
        return names[view.ours_by]
    if view.ours_author != Author.CHANNEL:
        return {"file": "the file itself", "model": "a model", "rule": "a rule"}.get(view.ours_author, "")
    try:
        copy = services().placements.copy(actor(), view.ours_by)
    except NotFound:
        return "another channel"
    return f"{copy.target_label}, {copy.remote_label}"


def _typed(name: str, value: str | None) -> Any:
    if value is None or name != "keywords":
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _line(value: Value) -> str:
    return ", ".join(value) if isinstance(value, list) else value
