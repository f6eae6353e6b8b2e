"""What becomes of a binding's links when it ends: another binding takes them over, they go, or a person keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from hub.placements.bindings.planning import release
from hub.placements.models import Binding, Placement

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Select
    from sqlalchemy.orm import Session


def links_of(binding_id: str) -> Select[Placement]:
    """Return the question for the links that a binding wants."""
    mine = (Placement.binding_id == binding_id, Placement.settled_at.is_(None), Placement.wanted.is_(True))
    return select(Placement).where(*mine).order_by(Placement.id)


def end(
    session: Session, row: Binding, links: str, *, at: int, wake: Callable[[Session, Placement], None]
) -> None:  # fmt: skip
    """End a binding, and let its links go (`remove`) or be a person's from now on, like any other (`keep`)."""
    row.state, row.ended_at = "ended", at
    found = list(session.scalars(links_of(row.id).with_for_update()))
    if links == "remove":
        release(session, found, wake=wake)
    else:
        for copy in found:
            copy.binding_id = None
    # Another binding may ask for the same: it takes them over at once.
    others = (Binding.remote_id == row.remote_id, Binding.state == "live")
    session.execute(update(Binding).where(*others).values(due_at=at))
    session.flush()
