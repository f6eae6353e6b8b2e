"""Write down what looks found: the parts of a copy, its fields, what may be claimed of it, and by what evidence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.manifest import Capability
from connectors.sdk.types import Copy, Level, PartKind, PartState
from hub.catalogue.models import Version
from hub.media.models import Rendition
from hub.placements import exchanges
from hub.placements.answers import note_copy
from hub.placements.conflicts import end_those_over, hold_back, note, remember_taken
from hub.placements.desired import Want
from hub.placements.due import CONFIRM_GONE_MS
from hub.placements.evidence import add_evidence, latest
from hub.placements.exchanges import WITHOUT_EFFECT
from hub.placements.fields import Comparison, agree_upon, bases_of, compare, take_over
from hub.placements.findings import Claim, Finding, at_its_word, conclude, key_of, standing_of, state_of
from hub.placements.ledger import REMOVED_THERE, Account, block, clear_problem
from hub.placements.looks import Looks
from hub.placements.lost import as_new, never_was
from hub.placements.models import Part
from hub.placements.phase import DISPUTED, Observed
from hub.placements.schedule import note_told
from hub.placements.settle import settle
from hub.placements.steps import Op
from hub.placements.trouble import altered_there, tell_if_altered

SHOWN: Final = frozenset({Observed.PRESENT, Observed.QUEUED})
"""What is observed of a copy that is as it should be, out or waiting for its time."""


def record_looks(session: Session, account: Account, looks: Looks, *, at: int) -> Comparison:
    """Write down what looks found. The caller has made sure that nothing was written since they began."""
    if never_was(account) and not account.parts and not looks.standing:
        as_new(account.row)
        return Comparison()
    tell_if_altered(session, account.row, altered_there(session, account, looks))
    exchanges.notice(session, account, looks, at)
    exchanges.let_go_of_theirs(session, account, looks)
    vanished = _enter_copies(session, account, looks, at)
    note_told(session, account.row, account.attempts, looks.standing, at)
    comparison = _compare(session, account, looks, at)
    finding = _finding(session, account, looks, comparison)
    row = account.row
    if row.desired != Want.ABSENT and finding.observed is Observed.ABSENT and not vanished:
        # It never was seen there: what we sent has not arrived (yet), or nothing was sent.
        row.observed = Observed.UNKNOWN.value
        return comparison
    if finding.observed is Observed.ABSENT and _too_early(account, at):
        row.observed = Observed.UNKNOWN.value
        return comparison
    row.observed, row.observed_at = finding.observed.value, at
    row.observed_generation = row.desired_generation
    row.observed_version_id = row.desired_version_id if finding.observed in SHOWN else None
    if finding.observed is not Observed.ABSENT and row.problem_code == REMOVED_THERE:
        row.problem_code = row.problem = ""
    _agree(session, account, comparison, finding.current, at)
    _claim(session, account, finding, looks, at=at)
    return comparison


def _finding(session: Session, account: Account, looks: Looks, comparison: Comparison) -> Finding:
    """Say what the looks show; where nothing can ever be looked at, what the remote said."""
    if {Capability.FIND, Capability.LOOK} & set(account.manifest.abilities):
        expected = account.expected()
        if len(looks.views) > 1:
            expected = replace(expected, others=_other_versions(session, account) - {expected.sha256})
        return conclude(expected, looks, agree=comparison.agree)
    standing = {each.external_ref: each.content_key for each in account.media() if each.state != PartState.GONE.value}
    return at_its_word(account.expected(), standing)


def _other_versions(session: Session, account: Account) -> frozenset[str]:
    """Return the hashes of what the copy's assets are or were in other versions."""
    row = account.row
    assets = [each for each in (row.asset_id, row.desired_asset_id) if each]
    made = select(Version.sha256, Rendition.sha256).outerjoin(Rendition, Rendition.version_id == Version.id)
    found = session.execute(made.where(Version.asset_id.in_(assets), Version.id != row.desired_version_id))
    return frozenset(sha256 for both in found for sha256 in both if sha256)


def _enter_copies(session: Session, account: Account, looks: Looks, at: int) -> bool:
    """Bring the parts up to date; return whether a copy that was seen before vanished by another's hand."""
    vanished = account.row.problem_code == REMOVED_THERE
    withdrawn = {cast("dict[str, Any]", a.detail)["ref"] for a in account.attempts if a.step == Op.WITHDRAW}
    for ref, copy in looks.copies.items():
        before = next((part for part in account.media() if part.external_ref == ref), None)
        if copy is not None:
            _enter(session, account, copy, before, at)
        elif before is not None:
            seen_before = before.looked_at is not None
            never_shown = not seen_before and before.state == PartState.UNKNOWN.value
            if never_shown and _settling(account, at):
                continue  # just made: it may not show yet
            if seen_before and ref not in withdrawn and _settling(account, at, {Op.PUBLISH}):
                continue  # it showed, and now does not: so soon after it was made that is not believed either
            vanished |= before.state != PartState.GONE.value and seen_before and ref not in withdrawn
            before.state, before.looked_at = PartState.GONE.value, at
            _forget_uses(account, before.content_key, at)
    _enter_views(session, account, looks, at)
    return vanished and not looks.standing


