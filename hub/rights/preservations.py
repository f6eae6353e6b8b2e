"""Legal holds: as long as one counts, nothing of an asset is purged. They say nothing of its use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access.permissions import Act, require
from hub.catalogue.assets import get_asset
from hub.catalogue.models import Asset
from hub.catalogue.views import refuse_unseen
from hub.db.base import new_id
from hub.errors import Conflict, Invalid, NotFound
from hub.events.log import emit
from hub.review.standing import standing_of
from hub.rights.models import Preservation

if TYPE_CHECKING:
    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database

LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class HoldView:
    """A legal hold as it is shown."""

    id: str
    asset_id: str
    reason: str
    by: str
    at: int
    lifted_at: int | None
    lifted_by: str | None


class Preservations:
    """Legal holds, as doors use them. Each method is one unit of work."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def hold(self, actor: Actor, asset_id: str, reason: str) -> HoldView:
        """Keep everything of an asset, deleted or not, until the hold is lifted.

        Raises:
            Forbidden, NotFound. Invalid: `no_reason`. Conflict: `asset_purged`.
        """
        with self._database.unit() as session:
            asset = _asset(session, actor, asset_id, lock=True)
            if not reason.strip() or len(reason) > LONGEST:
                raise Invalid(
                    "no_reason", f"A hold needs a reason, of at most {LONGEST} characters.", where="reason",
                    next_step="Write what it must be kept for.",
                )  # fmt: skip
            if asset.purged_at is not None:
                raise Conflict(
                    "asset_purged", f"{asset.code} was purged: nothing of it is left to be kept.", where=asset.code,
                    next_step="Its hashes and proofs stay on record without a hold.",
                )  # fmt: skip
            made = Preservation(
                id=new_id(), asset_id=asset.id, reason=reason.strip(), by=actor.id, at=self._clock.now()
            )
            session.add(made)
            session.flush()
            emit(session, "asset.held", asset.id, actor=actor.id, body={"hold_id": made.id})
            return _view(made)

    def lift(self, actor: Actor, hold_id: str) -> HoldView:
        """End a hold; it stays on record. Lifting twice changes nothing.

        Raises:
            Forbidden. NotFound: `no_such_hold`.
        """
        with self._database.unit() as session:
            found = session.get(Preservation, hold_id, with_for_update=True, populate_existing=True)
            if found is None:
                raise NotFound("no_such_hold", "There is no such hold.", next_step="Load the page again.")
            _asset(session, actor, found.asset_id)
            if found.lifted_at is None:
                found.lifted_at, found.lifted_by = self._clock.now(), actor.id
                emit(session, "asset.hold_lifted", found.asset_id, actor=actor.id, body={"hold_id": found.id})
            return _view(found)

    def of_asset(self, actor: Actor, asset_id: str) -> list[HoldView]:
        """Return an asset's holds, lifted ones too, oldest first, to those who may set them."""
        with self._database.read() as session:
            asset = _asset(session, actor, asset_id)
            query = select(Preservation).where(Preservation.asset_id == asset.id).order_by(Preservation.id)
            return [_view(row) for row in session.scalars(query)]


def _asset(session: Session, actor: Actor, asset_id: str, *, lock: bool = False) -> Asset:
    asset = get_asset(session, asset_id, lock=lock)
    refuse_unseen(actor, asset, standing_of(session, asset.id))
    require(actor, Act.SET_RIGHTS, owner_id=asset.owner_id)
    return asset


def _view(row: Preservation) -> HoldView:
    return HoldView(row.id, row.asset_id, row.reason, row.by, row.at, row.lifted_at, row.lifted_by)
