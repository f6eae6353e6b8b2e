"""What may be said of a remote that lets nobody read: what it answered to our writes, and no more."""

from __future__ import annotations

import pytest

from connectors.sdk.manifest import Carries
from connectors.sdk.types import Level
from hub.placements.desired import Want
from hub.placements.findings import Expected, Finding, at_its_word
from hub.placements.phase import Observed


@pytest.mark.parametrize(
    ("want", "standing", "observed"),
    [
        (Want.PRESENT, {"1": "k1"}, Observed.PRESENT),
        (Want.PRESENT, {}, Observed.ABSENT),
        (Want.PRESENT, {"1": "old"}, Observed.MIXED),
        (Want.PRESENT, {"1": "old", "2": "k1"}, Observed.MIXED),
        (Want.ABSENT, {"1": "k1"}, Observed.PRESENT),
        (Want.ABSENT, {}, Observed.ABSENT),
    ],
)
def test_its_word_is_taken_for_what_it_is(want, standing, observed):
    expected = Expected(want, "k1" if want is Want.PRESENT else "", "", Carries.BYTES, "https://hub.example/p/x", {})
    assert at_its_word(expected, standing) == Finding(observed, Level.SAID)
