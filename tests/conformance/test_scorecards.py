"""What is written down of the suite is what a run of the suite finds."""

import io
import json

import pytest
from rich.console import Console

from connectors.sdk.registry import discover
from connectors.sdk.scorecard import scorecard_of
from connectors.testing.conformance.__main__ import main
from connectors.testing.quality.__main__ import ours

NEAR = 0.1
"""Counts of requests may differ so far before they must be written down anew."""


@pytest.mark.parametrize("name", sorted(ours(discover())))
def test_the_stored_counts_are_those_of_a_fresh_run(name):
    shown = Console(file=io.StringIO(), width=240)
    assert main([name, "--json"], shown) == 0
    fresh = json.loads(shown.file.getvalue())[name]
    stored = scorecard_of(discover()[name])
    again = f"run: python -m connectors.testing.quality {name}"
    assert fresh["tier"] == stored.tier, again
    assert fresh["not_applicable"] == stored.measured.not_applicable, again
    assert fresh["contract"]["used"] == stored.measured.contract.used, again
    assert fresh["contract"]["requests_checked"] == pytest.approx(stored.measured.contract.requests, rel=NEAR), again
