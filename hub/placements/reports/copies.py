"""What a report says of one copy, out of the ledger: where, since when, until when, and how we know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.catalogue.models import Version
from hub.connections.accounts import usable
from hub.connections.health import NEEDS_PERSON_NOTICE, State
from hub.notify.models import Notice
from hub.placements.models import Placement, UsePlace
from hub.placements.recall import RecallLine, Result
from hub.placements.reports.document import (
    Asked,
    CopyTold,
    Person,
    Proof,
    Seen,
    Standing,
    Thing,
    UsedAt,
    Written,
)
from hub.placements.reports.times import iso, iso_or_none
from hub.placements.tasks import LEFT_NOTICE, REMOVE_NOTICE
from hub.placements.views import AttemptView, CopyView, EvidenceView, history

CARRIED_OUT: Final = frozenset({"done", "found", "seen"})
THERE: Final = frozenset({"in_place", "substituted"})
ENDINGS: Final = {
    Result.WITHDRAWN: frozenset({"withdraw"}),
    Result.SUBSTITUTED: frozenset({"publish", "replace", "repoint"}),
}
"""The writes that bring a copy to its end, by how it ended."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What all copies of one report share."""

    session: Session
    opened_at: int
    name_of: Callable[[str], Person]
    title_of: Callable[[str], str]


def tell_copy(telling: Telling, line: RecallLine, number: int) -> CopyTold:
    """Return what the report says of one copy."""
    copy = line.copy
    row = telling.session.get_one(Placement, copy.id)
    proofs, tries = history(telling.session, row)
    proof = next((one for one in proofs if one.id == line.evidence_id), None)
    ended_at, ended_how = _ended(line, tries, proof, telling.opened_at)
    return CopyTold(
        number=number, id=copy.id, marker=copy.marker, asked_for=copy.asset_code, connector=copy.connector,
        system=telling.title_of(copy.connector), account=copy.remote_label, place=copy.target_label, slot=copy.slot,
        put_there_at=iso_or_none(_put_there(tries)), last_there=_last_there(telling, proofs, proof),
        result=line.result.value, ended_at=iso_or_none(ended_at), ended_how=ended_how,
        proven_at=iso(proof.at) if proof else None, level=line.level, proof=_proof(telling, proof),
        things=tuple(Thing(kind=part.kind, address=part.ref, state=part.state, looked_at=iso_or_none(part.looked_at))
                     for part in copy.parts),
        uses=_uses(telling.session, copy.id), writes=_writes(tries, telling.opened_at), remains=line.reason,
        next_try_at=iso_or_none(line.next_try_at),
        asked=_asked(telling, copy) if line.result is Result.UNPROVEN else (),
    )  # fmt: skip


def _put_there(tries: Iterable[AttemptView]) -> int | None:
    """Return when the first copy was made; writes come newest first."""
    made = [one for one in tries if one.step == "publish" and one.outcome in CARRIED_OUT]
    return (made[-1].answered_at or made[-1].intended_at) if made else None


def _last_there(telling: Telling, proofs: Iterable[EvidenceView], ending: EvidenceView | None) -> Standing | None:
    """Return what was last proven to stand there, apart from the proof that it ended."""
    found = next((one for one in proofs if one.claim in THERE and (ending is None or one.id < ending.id)), None)
    if found is None:
        return None
    version = telling.session.get(Version, found.version_id) if found.version_id else None
    return Standing(level=found.level, at=iso(found.at), version=version.number if version else None,
                    sha256=version.sha256 if version else None)  # fmt: skip


def _ended(
    line: RecallLine, tries: Iterable[AttemptView], proof: EvidenceView | None, opened_at: int
) -> tuple[int | None, str]:
    """Return when a copy was ended, and by whom; writes come newest first."""
    if line.result not in ENDINGS or proof is None:
        return None, ""
    if proof.level == "attested":
        return None, "A person says that it is so; the hub could not look."
    mine = [one for one in tries if one.step in ENDINGS[line.result] and one.outcome in CARRIED_OUT]
    last = next((one for one in mine if one.intended_at >= opened_at), None) or next(iter(mine), None)
    if last is None:
        return None, "It was gone when the hub looked: somebody there had removed it."
    before = " before the recall began" if last.intended_at < opened_at else ""
    return last.answered_at or last.intended_at, f"The hub ended it{before} ({last.step})."


def _proof(telling: Telling, proof: EvidenceView | None) -> Proof | None:
    if proof is None:
        return None
    return Proof(
        id=proof.id, claim=proof.claim, level=proof.level, at=iso(proof.at), by=telling.name_of(proof.by),
        note=proof.note, looks=tuple(_look(each) for each in proof.looks),
    )  # fmt: skip


def _look(look: Mapping[str, Any]) -> Seen:
    return Seen(
        how=str(look.get("how", "")), address=str(look.get("ref", "")), answer=str(look.get("answer", "")),
        sha256=str(look.get("hash", "")), at=iso(int(look.get("at", 0))),
    )  # fmt: skip


def _writes(tries: list[AttemptView], opened_at: int) -> tuple[Written, ...]:
    """Return every write since the recall began, oldest first."""
    return tuple(
        Written(step=one.step, intended_at=iso(one.intended_at), answered_at=iso_or_none(one.answered_at),
                outcome=one.outcome)
        for one in reversed(tries)
        if one.intended_at >= opened_at
    )  # fmt: skip


def _uses(session: Session, placement_id: str) -> tuple[UsedAt, ...]:
    query = select(UsePlace).where(UsePlace.placement_id == placement_id).order_by(UsePlace.kind, UsePlace.ref)
    return tuple(
        UsedAt(kind=use.kind, label=use.label, address=use.url or use.ref, public=use.public,
               first_told_at=iso(use.first_told_at), last_told_at=iso(use.told_at), gone_at=iso_or_none(use.gone_at))
        for use in session.scalars(query)
    )  # fmt: skip


def _asked(telling: Telling, copy: CopyView) -> tuple[Asked, ...]:
    """Return who was told that the account needs them, or that the copy is theirs to take away."""
    found = _told(telling, copy.id, REMOVE_NOTICE, _to_remove)
    found += _told(telling, copy.id, LEFT_NOTICE, lambda body: str(body["problem"]))
    connection = usable(telling.session, copy.remote_id)
    if connection is not None and connection.state == State.NEEDS_PERSON:
        found += _told(telling, connection.id, NEEDS_PERSON_NOTICE, lambda _: connection.problem)
    return tuple(found)


def _told(telling: Telling, subject: str, what: str, words: Callable[[Mapping[str, Any]], str]) -> list[Asked]:
    """Return who has a notice about something, in the order of their accounts; the newest word to each."""
    notices = select(Notice).where(Notice.subject == subject, Notice.what == what).order_by(Notice.id)
    newest = {notice.user_id: notice for notice in telling.session.scalars(notices)}
    return [
        Asked(person=telling.name_of(user_id), what=words(notice.body), at=iso(notice.created_at))
        for user_id, notice in sorted(newest.items())
    ]


def _to_remove(body: Mapping[str, Any]) -> str:
    where = f" It stood at {body['address']} then." if body.get("address") else ""
    return f"{body['problem']}{where}"
