"""Thousands of interleavings in small: seeds of actions and faults, each run to quiet and checked."""

from __future__ import annotations

import pytest

from tests.faults.model.harness import ACTIONS, VARIANTS, Broken, Play, script_of
from tests.faults.model.planted import PLANTED
from tests.faults.model.seeds import seeds


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("seed", seeds())
def test_a_seed_holds_every_promise(fast, monkeypatch, variant, seed):
    database, clock = fast()
    Play(database, clock, monkeypatch, variant=variant, lag_ms=(seed % 3) * 1500).play(script_of(seed))


@pytest.mark.parametrize(("seed", "variant"), [(112, "in_place")])
def test_a_seed_that_failed_once_holds(fast, monkeypatch, seed, variant):
    database, clock = fast()
    Play(database, clock, monkeypatch, variant=variant, lag_ms=(seed % 3) * 1500).play(script_of(seed))


SHOWN = [("tick", 0), ("tick", 0)]
AGAIN = [("advance", 2), ("tick", 0), ("tick", 0)]
REVEALING = {
    "skip_find": ("composed", [("write_fault", "lost_after"), *SHOWN, *AGAIN]),
    "done_before_the_answer": ("composed", SHOWN),
    "trust_any_failure_as_missing": (
        "unfindable",
        [*SHOWN, ("advance", 7), ("hint", 0), ("read_fault", "down"), *SHOWN],
    ),
    "repeat_unknown_writes": ("composed", [("write_fault", "lost_after"), *SHOWN, *AGAIN]),
    "remember_may_use": ("composed", [*SHOWN, ("rights_end", 0), *AGAIN]),
    "old_evidence_counts": ("link", [*SHOWN, ("version", 1), *AGAIN]),
    "forget_open_writes_of_the_dead": ("composed", [("write_fault", "killed_after"), *SHOWN, *AGAIN]),
    "never_look_for_others": ("composed", [("write_fault", "doubled"), *SHOWN, ("take_back", 0), *AGAIN]),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_caught(fast, monkeypatch, bug):
    variant, script = REVEALING[bug]
    database, clock = fast()
    play = Play(database, clock, monkeypatch, variant=variant, phases=False)
    PLANTED[bug](monkeypatch)
    with pytest.raises(Broken):
        play.play(script)


@pytest.mark.parametrize("bug", PLANTED)
def test_the_script_that_reveals_a_planted_bug_passes_without_it(fast, monkeypatch, bug):
    variant, script = REVEALING[bug]
    database, clock = fast()
    Play(database, clock, monkeypatch, variant=variant).play(script)


def test_every_action_of_a_script_is_known():
    assert all(hasattr(Play, f"_{name}") for name, _ in ACTIONS)


def test_the_seeds_make_faults_fire(fast, monkeypatch):
    database, clock = fast()
    result = Play(database, clock, monkeypatch).play(script_of(3, length=60))
    assert result.fired
    assert result.calls > 0
