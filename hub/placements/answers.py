"""Write down how a remote write ended: what the error says to do next decides, never a guess."""

from __future__ import annotations

import random
from typing import Any, Final, cast

from sqlalchemy.orm import Session

from connectors.sdk.errors import (
    BadAnswer,
    ConnectorError,
    Missing,
    NeedsPerson,
    OutcomeUnknown,
    RateLimited,
    RetryLater,
    Unreachable,
)
from connectors.sdk.types import Part as CopyPart
from connectors.sdk.types import PartKind, PartState, Receipt
from hub.connections.accounts import is_heard
from hub.connections.problems import WAYLESS
from hub.db.base import new_id
from hub.placements.due import backoff
from hub.placements.ledger import REMOVED_THERE, UNKNOWN, Account, block, clear_problem, kept_note, send_of
from hub.placements.models import Attempt, Part
from hub.placements.phase import Observed
from hub.placements.schedule import TIMED, keeps_time, note_handed_over
from hub.placements.steps import Op, Send
from hub.placements.tasks import tell_left
from hub.placements.trouble import UNSURE, tell

MOST_BAD_ANSWERS: Final = 10
"""After so many failures in a row, which take about an hour, a senseless answer is a person's matter."""


def intend(session: Session, account: Account, step: Send, at: int) -> Attempt:
    """Write an intent down. From here on the copy counts as unknown until looks have shown what came of it."""
    row, rendering = account.row, account.rendering
    ability = account.manifest.abilities[step.op.ability]
    attempt = Attempt(
        id=new_id(), placement_id=row.id, generation=row.desired_generation, op=step.op.value, step=step.op.value,
        write=ability.write.value if ability.write else "findable", intended_at=at,
        detail={
            "ref": step.ref, "to": step.to,
            "content_key": rendering.content_key if rendering else "",
            "fields_hash": rendering.fields_hash if rendering else "",
            "version_id": row.desired_version_id or "",
            **({"companions": [version for _, version in behind]} if (behind := account.desired.companions) else {}),
            **({"publish_at": row.publish_at} if step.op in TIMED and row.publish_at is not None else {}),
            **({"kept": kept} if step.op is Op.PUBLISH and (kept := kept_note(account)) else {}),
        },
    )  # fmt: skip
    session.add(attempt)
    account.attempts.append(attempt)
    row.op = step.op.value
    row.observed = Observed.UNKNOWN.value
    return attempt


def record_done(session: Session, account: Account, attempt: Attempt, receipt: Receipt | None, at: int) -> None:
    """Write down that the remote carried a write out."""
    _answer(account, attempt, "done", at)
    _settle_earlier(account, attempt, again=receipt is not None and receipt.again)
    detail, row = cast("dict[str, Any]", attempt.detail), account.row
    if receipt is not None and receipt.ref != detail["ref"]:
        attempt.detail = {**detail, "made": receipt.ref}
    match Op(attempt.step):
        case Op.PUBLISH if receipt is not None:
            note_copy(session, account, receipt.ref, detail["content_key"], receipt.parts)
            row.observed_doc_hash = detail["fields_hash"]
            note_handed_over(row, at, keeps=keeps_time(account.manifest))
            tell(session, row, "placement.made", version_id=detail["version_id"] or None)
        case Op.REPLACE if receipt is not None:
            note_copy(session, account, receipt.ref, detail["content_key"], receipt.parts)
            row.observed_doc_hash = ""
            _tell_left(session, account, receipt, at)
        case Op.UPDATE:
            row.observed_doc_hash = detail["fields_hash"]
        case Op.WITHDRAW:
            for part in account.media():
                if part.external_ref == detail["ref"]:
                    part.state, part.looked_at = PartState.GONE.value, None
            _tell_left(session, account, receipt, at)
        case Op.HOLD:
            _stand(account, detail["ref"], PartState.HELD)
        case Op.RESUME:
            _stand(account, detail["ref"], PartState.QUEUED)
        case _:
            pass
    row.attempt = 0
    clear_problem(row)


def _tell_left(session: Session, account: Account, receipt: Receipt | None, at: int) -> None:
    """Tell whoever placed a copy what stays there of what is gone."""
    if receipt is not None and receipt.left:
        tell_left(session, account.row, account.place, what=receipt.left, base_url=account.base_url, at=at)


def _stand(account: Account, ref: str, state: PartState) -> None:
    """Note how a copy stands by the remote's word; a look follows."""
    for part in account.media():
        if part.external_ref == ref:
            part.state = state.value


