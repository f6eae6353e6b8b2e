"""The activity page: the event log in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from sqlalchemy import select

from hub.access.permissions import Act, allowed, require
from hub.catalogue.models import Asset, Collection
from hub.connections.models import Connection, Remote
from hub.events.models import Event
from hub.notify.models import Endpoint
from hub.placements.models import Binding, Placement, Recall
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.frame import page
from hub.web.ui.names import people, places_in
from hub.web.ui.shown import line_of

if TYPE_CHECKING:
    from collections.abc import Mapping

activity = Blueprint("activity", "hub.web")
PAGE = 100


@activity.get("/activity")
def show_activity() -> Response:
    """Show what happened, newest first."""
    require(actor(), Act.SEE_ACTIVITY)
    kind, before = request.args.get("kind", ""), request.args.get("before", type=int)
    wanted = select(Event).order_by(Event.seq.desc()).limit(PAGE + 1)
    if kind:
        wanted = wanted.where(Event.kind == kind)
    if before:
        wanted = wanted.where(Event.seq < before)
    with services().database.read() as session:
        found = list(session.scalars(wanted))
    shown = found[:PAGE]
    about = {**_receivers(shown), **_subjects([event.subject for event in shown])}
    names = people([event.actor for event in shown])
    where = places_in(shown)
    lines = [
        line_of(
            one, names, about=about.get(one.subject, ("", ""))[0], href=about.get(one.subject, ("", ""))[1],
            places=where,
        )
        for one in shown
    ]  # fmt: skip
    more = f"/activity?before={shown[-1].seq}" + (f"&kind={kind}" if kind else "") if len(found) > PAGE else ""
    kinds = [(value, head) for value, (head, _) in words.EVENT.items()]
    return page("activity.html", here="activity", events=lines, kind=kind, kinds=kinds, more=more)


def _receivers(shown: list[Event]) -> dict[str, tuple[str, str]]:
    """Return the receivers of webhooks that events are about: by the name that was given them, else by whose they are.

    One that was removed is known by what its events say of it.
    """
    told = [event for event in shown if event.kind.startswith("endpoint.")]
    found = {
        event.subject: (str(cast("Mapping[str, Any]", event.body or {}).get("host", "")), "")
        for event in reversed(told)
    }
    may_open = allowed(actor(), Act.MANAGE_ENDPOINTS)
    with services().database.read() as session:
        for one in session.scalars(select(Endpoint).where(Endpoint.id.in_(found))):
            name = one.description or urlsplit(one.url).hostname or ""
            found[one.id] = (name, f"/webhooks/{one.id}" if may_open else "")
    return found


def _subjects(ids: list[str]) -> dict[str, tuple[str, str]]:
    """Return what each id is about: a word and an address."""
    found: dict[str, tuple[str, str]] = {}
    with services().database.read() as session:
        for asset in session.scalars(select(Asset).where(Asset.id.in_(ids))):
            found[asset.id] = (asset.code, f"/assets/{asset.code}")
        copies = select(Placement.id, Asset.number).join(Asset, Asset.id == Placement.asset_id)
        for placement_id, number in session.execute(copies.where(Placement.id.in_(ids))):
            found[placement_id] = (f"a copy of DAM-{number}", f"/copies/{placement_id}/proof")
        recalls = select(Recall.id, Asset.number).join(Asset, Asset.id == Recall.asset_id)
        for recall_id, number in session.execute(recalls.where(Recall.id.in_(ids))):
            found[recall_id] = (f"DAM-{number}", f"/recalls/{recall_id}")
        ways = select(Connection.id, Remote.label).join(Remote, Remote.id == Connection.remote_id)
        for connection_id, label in session.execute(ways.where(Connection.id.in_(ids))):
            found[connection_id] = (label, f"/connections/{connection_id}")
        for remote in session.scalars(select(Remote).where(Remote.id.in_(ids))):
            found[remote.id] = (remote.label, "/connections")
        for collection in session.scalars(select(Collection).where(Collection.id.in_(ids))):
            found[collection.id] = (collection.name, "")
        for binding in session.scalars(select(Binding).where(Binding.id.in_(ids))):
            found[binding.id] = (binding.name, f"/bindings/{binding.id}")
    return {**{who: (name, "") for who, name in people(ids).items()}, **found}
