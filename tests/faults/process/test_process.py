"""A few runs with real processes, on each database; and planted bugs that the same runs must catch."""

from __future__ import annotations

import pytest

from hub.placements.faultpoints import POINTS
from tests.faults.process.cases import Case, Life, drawn, exhaustive, sample, whole
from tests.faults.process.driver import Result, catch, lanes
from tests.faults.process.matrix import Matrix, bound
from tests.faults.process.planted import PLANTED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
RUNS = 15
KILLS = 10
SCENARIOS = ("publish", "replace", "withdraw")
SEED = 20_261_125
MUST_BE_CAUGHT = 5
PLANTED_HERE = ("skip_find", "proof_before_the_look", "never_look_for_others")
"""The others, and these again, are planted by `make faults`."""
REVEALING = {
    "skip_find": "write: lose_answer",
    "done_before_the_answer": "killed: committed_not_sent, once",
    "trust_a_404": "read: missing",
    "retry_a_write_on_5xx": "write: error_after",
    "proof_before_the_look": "write: lie",
    "forget_open_writes_of_the_dead": "killed: answered_not_recorded, once",
    "never_look_for_others": "write: double",
}


@pytest.fixture(scope="module")
def sqlite_lanes(tmp_path_factory):
    with lanes(tmp_path_factory.mktemp("sqlite"), 1) as made:
        yield made


def cases_for(database):
    """Return cases of the loops: kills at each point of a write, each scenario in turn, and other faults."""
    loops = sample(exhaustive((database,), SEED), 1000, SEED)
    turns = zip(POINTS * 2, SCENARIOS * KILLS, strict=False)
    kills = [_killed(loops, point, scenario) for point, scenario in turns]
    others = [case for case in loops if case.fault != "none" and not _point(case)]
    return [*kills, *sample(others, RUNS - KILLS, SEED)]


def _killed(loops, point, scenario):
    return next(case for case in loops if case.scenario == scenario and _point(case) == point)


def _point(case):
    """Return the point at which a case's first worker dies; empty where it does not."""
    return case.lives[0].point.partition(":")[0] if case.lives else ""


def check(results):
    matrix = Matrix(results)
    assert not matrix.bad(), "\n".join(f"{bad.case} {bad.outcome}: {bad.detail}" for bad in matrix.bad())
    assert not matrix.unfired(), "\n".join(f"{idle.case}: {idle.detail}" for idle in matrix.unfired())
    assert len(matrix.counted) == len(results)


def test_every_promise_holds_in_some_runs_on_sqlite(sqlite_lanes):
    check(sqlite_lanes.run(cases_for("sqlite")))


@pytest.mark.parametrize("killed", [True, pytest.param(False, marks=pytest.mark.again)])
def test_every_promise_holds_in_some_runs_on_postgresql(postgres, tmp_path_factory, killed):
    # In every run: those in which a worker dies in the midst of a write. Each database survives that in its own way.
    cases = [case for case in cases_for("postgres") if bool(_point(case)) == killed]
    assert len(cases) == (KILLS if killed else RUNS - KILLS)
    url = postgres.empty()
    try:
        with lanes(tmp_path_factory.mktemp("postgres"), 1, url, ("postgres",)) as made:
            check(made.run(cases))
    finally:
        postgres.drop(url)


def test_the_whole_worker_recovers(sqlite_lanes):
    check(sqlite_lanes.run(whole(("sqlite",), SEED)[:1]))


@pytest.mark.parametrize("bug", PLANTED_HERE)
def test_a_planted_bug_is_caught(sqlite_lanes, bug):
    cases = [case for case in exhaustive(("sqlite",), SEED) if case.fault == REVEALING[bug]]
    caught = catch(sqlite_lanes, bug, cases)
    assert caught is not None
    assert caught[1].detail.startswith(("I1", "I3"))


def test_there_are_enough_planted_bugs():
    assert len(PLANTED) >= MUST_BE_CAUGHT
    assert set(PLANTED) == set(REVEALING)


# Seeds that once broke a promise, and stay


FAILED_ONCE = [
    # A 404 for an item that the list beside it showed was taken for a person's matter, in the midst of a withdrawal.
    Case("withdraw", "wordpress", "sqlite", "read: missing", (Life(rules=(("missing", "read", 0),)),), seed=144),
    # So was a login page.
    Case("withdraw", "wordpress", "sqlite", "read: html_before", (Life(rules=(("html_before", "read", 0),)),)),
    # A post's change was answered with 200 and not made; the item that it went on showing was deleted.
    Case("replace", "wordpress", "sqlite", "write: lie", (Life(rules=(("lie", "write", 1),)),), seed=178),
    Case("withdraw", "wordpress", "sqlite", "write: lie", (Life(rules=(("lie", "write", 0),)),), seed=1),
]


@pytest.mark.parametrize("case", FAILED_ONCE, ids=lambda case: f"{case.scenario} {case.fault}")
def test_what_failed_once_holds(sqlite_lanes, case):
    check(sqlite_lanes.run([case]))


# The counting itself


def result(outcome, fault="write: cut", **more):
    case = Case("publish", "trello", "sqlite", fault, (Life(),), **more)
    return Result(case, outcome, "", 1, ["cut"], 5, 1.0, 0.1, "trace")


def test_only_runs_that_fired_and_were_judged_count():
    matrix = Matrix([
        result("held"), result("never fired"), result("no verdict"), result("violated"), result("held", "none"),
    ])  # fmt: skip
    assert len(matrix.counted) == 2
    assert not matrix.good
    assert "1/2 1! 1n 1?" in "\n".join(matrix.lines())
    assert matrix.as_json()["totals"] == {"held": 2, "never fired": 1, "no verdict": 1, "violated": 1}


@pytest.mark.parametrize(("runs", "below"), [(1, "100%"), (3, "100%"), (4, "75%"), (60, "5%")])
def test_a_cell_says_what_its_runs_can_say(runs, below):
    assert bound(runs) == below


def test_empty_cells_are_shown():
    matrix = Matrix([result("held")])
    assert matrix.empty() == 9
    assert sum(line.count(" -") for line in matrix.lines()) == 9


def test_the_loops_reach_every_point_of_every_write_on_both_databases():
    loops = exhaustive()
    points = {life.point.split(":")[0] for case in loops for life in case.lives if life.point}
    assert points == {
        "intent_not_committed", "committed_not_sent", "sent_no_answer", "answered_not_recorded",
        "recorded_not_acknowledged",
    }  # fmt: skip
    third = [case for case in loops if any(life.point.endswith(":3") for life in case.lives)]
    assert {case.scenario for case in third} == {"replace"}
    assert len(loops) >= 200
    assert len({case.number for case in loops}) == len(loops)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_worker_dies_at_each_point_and_in_each_scenario_in_every_run(database):
    cases = cases_for(database)
    assert {_point(case) for case in cases} == {*POINTS, ""}
    assert {case.scenario for case in cases if _point(case)} == set(SCENARIOS)
    assert len({case.number for case in cases}) == len(cases) == RUNS


def test_cases_travel_as_json():
    for case in [*exhaustive(), *drawn(5), *whole()]:
        assert Case.unpacked(case.packed()) == case
