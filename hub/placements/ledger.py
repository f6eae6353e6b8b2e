"""One row of the ledger with everything around it: brought up to date with the facts, and asked what is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.manifest import Manifest, Write
from connectors.sdk.types import PartKind, PartState
from hub.connections.accounts import is_recollecting
from hub.connections.problems import WAYLESS
from hub.db.installation import may_write
from hub.db.unit import keep_loaded
from hub.events.log import emit
from hub.placements import due, facts, lost
from hub.placements.adopting import preset_of
from hub.placements.desired import Desired, Want
from hub.placements.findings import Expected
from hub.placements.links import placement_link
from hub.placements.models import Attempt, Part, Placement
from hub.placements.phase import DISPUTED, Observed, Phase, phase, waits_for_another_time
from hub.placements.ports import Signer, Switchboard
from hub.placements.rendering import Rendering, Specs, rendering_of
from hub.placements.schedule import is_news, keeps_time, next_look, next_turn, stopped_by
from hub.placements.sets import compose
from hub.placements.steps import REPEATS_WITHIN, Known, Op, Open, Send, Standing
from hub.placements.tasks import ask_to_remove, tell_stopped
from hub.rights.answer import Default
from mappings.languages import DEFAULT

UNKNOWN: Final = "unknown"
SEEN: Final = "seen"
"""How a publication ended that a person saw there, and whose name the remote never told."""
REMOVED_THERE: Final = "removed_there"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the room is given once: how values are mapped, links signed, and what holds without any licence."""

    specs: Specs
    keyring: Signer
    base_url: str
    rights_default: Default
    language: str = DEFAULT  # the catalogue's own

    def link(self, marker: str) -> str:
        """Return the permanent address of a copy."""
        return placement_link(marker, base_url=self.base_url, keyring=self.keyring)


@dataclass(slots=True)
class Account:
    """A row, its target, and what should be true of it at this instant."""

    row: Placement
    place: facts.Place
    manifest: Manifest
    desired: Desired
    depends_on: tuple[str, ...]
    rendering: Rendering | None
    link: str
    attempts: list[Attempt]
    base_url: str = ""  # of this hub
    at: int = 0  # the instant
    parts: list[Part] = field(default_factory=list[Part])

    @property
    def open_attempts(self) -> list[Attempt]:
        """Return the writes whose outcome is not known."""
        return [attempt for attempt in self.attempts if is_open(attempt)]

    @property
    def last_attempt(self) -> str:
        """Return the id of the last write that was intended, empty when there was none."""
        return self.attempts[-1].id if self.attempts else ""

    def media(self) -> list[Part]:
        """Return the parts that are copies themselves."""
        return [part for part in self.parts if part.kind == PartKind.MEDIA.value]

    def stands(self) -> bool:
        """Tell whether a copy stands there, as far as is known."""
        return self.nameless or any(part.state != PartState.GONE.value for part in self.media())

    @property
    def nameless(self) -> bool:
        """Tell whether a person saw a copy there of which the hub does not know the name."""
        return any(attempt.outcome == SEEN for attempt in self.attempts)

    def expected(self) -> Expected:
        """Return what looks are measured by."""
        made = self.rendering.bytes if self.rendering else None
        several = self.rendering is not None and bool(self.rendering.companions)  # no address shows a whole set
        return Expected(
            Want(self.row.desired), self.rendering.content_key if self.rendering else "",
            made.sha256 if made and not several else "",
            self.manifest.carries, self.link,
            {part.external_ref: part.hash for part in self.parts if part.kind == PartKind.PUBLIC_URL.value},
        )  # fmt: skip


def is_open(attempt: Attempt) -> bool:
    """Tell whether the outcome of a write is not known."""
    return attempt.answered_at is None or attempt.outcome == UNKNOWN