def _enter(session: Session, account: Account, copy: Copy, before: Part | None, at: int) -> None:
    key = key_of(copy)
    if key is None:
        key = before.content_key if before else ""
    media = note_copy(session, account, copy.ref, key, copy.parts)
    media.state, media.looked_at = standing_of(copy).value, at
    told = {(part.kind.value, part.ref): part.state.value for part in copy.parts}
    for part in account.parts:
        if part.kind in {PartKind.MEDIA.value, PartKind.PUBLIC_URL.value}:
            continue
        state = told.get((part.kind, part.external_ref))
        if state is not None:
            part.state, part.looked_at = state, at
        elif part.content_key == key:
            part.state, part.looked_at = PartState.GONE.value, at


def _forget_uses(account: Account, content_key: str, at: int) -> None:
    for part in account.parts:
        inner = part.kind in {PartKind.EMBED.value, PartKind.LINK.value}
        if inner and part.content_key == content_key and part.state == PartState.UNKNOWN.value:
            part.state, part.looked_at = PartState.GONE.value, at


def _enter_views(session: Session, account: Account, looks: Looks, at: int) -> None:
    del session
    for part in account.parts:
        viewed = looks.views.get(part.external_ref)
        if part.kind != PartKind.PUBLIC_URL.value or viewed is None:
            continue
        part.state = state_of(viewed, part.hash).value
        part.looked_at = at
        if part.state == PartState.SHOWING.value:
            part.hash = viewed.sha256


def _settling(account: Account, at: int, ops: Collection[Op] = frozenset(Op)) -> bool:
    """Tell whether the last of these writes is so young that "not there" does not count yet.

    A write that was refused, or never sent, made nothing that could still turn up.
    """
    answered = [
        a.answered_at
        for a in account.attempts
        if a.answered_at is not None and Op(a.step) in ops and a.outcome not in WITHOUT_EFFECT
    ]
    return bool(answered) and at < max(answered) + int(account.manifest.settles_after_s * 1000)


def _too_early(account: Account, at: int) -> bool:
    """Tell whether "nothing there" does not count yet: a search does not show what was published just now.

    Where copies can be looked at one by one, a withdrawal needs no waiting; a copy that a doubled publication left
    behind would only turn up by a search.
    """
    if Capability.LOOK in account.manifest.abilities:
        return _settling(account, at, {Op.PUBLISH})
    return _settling(account, at)


def _compare(session: Session, account: Account, looks: Looks, at: int) -> Comparison:
    rendering, row = account.rendering, account.row
    standing = looks.standing
    if row.desired == Want.ABSENT:
        end_those_over(session, row.id, at)
    if rendering is None or row.desired == Want.ABSENT or not standing:
        return Comparison()
    shown = min(standing, key=lambda copy: (key_of(copy) != rendering.content_key, len(copy.ref), copy.ref))
    found = compare(rendering, bases_of(session, row.id), shown.fields)
    return hold_back(session, account, found, shown.fields, at)


def _agree(session: Session, account: Account, comparison: Comparison, current: Copy | None, at: int) -> None:
    row, rendering = account.row, account.rendering
    if current is None or rendering is None or row.desired_asset_id is None:
        return
    note(session, account, comparison, at)
    if comparison.take:
        remember_taken(session, account, comparison.take, at)
        refused = take_over(
            session,
            row.desired_asset_id,
            comparison.take,
            locales=rendering.locales,
            connector=account.place.connector,
            placement_id=row.id,
            at=at,
        )
        if refused:
            block(session, account, "field_not_taken", f"A value set in the channel cannot be kept: {refused}")
    row.observed_doc_hash = rendering.fields_hash if comparison.agree else ""
    if comparison.agree:
        agree_upon(session, row.id, rendering, current.fields)


def _claim(session: Session, account: Account, finding: Finding, looks: Looks, *, at: int) -> None:
    row = account.row
    if finding.observed is Observed.ABSENT and row.desired != Want.ABSENT:
        _vanished(session, account, looks, at)
        return
    claim = {
        (Want.PRESENT, Observed.PRESENT): Claim.IN_PLACE,
        (Want.SUBSTITUTE, Observed.PRESENT): Claim.SUBSTITUTED,
        (Want.PRESENT, Observed.QUEUED): Claim.SCHEDULED,
        (Want.SUBSTITUTE, Observed.QUEUED): Claim.SCHEDULED,
        (Want.HELD, Observed.HELD): Claim.HELD,
        (Want.ABSENT, Observed.ABSENT): Claim.WITHDRAWN,
    }.get((Want(row.desired), finding.observed))
    if claim is None:
        return
    if not row.blocked:
        clear_problem(row)
        row.attempt = 0
    if claim is Claim.WITHDRAWN and row.problem_code == REMOVED_THERE:
        row.problem_code = row.problem = ""
    add_evidence(session, account, claim, finding.level, looks=looks.log, at=at)


def _vanished(session: Session, account: Account, looks: Looks, at: int) -> None:
    row = account.row
    first = row.problem_code != REMOVED_THERE
    if row.problem_code in DISPUTED:  # nothing is left there to disagree about
        end_those_over(session, row.id, at)
        row.blocked = False
    row.problem_code, row.problem = (
        REMOVED_THERE,
        "Somebody removed this copy in the channel. The asset itself is safe.",
    )
    proof = latest(session, row.id, generation=row.desired_generation)
    if first or proof is None or proof.claim != Claim.GONE.value:
        add_evidence(session, account, Claim.GONE, Level.READ, looks=looks.log, at=at)
    elif at >= proof.at + CONFIRM_GONE_MS:
        settle(session, row, REMOVED_THERE, at)
