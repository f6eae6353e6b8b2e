"""The asset page: what it is, where it is, what it may be used for, who decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from sqlalchemy import select

from hub.access.permissions import Act, allowed, require
from hub.catalogue.views import AssetView, VersionView
from hub.errors import Invalid, NotFound
from hub.events.models import Event
from hub.media.models import Rendition, Traits
from hub.review.models import Verdict
from hub.rights.answer import Answer
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import rights, sharing, texts, words
from hub.web.ui.copies import places_of
from hub.web.ui.dates import day_after, day_start
from hub.web.ui.frame import go, page
from hub.web.ui.names import people, places_in
from hub.web.ui.shown import Line, Strip, line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

asset = Blueprint("asset", "hub.web", url_prefix="/assets/<code>")
TABS: Final = ("places", "details", "rights", "review", "history")


@asset.get("")
def show_asset(code: str) -> Response:
    """Show where an asset is."""
    return _show(code, "places")


@asset.get("/<tab>")
def show_tab(code: str, tab: str) -> Response:
    """Show another section of an asset's page."""
    if tab not in TABS:
        raise NotFound("no_such_page", "There is no such section.", where=tab, next_step="Choose one of the sections.")
    if tab == "places":
        view = services().catalogue.view(actor(), code)
        return page("fragments/places.html", asset=view, **places_of(view))
    return _show(code, tab)


@asset.post("/edit")
def edit(code: str) -> Response:
    """Save the described fields."""
    view = services().catalogue.view(actor(), code)
    revision, language = request.form.get("revision", type=int), request.form.get("language", "")
    services().catalogue.edit(
        actor(), view.id, texts.given(request.form), language=language, expected_revision=revision
    )
    return go(f"/assets/{view.code}/details" + (f"?language={language}" if language else ""), "edited")


@asset.post("/act/<act>")
def act_on(code: str, act: str) -> Response:
    """Do something to an asset that can be undone at once."""
    doing = {
        "submit": (services().review.submit, "submitted", "/review"),
        "unarchive": (services().catalogue.unarchive, "unarchived", ""),
        "restore": (services().catalogue.restore, "restored", ""),
    }.get(act)
    if doing is None:
        raise NotFound("no_such_act", "There is no such act.", where=act, next_step="Choose one on the page.")
    view = services().catalogue.view(actor(), code)
    doing[0](actor(), view.id)
    return go(f"/assets/{view.code}{doing[2]}", doing[1])


@asset.post("/decide")
def decide(code: str) -> Response:
    """Approve, reject or revoke."""
    view = services().catalogue.view(actor(), code)
    verdict, note = request.form.get("verdict", ""), request.form.get("note", "")
    version_id, sha256 = request.form.get("version_id", ""), request.form.get("sha256", "")
    if verdict == "approve":
        services().review.approve(actor(), version_id, sha256=sha256, note=note)
    elif verdict == "reject":
        services().review.reject(actor(), version_id, sha256=sha256, note=note)
    elif verdict == "revoke":
        services().review.revoke(actor(), view.id, note)
    else:
        raise Invalid("no_verdict", "No verdict was chosen.", where="verdict", next_step="Approve or reject.")
    said = {"approve": "approved", "reject": "rejected", "revoke": "revoked"}[verdict]
    return go(f"/assets/{view.code}{'' if verdict == 'revoke' else '/review'}", said)


@asset.post("/terms")
def add_term(code: str) -> Response:
    """Add a clause."""
    view = services().catalogue.view(actor(), code)
    form = request.form
    try:
        services().rights.add_term(
            actor(), view.id, source=form.get("source", "licence"), effect=form.get("effect", "allow"),
            channels=_list(form.get("channels", "").lower()), territories=_list(form.get("territories", "").upper()),
            from_at=day_start(form.get("from", "")), until_at=day_after(form.get("until", "")),
            document=form.get("document", "").strip(),
        )  # fmt: skip
    except Invalid as wrong:  # shown beside what was filled in, so that nobody has to write it again
        return _show(code, "rights", status=wrong.status, error=wrong, given=form)
    return go(f"/assets/{view.code}/rights", "term")


