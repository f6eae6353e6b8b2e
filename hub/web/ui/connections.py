"""The connections page: who needs you, how each outside account is, connect, test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response
from sqlalchemy import func, select

from hub.connections.calendar import Sure, What
from hub.connections.models import Target
from hub.errors import HubError, NotFound
from hub.placements.models import Placement
from hub.placements.neighbours import Neighbour, neighbours
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.adjusting import places_of, settings_of
from hub.web.ui.calendar import hue_of, when
from hub.web.ui.frame import go, page
from hub.web.ui.listening import told_by
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from hub.connections.views import ConnectionView

connections = Blueprint("connections", "hub.web")


@dataclass(frozen=True, slots=True)
class Ending:
    """When a person must sign in again."""

    at: int
    when: str
    hue: str
    usual: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One connection on the page."""

    id: str
    remote_id: str
    connector: str
    title: str
    label: str
    state: str
    sign: Sign
    problem: str
    problem_code: str
    auth: str
    copies: int
    places: int
    last_ok_at: int | None
    next_try_at: int | None
    ends: Ending | None
    budget: str
    leaving_since: int | None
    created_at: int
    plan: str
    abilities: Sequence[str]


@connections.get("/connections")
def show_connections() -> Response:
    """Show all connections, those that need somebody first."""
    found = services().connections.list(actor())
    cards = sorted(_cards(found), key=lambda card: (card.state != "needs_person", card.state == "off", card.title))
    counted = Counter(card.sign.word for card in cards)
    summary = ", ".join(f"{count} {word.lower()}" for word, count in counted.items())
    return page(
        "connections.html", here="connections", cards=cards, summary=summary, offers=services().connections.connectors()
    )


@connections.get("/connections/<connection_id>")
def show_connection(connection_id: str) -> Response:
    """Show one connection and its places."""
    view = services().connections.view(actor(), connection_id)
    (card,) = _cards([view])
    settings, last = settings_of(view)
    return page(
        "connection.html", here="connections", card=card, told_by=told_by(view), settings=settings, last=last,
        others=_others(view),
        **places_of(view),
    )  # fmt: skip


@connections.post("/connections/<connection_id>/<act>")
def act_on_connection(connection_id: str, act: str) -> Response:
    """Test, read places, pause, resume."""
    room = services().connections
    doing: dict[str, tuple[Any, str]] = {
        "test": (room.test, "tested"), "targets": (room.refresh_targets, "refreshed"), "pause": (room.pause, "paused"),
        "resume": (room.resume, "resumed"),
    }  # fmt: skip
    if act not in doing:
        raise NotFound("no_such_act", "There is no such act.", where=act, next_step="Choose one on the page.")
    do, said = doing[act]
    do(actor(), connection_id)
    if act == "test" and room.view(actor(), connection_id).state != "live":
        return go(f"/connections/{connection_id}")
    return go(f"/connections/{connection_id}", said)


def _cards(found: Sequence[ConnectionView]) -> list[Card]:
    with services().database.read() as session:
        counted = (
            select(Target.remote_id, func.count(Placement.id))
            .join(Placement, Placement.target_id == Target.id)
            .where(Placement.settled_at.is_(None), Placement.phase != "withdrawn")
            .group_by(Target.remote_id)
        )
        copies = dict(session.execute(counted).all())
    room, now = services().connections, services().clock.now()
    ends = {
        one.connection_id: Ending(one.ends_at, when(one.ends_at, now), hue_of(one, now), one.sure is Sure.USUAL)
        for one in room.calendar(actor())
        if one.what is What.SIGN_IN
    }
    return [
        Card(
            one.id, one.remote_id, one.connector, one.connector_title, one.account_label, one.state,
            _sign(one), one.problem, one.problem_code, _way(one),
            copies.get(one.remote_id, 0), one.targets, one.last_ok_at, one.next_try_at, ends.get(one.id),
            _budget(one.id), one.leaving_since, one.created_at, one.plan,
            [words.ABILITY.get(ability.name, ability.name) for ability in one.abilities if ability.able],
        )
        for one in found
    ]  # fmt: skip


def _others(view: ConnectionView) -> list[Neighbour]:
    with services().database.read() as session:
        return neighbours(session, view.remote_id)


def _sign(one: ConnectionView) -> Sign:
    left = one.state == "off" and one.problem_code in {"disconnected", "replaced"}
    return words.LEFT if left else words.CONNECTION.get(one.state, words.UNKNOWN)


def _budget(connection_id: str) -> str:
    """Say how many calls the tightest limit still allows."""
    try:
        budget = services().connections.budget_left(actor(), connection_id)
    except HubError:  # the way to connect is not offered any more: the connection itself says so when it is used
        return ""
    tightest = min(budget.limits, key=lambda one: one.left / one.calls, default=None)
    if tightest is None:
        return ""
    span = {60: "a minute", 3600: "an hour", 86400: "a day"}.get(int(tightest.per_s), f"{tightest.per_s:g} s")
    return f"{words.figure(tightest.left)} of {words.figure(tightest.calls)} calls in {span}"


def _way(one: ConnectionView) -> str:
    """Say how somebody signed in there, in the words of the form."""
    known = {manifest.name: manifest.auths for manifest in services().connections.connectors()}
    labels = {auth.name: auth.label for auth in known.get(one.connector, ())}
    return labels.get(one.auth, one.auth.replace("_", " ").capitalize())
