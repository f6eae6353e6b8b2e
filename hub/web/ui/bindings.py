"""Links on cards by themselves: every binding, making one in steps, its rehearsal, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from flask import Blueprint, Response, request

from hub.access.permissions import Act, require
from hub.errors import HubError, NotFound
from hub.placements.bindings.rules import Kind, Names, Source, Takes
from hub.placements.bindings.service import BindingWish
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.frame import go, page
from hub.web.ui.names import people
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.sdk.types import Board
    from hub.placements.bindings.views import BindingView

bindings = Blueprint("bindings-pages", "hub.web")

STATES: Final = {
    "dry": Sign("Not started", "flow", "hourglass"),
    "live": Sign("Live", "good", "circle-check"),
    "paused": Sign("Paused", "park", "circle-pause"),
    "ended": Sign("Ended", "rest", "archive"),
}
BECOMES: Final = {
    "added": Sign("Will be added", "flow", "plus"),
    "there": Sign("Linked", "good", "circle-check"),
    "refused": Sign("Removed by somebody", "rest", "unlink"),
    "waits": Sign("Waits for approval", "rest", "hourglass"),
    "left": Sign("Not added: the card is done", "rest", "archive"),
}
SETS: Final = {
    "any": "Whatever a card names by code", "collection": "A collection", "campaign": "A campaign",
    "project": "A project", "saved": "What a search finds",
}  # fmt: skip


@bindings.get("/bindings")
def show_bindings() -> Response:
    """Show every binding."""
    return page("bindings.html", here="bindings", bindings=services().bindings.list(actor()), states=STATES)


@bindings.get("/bindings/new")
def new_binding() -> Response:
    """Ask for the account, then for the board, then for the rest: each step has an address."""
    return _form()


@bindings.post("/bindings/new")
def make_binding() -> Response:
    """Keep a binding and show its rehearsal."""
    try:
        made = services().bindings.make(actor(), _wish())
    except HubError as wrong:
        return _form(wrong)
    return go(f"/bindings/{made.id}")


@bindings.get("/bindings/<binding_id>")
def show_binding(binding_id: str) -> Response:
    """Show one binding, and card by card what it does or would do."""
    return _one(binding_id)


@bindings.post("/bindings/<binding_id>/<act>")
def act_on_binding(binding_id: str, act: str) -> Response:
    """Start, pause or end a binding."""
    room = services().bindings
    if act not in {"start", "pause", "end"}:
        raise NotFound("no_such_act", "There is no such act.", where=act, next_step="Choose one on the page.")
    try:
        if act == "end":
            room.end(actor(), binding_id, request.form.get("links", ""))
        elif act == "start":
            room.start(actor(), binding_id)
        else:
            room.pause(actor(), binding_id)
    except NotFound:
        raise
    except HubError as wrong:
        return _one(binding_id, wrong)
    return go(f"/bindings/{binding_id}", f"binding-{act}")


def _one(binding_id: str, error: HubError | None = None) -> Response:
    view = services().bindings.view(actor(), binding_id)
    told = None
    try:
        told = services().bindings.rehearse(actor(), binding_id) if view.state != "ended" else None
    except HubError as wrong:
        error = error or wrong
    return page(
        "binding.html", error.status if error else 200, here="bindings", binding=view, rehearsed=told, error=error,
        states=STATES, becomes=BECOMES, about=_about(view), author=people([view.author_id])[view.author_id],
    )  # fmt: skip


def _about(view: BindingView) -> list[tuple[str, str]]:
    """Say in words what a binding asks for, as people called it in the account when they made it."""
    takes, source, names = view.takes, view.source, view.names
    field = f"the field {_one_of(view, [takes.field])}"
    asked = [
        f"in the list {_one_of(view, takes.lists)}" if takes.lists else "",
        f"with the label {_one_of(view, takes.labels)}" if takes.labels else "",
        f"with “{takes.words}” in the title" if takes.words else "",
        (f"with “{takes.value}” in {field}" if takes.value else f"with {field} filled") if takes.field else "",
    ]
    value = _called(source)
    named = [word for word, yes in (("the title", names.title), ("the description", names.text),
                                    (f"the field {_one_of(view, [names.field])}", names.field)) if yes]  # fmt: skip
    shows = f"those it names by code in {' or '.join(named)}" if named else "all of them"
    return [
        ("Cards", f"On {view.board_label}" + "".join(f", {each}" for each in asked if each)),
        ("Assets", f"{SETS[source.kind]}{': ' if value else ''}{value}"),
        ("Each card shows", shows),
        *([("Done", f"in the list {_one_of(view, takes.done_lists)}")] if takes.done_lists else []),
    ]


def _one_of(view: BindingView, refs: Sequence[str]) -> str:
    return " or ".join(f"“{view.called.get(ref, ref)}”" for ref in refs)


def _called(source: Source) -> str:
    if source.kind != "collection":
        return source.value
    known = {one.id: one.name for one in services().catalogue.collections(actor())}
    return known.get(source.value, "one that is gone")


def _form(error: HubError | None = None) -> Response:
    require(actor(), Act.PLACE)
    room, remote_id = services().bindings, request.values.get("remote_id", "")
    board: Board | None = None
    boards: list[Board] = []
    try:
        if remote_id:
            boards = room.boards(actor(), remote_id)
        if remote_id and (ref := request.values.get("board", "")):
            board = room.board(actor(), remote_id, ref)
    except HubError as wrong:
        error = error or wrong
    return page(
        "binding_new.html", error.status if error else 200, here="bindings", error=error, remote_id=remote_id,
        accounts=room.accounts(actor()), boards=boards, board=board, sets=SETS, given=request.form,
        collections=services().catalogue.collections(actor()),
    )  # fmt: skip


def _wish() -> BindingWish:
    form = request.form
    kind = form.get("kind", "any")
    value = form.get("collection" if kind == "collection" else "value", "").strip()
    takes = Takes(
        tuple(form.getlist("lists")), tuple(form.getlist("labels")), form.get("words", "").strip(),
        form.get("field", ""), form.get("field_value", "").strip(), tuple(form.getlist("done_lists")),
    )  # fmt: skip
    source = Source(cast("Kind", kind if kind in SETS else "any"), value)
    where = form.getlist("names")
    names = Names("title" in where, "text" in where, form.get("names_field", ""))
    return BindingWish(
        form.get("name", ""), form.get("remote_id", ""), form.get("board", ""), takes, source, names,
        form.get("withdraw_policy", "remove"),
    )  # fmt: skip