@asset.post("/links")
def make_link(code: str) -> Response:
    """Make a share link; its address is shown this once."""
    view = services().catalogue.view(actor(), code)
    form = request.form
    days = form.get("days", 0, type=int)
    made = services().delivery.make_link(actor(), view.id, form.get("preset", "web"), days=days)
    return _show(code, "places", made=made)


@asset.post("/links/<link_id>/revoke")
def revoke_link(code: str, link_id: str) -> Response:
    """End a share link at once."""
    services().delivery.revoke_link(actor(), link_id)
    return go(f"/assets/{code}", "unlinked")


@asset.post("/terms/<term_id>/lift")
def lift_term(code: str, term_id: str) -> Response:
    """Take a clause back."""
    services().rights.lift_term(actor(), term_id)
    return go(f"/assets/{code}/rights", "lifted")


def _show(code: str, tab: str, *, status: int = 200, **more: Any) -> Response:
    who = actor()
    view = services().catalogue.view(who, code)
    if tab not in _shown_tabs(view):
        require(who, Act.SEE_ACTIVITY if tab == "history" else Act.VIEW_UNAPPROVED, owner_id=view.owner_id)
    version = _chosen(view)
    shown = _picture(version, view)
    usable = services().rights.best_uses([view])[view.id]
    values: dict[str, Any] = {
        "here": "library", "tab": tab, "asset": view, "version": version, "sign": words.ASSET[view.lifecycle.value],
        "tabs": _tabs(view), "standing": _standing(view), "alt": view.fields.get("alt_text") or view.title,
        "usable": usable, "use_now": rights.use_now(usable), "shown": _sees_bytes(view, usable),
        "link_forms": sharing.FORM, **shown, **_section(tab, view, version), **more,
    }  # fmt: skip
    return page("asset.html", status, **values)


def _sees_bytes(view: AssetView, usable: Answer) -> bool:
    """Tell whether this person gets the bytes: those who see only what is approved get them while rights allow it."""
    return usable.ok or allowed(actor(), Act.VIEW_UNAPPROVED, owner_id=view.owner_id)


def _section(tab: str, view: AssetView, version: VersionView) -> dict[str, Any]:
    who = actor()
    if tab == "details":
        editable = allowed(who, Act.EDIT, owner_id=view.owner_id)
        return {**texts.section(view, request.args.get("language", "")), "editable": editable}
    if tab == "rights":
        return rights.section(view)
    if tab == "review":
        return _review(view, version)
    if tab == "history":
        return {"events": _events(view)}
    return places_of(view)


def _chosen(view: AssetView) -> VersionView:
    """Return the version to look at: the wanted one, else the one that waits for a decision, else the newest."""
    wanted = request.args.get("version")
    for one in view.versions:
        if one.id == (wanted or view.current_version_id):
            return one
    raise NotFound("no_such_version", "There is no such version of it.", where=view.code,
                   next_step="Choose one of its versions.")  # fmt: skip


def _picture(version: VersionView, view: AssetView) -> dict[str, Any]:
    ids = [one.id for one in view.versions]
    with services().database.read() as session:
        traits = session.get(Traits, version.id)
        ready = session.scalars(
            select(Rendition).where(
                Rendition.version_id.in_(ids), Rendition.state == "ready", Rendition.preset != "original"
            )
        ).all()
    forms = {(row.version_id, row.preset): row for row in ready}
    web = forms.get((version.id, "web")) or forms.get((version.id, "thumbnail"))
    strip = [
        Strip(one.id, one.number, _says(one, view), picture=(one.id, "thumbnail") in forms)
        for one in reversed(view.versions)
    ]
    return {
        "picture": web.preset if web else "",
        "width": web.width if web else None,
        "height": web.height if web else None,
        "film": version.media_type in {"video/mp4", "video/webm"} and not (traits and traits.state == "failed"),
        "pages": traits.pages if traits else None,
        "pending": traits is None or traits.state == "pending",
        "trouble": traits.error if traits else "",
        "versions": strip,
    }


