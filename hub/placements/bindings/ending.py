"""What becomes of a binding's links when it ends: another binding takes them over, they go, or a person keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from hub.placements.bindings.authors import may_act
from hub.placements.bindings.planning import compared, release
from hub.placements.models import Binding, Placement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from hub.placements.bindings.planning import Found


def links_of(binding_id: str) -> Select[Placement]:
    """Return the question for the links that a binding wants."""
    mine = (Placement.binding_id == binding_id, Placement.settled_at.is_(None), Placement.wanted.is_(True))
    return select(Placement).where(*mine).order_by(Placement.id)


def heirs_of(
    session: Session, row: Binding, rows: Sequence[Binding], found: Found, silent: set[str]
) -> dict[str, str]:  # fmt: skip
    """Return which of a binding's links others would take over if it ended, and the id of the binding that would.

    Args:
        session: the caller's; nothing is written.
        row: the binding.
        rows: all bindings of its account.
        found: what saved searches found.
        silent: bindings whose search cannot be asked now; they take nothing over.
    """
    mine = list(session.scalars(links_of(row.id)))
    others = [each for each in rows if each.state == "live" and each.id not in {row.id, *silent}]
    with session.no_autoflush:
        for copy in mine:
            copy.wanted, copy.released = False, True  # in memory alone
        plan, _ = compared(session, rows, [each for each in others if may_act(session, each)], found)
        for copy in mine:
            copy.wanted, copy.released = True, False
    return {copy.id: wish.binding.id for copy, wish in plan.again}


def end(
    session: Session, row: Binding, links: str, heirs: Mapping[str, str], *, at: int,
    wake: Callable[[Session, Placement], None],
) -> None:  # fmt: skip
    """End a binding, and let its links go (`remove`) or be a person's from now on, like any other (`keep`).

    Of links that go, those in `heirs` stay as they are and belong to the binding that is named there, by ids: between
    two units a worker would take them off their cards, and put others there afterwards.
    """
    row.state, row.ended_at = "ended", at
    found = list(session.scalars(links_of(row.id).with_for_update()))
    going = [copy for copy in found if links == "remove" and copy.id not in heirs]
    for copy in found:
        if copy not in going:
            copy.binding_id = heirs.get(copy.id) if links == "remove" else None
    release(session, going, wake=wake)
    # What a person keeps another binding may ask for, too; and what could not be asked now, soon.
    others = (Binding.remote_id == row.remote_id, Binding.state == "live")
    session.execute(update(Binding).where(*others).values(due_at=at))
    session.flush()
