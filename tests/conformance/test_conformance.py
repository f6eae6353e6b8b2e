"""Every connector passes every check that concerns it; the made-up one, which can do everything, shows the suite."""

import pytest

from connectors.sdk.manifest import Capability
from connectors.sdk.registry import discover
from connectors.testing.conformance import CHECKS, Outcome, run
from connectors.testing.pinboard import MANIFEST as PINBOARD

MANIFESTS = {"pinboard": PINBOARD, **discover()}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_a_connector_keeps_its_contract(manifest, check):
    result = run(manifest, check)
    assert result.outcome is not Outcome.FAILED, f"{check.sentence} {result.why}"


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_no_check_is_idle(check):
    assert run(PINBOARD, check).outcome is Outcome.PASSED


def test_there_are_enough_checks_and_they_cover_every_ability():
    assert len(CHECKS) >= 40
    assert all(check.sentence.endswith(".") for check in CHECKS.values())
    assert set().union(*(check.needs for check in CHECKS.values())) == set(Capability)
