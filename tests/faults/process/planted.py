"""Bugs put into the real worker on purpose: the same matrix must catch each of them."""

from __future__ import annotations

from connectors.sdk.errors import OutcomeUnknown
from connectors.sdk.types import Level
from connectors.wordpress.calls import Site
from hub.placements import answers, calls, looks, observe, reconcile
from hub.placements.desired import Want
from hub.placements.findings import Claim
from hub.placements.steps import Op
from tests.faults.model import planted as model


class Planter:
    """Sets attributes for good: a worker process lives no longer than its bug."""

    @staticmethod
    def setattr(where, name, value):
        setattr(where, name, value)


def trust_a_404(patch):
    """A 404 for one item is believed, although the list beside it shows the item."""
    original = looks.read_back

    def read_back(*args, **rest):
        found = original(*args, **rest)
        for entry in found.log:
            if (entry["how"], entry["answer"]) == ("look", "gone"):
                found.copies[entry["ref"]] = None
        return found

    patch.setattr(reconcile, "read_back", read_back)
    patch.setattr(Site, "surely_missing", lambda self, ref: None)


def retry_a_write_on_5xx(patch):
    """A write whose answer was an error, or was lost, is sent again at once."""
    original = calls.perform

    def perform(*args, **rest):
        try:
            return original(*args, **rest)
        except OutcomeUnknown:
            return original(*args, **rest)

    patch.setattr(calls, "perform", perform)


def proof_before_the_look(patch):
    """The remote's "done" is written down as if it had been read back."""
    original = answers.record_done

    def record_done(session, account, attempt, receipt, at):
        original(session, account, attempt, receipt, at)
        if attempt.step in {Op.PUBLISH, Op.WITHDRAW}:
            claim = Claim.WITHDRAWN if account.row.desired == Want.ABSENT else Claim.IN_PLACE
            observe.add_evidence(session, account, claim, Level.READ, looks=[], at=at)

    patch.setattr(answers, "record_done", record_done)


PLANTED = {
    bug.__name__: bug
    for bug in (
        model.skip_find, model.done_before_the_answer, trust_a_404, retry_a_write_on_5xx, proof_before_the_look,
        model.forget_open_writes_of_the_dead, model.never_look_for_others,
    )
}  # fmt: skip
