"""Bugs that are put in on purpose, in tests only: a harness that does not catch them proves nothing."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from connectors.sdk.errors import Missing, OutcomeUnknown, Unreachable
from connectors.sdk.types import Level
from hub.placements import answers, facts, ledger, looks, observe, reconcile, steps, taking, unsure
from hub.placements.findings import Claim
from hub.placements.phase import Observed
from tests.faults.model.remote import Fake


def skip_find(monkeypatch):
    """An unknown outcome counts as "not carried out": nothing is looked up before the write is repeated."""
    monkeypatch.setattr(ledger, "is_open", lambda attempt: attempt.answered_at is None)
    make = steps._make

    def make_at_once(known):
        step = make(known)
        return steps.Send(steps.Op.PUBLISH) if isinstance(step, steps.ReadBack) else step

    monkeypatch.setattr(steps, "_make", make_at_once)


def done_before_the_answer(monkeypatch):
    """The proof is written down together with the intent."""
    original = answers.intend

    def intend(session, account, step, at):
        attempt = original(session, account, step, at)
        claim = Claim.WITHDRAWN if step.op is steps.Op.WITHDRAW else Claim.IN_PLACE
        observe.add_evidence(session, account, claim, Level.READ, looks=[], at=at)
        return attempt

    monkeypatch.setattr(reconcile.answers, "intend", intend)


def trust_any_failure_as_missing(monkeypatch):
    """A read without an answer is taken for "it is gone"."""
    original = Fake._read

    def read(self, name):
        try:
            original(self, name)
        except Unreachable as down:
            if name == "look":
                raise Missing("gone") from down
            raise

    monkeypatch.setattr(Fake, "_read", read)


def repeat_unknown_writes(monkeypatch):
    """A lost answer is treated like a call that was never sent."""
    original = answers.record_failure

    def record(session, account, attempt, error, *, at, chance):
        if isinstance(error, OutcomeUnknown):
            error = Unreachable(error.message)
        original(session, account, attempt, error, at=at, chance=chance)

    monkeypatch.setattr(reconcile.answers, "record_failure", record)
    monkeypatch.setattr(steps, "_make", lambda known: steps.Send(steps.Op.PUBLISH))


def remember_may_use(monkeypatch):
    """The first answer about rights is kept for ever."""
    kept = {}
    original = facts.may_use

    def may_use(session, asset_id, **rest):
        question = (asset_id, rest["use"])
        if question not in kept:
            kept[question] = original(session, asset_id, **rest)
        return kept[question]

    monkeypatch.setattr(facts, "may_use", may_use)


def old_evidence_counts(monkeypatch):
    """Looks of an earlier aim are taken for proof of the present one."""
    original = ledger.known

    def known(account, **rest):
        return replace(original(account, **rest), looked=True, observed=Observed.PRESENT)

    monkeypatch.setattr(reconcile, "known", known)


def forget_open_writes_of_the_dead(monkeypatch):
    """A worker that takes over closes what the dead one had sent as never sent."""

    def lose(session, row, at):
        unsure.lose_lease(session, row, at)
        lost = select(ledger.Attempt).where(ledger.Attempt.placement_id == row.id, ledger.Attempt.outcome == "unknown")
        for attempt in session.scalars(lost):
            attempt.outcome = "not_sent"

    monkeypatch.setattr(taking, "lose_lease", lose)
    monkeypatch.setattr(steps, "_make", lambda known: steps.Send(steps.Op.PUBLISH))


def never_look_for_others(monkeypatch):
    """Only copies whose reference is known are looked at: a doubled write goes unnoticed."""
    monkeypatch.setattr(looks, "_search", lambda *args: {})


PLANTED = {
    bug.__name__: bug
    for bug in (
        skip_find, done_before_the_answer, trust_any_failure_as_missing, repeat_unknown_writes, remember_may_use,
        old_evidence_counts, forget_open_writes_of_the_dead, never_look_for_others,
    )
}  # fmt: skip
