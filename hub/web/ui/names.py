"""Names of people and of connectors for lists that hold their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select

from hub.access.models import User
from hub.connections.models import Remote, Target
from hub.web.services import services

if TYPE_CHECKING:
    from hub.events.models import Event


class Names(dict[str, str]):
    """Names by id; the hub itself and connectors have names too."""

    def __missing__(self, key: str) -> str:
        """Return what stands for somebody whose row is not there."""
        return "the hub" if key == "system" else key.removeprefix("connector:") if ":" in key else "somebody"


def people(ids: Iterable[str]) -> Names:
    """Return the names behind user ids, in one question."""
    with services().database.read() as session:
        return Names(session.execute(select(User.id, User.name).where(User.id.in_(set(ids)))).all())


def places_in(events: Iterable[Event]) -> dict[str, str]:
    """Return the names of the targets that events tell of, by id: the place and whose it is."""
    bodies = [cast("Mapping[str, Any]", event.body or {}) for event in events]
    wanted = {str(body["target_id"]) for body in bodies if body.get("target_id")}
    named = select(Target.id, Target.label, Remote.label).join(Remote, Remote.id == Target.remote_id)
    with services().database.read() as session:
        return {
            target: f"{label}, {remote}"
            for target, label, remote in session.execute(named.where(Target.id.in_(wanted)))
        }  # fmt: skip


def connector_title(name: str) -> str:
    """Return how a vendor writes its name; one that is no longer installed is named as well as we can."""
    return next((one.title for one in services().connections.connectors() if one.name == name), name.capitalize())


def posting_by_hand(names: Iterable[str]) -> list[str]:
    """Return the titles of those connectors where each publication is a person's act, so that nothing stands in."""
    asked = set(names)
    return sorted(one.title for one in services().connections.connectors() if one.name in asked and one.by_hand)
