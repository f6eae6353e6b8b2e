"""Copies that show several assets: which ones accompany the leading one, in their order.

A copy's set never changes: another set is another copy. So whoever was shown together stays on record, and a recall,
the end of rights or a new version of any of them reaches the copy by one question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from hub.errors import Conflict
from hub.placements.models import Companion, Placement

LONGEST_SLOT: Final = 255


def companions_of(session: Session, placement_id: str) -> tuple[str, ...]:
    """Return the assets that a copy shows behind its leading one, in their order."""
    query = select(Companion.asset_id).where(Companion.placement_id == placement_id)
    return tuple(session.scalars(query.order_by(Companion.position)))


def accompany(session: Session, placement_id: str, asset_ids: Iterable[str]) -> None:
    """Write down, once and for all, which assets accompany the leading one of a new copy."""
    for position, asset_id in enumerate(asset_ids, 1):
        session.add(Companion(placement_id=placement_id, position=position, asset_id=asset_id))
    session.flush()


def accompanied(asset_id: str) -> Select[str]:
    """Return the ids of all copies that this asset accompanies, as a query."""
    return select(Companion.placement_id).where(Companion.asset_id == asset_id)


def asks_for(asset_id: str) -> ColumnElement[bool]:
    """Tell, in a query over copies, whether one is of this asset: as its leading one, or behind it."""
    return or_(Placement.asset_id == asset_id, Placement.id.in_(accompanied(asset_id)))


def usual_slot(codes: Sequence[str]) -> str:
    """Return the slot of a set for which nobody names one: each set has a place of its own; alone, it is empty.

    Args:
        codes: of the companions, in their order.
    """
    named = f"with {', '.join(codes)}" if codes else ""
    return named if len(named) <= LONGEST_SLOT else f"with {codes[0]} and {len(codes) - 1} more, to {codes[-1]}"


def refuse_another_set(session: Session, row: Placement, asset_ids: Sequence[str]) -> None:
    """Let a copy be wanted again only with the companions that it was made with.

    Raises:
        Conflict: `set_differs`.
    """
    if companions_of(session, row.id) != tuple(asset_ids):
        raise Conflict(
            "set_differs", "In this slot stands the same asset with other companions, or without any.", where=row.slot,
            next_step="Name another slot, or none: then each set gets one of its own.",
        )  # fmt: skip
