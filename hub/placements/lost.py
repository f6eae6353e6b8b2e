"""What a restored hub cannot remember: whether a copy was published between its backup and the restore.

Where nothing is remembered of a publication that may have been made, it is entered as a write whose outcome is not
known, and goes the way of all of those: looked for where the remote can be asked, a person's matter elsewhere. Twice it
may have happened:

    to a wish that stood in the backup and was not sent yet: its marker tells, where there is a search by marker
    to an asset that is wanted anew: the hub that is gone may have placed it there under a marker that nobody knows any
    more. Where an account can be listed, it is before anything is published there; elsewhere only people can see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from connectors.sdk.manifest import Capability, Write
from hub.catalogue.models import Asset
from hub.db.base import new_id
from hub.db.installation import may_write
from hub.events.log import last_restore
from hub.placements.desired import Want
from hub.placements.models import Attempt
from hub.placements.phase import Observed, never_sent
from hub.placements.steps import Block, Op

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.events.models import Event
    from hub.placements.ledger import Account
    from hub.placements.models import Placement

LOST: Final = "restored"
"""Why such a write is on record, where others say what they were for."""
NOT_MADE: Final = "not_found"
UNKNOWN: Final = "unknown"
NOT_APPROVED: Final = "not_approved"
UNCONFIRMED: Final = Block(
    "approval_forgotten",
    "This was published before the hub was restored from a backup that knows of no approval. Approve the version "
    "that is to stand there, or take the copy back.",
)
"""While a copy stands that may have been approved by a hub that is gone: whoever takes it away cannot undo that."""


def consider(session: Session, account: Account, at: int) -> None:
    """Enter a publication that nobody remembers, once after a restore, if there may have been one."""
    row = account.row
    if row.problem_code == UNCONFIRMED.code and not is_unconfirmed(account):
        row.blocked, row.problem_code, row.problem = False, "", ""
    if not row.wanted and _ask_no_more(session, account):
        return
    if row.settled_at is not None or account.open_attempts or account.stands() or _was_made(account):
        return
    finds = Capability.FIND in account.manifest.abilities
    if account.attempts and finds and not never_sent(row):
        return  # it is looked for before it is made, as whatever was sent once
    restore = last_restore(session)
    if restore is None or any(_restore_of(attempt) == restore.id for attempt in account.attempts):
        return
    if row.created_at < restore.at:
        told = finds
    elif not row.wanted or Capability.IMPORT in account.manifest.abilities or _is_new(session, row, restore.at):
        return
    else:
        told = False
    if may_write(session):
        lost = _publication(row, restore, Write.FINDABLE if told else Write.UNANSWERABLE, at)
        session.add(lost)
        account.attempts.append(lost)


def is_unconfirmed(account: Account) -> bool:
    """Tell whether a copy stands of whose approval the hub knows nothing any more, and nothing else is against it."""
    row = account.row
    made = [attempt.op for attempt in account.attempts if attempt.step == Op.PUBLISH]
    return (
        row.desired == Want.ABSENT and row.desired_reason == NOT_APPROVED and row.wanted and not row.urgent
        and account.stands() and made == [LOST]
    )  # fmt: skip


def never_was(account: Account) -> bool:
    """Tell whether all that was ever on record of a copy is that it might have been made, and it was not."""
    return bool(account.attempts) and all(
        attempt.op == LOST and attempt.outcome == NOT_MADE for attempt in account.attempts
    )


def as_new(row: Placement) -> None:
    """Let a row be one of which nothing was ever sent."""
    row.observed, row.observed_at = Observed.ABSENT.value, None


def _publication(row: Placement, restore: Event, write: Write, at: int) -> Attempt:
    return Attempt(
        id=new_id(), placement_id=row.id, generation=row.desired_generation, op=LOST, step=Op.PUBLISH.value,
        write=write.value, intended_at=at, answered_at=at, outcome=UNKNOWN,
        detail={"ref": "", "to": "", "content_key": "", "fields_hash": "", "version_id": "", "restore": restore.id},
    )  # fmt: skip


def _restore_of(attempt: Attempt) -> str:
    return cast("dict[str, str]", attempt.detail).get("restore", "") if attempt.op == LOST else ""


def _ask_no_more(session: Session, account: Account) -> bool:
    """Forget the question about a wish that was taken back: under its own marker nothing was ever sent."""
    row = account.row
    asked = [attempt for attempt in account.attempts if attempt.op == LOST and attempt.outcome == UNKNOWN]
    if not asked or len(asked) < len(account.attempts) or not never_sent(row):
        return False
    for attempt in asked:
        session.delete(attempt)
    account.attempts.clear()
    row.blocked, row.problem_code, row.problem = False, "", ""
    return True


def _was_made(account: Account) -> bool:
    """Tell whether a publication is on record that was carried out: what became of it is known, or can be asked."""
    made = {"done", "found", "seen"}
    return any(attempt.step == Op.PUBLISH and attempt.outcome in made for attempt in account.attempts)


def _is_new(session: Session, row: Placement, restored_at: int) -> bool:
    """Tell whether an asset came after the restore, so that it never was anywhere before."""
    return session.get_one(Asset, row.asset_id).created_at >= restored_at
