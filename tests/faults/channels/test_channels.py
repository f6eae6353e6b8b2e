"""A few seeds of each connector in every run; bugs that these must catch; and how runs are counted and played again."""

from __future__ import annotations

import pytest

from tests.faults.channels import driver
from tests.faults.channels.plan import FAULTS, NEWS, Armed, Plan, hears, plan_of
from tests.faults.channels.runs import PLANTED, Result, play
from tests.faults.channels.stage import CONNECTORS
from tests.faults.channels.table import Table, again

SEEDS = (0, 1)
MORE = (2, 3, 4)
"""Many more are played by `make faults`."""


def plan(steps, *faults, two=False):
    """Return a plan that stays what it is, however seeds are drawn: (kind, step, on, calls let through)."""
    armed = tuple(Armed(kind, step, on, skip, number=7) for kind, step, on, skip in faults)
    return Plan(tuple((name, 7) for name in steps.split()), armed, scheduled=False, two_workers=two, numbers=7)


FAILED_ONCE = [
    # Killed between two calls of a recall: the item was gone, its file stood at its address for good.
    ("drupal", plan("publish use recall", ("killed, done there", 2, "write", 0))),
    # Died between bytes and manifest: the copy said nothing, and was called as wanted.
    ("object_store", plan("publish hours", ("answer too late", 0, "write", 0))),
    # An exchange of bytes that was done and never answered: the file before it stood at its address for good.
    ("drupal", plan("publish version", ("login page after", 1, "write", 1))),
    # Somebody there deleted the item and not its file: a recall let the file stand at its address.
    ("drupal", plan("publish hand_delete recall", ("killed, not sent", 2, "any", 0))),
    # A publication that got no further than the file, after a withdrawal: the same.
    ("drupal", plan("publish hand_delete rights_end rights_end edit", ("login page", 3, "write", 0))),
    # Somebody deletes it after the look of the first hour: where a channel tells nothing, the next one is a day later.
    ("postiz", plan("publish hours hand_delete", ("5xx, no effect", 0, "write", 0))),
    # A clock set back made a pause of an instant that was over: nobody could sign in again for as long.
    ("asana", plan("publish version", ("clock jumps", 0, "any", 0), ("token refused", 1, "any", 0), two=True)),
]
"""What once broke a promise, and stays."""
LOST = plan("publish use", ("answer lost", 0, "write", 0))
DOUBLED = plan("publish version delete", ("call doubled", 0, "write", 0))
AFTER = plan("publish version rights_end", ("5xx after effect", 0, "write", 0))
REVEALING = {
    "skip_find": ("google_drive", LOST),
    "retry_a_write_on_5xx": ("google_drive", LOST),
    "never_look_for_others": ("wordpress", DOUBLED),
    "done_before_the_answer": ("trello", AFTER),
    "remember_may_use": ("trello", AFTER),
}
"""Planted bugs, and what catches each."""


def held(result):
    assert result.outcome in {"held", "never fired"}, again(result)


OTHERS = sorted(set(CONNECTORS) - {"object_store", "linkedin"})


@pytest.mark.parametrize("seeds", [SEEDS, pytest.param(MORE, marks=pytest.mark.again)], ids=str)
@pytest.mark.parametrize("connector", sorted(CONNECTORS))
def test_every_promise_holds_in_a_few_runs(connector, seeds):
    results = [play(connector, seed) for seed in seeds]
    for result in results:
        held(result)
    assert any(result.fired for result in results)


@pytest.mark.parametrize(("connector", "once"), FAILED_ONCE)
def test_what_failed_once_holds(connector, once):
    result = play(connector, 0, plan=once)
    held(result)
    assert result.fired


@pytest.mark.parametrize("bug", REVEALING)
def test_a_planted_bug_is_caught(bug):
    connector, meant = REVEALING[bug]
    result = play(connector, 0, bug, plan=meant)
    assert result.outcome == "violated", result
    assert result.fired, "it was caught without any fault"


@pytest.mark.parametrize(("connector", "meant"), [("google_drive", LOST), ("wordpress", DOUBLED), ("trello", AFTER)])
def test_the_same_holds_without_the_bugs(connector, meant):
    held(play(connector, 0, plan=meant))


def test_there_are_enough_planted_bugs():
    assert len(REVEALING) >= 5
    assert set(driver.BUGS) <= set(PLANTED)


@pytest.mark.parametrize(
    "connector", ["object_store", "linkedin", *(pytest.param(name, marks=pytest.mark.again) for name in OTHERS)]
)
def test_a_seed_gives_the_same_history_twice(connector):
    first, second = play(connector, 5), play(connector, 5)
    assert first.fired
    assert (first.trace, first.steps, first.fired) == (second.trace, second.steps, second.fired)


def test_every_fault_is_drawn_for_every_connector_that_can_meet_it():
    for connector in CONNECTORS:
        drawn = {armed.kind for seed in range(driver.RUNS) for armed in plan_of(seed, connector).faults}
        assert drawn == {kind for kind in FAULTS if hears(connector) or kind not in NEWS}


def test_make_faults_plays_a_thousand_runs():
    chosen = driver.cases(driver.RUNS)
    assert len(set(chosen)) == len(chosen) >= 1000
    assert {name for name, _ in chosen} == set(CONNECTORS)
    assert len(CONNECTORS) == 10


def test_only_runs_that_fired_and_were_judged_count():
    table = Table([
        Result("trello", 1, "held", fired=["answer lost", "killed, not sent"]),
        Result("trello", 2, "violated", "I1: two", fired=["answer lost"]),
        Result("asana", 3, "never fired"),
        Result("asana", 4, "no verdict", fired=["answer lost"]),
    ])  # fmt: skip
    assert len(table.counted) == 2
    text = "\n".join(table.lines())
    assert "1/2 1!" in text
    assert table.as_json()["totals"] == {"held": 1, "violated": 1, "never fired": 1, "no verdict": 1}
    assert [one.seed for one in table.bad] == [2, 4]
    assert "--connector trello --seed 2" in again(table.bad[0])