def _says(version: VersionView, view: AssetView) -> str:
    if version.id == view.approved_version_id:
        return "approved"
    if version.id == view.current_version_id and view.lifecycle.value == "in_review":
        return "in review"
    return words.short_day(version.at)


def _standing(view: AssetView) -> str:
    approved = next((one for one in view.versions if one.id == view.approved_version_id), None)
    if approved is None:
        return ""
    said = f"v{approved.number}" + _approver(view)
    newest = view.versions[0].number
    return said + (f"; v{newest} is not approved" if newest > approved.number else "")


def _approver(view: AssetView) -> str:
    """Say who approved it and when, to those who may see decisions."""
    if not allowed(actor(), Act.VIEW_UNAPPROVED, owner_id=view.owner_id):
        return ""
    given = services().review.history(actor(), view.id)
    matching = (one for one in given if one.version_id == view.approved_version_id)
    yes = next((one for one in matching if one.verdict is Verdict.APPROVED), None)
    return f", approved by {people([yes.by])[yes.by]}, {words.short_day(yes.at)}" if yes else ""


def _tabs(view: AssetView) -> list[tuple[str, str, int]]:
    labels = {
        "places": "Where it is",
        "details": "Details",
        "rights": "Rights",
        "review": "Review",
        "history": "History",
    }
    found = services().placements.where(actor(), view.id)
    counts = {"places": sum(copy.settled_at is None for copy in found)}
    return [(name, labels[name], counts.get(name, 0)) for name in _shown_tabs(view)]


def _shown_tabs(view: AssetView) -> list[str]:
    """Return the sections that this person may open."""
    who = actor()
    needed = {"review": Act.VIEW_UNAPPROVED, "history": Act.SEE_ACTIVITY}
    return [name for name in TABS if allowed(who, needed.get(name, Act.VIEW), owner_id=view.owner_id)]


def _review(view: AssetView, version: VersionView) -> dict[str, Any]:
    who = actor()
    decides = allowed(who, Act.DECIDE, owner_id=view.owner_id)
    newest = view.versions[0]
    given = services().review.history(who, view.id)
    numbers = {one.id: one.number for one in view.versions}
    names = people([one.by for one in given])
    open_state = view.lifecycle.value in {"draft", "rejected"} and newest.id != view.approved_version_id
    return {
        "decidable": decides and version.id != view.approved_version_id and not view.deleted_at,
        "submittable": open_state and not decides and allowed(who, Act.SUBMIT, owner_id=view.owner_id),
        "revocable": decides and view.approved_version_id is not None,
        "decisions": [
            Line(one.at, *_verdict(one.verdict), f"v{numbers.get(one.version_id, '?')} by {names[one.by]}. {one.note}")
            for one in given
        ],
    }  # fmt: skip


def _verdict(verdict: Verdict) -> tuple[str, str, str]:
    return {
        Verdict.APPROVED: ("Approved", "badge-check", "good"),
        Verdict.REJECTED: ("Rejected", "circle-x", "stop"),
        Verdict.REVOKED: ("Approval taken back", "undo-2", "care"),
    }[verdict]


def _events(view: AssetView) -> Sequence[Line]:
    if not allowed(actor(), Act.SEE_ACTIVITY):
        return []
    with services().database.read() as session:
        about = select(Event).where(Event.subject == view.id).order_by(Event.seq.desc()).limit(200)
        events = list(session.scalars(about))
    names = people([event.actor for event in events])
    where = places_in(events)
    return [line_of(event, names, places=where) for event in events]


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
