"""What proves the state of a copy. Rows are only ever added."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.types import Level
from hub.db.base import new_id
from hub.events.log import emit
from hub.placements.findings import Claim
from hub.placements.ledger import Account
from hub.placements.models import Evidence
from hub.placements.trouble import GONE, tell_if_cured

TOLD: Final = {
    Claim.IN_PLACE: "placement.proven",
    Claim.SUBSTITUTED: "placement.substituted",
    Claim.SCHEDULED: "placement.scheduled",
    Claim.HELD: "placement.held",
    Claim.WITHDRAWN: "placement.withdrawn",
    Claim.GONE: GONE,
}
"""The event that tells of each claim."""

PROVEN: Final = frozenset({Level.READ.value, Level.SEEN.value})


def latest(session: Session, placement_id: str, *, generation: int | None = None) -> Evidence | None:
    """Return the newest evidence of a copy; with a generation, only of that one."""
    query = select(Evidence).where(Evidence.placement_id == placement_id)
    if generation is not None:
        query = query.where(Evidence.generation == generation)
    return session.scalar(query.order_by(Evidence.id.desc()).limit(1))


def add_evidence(
    session: Session,
    account: Account,
    claim: Claim,
    level: Level,
    *,
    looks: list[dict[str, Any]],
    at: int,
    by: str = "system",
    note: str = "",
) -> Evidence:
    """Add a proof and, when it says something new, tell so by an event."""
    row = account.row
    before = latest(session, row.id)
    proof = Evidence(
        id=new_id(), placement_id=row.id, generation=row.desired_generation, claim=claim.value, level=level.value,
        version_id=row.desired_version_id, looks=looks, note=note, by=by, at=at,
    )  # fmt: skip
    session.add(proof)
    said = (proof.generation, proof.claim, proof.level)
    if before is None or said != (before.generation, before.claim, before.level):
        emit(
            session, TOLD[claim], row.id, actor=by,
            body={
                "asset_id": row.asset_id, "target_id": row.target_id, "claim": proof.claim, "level": proof.level,
                "version_id": proof.version_id, "shown_asset_id": row.desired_asset_id, "evidence_id": proof.id,
            },
        )  # fmt: skip
    if claim is not Claim.GONE:
        tell_if_cured(session, row, by=by)
    return proof
