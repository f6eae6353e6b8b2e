"""What an approval, a clause or the end of a binding would change, shown before anybody carries it out."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, request

from hub.errors import Invalid
from hub.placements.rehearsal import Foreseen
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.copies import Outcome, outcomes, reached
from hub.web.ui.dates import day_after, day_start
from hub.web.ui.frame import page

foreseen = Blueprint("foreseen", "hub.web")
CLAUSE: Final = ("source", "effect", "channels", "territories", "from", "until", "document")


@foreseen.get("/assets/<code>/before/approve")
def before_approval(code: str) -> Response:
    """Show what approving a version would change."""
    asset = services().catalogue.view(actor(), code)
    wanted = request.args.get("version", "")
    version = next((one for one in asset.versions if one.id == wanted), None)
    if version is None:
        raise Invalid("no_version_named", "No version of this asset was named.", where="version",
                      next_step="Begin from the asset's review section.")  # fmt: skip
    found = services().rehearsal.approval(actor(), version.id)
    fields = {"verdict": "approve", "version_id": version.id, "sha256": version.sha256}
    return foreseen_page(
        f"Approve v{version.number} of {asset.title}?", found, fields, action=f"/assets/{asset.code}/decide",
        verb=f"Approve v{version.number}", back=f"/assets/{asset.code}/review",
        safe="earlier versions stay, and each of them can be approved again.",
    )  # fmt: skip


@foreseen.post("/assets/<code>/before/clause")
def before_clause(code: str) -> Response:
    """Show what a clause would change when it begins, and what when it ends."""
    asset, form = services().catalogue.view(actor(), code), request.form
    found = services().rehearsal.clause(
        actor(), asset.id, source=form.get("source", "licence"), effect=form.get("effect", "allow"),
        channels=_list(form.get("channels", "").lower()), territories=_list(form.get("territories", "").upper()),
        from_at=day_start(form.get("from", "")), until_at=day_after(form.get("until", "")), use="both",
        document=form.get("document", "").strip(),
    )  # fmt: skip
    return foreseen_page(
        f"Add this clause to {asset.title}?", found, {name: form.get(name, "") for name in CLAUSE},
        action=f"/assets/{asset.code}/terms", verb="Add the clause", back=f"/assets/{asset.code}/rights",
        safe="the original and all its versions stay. The clause can be lifted.",
    )  # fmt: skip


@foreseen.get("/assets/<code>/before/lift")
def before_lifting(code: str) -> Response:
    """Show what taking a clause back would change."""
    asset = services().catalogue.view(actor(), code)
    term_id = request.args.get("term", "")
    found = services().rehearsal.lifting(actor(), term_id)
    return foreseen_page(
        f"Lift this clause of {asset.title}?", found, {}, action=f"/assets/{asset.code}/terms/{term_id}/lift",
        verb="Lift the clause", back=f"/assets/{asset.code}/rights",
        safe="the clause stays in the record, and one like it can be added again.",
    )  # fmt: skip


@foreseen.get("/bindings/<binding_id>/before/end")
def before_ending(binding_id: str) -> Response:
    """Show what ending a binding and taking its links away would change."""
    binding = services().bindings.view(actor(), binding_id)
    found = services().rehearsal.ending(actor(), binding_id, "remove")
    return foreseen_page(
        f"End {binding.name} and take its links away?", found, {"links": "remove"}, here="bindings",
        action=f"/bindings/{binding_id}/end", verb="End it", back=f"/bindings/{binding_id}",
        safe="all assets and their versions stay. What another binding asks for too stays on its cards.",
    )  # fmt: skip


def foreseen_page(
    question: str, found: Foreseen, fields: dict[str, str], *, action: str, verb: str, back: str, safe: str,
    here: str = "library",
) -> Response:  # fmt: skip
    """Show what an act would change, with a button that carries it out.

    Args:
        question: asks whether to do it.
        found: what would change.
        fields: what the button sends along.
        action: where it sends that.
        verb: what it says.
        back: where one goes who does not want it.
        safe: what stays, whatever happens.
        here: the part of the hub that it belongs to.
    """
    now = services().clock.now()
    changed = reached(found.first.lines)
    at_once = found.begins_at <= now
    button = f"{verb} and change {changed} now" if changed and at_once else verb
    when = "This is what follows at once." if at_once else f"It counts from {words.moment(found.begins_at)}."
    values: dict[str, Any] = {
        "here": here, "question": question, "action": action, "substitutes": None, "substitute": "",
        "lines": outcomes(found.first.lines), "later": _later(found), "hidden": fields, "ask_reason": False,
        "reason": "", "handouts": 0, "safe": safe, "back": back, "button": button,
        "explanation": when,
    }  # fmt: skip
    return page("impact.html", **values)


def _later(found: Foreseen) -> tuple[str, list[Outcome]] | None:
    """Return what follows when it ends, if anything does."""
    if found.then is None or found.ends_at is None or not reached(found.then.lines):
        return None
    return words.moment(found.ends_at), outcomes(found.then.lines)


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
