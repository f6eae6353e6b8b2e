"""A write is made of several calls: a login page in the midst of them is no word of the remote about the copy."""

from __future__ import annotations

import pytest

from hub.placements.answers import MOST_BAD_ANSWERS


@pytest.mark.parametrize("fault", ["senseless", "senseless_after"])
@pytest.mark.parametrize("op", ["publish", "withdraw"])
def test_a_senseless_answer_is_looked_into_and_needs_nobody(world, fault, op):
    asset = world.asset()
    world.approve(asset)
    placement = world.place(asset)
    if op == "withdraw":
        world.run()
        world.change(placement, wanted=False)
    world.remote.faults.append(fault)
    world.run()
    row = world.row(placement)
    assert world.remote.fired == [f"{op}:{fault}"]
    assert row.phase == ("live" if op == "publish" else "withdrawn")
    assert len(world.remote.living(row.marker)) == (op == "publish")
    outcomes = [attempt.outcome for attempt in world.attempts(placement) if attempt.op == op]
    assert outcomes == (["found"] if fault == "senseless_after" else ["not_found", "done"])


def test_senseless_answers_without_end_become_a_persons_matter(world):
    asset = world.asset()
    world.approve(asset)
    placement = world.place(asset)
    world.run()
    world.change(placement, wanted=False)
    world.remote.faults.extend(["senseless"] * (MOST_BAD_ANSWERS + 5))
    world.run()
    row = world.row(placement)
    assert (row.phase, row.problem_code) == ("blocked", "bad_answer")
    assert len(world.remote.fired) == MOST_BAD_ANSWERS + 1
    assert len(world.remote.living(row.marker)) == 1