def open_account(session: Session, row: Placement, switchboard: Switchboard, around: Surroundings, at: int) -> Account:
    """Bring a row up to date with the facts and return it with all that is known. Counts the generation on a change.

    Raises:
        NotFound: the connector is not installed any more: not even what should be is known.
    """
    keep_loaded(session)  # the same few rows are asked for by all that follows
    place = facts.place_of(session, row.target_id)
    manifest = switchboard.manifest(place.connector).at(place.kind)
    want, depends_on = facts.desired_now(
        session, row, place, preset=manifest.rendition, at=at, default=around.rights_default,
        by_hand=manifest.by_hand, keeps_time=keeps_time(manifest),
    )  # fmt: skip
    link = around.link(row.marker)
    rendering = rendering_there(session, row, place, manifest, want=want, around=around, at=at)
    stopped, planned = stopped_by(row), bool(row.desired_reason)
    _aim(row, want, rendering.doc_hash if rendering else "")
    if is_news(stopped, row, planned=planned):
        tell_stopped(session, row, place, around.base_url, at=at)
    attempts = list(session.scalars(select(Attempt).where(Attempt.placement_id == row.id).order_by(Attempt.id)))
    parts = list(session.scalars(select(Part).where(Part.placement_id == row.id)))
    account = Account(row, place, manifest, want, depends_on, rendering, link, attempts, around.base_url, at, parts)
    lost.consider(session, account, at)
    store_phase(account)
    return account


def rendering_there(
    session: Session, row: Placement, place: facts.Place, manifest: Manifest, *, want: Desired, around: Surroundings,
    at: int,
) -> Rendering | None:  # fmt: skip
    """Return what exactly would be sent for a row, of which this is wanted; None where nothing is to be shown."""
    ends = partial(facts.usable_until, session, row=row, place=place, at=at, default=around.rights_default)
    made = [
        rendering_of(
            session, asset_id, version_id, preset=preset_of(session, row, version_id, manifest.rendition),
            link=around.link(row.marker), spec=partial(around.specs, session, place.remote_id, place.connector),
            language=place.language, own_language=around.language,
            usable_until=partial(ends, asset_id),
        )
        for asset_id, version_id in want.shown
    ]  # fmt: skip
    return compose(made[0], made[1:], manifest.picture_fields) if made else None


def _aim(row: Placement, want: Desired, doc_hash: str) -> None:
    row.desired_reason = want.reason
    if want.asset_id != row.desired_asset_id or want.want not in {Want.PRESENT, Want.SUBSTITUTE}:
        row.exchange_id = None  # whatever stands there is to go: nobody is asked any more
    before = (row.desired, row.desired_asset_id, row.desired_version_id, row.desired_doc_hash)
    if before == (want.want.value, want.asset_id, want.version_id, doc_hash):
        return
    row.desired, row.desired_asset_id, row.desired_version_id = want.want.value, want.asset_id, want.version_id
    row.desired_doc_hash = doc_hash
    row.desired_generation += 1
    row.attempt = 0
    if row.blocked and row.problem_code != "unanswerable" and row.exchange_id is None:
        clear_problem(row)


def clear_problem(row: Placement) -> None:
    """Forget what was wrong, except that the copy was removed by somebody there: only a person puts it back."""
    row.blocked = False
    if row.problem_code != REMOVED_THERE:
        row.problem_code = row.problem = ""


def block(session: Session, account: Account, code: str, what: str) -> None:
    """Stop until a person has acted."""
    row = account.row
    if not (row.blocked and row.problem_code == code):
        emit(
            session, "placement.blocked", row.id, actor="system",
            body={"asset_id": row.asset_id, "target_id": row.target_id, "problem_code": code},
        )  # fmt: skip
        if row.desired == Want.ABSENT and account.stands() and code != lost.UNCONFIRMED.code:
            ask_to_remove(
                session, row, account.place, parts=account.parts, what=what, base_url=account.base_url, at=account.at
            )
    row.blocked, row.problem_code, row.problem = True, code, what


def store_phase(account: Account) -> None:
    """Store the phase as its definition gives it."""
    account.row.phase = phase(account.row, open_attempts=len(account.open_attempts)).value


