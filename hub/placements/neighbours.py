"""Other hubs that keep copies in the same account: known by their markers, where a change feed or a listing names them.

A marker begins with six letters that name the hub that made it. What another hub put there is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.marker import marker_in
from connectors.sdk.types import Change
from hub.access.actors import SYSTEM
from hub.events.log import emit
from hub.events.models import Event
from hub.placements.rows import new_marker

EVENT: Final = "remote.shared"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another hub."""

    begins: str  # how its markers begin
    met_at: int  # when the first of them was met


def neighbours(session: Session, remote_id: str) -> list[Neighbour]:
    """Return the other hubs whose copies were met in an account."""
    met = session.scalars(select(Event).where(Event.kind == EVENT, Event.subject == remote_id).order_by(Event.seq))
    return [Neighbour(str(cast("dict[str, Any]", event.body)["begins"]), event.at) for event in met]


def meet(session: Session, remote_id: str, changes: Iterable[Change]) -> None:
    """Note each other hub whose copies a feed names, once."""
    named = (marker_in(change.item.name) for change in changes if change.item is not None)
    seen(session, remote_id, {marker for marker in named if marker})


def seen(session: Session, remote_id: str, markers: Iterable[str]) -> None:
    """Note each other hub whose markers stand in an account, once."""
    begun = {_begin(marker) for marker in markers}
    if not begun:
        return
    known = {one.begins for one in neighbours(session, remote_id)} | {own_beginning(session)}
    for begins in sorted(begun - known):
        emit(session, EVENT, remote_id, actor=SYSTEM.id, body={"begins": begins})


def own_beginning(session: Session) -> str:
    """Return how this hub's markers begin."""
    return _begin(new_marker(session))


def _begin(marker: str) -> str:
    return marker.partition("-")[0]
