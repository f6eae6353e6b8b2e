"""Put a copy back that somebody removed in the channel: into the same place, wanted as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.manifest import Capability
from hub.access.permissions import Act, require
from hub.catalogue.assets import get_asset
from hub.catalogue.views import refuse_unseen
from hub.errors import Conflict, Invalid, NotFound
from hub.placements import facts
from hub.placements.companions import companions_of, refuse_another_set
from hub.placements.ledger import REMOVED_THERE, ask_anew, open_account, store_phase
from hub.placements.models import Binding, Placement
from hub.placements.phase import Observed
from hub.placements.rows import add_row, living_row
from hub.placements.trouble import tell
from hub.placements.views import CopyView, copy_view
from hub.review.standing import standing_of

if TYPE_CHECKING:
    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.placements.ledger import Surroundings
    from hub.placements.plan import Planner
    from hub.placements.ports import Switchboard


class Restoring:
    """Putting copies back, as doors use it. Each method is one unit of work."""

    def __init__(
        self, database: Database, clock: Clock, switchboard: Switchboard, planner: Planner, around: Surroundings
    ) -> None:
        self._database, self._clock, self._switchboard = database, clock, switchboard
        self._planner, self._around = planner, around

    def restore(self, actor: Actor, placement_id: str) -> CopyView:
        """Publish a copy again into the place that it was removed from; return the copy that stands for it now.

        One that has settled stays on record; another takes its place, with the same slot, policies, pin and set. Where
        somebody placed the asset there again already, that copy is returned. Nothing is published before the asset may
        be shown there.

        Raises:
            Forbidden. NotFound: `no_such_copy`. Invalid: `cannot_publish`. Conflict: `not_removed`, `asset_deleted`,
                `set_differs`.
        """
        require(actor, Act.PLACE)
        with self._database.unit() as session:
            old = self._locked(session, actor, placement_id)
            row = self._put_back(session, old) if old.settled_at is None else self._anew(session, actor, old)
            tell(session, row, "placement.restored", by=actor.id, restores=old.id)
            self._planner.wake(session, row)
            session.flush()
            return copy_view(session, row)

    def _locked(self, session: Session, actor: Actor, placement_id: str) -> Placement:
        row = session.get(Placement, placement_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound("no_such_copy", "There is no such copy.", next_step="Load the page again.")
        asset = get_asset(session, row.asset_id)
        refuse_unseen(actor, asset, standing_of(session, asset.id))
        if asset.deleted_at is not None:
            raise Conflict(
                "asset_deleted", f"{asset.code} is deleted: nothing of it is shown anywhere.", where=asset.code,
                next_step="Bring the asset back first.",
            )  # fmt: skip
        why = row.problem_code if row.settled_at is None else row.settled_reason
        if why != REMOVED_THERE:
            raise Conflict(
                "not_removed", "Nobody removed this copy there.", next_step="Place the asset there if it is wanted.",
            )  # fmt: skip
        return row

    def _put_back(self, session: Session, row: Placement) -> Placement:
        """Let the copy itself be made once more: its end was not confirmed yet."""
        account = open_account(session, row, self._switchboard, self._around, self._clock.now())
        ask_anew(account)
        row.blocked, row.problem_code, row.problem, row.attempt = False, "", "", 0
        row.observed = Observed.UNKNOWN.value
        store_phase(account)
        return row

    def _anew(self, session: Session, actor: Actor, old: Placement) -> Placement:
        place = facts.place_of(session, old.target_id)
        manifest = self._switchboard.manifest(place.connector).at(place.kind)
        if Capability.PUBLISH not in manifest.abilities:
            raise Invalid("cannot_publish", f"{place.connector} takes no copies.", next_step="Choose another place.")
        behind = companions_of(session, old.id)
        row = living_row(session, old.asset_id, old.target_id, old.slot)
        if row is None:
            row = add_row(
                session, asset_id=old.asset_id, target_id=old.target_id, slot=old.slot,
                withdraw_policy=old.withdraw_policy, version_policy=old.version_policy,
                pinned_version_id=old.pinned_version_id, by=actor.id, at=self._clock.now(), companions=behind,
                binding_id=_binding(session, old),
            )  # fmt: skip
        refuse_another_set(session, row, behind)
        row.wanted, row.released = True, False
        return row


def _binding(session: Session, old: Placement) -> str | None:
    """Return the binding that goes on with it; a copy of one that has ended is a person's from now on."""
    living = select(Binding.id).where(Binding.id == old.binding_id, Binding.state != "ended")
    return session.scalar(living)