def known(account: Account, *, now: int, may_write: bool, looked_now: bool, audit_due: bool) -> Known:
    """Return what the next step depends upon."""
    row, rendering = account.row, account.rendering
    unknown = account.open_attempts
    first_open = None
    if unknown:
        since = max(attempt.answered_at or attempt.intended_at for attempt in unknown)
        worst = next((a for a in unknown if a.write == Write.UNANSWERABLE.value), unknown[0])
        first_open = _open(account, worst, since)
    lately = [attempt for attempt in account.attempts if now - attempt.intended_at < REPEATS_WITHIN]
    return Known(
        now=now,
        desired=Want(row.desired),
        content_key=rendering.content_key if rendering else "",
        fields_agree=rendering is not None and row.observed_doc_hash == rendering.fields_hash,
        standing=tuple(_standing(account)),
        vanished=row.problem_code == REMOVED_THERE,
        sent=bool(account.attempts),
        observed=Observed(row.observed),
        looked=row.observed_generation == row.desired_generation and row.observed_at is not None,
        looked_now=looked_now,
        audit_due=audit_due,
        may_write=may_write,
        carries=account.manifest.carries,
        abilities=frozenset(account.manifest.abilities),
        settles_ms=int(account.manifest.settles_after_s * 1000),
        unreadable=rendering is not None and rendering.unreadable,
        missing=rendering.rendered.missing if rendering is not None else (),
        unmapped=rendering.unmapped if rendering is not None else "",
        open=first_open,
        repointed=frozenset(_pair(a.detail) for a in account.attempts if a.step == Op.REPOINT and a.outcome == "done"),
        done=Counter(
            send_of(attempt)
            for attempt in lately
            if attempt.generation == row.desired_generation and attempt.outcome == "done"
        ),
        nameless=account.nameless,
        spent=account.manifest.by_hand and any(is_spent(attempt) for attempt in account.attempts),
        other_time=waits_for_another_time(row),
        exchanged=row.exchange_id is not None,
        half_away=_half_done(account, Op.WITHDRAW),
        half_replaced=_half_done(account, Op.REPLACE),
        failed=any(part.state == PartState.FAILED.value for part in account.media()),
        unconfirmed=lost.UNCONFIRMED if lost.is_unconfirmed(account) else None,
    )


def _half_done(account: Account, op: Op) -> str:
    """Return the name of a copy that went, or was exchanged, while an address still shows what it showed before.

    Some remotes need several calls for it: whoever died between them, or never was answered, left the rest to be done.
    So does somebody there who deletes a copy and not its file, and a publication that got no further than the file.
    """
    shown = {
        part.content_key for part in account.parts
        if part.kind == PartKind.PUBLIC_URL.value and part.state == PartState.SHOWING.value
    }  # fmt: skip
    for part in account.media():
        gone = part.state == PartState.GONE.value
        left = part.content_key in shown if gone else bool(shown - {part.content_key})
        step, outcome = _last_write(account, part.external_ref, _MOVES_FILES if gone else {Op.REPLACE})
        # Where the last word was a withdrawal that was answered, saying it again changes nothing.
        undone = step != Op.WITHDRAW or outcome in {"found", "not_sent"} if gone else outcome == "found"
        if left and gone is (op is Op.WITHDRAW) and undone:
            return part.external_ref
    return ""


_MOVES_FILES: Final = frozenset({Op.PUBLISH, Op.REPLACE, Op.WITHDRAW})


def _last_write(account: Account, ref: str, steps: Collection[Op]) -> tuple[str, str | None]:
    """Return the last of these writes that was, or may have been, about a copy, and how it ended."""
    for attempt in reversed(account.attempts):
        if attempt.step in steps and cast("dict[str, Any]", attempt.detail)["ref"] in {ref, ""}:
            return attempt.step, attempt.outcome
    return "", None


def _standing(account: Account) -> Iterator[Standing]:
    """Yield the copies that stand there, or may stand there; each look reads all of them that it finds."""
    media = sorted(account.media(), key=lambda part: part.external_ref)
    looked = max((part.looked_at for part in media if part.looked_at is not None), default=0)
    for part in media:
        if part.state != PartState.GONE.value:
            missed = part.looked_at is not None and part.looked_at < looked
            yield Standing(part.external_ref, part.content_key, part.state == PartState.HELD.value, missed)


