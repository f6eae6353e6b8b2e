"""Usage: a card that was finished with a link on it has used the asset. It is recorded once, for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from hub.events.log import emit
from hub.placements.models import Placement, UsePlace
from hub.placements.phase import Phase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.placements.bindings.planning import Wish

KIND: Final = "finished_card"


def record(session: Session, wishes: Sequence[Wish], at: int) -> int:
    """Record the use of every asset that is linked on a card that is done; return how many are new."""
    done = {wish.card.target_id: wish.card for wish in wishes if wish.done}
    recorded, targets = 0, sorted(done)
    for start in range(0, len(targets), 500):
        known = select(UsePlace.placement_id).where(UsePlace.kind == KIND)
        query = select(Placement).where(
            Placement.target_id.in_(targets[start : start + 500]), Placement.binding_id.is_not(None),
            Placement.settled_at.is_(None), Placement.phase == Phase.LIVE.value, Placement.wanted.is_(True),
            Placement.id.not_in(known),
        )  # fmt: skip
        for row in session.scalars(query):
            card = done[row.target_id]
            session.add(UsePlace(placement_id=row.id, kind=KIND, ref=card.ref, label=card.title or card.ref,
                                 url=card.url, public=False, first_told_at=at, told_at=at, gone_at=None))  # fmt: skip
            body = {"asset_id": row.asset_id, "target_id": row.target_id, "binding_id": row.binding_id}
            emit(session, "usage.recorded", row.id, actor="system", body=body)
            recorded += 1
    return recorded
