"""Which collections, campaigns and connections an event touches: asked across rooms, for the filters of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.catalogue.collections import of_asset
from hub.catalogue.metadata import fields_of
from hub.connections.models import Connection, Target
from hub.events.models import Event
from hub.notify.filters import Touched


def touched_by(session: Session, event: Event) -> Touched:
    """Return what an event touches now: an asset's collections and campaign, and every connection to its account."""
    body = cast("Mapping[str, Any]", event.body)
    room = event.kind.partition(".")[0]
    asset_id = event.subject if room in {"asset", "rights"} else body.get("asset_id")
    collections = {event.subject} if room == "collection" else set[str]()
    campaigns = set[str]()
    if asset_id:
        collections |= {found.id for found in of_asset(session, asset_id)}
        campaign = fields_of(session, asset_id).get("campaign")
        campaigns |= {campaign} if isinstance(campaign, str) else set()
    return Touched(frozenset(collections), frozenset(campaigns), _connections(session, event, body, room))


def _connections(session: Session, event: Event, body: Mapping[str, Any], room: str) -> frozenset[str]:
    """Return every connection to the account that an event is about: a newer one took over for an older one."""
    remote_id = body.get("remote_id")
    if room == "mapping":
        remote_id = event.subject
    elif remote_id is None and room == "connection":
        remote_id = session.scalar(select(Connection.remote_id).where(Connection.id == event.subject))
    elif remote_id is None and body.get("target_id"):
        remote_id = session.scalar(select(Target.remote_id).where(Target.id == body["target_id"]))
    if remote_id is None:
        return frozenset()
    return frozenset(session.scalars(select(Connection.id).where(Connection.remote_id == remote_id)))
