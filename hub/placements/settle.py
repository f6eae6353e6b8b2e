"""When a row has come to its end. It stays, with its attempts and evidence; its slot is free again."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hub.events.log import emit
from hub.placements.due import AUDITS, proofs_of
from hub.placements.ledger import Account
from hub.placements.models import Placement
from hub.placements.phase import Phase


def settle_if_over(session: Session, account: Account, at: int) -> None:
    """Settle a row that nobody wants any more and that needs no further look."""
    row = account.row
    if row.settled_at is not None or row.wanted:
        return
    if row.phase == Phase.WAITING:
        settle(session, row, "dropped", at)
    elif row.phase == Phase.WITHDRAWN and _proven_long_ago(session, account):
        settle(session, row, "withdrawn", at)


def settle(session: Session, row: Placement, reason: str, at: int) -> None:
    """End a row."""
    row.settled_at, row.settled_reason = at, reason
    row.lease_owner = row.lease_until = None
    emit(
        session, "placement.settled", row.id, actor="system",
        body={"asset_id": row.asset_id, "target_id": row.target_id, "reason": reason},
    )  # fmt: skip


def _proven_long_ago(session: Session, account: Account) -> bool:
    """Tell whether the last audit has shown it away once more."""
    proofs = proofs_of(session, account.row.id, account.row.desired_generation)
    return proofs is not None and proofs.last - proofs.first >= AUDITS[-1]
