"""Every connector passes every check that concerns it, and what is written down of the suite is what a run finds."""

import pytest

from connectors.sdk.manifest import Capability
from connectors.sdk.registry import discover
from connectors.sdk.scorecard import scorecard_of
from connectors.testing.conformance import CHECKS, Outcome
from connectors.testing.conformance.__main__ import Run
from connectors.testing.pinboard import MANIFEST as PINBOARD
from connectors.testing.quality.__main__ import ours

MANIFESTS = discover()
NEAR = 0.1
"""Counts of requests may differ so far before they must be written down anew."""


def failures(standing):
    """What a run found wrong, a line for each check."""
    return [f"{CHECKS[name].sentence} {why}" for name, why in standing.facts.measured.failed.items()]


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_connector_keeps_its_contract_and_its_scorecard_says_so(name):
    standing = Run(MANIFESTS[name])
    assert not failures(standing)
    if name not in ours(MANIFESTS):
        return  # what other packages write down is their authors' matter
    assert not standing.refuted
    fresh, stored = standing.facts.measured, scorecard_of(MANIFESTS[name])
    again = f"run: python -m connectors.testing.quality {name}"
    assert standing.card.tier == stored.tier, again
    assert fresh.not_applicable == stored.measured.not_applicable, again
    assert fresh.contract.used == stored.measured.contract.used, again
    assert fresh.contract.requests == pytest.approx(stored.measured.contract.requests, rel=NEAR), again


def test_no_check_is_idle_with_the_made_up_connector_that_can_do_everything():
    standing = Run(PINBOARD)
    assert not failures(standing)
    assert {name for name, one in standing.results.items() if one.outcome is not Outcome.PASSED} == set()


def test_there_are_enough_checks_and_they_cover_every_ability():
    assert len(CHECKS) >= 60
    assert all(check.sentence.endswith(".") for check in CHECKS.values())
    assert set().union(*(check.needs for check in CHECKS.values())) == set(Capability)
