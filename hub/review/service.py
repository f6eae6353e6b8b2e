"""What people decide: submit, approve, reject, revoke. An approval is about exact bytes, not about a name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from hub.access.actors import Actor
from hub.access.permissions import Act, require
from hub.catalogue.assets import get_asset, get_version
from hub.catalogue.models import Asset, Version
from hub.catalogue.views import refuse_unseen
from hub.clock import Clock
from hub.db.unit import Database
from hub.errors import Conflict
from hub.events.log import emit
from hub.review.decisions import ask, asset_to_decide, let_show, locked_asset, note_change, revoke_older, write_down
from hub.review.models import Decision, ReviewRequest, Verdict
from hub.review.standing import OPEN, approved_of, standing_of


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A verdict that was given."""

    id: str
    version_id: str
    sha256: str
    verdict: Verdict
    note: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class RequestView:
    """A decision that is waited for."""

    asset_id: str
    version_id: str
    sha256: str
    asked_by: str
    asked_at: int


class Review:
    """Requests for approval and the decisions on them. Each method is one unit of work; doing one twice is harmless."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Wire the room."""
        self._database = database
        self._clock = clock

    def submit(self, actor: Actor, asset_id: str) -> None:
        """Ask for a decision on an asset's newest version.

        Raises:
            Conflict: `nothing_to_review`, `approved_already`, `asset_archived`.
        """
        with self._database.unit() as session:
            asset = locked_asset(session, actor, asset_id)
            require(actor, Act.SUBMIT, owner_id=asset.owner_id)
            if asset.current_version_id is None:
                raise Conflict("nothing_to_review", f"{asset.code} has no file yet.", next_step="Upload one first.")
            version = get_version(session, asset.current_version_id)
            approved = approved_of(session, asset.id)
            if approved and approved.version_id == version.id:
                raise Conflict(
                    "approved_already",
                    f"The newest version of {asset.code} is approved already.",
                    where=asset.code,
                    next_step="Upload a new version to have that one approved.",
                )
            ask(session, actor, asset, version, at=self._clock.now())

    def approve(self, actor: Actor, version_id: str, *, sha256: str, note: str = "") -> None:
        """Let channels show exactly these bytes. Approving an older version rolls back to it.

        Args:
            actor: who decides.
            version_id: the version that they looked at.
            sha256: the hash of the bytes that they looked at; must be the version's.
            note: why, for the record.

        Raises:
            Conflict: `other_bytes`: what they looked at is not this version; `asset_archived`.
        """
        with self._database.unit() as session:
            asset, version = asset_to_decide(session, actor, version_id, sha256)
            let_show(session, actor, asset, version, note=note, at=self._clock.now())

    def reject(self, actor: Actor, version_id: str, *, sha256: str, note: str = "") -> None:
        """Say that these bytes are not to be shown. An approved version is revoked instead.

        Raises:
            Conflict: `approved_now`, `other_bytes`, `asset_archived`.
        """
        with self._database.unit() as session:
            asset, version = asset_to_decide(session, actor, version_id, sha256)
            approved = approved_of(session, asset.id)
            if approved and approved.version_id == version.id:
                raise Conflict(
                    "approved_now",
                    f"This version of {asset.code} is approved and may be in use.",
                    where=asset.code,
                    next_step="Revoke the approval: its copies are then withdrawn.",
                )
            at = self._clock.now()
            write_down(session, actor, version, Verdict.REJECTED, note=note, at=at)
            note_change(session, asset, at)
            emit(session, "asset.rejected", asset.id, actor=actor.id, body={"version_id": version.id})

    def revoke(self, actor: Actor, asset_id: str, note: str = "") -> None:
        """Take an asset's approval back: nothing of it, older versions included, may be shown from now on.

        Raises:
            Conflict: `nothing_approved`.
        """
        require(actor, Act.DECIDE)
        with self._database.unit() as session:
            asset = get_asset(session, asset_id, lock=True)
            approved = approved_of(session, asset.id)
            if approved is None:
                raise Conflict(
                    "nothing_approved",
                    f"No version of {asset.code} is approved.",
                    where=asset.code,
                    next_step="Load the page again: somebody may have revoked it already.",
                )
            at = self._clock.now()
            version = get_version(session, approved.version_id)
            session.delete(approved)
            write_down(session, actor, version, Verdict.REVOKED, note=note, at=at)
            revoke_older(session, actor, asset, note=note, at=at)
            note_change(session, asset, at)
            emit(session, "asset.approval_revoked", asset.id, actor=actor.id, body={"version_id": version.id})

    def history(self, actor: Actor, asset_id: str) -> list[DecisionView]:
        """Return every decision on an asset, newest first, for those who may see unapproved work."""
        with self._database.read() as session:
            asset = get_asset(session, asset_id)
            refuse_unseen(actor, asset, standing_of(session, asset.id))
            require(actor, Act.VIEW_UNAPPROVED, owner_id=asset.owner_id)
            found = session.scalars(select(Decision).where(Decision.asset_id == asset.id).order_by(Decision.id.desc()))
            return [
                DecisionView(each.id, each.version_id, each.sha256, Verdict(each.verdict), each.note, each.by, each.at)
                for each in found
            ]

    def queue(self, actor: Actor, *, limit: int = 200) -> list[RequestView]:
        """Return what waits for a decision, longest waiting first, for those who may decide."""
        require(actor, Act.DECIDE)
        query = (
            select(ReviewRequest, Version.sha256)
            .join(Version, Version.id == ReviewRequest.version_id)
            .join(Asset, Asset.id == ReviewRequest.asset_id)
            .where(ReviewRequest.state == OPEN, Asset.deleted_at.is_(None), Asset.archived_at.is_(None))
            .order_by(ReviewRequest.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [
                RequestView(asked.asset_id, asked.version_id, sha256, asked.asked_by, asked.asked_at)
                for asked, sha256 in session.execute(query)
            ]
