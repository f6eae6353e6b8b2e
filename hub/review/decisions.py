"""What one decision takes and leaves behind. Functions here receive the session; `service.py` has what doors call."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access.actors import Actor
from hub.access.permissions import Act, require
from hub.catalogue.assets import get_asset, get_version, no_such_asset, touch, versions_of
from hub.catalogue.models import Asset, Version
from hub.catalogue.views import refuse_unseen
from hub.db.base import new_id
from hub.errors import Conflict, Invalid
from hub.events.log import emit
from hub.review.models import Approved, Decision, ReviewRequest, Verdict
from hub.review.standing import DECIDED, OPEN, approved_of, is_asked, last, settle, standing_of

LONGEST_NOTE = 2000


def locked_asset(session: Session, actor: Actor, asset_id: str) -> Asset:
    """Return an asset that the actor may know of, locked; whoever decides on it meanwhile waits."""
    asset = get_asset(session, asset_id, lock=True)
    refuse_unseen(actor, asset, standing_of(session, asset.id))
    _refuse_put_away(asset)
    return asset


def ask(session: Session, actor: Actor, asset: Asset, version: Version, *, at: int) -> None:
    """Ask for a decision on a version; once."""
    if is_asked(session, version.id):
        return
    session.add(
        ReviewRequest(id=new_id(), asset_id=asset.id, version_id=version.id, asked_by=actor.id, asked_at=at, state=OPEN)
    )
    note_change(session, asset, at)
    emit(session, "asset.submitted", asset.id, actor=actor.id, body={"version_id": version.id})


def asset_to_decide(session: Session, actor: Actor, version_id: str, sha256: str) -> tuple[Asset, Version]:
    """Return a version and its asset, locked, for somebody who may decide on these bytes."""
    require(actor, Act.DECIDE)
    version = get_version(session, version_id)
    asset = get_asset(session, version.asset_id, lock=True)
    _refuse_put_away(asset)
    if version.sha256 != sha256:
        raise Conflict(
            "other_bytes",
            f"What you looked at is not this version of {asset.code}. Nothing was decided.",
            where=asset.code,
            next_step="Load the page again, look at the version, and decide then.",
        )
    return asset, version


def _refuse_put_away(asset: Asset) -> None:
    if asset.deleted_at is not None:
        raise no_such_asset(asset.id)
    if asset.archived_at is not None:
        raise Conflict(
            "asset_archived",
            f"{asset.code} is archived.",
            where=asset.code,
            next_step="Take it out of the archive first.",
        )


def let_show(session: Session, actor: Actor, asset: Asset, version: Version, *, note: str, at: int) -> None:
    """Approve a version: channels may show exactly these bytes. Doing it again changes nothing."""
    before = approved_of(session, asset.id)
    if before and before.version_id == version.id:
        return
    decision = write_down(session, actor, version, Verdict.APPROVED, note=note, at=at)
    previous = before.version_id if before else None
    if before:
        before.version_id, before.sha256 = version.id, version.sha256
        before.decision_id, before.at = decision.id, at
    else:
        session.add(
            Approved(asset_id=asset.id, version_id=version.id, sha256=version.sha256, decision_id=decision.id, at=at)
        )
    note_change(session, asset, at)
    body = {"version_id": version.id, "sha256": version.sha256}
    emit(session, "asset.approved", asset.id, actor=actor.id, body=body)
    if previous:
        moved = {"version_id": version.id, "previous_version_id": previous}
        emit(session, "asset.version_published", asset.id, actor=actor.id, body=moved)


def write_down(session: Session, actor: Actor, version: Version, verdict: Verdict, *, note: str, at: int) -> Decision:
    """Write a verdict down and close the requests that it answers."""
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise Invalid(
            "note_unfit", f"A note has at most {LONGEST_NOTE} characters.", where="note", next_step="Shorten the note."
        )
    decision = Decision(
        id=new_id(), asset_id=version.asset_id, version_id=version.id, sha256=version.sha256,
        verdict=verdict, note=note.strip(), by=actor.id, at=at,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    asked = select(ReviewRequest).where(ReviewRequest.version_id == version.id, ReviewRequest.state == OPEN)
    for request in session.scalars(asked):
        request.state = DECIDED
    return decision


def revoke_older(session: Session, actor: Actor, asset: Asset, *, note: str, at: int) -> None:
    """Revoke versions that were approved before the present one: copies that are pinned to them must go too."""
    for version in versions_of(session, asset.id):
        if last(session, version.id) is Verdict.APPROVED:
            write_down(session, actor, version, Verdict.REVOKED, note=note, at=at)


def note_change(session: Session, asset: Asset, at: int) -> None:
    """Let the asset's lifecycle and revision follow what was decided."""
    settle(session, asset.id)
    touch(asset, at)
