"""The conformance suite against real WordPress: the same checks that the sandbox passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.testing.conformance import CHECKS, Outcome, run
from connectors.wordpress import MANIFEST
from tests.conformance import real_wordpress

pytestmark = pytest.mark.service("wordpress")
REAL = replace(MANIFEST, sandbox="tests.conformance.real_wordpress:create")


@pytest.fixture
def site(wordpress, monkeypatch):
    monkeypatch.setattr(real_wordpress, "site", wordpress)
    return wordpress


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_connector_keeps_its_contract_on_the_real_server(site, check):
    result = run(REAL, check)
    assert result.outcome is not Outcome.FAILED, f"{check.sentence} {result.why}"
