"""A person's word about a copy: what it settles, where the hub cannot look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.sdk.manifest import Capability, Write
from connectors.sdk.types import Level, PartKind, PartState
from hub.placements.desired import Want
from hub.placements.evidence import add_evidence
from hub.placements.findings import Claim
from hub.placements.ledger import SEEN, Account
from hub.placements.lost import LOST
from hub.placements.phase import Observed
from hub.placements.steps import Op

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MEANS: Final = {
    Want.ABSENT: (PartState.GONE, Observed.ABSENT, Claim.WITHDRAWN),
    Want.HELD: (PartState.HELD, Observed.HELD, Claim.HELD),
    Want.PRESENT: (PartState.SHOWING, Observed.PRESENT, Claim.IN_PLACE),
    Want.SUBSTITUTE: (PartState.SHOWING, Observed.PRESENT, Claim.SUBSTITUTED),
}
"""What a person says of a copy, by what should be true of it."""


def attested(session: Session, account: Account, *, by: str, note: str, at: int) -> None:
    """Take a person's word that a copy is as it should be: the hub has no better look than theirs."""
    row = account.row
    want = Want(row.desired)
    state, observed, claim = MEANS[want]
    shown = want in {Want.PRESENT, Want.SUBSTITUTE}
    forgotten = any(attempt.op == LOST and attempt.write == Write.UNANSWERABLE for attempt in account.open_attempts)
    finds = Capability.FIND in account.manifest.abilities and not forgotten  # under a marker that nobody knows any more
    unnamed = shown and not account.stands() and not finds
    made = [attempt for attempt in account.open_attempts if unnamed and attempt.step == Op.PUBLISH.value]
    answer_open(account, "found", at)
    for attempt in made[-1:]:
        attempt.outcome = SEEN
    if want is Want.ABSENT:
        rename(account, SEEN, "found")
    for part in account.parts:
        if want is Want.ABSENT or part.kind == PartKind.MEDIA.value:
            part.state = state.value
    if shown and row.publish_at is not None:
        row.out_at = row.out_at or at
    row.observed, row.observed_at, row.observed_generation = observed.value, at, row.desired_generation
    row.blocked, row.problem_code, row.problem = False, "", ""
    add_evidence(session, account, claim, Level.ATTESTED, looks=[], at=at, by=by, note=note)


def answer_open(account: Account, outcome: str, at: int) -> None:
    """Say how writes ended whose outcome was not known."""
    for attempt in account.open_attempts:
        attempt.outcome = outcome
        attempt.answered_at = attempt.answered_at or at


def rename(account: Account, before: str, after: str) -> None:
    """Say otherwise how writes ended that ended like this."""
    for attempt in account.attempts:
        if attempt.outcome == before:
            attempt.outcome = after
