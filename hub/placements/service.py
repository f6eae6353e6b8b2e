"""The placements service: put copies into channels, take them back, see where they are, prove it, recall an asset."""

from __future__ import annotations

import random
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from connectors.sdk.manifest import Capability, Manifest
from connectors.sdk.types import BOARD
from hub.access.actors import SYSTEM, Actor
from hub.access.permissions import Act, require
from hub.catalogue.assets import get_asset
from hub.catalogue.models import Asset
from hub.catalogue.views import refuse_unseen
from hub.clock import MINUTE, Clock
from hub.connections.mappings import spec_of
from hub.connections.models import Remote, Target
from hub.db.unit import Database
from hub.errors import Conflict, Invalid, NotFound
from hub.placements import facts, lost, recall, schedule, wishes
from hub.placements.attesting import answer_open, attested, rename
from hub.placements.companions import asks_for, refuse_another_set, usual_slot
from hub.placements.deciding import Conflicts
from hub.placements.drift import DriftList
from hub.placements.feeds import Feeds
from hub.placements.impact import Impact, foresee
from hub.placements.leaving import Leaving
from hub.placements.ledger import REMOVED_THERE, SEEN, Account, Surroundings, ask_anew, open_account, store_phase
from hub.placements.models import Placement, Recall
from hub.placements.phase import Observed
from hub.placements.plan import Planner, rows_concerned_by
from hub.placements.ports import Signer, Switchboard, Viewer
from hub.placements.purge import Purge
from hub.placements.recall import RecallReport
from hub.placements.reconcile import Reconciler
from hub.placements.rendering import Specs
from hub.placements.restoring import Restoring
from hub.placements.rewording import Rewording
from hub.placements.rows import add_row, living_row
from hub.placements.trouble import tell
from hub.placements.views import AttemptView, CopyView, EvidenceView, copy_view, history
from hub.placements.visitor import Visitor
from hub.review.standing import standing_of
from hub.settings import Settings
from hub.storage.blobs import BlobStore

ACTS = ("recall", "archive", "delete", "revoke")