def _settle_earlier(account: Account, attempt: Attempt, *, again: bool) -> None:
    """What a repeat was sent to learn is known now: whether the earlier tries of the same write had an effect."""
    for earlier in account.open_attempts:
        gone = attempt.step == Op.WITHDRAW and send_of(earlier).ref == send_of(attempt).ref
        if gone or send_of(earlier) == send_of(attempt):
            earlier.outcome = "found" if again else "not_found"


def note_copy(session: Session, account: Account, ref: str, content_key: str, parts: tuple[CopyPart, ...] = ()) -> Part:
    """Enter a copy that exists, or may exist, at the remote, with what belongs to it."""
    media = _part(session, account, PartKind.MEDIA.value, ref)
    media.content_key, media.state = content_key, PartState.UNKNOWN.value
    for each in parts:
        if each.kind is not PartKind.MEDIA:
            part = _part(session, account, each.kind.value, each.ref)
            part.content_key, part.state = content_key, PartState.UNKNOWN.value
    return media


def record_failure(
    session: Session, account: Account, attempt: Attempt, error: ConnectorError, *, at: int, chance: random.Random
) -> None:
    """Write down that a write did not end well, and when or by whom it goes on."""
    row = account.row
    match error:
        case OutcomeUnknown():
            _answer(account, attempt, UNKNOWN, at)
            row.problem_code, row.problem = error.code, error.message
            row.due_at = at + int(account.manifest.settles_after_s * 1000)
        case RetryLater():
            _answer(account, attempt, "not_sent", at)
            put_off(account, error, at, chance)
        case Missing() if cast("dict[str, Any]", attempt.detail)["ref"]:
            _answer(account, attempt, "refused", at)  # whether the copy is gone, the next look will tell
        case BadAnswer() if row.attempt < MOST_BAD_ANSWERS:
            # A login page met one of the reads inside the write; what came before it may have been carried out.
            _answer(account, attempt, UNKNOWN, at)
            put_off(account, Unreachable(error.message, code=error.code), at, chance)
            row.due_at = max(row.due_at, at + int(account.manifest.settles_after_s * 1000))
        case NeedsPerson() if has_a_way_again(session, account, error):
            _answer(account, attempt, "refused", at)
            put_off(account, error, at, chance)
        case _:
            _answer(account, attempt, "refused", at)
            block(session, account, error.code, error.message)
    if attempt.outcome == UNKNOWN:
        tell(session, row, UNSURE)


def has_a_way_again(session: Session, account: Account, error: ConnectorError) -> bool:
    """Tell whether what stopped a call was the want of a connection, and there is one by now.

    Its news, `connection.live`, may be read before the row says that it waits for it: asked in the unit that would
    stop the row, this misses nothing, because whoever reads the news waits for that unit.
    """
    return error.code in WAYLESS and is_heard(session, account.place.remote_id)


def put_off(account: Account, error: ConnectorError, at: int, chance: random.Random) -> None:
    """Come back later, as the remote asks or ever less often."""
    row = account.row
    after_s = error.after_s if isinstance(error, RateLimited) else None
    row.due_at = at + backoff(row.attempt, chance, after_s=after_s)
    row.attempt += 1
    if not row.blocked and row.problem_code != REMOVED_THERE:  # what a person is asked about stays what it was
        row.problem_code, row.problem = error.code, error.message


def record_late(session: Session, account: Account, attempt: Attempt, receipt: Receipt | None, at: int) -> None:
    """Write down an answer that came after the lease was lost: it names what exists, and makes the row due again."""
    if receipt is not None and attempt.step in {Op.PUBLISH, Op.REPLACE}:
        key = cast("dict[str, Any]", attempt.detail)["content_key"]
        known = {part.external_ref for part in account.media()}
        if receipt.ref not in known:
            note_copy(session, account, receipt.ref, key, receipt.parts)
        attempt.answered_at, attempt.outcome = at, "done"  # late, and yet an answer: no look could tell it better
    _tell_left(session, account, receipt, at)
    account.row.observed = Observed.UNKNOWN.value
    account.row.due_at = at


def _answer(account: Account, attempt: Attempt, outcome: str, at: int) -> None:
    attempt.answered_at, attempt.outcome = at, outcome
    account.row.op = None


def _part(session: Session, account: Account, kind: str, ref: str) -> Part:
    for part in account.parts:
        if (part.kind, part.external_ref) == (kind, ref):
            return part
    part = Part(placement_id=account.row.id, kind=kind, external_ref=ref, state=PartState.UNKNOWN.value)
    session.add(part)
    account.parts.append(part)
    return part
