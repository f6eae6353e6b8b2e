"""Copies that have a time, in thousands of interleavings: never out twice, never let go without rights, never lost."""

from __future__ import annotations

import pytest

from connectors.sdk.types import Level, PartState
from hub.placements.desired import Desired, Want
from hub.placements.findings import Finding
from hub.placements.phase import Observed
from hub.placements.steps import ReadBack, Rest
from tests.faults.model.harness import Broken
from tests.faults.model.seeds import seeds
from tests.faults.model.timed import TIMED, TimedPlay, timed_script


@pytest.mark.parametrize("variant", ["calendar", "in_place"])
@pytest.mark.parametrize("seed", seeds())
def test_a_seed_with_a_time_holds_every_promise(fast, monkeypatch, seed, variant):
    database, clock = fast()
    TimedPlay(database, clock, monkeypatch, variant=variant).play(timed_script(seed))


def believe_every_hold(monkeypatch):
    """What was asked to be parked counts as parked, whatever a look shows."""
    monkeypatch.setattr("hub.placements.findings._parked", lambda _: Finding(Observed.HELD, Level.READ))
    monkeypatch.setattr("hub.placements.findings.standing_of", lambda _: PartState.HELD)


def never_hold(monkeypatch):
    """What may not go out is looked at, and goes out."""
    monkeypatch.setattr("hub.placements.steps._park", lambda known: ReadBack() if not known.looked_now else Rest())


def remember_no_verdict(monkeypatch):
    """Whatever waits goes out, whether it may or not."""

    def found_all_the_same(facts):
        asset = facts.chain[0]
        return Desired(Want.PRESENT, asset.asset_id, asset.version_id, "wanted")

    monkeypatch.setattr("hub.placements.facts.desired", found_all_the_same)


WAITS = [("tick", 0), ("tick", 0)]
ENDS = [("rights_end", 0), ("tick", 0), ("tick", 0)]
REVEALING = {
    believe_every_hold: [*WAITS, ("write_fault", "no_effect"), *ENDS],
    never_hold: [*WAITS, *ENDS],
    remember_no_verdict: [*WAITS, ("parked_there", 0), *ENDS, ("hint", 0), *WAITS],
}


@pytest.mark.parametrize("bug", REVEALING, ids=lambda bug: bug.__name__)
@pytest.mark.parametrize("planted", [True, False])
def test_a_planted_bug_is_caught_and_its_script_passes_without_it(fast, monkeypatch, bug, planted):
    database, clock = fast()
    play = TimedPlay(database, clock, monkeypatch, phases=not planted)
    if planted:
        bug(monkeypatch)
        with pytest.raises(Broken):
            play.play(REVEALING[bug])
    else:
        play.play(REVEALING[bug])


def test_every_action_of_a_timed_script_is_known():
    assert all(hasattr(TimedPlay, f"_{name}") for name, _ in TIMED)