class Placements:
    """Copies, as doors and the worker use them. Each method opens its own units of work."""

    def __init__(  # noqa: PLR0917 - the rooms below, in the order in which they are composed
        self,
        database: Database,
        clock: Clock,
        connections: Switchboard,
        store: BlobStore,
        keyring: Signer,
        settings: Settings,
        *,
        viewer: Viewer | None = None,
        specs: Specs = spec_of,
        chance: random.Random | None = None,
        lease_ms: int | None = None,
    ) -> None:
        """Wire the room; what follows `settings` is replaced in rehearsals only."""
        self._database, self._clock, self._switchboard = database, clock, connections
        self._around = Surroundings(specs, keyring, settings.url, settings.rights_default, settings.language)
        self._planner = Planner(database, clock, connections, self._around)
        self.leaving = Leaving(database, clock, connections, self._planner)
        self.conflicts = Conflicts(database, clock, connections, self._planner, self._around)
        self.drift = DriftList(database, clock)
        self.purge = Purge(database, clock)
        self.restoring = Restoring(database, clock, connections, self._planner, self._around)
        self.rewording = Rewording(database, clock, connections, self._around)
        self.feeds = Feeds(database, clock, connections, self._planner)
        self._recalls_seen_at = 0
        lease = {} if lease_ms is None else {"lease_ms": lease_ms}
        self._reconciler = Reconciler(
            database, clock, connections, viewer=viewer or Visitor(settings), around=self._around, opener=store.open,
            chance=chance or random.Random(), **lease,  # noqa: S311 - spreads retries, keeps no secret
        )  # fmt: skip

    # The worker's drains

    def plan(self, owner: str) -> int:
        """Read events and make the rows due that they concern; return how many events were read."""
        return self._planner.drain(owner)

    def reconcile(self, owner: str, *, spare: bool = False) -> int:
        """Work on due rows; close recalls whose copies are all accounted for. Return how many rows were worked on.

        A spare reconciler only works while slow remotes keep the ordinary ones.
        """
        worked = self._reconciler.drain(owner, spare=spare)
        # From time to time without work too: a worker that was killed may have proven the last copy of a recall.
        if worked or abs(self._clock.now() - self._recalls_seen_at) >= MINUTE:
            self._close_recalls()
        return worked

    def wake(self, session: Session, row: Placement) -> None:
        """Bring a copy up to date with the facts and make it due, in the unit of work of whoever changed its wish."""
        self._planner.wake(session, row)

    # What people do

    def place(
        self,
        actor: Actor,
        asset_id: str,
        target_id: str,
        *,
        slot: str = "",
        withdraw_policy: str = "remove",
        version_policy: str = "follow",
        pinned_version_id: str | None = None,
        companions: Sequence[str] = (),
        publish_at: int | None = None,
    ) -> CopyView:
        """Want a copy of an asset in a target. It appears once the asset is approved and may be used there.

        Wanting it again changes nothing, or wants it back after it was taken back. With `companions` the copy shows
        these too, in this order, and appears once all of them may: a set, which has a slot of its own by default.
        With `publish_at` (UTC milliseconds) it becomes public then: a remote with a calendar is handed it at once and
        keeps it until then, elsewhere the hub makes it public at that time.

        Raises:
            Forbidden, NotFound, Invalid: `policy_unknown`, `slot_too_long`, `cannot_publish`, `pin_what`,
                `time_not_ahead`, and those of `wishes.check_set`. Conflict: `set_differs`, `stands_already`.
        """
        require(actor, Act.PLACE)
        wishes.check_policies(withdraw_policy, version_policy, slot)
        at = self._clock.now()
        time = None if publish_at is None else schedule.checked(publish_at, at)
        with self._database.unit() as session:
            asset, *others = assets = [self._asset(session, actor, each) for each in (asset_id, *companions)]
            target, manifest = self._target(session, target_id)
            wishes.check_set(assets, manifest, withdraw_policy=withdraw_policy, version_policy=version_policy)
            slot = slot or usual_slot([other.code for other in others])
            pinned = wishes.pinned(session, asset, version_policy, pinned_version_id)
            behind = [other.id for other in others]
            row = living_row(session, asset.id, target.id, slot)
            if row is None:
                row = add_row(
                    session, asset_id=asset.id, target_id=target.id, slot=slot, withdraw_policy=withdraw_policy,
                    version_policy=version_policy, pinned_version_id=pinned, by=actor.id, at=at, companions=behind,
                    publish_at=time,
                )  # fmt: skip
            refuse_another_set(session, row, behind)
            if not row.wanted or time not in {None, row.publish_at}:
                self._want_anew(session, row, time, by=actor.id)
            row.wanted, row.released, row.withdraw_policy = True, False, withdraw_policy
            row.version_policy, row.pinned_version_id = version_policy, pinned
            self._planner.wake(session, row)
            session.flush()
            return copy_view(session, row)

    def schedule(self, actor: Actor, placement_id: str, publish_at: int) -> CopyView:
        """Let a copy that is not out yet become public at another time (UTC milliseconds), or at its own after all.

        Raises:
            Forbidden, NotFound. Invalid: `time_not_ahead`. Conflict: `copy_settled`, `stands_already`, `not_wanted`.
        """
        require(actor, Act.PLACE)
        time = schedule.checked(publish_at, self._clock.now())
        with self._database.unit() as session:
            row = self._row(session, actor, placement_id)
            if not row.wanted:
                raise Conflict("not_wanted", "This copy was taken back.", next_step="Place the asset there again.")
            self._want_anew(session, row, time, by=actor.id)
            self._planner.wake(session, row)
            session.flush()
            return copy_view(session, row)

    def take_back(self, actor: Actor, placement_id: str) -> CopyView:
        """Want a copy no more: it is withdrawn and proven away. The asset stays as it is."""
        require(actor, Act.PLACE)
        with self._database.unit() as session:
            row = self._row(session, actor, placement_id)
            if row.wanted:
                tell(session, row, "placement.taken_back", by=actor.id)
            row.wanted = row.released = False
            self._planner.wake(session, row)
            session.flush()
            return copy_view(session, row)

    def retry(self, actor: Actor, placement_id: str) -> CopyView:
        """Try again now: a person has looked into what stood in the way.

        A write whose outcome could not be asked counts as not carried out from now on; a copy that was removed in the
        channel is put there again.
        """
        require(actor, Act.PLACE)
        with self._database.unit() as session:
            row = self._row(session, actor, placement_id)
            account = self._account(session, row)
            if row.problem_code == "unanswerable":
                answer_open(account, "not_found", self._clock.now())
                if lost.never_was(account):
                    lost.as_new(row)
            elif row.problem_code == "nameless_copy":
                rename(account, SEEN, "not_found")
            elif row.problem_code in {"by_hand", REMOVED_THERE}:
                ask_anew(account)
            row.blocked, row.problem_code, row.problem, row.attempt, row.parked_there = False, "", "", 0, False
            if row.observed != Observed.ABSENT.value or row.observed_at is not None:
                row.observed = Observed.UNKNOWN.value
            row.due_at = self._clock.now()
            store_phase(account)
            session.flush()
            return copy_view(session, row)

    def attest(self, actor: Actor, placement_id: str, note: str) -> CopyView:
        """Say as a person that the channel is as it should be, where the hub cannot see it. The note says how.

        Raises:
            Invalid: `no_note`.
            Conflict: `nothing_to_attest`.
        """
        require(actor, Act.RECALL)
        if not note.strip():
            raise Invalid(
                "no_note",
                "Write down what you looked at, so that others can rely on it.",
                where="note",
                next_step="Write a sentence about what you saw.",
            )
        with self._database.unit() as session:
            row = self._row(session, actor, placement_id)
            account = self._account(session, row)
            if not account.attempts:
                raise Conflict("nothing_to_attest", "Nothing was ever sent there.", next_step="No one need act.")
            attested(session, account, by=actor.id, note=note.strip(), at=self._clock.now())
            store_phase(account)
        self._close_recalls()
        return self.copy(actor, placement_id)

    # What people ask

    def where(self, actor: Actor, asset_id: str) -> list[CopyView]:
        """Return every copy that shows an asset, alone, in a set, or in another's stead; settled ones last."""
        with self._database.read() as session:
            asset = self._asset(session, actor, asset_id)
            query = select(Placement).where(or_(asks_for(asset.id), Placement.desired_asset_id == asset.id))
            rows = session.scalars(query.order_by(Placement.settled_at.is_not(None), Placement.id))
            return [copy_view(session, row) for row in rows]

    def copy(self, actor: Actor, placement_id: str) -> CopyView:
        """Return one copy."""
        with self._database.read() as session:
            return copy_view(session, self._row(session, actor, placement_id, lock=False))

    def scheduled(self, actor: Actor) -> list[CopyView]:
        """Return every copy that is to go out at a time and did not yet, the next first."""
        require(actor, Act.PLACE)
        with self._database.read() as session:
            return [copy_view(session, row) for row in session.scalars(schedule.waiting())]

    def evidence(self, actor: Actor, placement_id: str) -> tuple[list[EvidenceView], list[AttemptView]]:
        """Return everything that was claimed and tried for a copy, newest first."""
        with self._database.read() as session:
            return history(session, self._row(session, actor, placement_id, lock=False))

    def together(self, actor: Actor, asset_ids: Sequence[str]) -> dict[str, str]:
        """Return, for each place that takes sets, why these assets cannot stand in one copy there; empty: they can."""
        with self._database.read() as session:
            assets = [self._asset(session, actor, each) for each in asset_ids]
            places = session.execute(select(Target.id, Target.kind, Remote.connector).join(Remote)).all()
            return wishes.together(assets, places, self._switchboard)

    # Recalls

    def impact(self, actor: Actor, asset_id: str, act: str, substitute_id: str | None = None) -> Impact:
        """Return what an act (`recall`, `archive`, `delete` or `revoke`) would change in the channels."""
        if act not in ACTS:
            raise Invalid(
                "act_unknown",
                f"There is no such act. Known are: {', '.join(ACTS)}.",
                where="act",
                next_step="Choose one of them.",
            )
        with self._database.unit() as session:  # the rows are locked for a moment, nothing is changed
            asset = self._asset(session, actor, asset_id)
            substitute = self._asset(session, actor, substitute_id).id if substitute_id else None
            return foresee(
                session, rows_concerned_by(session, asset.id), self._switchboard, act=act, asset_id=asset.id,
                substitute_id=substitute, at=self._clock.now(), default=self._around.rights_default,
            )  # fmt: skip

    def recall(self, actor: Actor, asset_id: str, reason: str, substitute_id: str | None = None) -> RecallReport:
        """Take an asset back from everywhere, at once and before all other work.

        A substitute becomes the asset's successor and stands in for every copy, wherever it may be used itself.

        Raises:
            Forbidden, NotFound, Invalid: `no_reason`. Conflict: `recall_open`, `successor_cycle`.
        """
        require(actor, Act.RECALL)
        at = self._clock.now()
        with self._database.unit() as session:
            asset = self._asset(session, actor, asset_id)
            made, rows = recall.open_recall(
                session, asset, reason=reason, substitute_id=substitute_id, by=actor.id, at=at
            )
            if substitute_id is not None:
                recall.let_stand_in(session, asset, self._asset(session, actor, substitute_id), by=actor.id)
            session.flush()
            self._planner.wake_all(session, rows)
            session.flush()
            recall.close_if_done(session, made, at=at)
            return recall.report(session, made)

    def recall_report(self, actor: Actor, recall_id: str) -> RecallReport:
        """Return the account of a recall as it stands now."""
        with self._database.read() as session:
            found = recall.get_recall(session, recall_id)
            self._asset(session, actor, found.asset_id)
            return recall.report(session, found)

    def recalls(self, actor: Actor, asset_id: str) -> list[RecallReport]:
        """Return every recall of an asset, newest first."""
        with self._database.read() as session:
            asset = self._asset(session, actor, asset_id)
            query = select(Recall).where(Recall.asset_id == asset.id).order_by(Recall.id.desc())
            return [recall.report(session, each) for each in session.scalars(query)]

    def close_recall(self, actor: Actor, recall_id: str) -> RecallReport:
        """Close a recall although copies are unproven: they stay listed by name, and are worked on further."""
        require(actor, Act.RECALL)
        with self._database.unit() as session:
            found = recall.get_recall(session, recall_id, lock=True)
            self._asset(session, actor, found.asset_id)
            recall.close(session, found, recall.report(session, found), by=actor.id, at=self._clock.now())
            session.flush()
            return recall.report(session, found)

    # Inside

    def _want_anew(self, session: Session, row: Placement, publish_at: int | None, *, by: str) -> None:
        """Want a copy again, or at another time. While it stands there, nothing is to be published anew."""
        account = self._account(session, row)
        stands = account.stands()
        if publish_at is not None:
            schedule.give_time(session, row, publish_at, stands=stands, by=by)
        elif not stands:
            schedule.forget_time(row)
        if not stands:
            ask_anew(account)
        if not row.wanted:
            tell(session, row, "placement.planned", by=by, slot=row.slot)

    def _close_recalls(self) -> None:
        self._recalls_seen_at = self._clock.now()
        with self._database.read() as session:
            waiting = list(session.scalars(select(Recall.id).where(Recall.closed_at.is_(None))))
        for recall_id in waiting:
            with self._database.unit() as session:
                found = recall.get_recall(session, recall_id, lock=True)
                if found.closed_at is None:
                    recall.close_if_done(session, found, at=self._clock.now())

    def _asset(self, session: Session, actor: Actor, asset_id: str) -> Asset:
        asset = get_asset(session, asset_id)
        if actor != SYSTEM:
            refuse_unseen(actor, asset, standing_of(session, asset.id))
        return asset

    def _row(self, session: Session, actor: Actor, placement_id: str, *, lock: bool = True) -> Placement:
        row = session.get(Placement, placement_id, with_for_update=lock or None, populate_existing=True)
        if row is None:
            raise NotFound("no_such_copy", "There is no such copy.", next_step="Load the page again.")
        self._asset(session, actor, row.asset_id)
        if lock and row.settled_at is not None:
            raise Conflict(
                "copy_settled", "This copy has come to its end; only its record is left.",
                next_step="Place the asset there again if it is wanted.",
            )  # fmt: skip
        return row

    def _target(self, session: Session, target_id: str) -> tuple[Target, Manifest]:
        target = session.get(Target, target_id)
        if target is None:
            raise NotFound("no_such_target", "There is no such place.", next_step="Refresh the connection's places.")
        place = facts.place_of(session, target.id)
        manifest = self._switchboard.manifest(place.connector).at(place.kind)
        if Capability.PUBLISH not in manifest.abilities or place.kind == BOARD:
            raise Invalid("cannot_publish", f"{place.connector} takes no copies.", next_step="Choose another place.")
        return target, manifest

    def _account(self, session: Session, row: Placement) -> Account:
        return open_account(session, row, self._switchboard, self._around, self._clock.now())