def _open(account: Account, attempt: Attempt, since: int) -> Open:
    """Return a write in doubt, with whether it can be repeated to the letter."""
    detail, rendering, step = cast("dict[str, Any]", attempt.detail), account.rendering, send_of(attempt)
    ability = account.manifest.abilities.get(step.op.ability)
    texts = (detail.get("content_key"), detail.get("fields_hash"))
    same = rendering is not None and texts == (rendering.content_key, rendering.fields_hash)
    first = min(each.intended_at for each in account.open_attempts if each.step == attempt.step)
    return Open(
        step.op, Write(attempt.write), since, step.ref, step.to, first,
        repeatable_ms=int(ability.repeatable_s * 1000) if ability else 0,
        same=same and account.row.desired == Want.PRESENT.value,
        lost=attempt.op == lost.LOST,
    )  # fmt: skip


def is_spent(attempt: Attempt) -> bool:
    """Tell whether this is a publication that was carried out and that nobody asked for anew since."""
    carried_out = attempt.step == Op.PUBLISH and attempt.outcome in {"done", "found", SEEN}
    return carried_out and not cast("dict[str, Any]", attempt.detail).get("asked_anew")


def ask_anew(account: Account) -> None:
    """Note that a person asks for what was published once to be published again."""
    for attempt in account.attempts:
        if is_spent(attempt):
            attempt.detail = {**cast("dict[str, Any]", attempt.detail), "asked_anew": True}


def kept_note(account: Account) -> str:
    """Return what the last try to publish these bytes noted of its way, unless it ended well."""
    key = account.rendering.content_key if account.rendering else ""
    for attempt in reversed(account.attempts):
        detail = cast("dict[str, Any]", attempt.detail)
        if attempt.step == Op.PUBLISH and detail.get("content_key") == key:
            return "" if attempt.outcome in {"done", "found", SEEN} else str(detail.get("kept", ""))
    return ""


def send_of(attempt: Attempt) -> Send:
    """Return the step that an attempt was for."""
    detail = cast("dict[str, Any]", attempt.detail)
    return Send(Op(attempt.step), ref=detail.get("ref", ""), to=detail.get("to", ""))


def _pair(detail: dict[str, Any]) -> tuple[str, str]:
    return detail["ref"], detail["to"]


def may_write_there(session: Session, account: Account) -> bool:
    """Tell whether this copy may be written to: not while its account is learnt again, except to stop it."""
    learning = is_recollecting(session, account.place.remote_id) and account.row.desired not in {Want.ABSENT, Want.HELD}
    return may_write(session) and not learning


def earliest(session: Session, account: Account, now: int, *, looks: bool = True) -> int:
    """Return when this row is to be looked at next although nothing happens: a rights boundary, or an audit.

    Without `looks`, audits are left out: one that just failed is as much overdue as before.
    """
    row = account.row
    times = [
        now + due.FAR,
        due.next_boundary(session, account.depends_on, account.place.channel, account.place.territory, now),
        next_turn(session, row, now, account.place.lead_s),
    ]
    if looks and row.phase in LOOKED_AT and not account.nameless:  # nobody can look but people
        times.append(_next_look(session, account, now))
    if row.blocked and row.problem_code in DISPUTED | WAYLESS:
        times.append(now + due.LONGEST_UNSEEN)
    return min(at for at in times if at is not None)


LOOKED_AT: Final = frozenset({Phase.LIVE, Phase.WITHDRAWN, Phase.GONE, Phase.QUEUED, Phase.HELD})
"""Phases in which a copy is looked at again from time to time, though nothing happens."""


def is_audit_due(session: Session, account: Account, now: int) -> bool:
    """Tell whether the last proof of this generation is so old that it is to be repeated."""
    at = _next_look(session, account, now)
    return at is not None and now >= at


def _next_look(session: Session, account: Account, now: int) -> int | None:
    row = account.row
    proofs = due.proofs_of(session, row.id, row.desired_generation)
    if proofs is None or row.phase not in {Phase.QUEUED, Phase.HELD}:
        return due.next_audit(proofs, now)
    date = row.publish_at if row.phase == Phase.QUEUED else None
    return min(next_look(proofs.first, proofs.last, date, account.place.lead_s), now + due.LONGEST_UNSEEN)
