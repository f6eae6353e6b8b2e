"""Find out what became of writes whose answer was lost: a look decides, after the remote settled; time alone never."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.types import PartState
from hub.placements.findings import key_of, standing_of
from hub.placements.ledger import UNKNOWN, Account
from hub.placements.looks import Looks
from hub.placements.lost import LOST
from hub.placements.models import Attempt, Placement
from hub.placements.steps import Op
from hub.placements.trouble import UNSURE, tell


def lose_lease(session: Session, row: Placement, at: int) -> None:
    """Take a row over from a worker that went away: what it had sent and not recorded is not known."""
    unanswered = select(Attempt).where(Attempt.placement_id == row.id, Attempt.answered_at.is_(None))
    lost = list(session.scalars(unanswered))
    for attempt in lost:
        attempt.answered_at, attempt.outcome = at, UNKNOWN
    if lost:
        tell(session, row, UNSURE)
    row.op = None


def resolve(account: Account, looks: Looks) -> None:
    """Write down what looks, begun after the remote had settled, show of every write that was in doubt."""
    for attempt in account.open_attempts:
        attempt.outcome = "found" if _took_effect(attempt, account, looks) else "not_found"


def _took_effect(attempt: Attempt, account: Account, looks: Looks) -> bool:
    detail = cast("dict[str, Any]", attempt.detail)
    match Op(attempt.step):
        case Op.PUBLISH:
            known = {part.external_ref for part in account.media()}
            lost = attempt.op == LOST  # of which bytes it was made is not remembered either
            made = [copy for copy in looks.standing if lost or key_of(copy) in {None, detail["content_key"]}]
            return any(copy.ref not in known for copy in made)
        case Op.WITHDRAW:
            return detail["ref"] in looks.copies and looks.copies[detail["ref"]] is None
        case Op.REPLACE:
            return any(key_of(copy) == detail["content_key"] for copy in looks.standing)
        case Op.HOLD | Op.RESUME:
            copy = looks.copies.get(detail["ref"])
            meant = PartState.HELD if attempt.step == Op.HOLD else PartState.QUEUED
            return copy is not None and standing_of(copy) is meant
        case Op.UPDATE | Op.REPOINT:
            return False  # doing these again changes nothing: the next step decides by what it sees
