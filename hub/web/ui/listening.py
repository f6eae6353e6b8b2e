"""Being told of changes: which webhooks an account sends, and having it send them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response
from sqlalchemy import Select, select

from connectors.sdk.manifest import Capability
from hub.connections.models import Subscription, Target
from hub.errors import Conflict
from hub.placements.models import Placement
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.frame import go, page

if TYPE_CHECKING:
    from hub.connections.views import ConnectionView

listening = Blueprint("listening", "hub.web")
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Told:
    """How an account tells the hub of changes."""

    way: str  # asks: the hub asks it to; entered: a person enters an address there; none
    feed: bool  # the hub reads its change feed besides
    count: int  # places it tells of; for "entered", addresses
    silent: int  # places where copies stand and that it does not tell of
    addresses: list[str]
    forged: int  # deliveries that were refused, at least
    forged_at: int | None


def told_by(view: ConnectionView) -> Told:
    """Return how the account behind a connection tells of changes."""
    manifest = services().connections.manifest(view.connector)
    asks = Capability.SUBSCRIBE in manifest.abilities
    way = "none" if manifest.inbound is None else "asks" if asks else "entered"
    with services().database.read() as session:
        rows = session.scalars(select(Subscription).where(Subscription.remote_id == view.remote_id)).all()
        silent = len(session.scalars(_silent(view.remote_id)).all()) if way == "asks" else 0
    addresses = [row.callback_url for row in rows if row.target_id is None] if way == "entered" else []
    return Told(
        way, Capability.CHANGES in manifest.abilities, len(rows), silent, addresses, view.forged, view.forged_at
    )


@listening.post("/connections/<connection_id>/listen")
def listen(connection_id: str) -> Response:
    """Have the account tell of every place where copies stand, or make the address that a person enters there."""
    room, view = services().connections, services().connections.view(actor(), connection_id)
    told = told_by(view)
    if told.way == "asks":
        with services().database.read() as session:
            wanted = session.scalars(_silent(view.remote_id).limit(MOST)).all()
        for target_id in wanted:
            room.subscribe(actor(), target_id)
        return go(f"/connections/{connection_id}", "listening")
    known = room.targets(actor(), view.remote_id)
    if not known:
        raise Conflict("no_places", "No place there is known yet.", where=view.account_label,
                       next_step="Read places again first.")  # fmt: skip
    made = room.subscribe(actor(), known[0].id)
    return page("webhook.html", here="connections", account=view, made=made)


def _silent(remote_id: str) -> Select[str]:
    """Select the places of an account where copies stand and that it sends no webhooks about."""
    placed = select(Placement.target_id).where(Placement.settled_at.is_(None))
    heard = select(Subscription.target_id).where(Subscription.target_id.is_not(None))
    return select(Target.id).where(Target.remote_id == remote_id, Target.id.in_(placed), Target.id.not_in(heard))
