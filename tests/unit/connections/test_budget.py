"""The shared budget of calls: strict over any window, urgent first, fair, and true across processes and restarts."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from connectors.sdk.errors import RateLimited, Unreachable
from connectors.sdk.limit_headers import LONGEST_PAUSE_S
from connectors.sdk.manifest import Limit
from hub.clock import HOUR, MINUTE, SECOND
from hub.connections import budget
from hub.connections.allowance import Book, Rule, rules_of
from hub.connections.budget import Ask
from hub.connections.models import Spent
from hub.connections.turns import Budgets

pytestmark = pytest.mark.both

APP = "app/tiny/abc"
HOURLY = (Limit(30, 3600.0),)
SHORT = (Limit(20, 10.0),)
SHARED = (Limit(1000, 10.0), Limit(40, 10.0, scope="app"))


class Process:
    """What one process of the hub keeps in memory; naps move the clock that all share."""

    def __init__(self, database, clock):
        self.clock, self.naps = clock, []
        self.budgets = Budgets(database, clock, sleep=self._nap)

    def _nap(self, seconds):
        self.naps.append(seconds)
        self.clock.advance(max(1, round(seconds * SECOND)))

    def turn(self, limits, remote="one", app=APP, patience_s=0.0, **more):
        return self.budgets.of(remote, app, limits, patience_s=patience_s, **more)

    def burst(self, limits, *, remote="one", app=APP, urgent=False, checking=False, most=10_000):
        """Call until refused; return how many calls went."""
        turn = self.turn(limits, remote, app, checking=checking)
        for went in range(most):
            try:
                turn.acquire(urgent=urgent)
            except RateLimited:
                return went
        return most


@pytest.fixture
def process(database, clock):
    """Start another process of the hub."""
    return lambda: Process(database, clock)


def test_what_one_process_spends_the_others_cannot(process):
    first, second = process(), process()
    assert first.burst(HOURLY, most=20) == 20
    assert second.burst(HOURLY) == 7, "three are for urgent calls"
    assert first.burst(HOURLY) == 0
    assert second.burst(HOURLY, urgent=True) == 3
    assert first.burst(HOURLY, urgent=True) == 0


def test_checks_get_a_quarter_of_a_limit_in_any_window_whoever_makes_them(process, clock):
    limit, first, second = (Limit(100, 3600.0),), process(), process()
    assert first.burst(limit, checking=True, most=15) == 15
    assert second.burst(limit, checking=True) == 10
    assert first.burst(limit, checking=True) == 0
    assert process().burst(limit, checking=True) == 0, "a restart changes nothing"
    assert first.burst(limit) == 65, "the rest is for work, but for a tenth that is left to urgent calls"
    assert first.burst(limit, urgent=True) == 10
    clock.advance(HOUR + 2 * MINUTE)
    assert first.burst(limit, checking=True) == 25


def test_work_that_spent_all_leaves_nothing_for_checks_and_checks_hold_up_nobody(process):
    limit, one = (Limit(100, 3600.0),), process()
    assert one.burst(limit) == 90
    assert one.burst(limit, checking=True) == 0
    assert one.burst(limit, urgent=True) == 10


def test_checks_of_all_members_of_an_app_share_one_quarter_and_take_nobodys_share(process):
    shared, one = (Limit(1000, 10.0), Limit(40, 3600.0, scope="app")), process()
    assert one.burst(shared, remote="a", checking=True) == 10
    assert one.burst(shared, remote="b", checking=True) == 0
    assert one.burst(shared, remote="b") >= 16, "a check that waits is nobody's rival"


def test_the_hours_budget_holds_after_a_restart_and_comes_back_an_hour_later(process, clock):
    assert process().burst(HOURLY, urgent=True) == 30
    clock.advance(59 * MINUTE)
    restarted = process()
    with pytest.raises(RateLimited) as refused:
        restarted.turn(HOURLY).acquire(urgent=True)
    assert refused.value.status is None, "nobody asked the remote"
    assert 60 <= refused.value.after_s <= 120 + 3
    clock.advance(round(refused.value.after_s * SECOND))
    assert restarted.burst(HOURLY, urgent=True) == 30


def test_over_any_window_no_more_than_the_limit_goes_through(process, clock):
    times, processes = [], [process(), process()]
    for number in range(120):
        who = processes[number % 3 // 2]
        who.turn(SHORT, patience_s=60.0).acquire(urgent=number % 7 == 0)
        times.append(clock.now())
        clock.advance(number % 5 * 13)
    for start in times:
        assert sum(start <= at < start + 10 * SECOND for at in times) <= 20
    assert times[-1] - times[0] < 80 * SECOND, "and yet it goes on"


def test_a_killed_process_leaks_no_call_for_ever(process, clock):
    limits = (Limit(320, 60.0),)
    dead = process()
    dead.turn(limits).acquire()  # leased four, used one; and is never heard of again
    successor = process()
    assert successor.burst(limits, urgent=True) == 316, "they may have been made: nobody can tell"
    clock.advance(63 * SECOND)
    assert successor.burst(limits, urgent=True) == 320


def test_what_a_lease_leaves_is_given_back(process, clock, database):
    limits = (Limit(320, 600.0),)
    idle, other = process(), process()
    idle.turn(limits).acquire()
    assert idle.budgets.settle() == 0, "it may still be used"
    clock.advance(2 * SECOND)
    assert idle.budgets.settle() == 1
    assert idle.budgets.settle() == 0
    assert other.burst(limits, urgent=True) == 319
    assert total(database) == 320


def total(database):
    with database.read() as session:
        return sum(session.scalars(select(Spent.calls)))


def test_a_lease_is_not_used_after_its_end(process, clock, database):
    limits = (Limit(320, 60.0),)
    one = process()
    one.turn(limits).acquire()
    clock.advance(2 * SECOND)
    with database.unit() as session:
        budget.close_until(session, "remote/one", clock.now(), after_s=30)
    assert one.burst(limits) == 0


@pytest.mark.parametrize("limits", [(Limit(320, 60.0),), ()], ids=["counted", "uncounted"])
def test_a_clock_that_is_set_back_closes_no_door(process, clock, limits):
    one = process()
    one.turn(limits).acquire()
    clock.advance(-10 * MINUTE)
    assert one.burst(limits, most=5) == 5
    assert one.naps == []


def test_a_busy_process_asks_the_database_about_once_a_second(process, clock, database):
    asked = []
    database.before_commit(lambda _session: asked.append(clock.now()))
    one = process()
    turn = one.turn((Limit(100_000, 10.0),))
    for _ in range(5000):
        turn.acquire()
        clock.advance(2)
    assert len(asked) < 25, "ten seconds, and a few times more at the start"


def test_an_urgent_call_overtakes_the_bulk_of_other_processes(process, clock):
    bulk, recall = process(), process()
    assert bulk.burst(SHORT) == 20
    with pytest.raises(RateLimited):
        recall.turn(SHORT).acquire(urgent=True)
    clock.advance(9900)
    order = []
    for _ in range(400):
        for name, who, urgent in (("bulk", bulk, False), ("recall", recall, True)):
            if name not in order and who.burst(SHORT, urgent=urgent, most=1):
                order.append(name)
        clock.advance(10)
    assert order == ["recall", "bulk"]


def test_a_dead_urgent_caller_holds_nobody_up(process, clock):
    bulk, recall = process(), process()
    bulk.burst(SHORT)
    recall.burst(SHORT, urgent=True)
    clock.advance(12 * SECOND)
    assert bulk.burst(SHORT) == 20


def test_urgent_calls_find_a_part_of_a_long_window_that_bulk_cannot_take(process):
    assert process().burst(HOURLY) == 27
    assert process().burst(HOURLY, urgent=True) == 3


def test_a_greedy_account_leaves_something_to_the_others_of_its_app(process):
    greedy, modest = process(), process()
    took = greedy.burst(SHARED, remote="greedy")
    assert 30 <= took < 40
    assert modest.burst(SHARED, remote="modest") > 0, "at once, in another process"
    assert greedy.burst(SHARED, remote="greedy") == 0


def test_accounts_that_all_want_much_get_alike(process, clock):
    members = {name: process() for name in ("a", "b", "c")}
    went = {name: [] for name in members}
    for _ in range(160):
        for name, who in members.items():
            went[name] += [clock.now()] * who.burst(SHARED, remote=name, most=5)
        clock.advance(250)
    begun = clock.now() - 20 * SECOND  # whoever came first had its burst before
    shares = {name: sum(at >= begun for at in times) for name, times in went.items()}
    assert 72 <= sum(shares.values()) <= 80
    assert max(shares.values()) < 1.2 * min(shares.values()), shares


def test_other_apps_have_limits_of_their_own(process):
    one, two = process(), process()
    assert one.burst(SHARED, remote="a", app="app/tiny/1", urgent=True) == 40
    assert two.burst(SHARED, remote="a", app="app/tiny/1", urgent=True) == 0
    assert two.burst(SHARED, remote="b", app="app/tiny/2", urgent=True) == 40


def test_a_refusal_learnt_by_one_process_holds_for_all(process, clock):
    told, other = process(), process()
    other.turn(SHORT)
    assert told.turn(SHORT).learn({"Retry-After": "30"}, refused=True) == 30
    with pytest.raises(RateLimited) as refused:
        other.turn(SHORT, patience_s=10.0).acquire(urgent=True)
    assert refused.value.after_s == pytest.approx(30)
    other.turn(SHORT, remote="two").acquire()
    clock.advance(30 * SECOND)
    other.turn(SHORT).acquire()


def test_a_remote_without_limits_can_close_too(process, clock):
    told, other = process(), process()
    turn = other.turn(())
    turn.acquire()
    told.turn(()).learn({"Retry-After": "30"}, refused=True)
    clock.advance(1 * SECOND)
    with pytest.raises(RateLimited):
        turn.acquire()
    clock.advance(30 * SECOND)
    turn.acquire()


def test_refusals_in_a_row_count_whichever_process_met_them(process, clock):
    one, two, pauses = process().turn(SHORT), process().turn(SHORT), []
    for each in (one, two, one, two):
        pauses.append(each.learn({}, refused=True))
        clock.advance(round(pauses[-1] * SECOND))
    assert pauses == [1, 2, 4, 8]
    assert one.learn({"Retry-After": "31536000"}, refused=True) == LONGEST_PAUSE_S
    clock.advance(HOUR)
    two.acquire()
    two.learn({}, refused=False)
    assert one.learn({}, refused=True) == 1


def test_calls_that_were_under_way_together_are_refused_together(process, clock):
    processes = [process(), process()]
    turns = [each.turn(()) for each in processes for _ in range(5)]
    for turn in turns:
        turn.acquire()
    assert {turn.learn({}, refused=True) for turn in turns} == {1}, "one refusal, ten times"
    assert turns[0].learn({"Retry-After": "20"}, refused=True) == 20
    turns[1].learn({}, refused=True)
    with pytest.raises(RateLimited) as refused:
        turns[1].acquire()
    assert refused.value.after_s == pytest.approx(20), "what asks for less opens nothing sooner"
    clock.advance(20 * SECOND)
    assert turns[9].learn({}, refused=True) == 2


def test_an_answer_that_says_nothing_is_left_until_then_closes_for_all(process, clock):
    told, other = process(), process()
    turn = told.turn(SHORT)
    turn.acquire()
    turn.learn({"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "45"}, refused=False)
    with pytest.raises(RateLimited) as refused:
        other.turn(SHORT).acquire(urgent=True)
    assert refused.value.after_s == pytest.approx(45)
    clock.advance(45 * SECOND)
    other.turn(SHORT).acquire()


def test_what_others_use_of_the_account_counts_until_the_remote_says_it_is_over(process, clock):
    limits = (Limit(100, 10.0), Limit(300, 3600.0))
    one, other = process(), process()
    turn = one.turn(limits)
    turn.acquire()
    turn.learn({"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "600"}, refused=False)
    clock.advance(2 * SECOND)
    turn.acquire(urgent=True)
    assert 8 <= other.burst(limits, urgent=True) <= 12
    clock.advance(610 * SECOND)
    assert other.burst(limits, urgent=True) == 100


def test_what_our_own_processes_use_is_not_taken_for_others(process, clock):
    limits, made, out = (Limit(100, 60.0),), 0, set()
    turns = [process().turn(limits) for _ in range(4)]
    while len(out) < len(turns):
        for number, turn in enumerate(turns):
            try:
                turn.acquire()
            except RateLimited:
                out.add(number)
                continue
            made += 1
            left = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": str(100 - made), "X-RateLimit-Reset": "50"}
            turn.learn(left, refused=False)
            clock.advance(50)
    assert 80 <= made <= 90, "a tenth is for urgent calls, and little is lost in leases"


def test_more_than_we_counted_is_not_believed(process):
    one = process()
    turn = one.turn(SHORT)
    turn.acquire()
    turn.learn({"RateLimit-Remaining": "500"}, refused=False)
    assert one.burst(SHORT) == 19


def test_only_the_calls_that_a_limit_names_count(process):
    limits = (Limit(2, 3600.0, counts="POST /v1/posts"),)
    one = process()
    turn = one.turn(limits)
    for _ in range(50):
        turn.acquire("GET", "/v1/posts")
        turn.acquire("POST", "/v1/upload")
    turn.acquire("POST", "/api/v1/posts")
    turn.acquire("POST", "/api/v1/posts?x=1")
    with pytest.raises(RateLimited):
        turn.acquire("POST", "/v1/posts")
    turn.acquire("GET", "/v1/posts")
    assert one.naps == []


def test_who_waits_within_its_patience_gets_its_turn(process, clock):
    one = process()
    one.burst(SHORT)
    begun = clock.now()
    one.turn(SHORT, patience_s=30.0).acquire()
    assert 8 * SECOND < clock.now() - begun < 12 * SECOND


@pytest.mark.parametrize("by_ms", [-HOUR, -10 * 365 * 24 * HOUR])
def test_a_clock_that_is_set_back_blocks_nothing_for_long(process, clock, by_ms):
    one = process()
    one.burst(SHORT, urgent=True)
    one.turn(SHORT).learn({"Retry-After": "900"}, refused=True)
    clock.advance(by_ms)
    one.burst(SHORT)
    clock.advance(LONGEST_PAUSE_S * SECOND + 20 * SECOND)
    assert one.burst(SHORT) == 20
    assert process().burst(SHORT) == 0


def test_what_counts_no_more_is_cleared_away(process, clock, database):
    for _ in range(30):
        process().burst(SHORT, most=2)
        clock.advance(MINUTE)
    with database.read() as session:
        assert len(list(session.scalars(select(Spent)))) < 20


def test_what_is_left_can_be_read(process, clock, database):
    limits = (Limit(30, 3600.0), Limit(40, 10.0, scope="app"))
    process().burst(limits, urgent=True, most=10)
    rules = rules_of("one", APP, limits)
    with database.read() as session:
        seen = budget.left(session, "one", rules, clock.now())
    hourly, app = seen.limits
    assert (hourly.scope, hourly.calls, hourly.left, hourly.reserved) == ("connection", 30, 20, 3)
    assert (app.scope, app.calls, app.reserved) == ("app", 40, 0)
    assert clock.now() + 59 * MINUTE < hourly.whole_at <= clock.now() + 62 * MINUTE
    assert (seen.closed_until, seen.urgent_only_until) == (None, None)
    process().turn(limits).learn({"Retry-After": "30"}, refused=True)
    with database.read() as session:
        assert budget.left(session, "one", rules, clock.now()).closed_until == clock.now() + 30 * SECOND


def test_a_database_that_is_away_costs_no_answer(process, database, clock, caplog):
    turn = process().turn(())
    turn.acquire()
    database.engine.dispose()
    with database.unit() as session:
        session.connection().exec_driver_sql("ALTER TABLE budgets RENAME TO away")
    assert turn.learn({"Retry-After": "20"}, refused=True) == 20
    with pytest.raises(RateLimited):
        turn.acquire()
    del clock, caplog


def test_the_last_calls_answer_counts_although_the_database_is_away(process, database):
    turn = process().turn(SHORT)
    turn.acquire()
    with database.unit() as session:
        session.connection().exec_driver_sql("ALTER TABLE spent_calls RENAME TO away")
    turn.learn({"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "5"}, refused=False)
    with pytest.raises(RateLimited):
        turn.acquire()


def test_a_call_that_nobody_can_allow_is_put_off_and_was_not_sent(process, database):
    turn = process().turn(SHORT)
    with database.unit() as session:
        session.connection().exec_driver_sql("ALTER TABLE spent_calls RENAME TO away")
    with pytest.raises(Unreachable, match="goes on by itself"):
        turn.acquire("POST", "/posts")


def test_a_call_counts_from_when_the_database_let_it_go(process, clock, database, monkeypatch):
    one, limits, unit = process(), (Limit(1, 10.0),), database.unit

    def late():
        clock.advance(9 * SECOND)
        return unit()

    monkeypatch.setattr(database, "unit", late)
    one.turn(limits).acquire()  # others held the database for nine seconds: only now is the call made
    monkeypatch.undo()
    clock.advance(2 * SECOND)
    assert one.burst(limits) == 0


def test_many_threads_of_several_processes_never_pass_more_than_the_limit(process):
    limits, passed = (Limit(50, 3600.0),), []
    processes = [process() for _ in range(3)]

    def client(who):
        passed.extend([who.burst(limits, most=1, urgent=True) for _ in range(10)])

    threads = [threading.Thread(target=client, args=(who,)) for who in processes for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 50


def test_a_member_may_take_what_the_others_leave():
    rule = Rule("app", Limit(100, 10.0, scope="app"))
    assert rule.allows(0, 0, 1, urgent=False) == 89
    assert rule.allows(89, 89, 1, urgent=False) == 0
    assert rule.allows(89, 0, 2, urgent=False) == 11
    assert rule.allows(100, 50, 2, urgent=False) == 0
    assert rule.allows(90, 30, 3, urgent=False) == 3
    assert rule.allows(90, 45, 3, urgent=False) == 0, "beyond its share it leaves the rest to others"
    assert rule.allows(60, 40, 3, urgent=False) == 29
    assert rule.allows(60, 40, 3, urgent=False, alone=False) == 0, "nor while others wait"
    assert rule.allows(90, 45, 3, urgent=True) == 10
    assert Rule("app", Limit(1, 10.0, scope="app")).allows(0, 0, 1, urgent=False) == 1
    assert Book(rule).wait("a", 5, urgent=False) == 0


def test_who_asks_while_another_is_answered_waits_for_the_answer(database, clock):
    rules, granted, done = rules_of("one", APP, (Limit(1, 3600.0, scope="app"),)), [], threading.Event()

    def ask(remote):
        return Ask((f"remote/{remote}", APP), rules, remote, 1, urgent=True)

    def second():
        with database.unit() as session:
            granted.append(budget.take(session, ask("two"), {}, clock).calls)
        done.set()

    with database.unit() as session:
        budget.settle(session, (APP, "remote/one", "remote/two"), {})
    thread = threading.Thread(target=second)
    with database.unit() as session:
        granted.append(budget.take(session, ask("one"), {}, clock).calls)
        thread.start()
        assert not done.wait(0.3)
    assert done.wait(60)
    thread.join()
    assert granted == [1, 0]
