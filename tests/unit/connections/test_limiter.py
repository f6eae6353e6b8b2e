from __future__ import annotations

import email.utils
import threading

import pytest

from connectors.sdk.errors import RateLimited
from connectors.sdk.limiter import LONGEST_PAUSE_S, Bucket, Limiter, Limiters, Line, read_headers
from connectors.sdk.manifest import Limit


class Timer:
    """A monotonic clock that moves only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def timer():
    return Timer()


def limiter(timer, *limits, patience_s=10.0):
    return Limiter(Line(limits), clock=timer, sleep=timer.sleep, patience_s=patience_s)


def test_a_burst_goes_at_once_and_the_next_call_waits_for_one_token(timer):
    one = limiter(timer, Limit(3, 6.0))
    for _ in range(3):
        one.acquire()
    assert timer.naps == []
    one.acquire()
    assert sum(timer.naps) == pytest.approx(2.0)


def test_over_any_window_no_more_than_the_burst_and_the_refill_go_through(timer):
    one = limiter(timer, Limit(5, 10.0), patience_s=100)
    times = []
    for _ in range(40):
        one.acquire()
        times.append(timer.now)
    for start in times:
        in_window = sum(start <= at < start + 10.0 for at in times)
        assert in_window <= 10  # the burst of 5 and the refill of 5


def test_the_tightest_of_several_limits_counts(timer):
    one = limiter(timer, Limit(100, 1.0), Limit(2, 10.0))
    one.acquire()
    one.acquire()
    one.acquire()
    assert sum(timer.naps) == pytest.approx(5.0)


def test_a_wait_beyond_the_patience_is_refused_and_counts_nothing(timer):
    one = limiter(timer, Limit(1, 60.0), patience_s=5)
    one.acquire()
    with pytest.raises(RateLimited) as refused:
        one.acquire()
    assert refused.value.after_s == pytest.approx(60.0)
    assert timer.naps == []
    timer.now += 60
    one.acquire()
    assert timer.naps == []


def test_urgent_calls_go_before_all_that_wait():
    line = Line([Limit(1, 1.0)])
    ordinary = line.join("a", urgent=False)
    assert line.ask(ordinary, 100.0) == 0
    late = line.join("a", urgent=False)
    urgent = line.join("b", urgent=True)
    assert line.ask(late, 100.0) == pytest.approx(2.0)
    assert line.ask(urgent, 101.0) == 0
    assert line.ask(late, 101.0) > 0
    assert line.ask(late, 102.0) == 0


def test_a_member_with_many_waiting_calls_does_not_hold_up_the_others():
    line = Line([Limit(1, 1.0)])
    assert line.ask(line.join("greedy", urgent=False), 0.0) == 0
    greedy = [line.join("greedy", urgent=False) for _ in range(5)]
    modest = line.join("modest", urgent=False)
    now, order = 0.0, []
    waiting = {f"greedy{i}": ticket for i, ticket in enumerate(greedy)} | {"modest": modest}
    while waiting:
        now += 1.0
        for name, ticket in list(waiting.items()):
            if line.ask(ticket, now) == 0:
                order.append(name)
                del waiting[name]
    assert order.index("modest") == 1
    assert [name for name in order if name != "modest"] == [f"greedy{i}" for i in range(5)]


def test_the_app_key_is_shared_and_a_refused_wait_gives_the_connections_token_back(timer):
    limits = (Limit(10, 10.0), Limit(2, 100.0, scope="app"))
    limiters = Limiters(clock=timer, sleep=timer.sleep)
    one = limiters.of("one", "key", limits, patience_s=5)
    two = limiters.of("two", "key", limits, patience_s=5)
    other_app = limiters.of("three", "other", limits, patience_s=5)
    one.acquire()
    two.acquire()
    for _ in range(30):
        with pytest.raises(RateLimited):
            one.acquire()
    other_app.acquire()
    timer.now += 100
    one.acquire()
    assert timer.naps == []


def test_clients_of_one_connection_share_its_line_until_it_is_forgotten(timer):
    limiters = Limiters(clock=timer, sleep=timer.sleep)
    limits = (Limit(1, 100.0),)
    limiters.of("one", "", limits, patience_s=1).acquire()
    with pytest.raises(RateLimited):
        limiters.of("one", "", limits, patience_s=1).acquire()
    limiters.forget("one")
    limiters.of("one", "", limits, patience_s=1).acquire()


def test_retry_after_closes_the_line_of_this_connection_only(timer):
    limits = (Limit(10, 1.0), Limit(100, 1.0, scope="app"))
    limiters = Limiters(clock=timer, sleep=timer.sleep)
    one, two = (limiters.of(name, "key", limits, patience_s=5) for name in ("one", "two"))
    assert one.learn({"Retry-After": "30"}, refused=True) == 30
    with pytest.raises(RateLimited) as refused:
        one.acquire(urgent=True)
    assert refused.value.after_s == pytest.approx(30)
    two.acquire()
    timer.now += 30
    one.acquire()


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}, {"Retry-After": "-5"}, {"Retry-After": "soon"}])
def test_refusals_without_a_figure_double_the_pause_up_to_a_bound(timer, headers):
    one = limiter(timer)
    pauses = [one.learn(headers, refused=True, wall_s=0) for _ in range(14)]
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE_S
    one.learn({}, refused=False)
    assert one.learn(headers, refused=True, wall_s=0) == 1


def test_a_retry_after_of_a_year_is_cut_to_the_bound(timer):
    assert limiter(timer).learn({"retry-after": "31536000"}, refused=True) == LONGEST_PAUSE_S


def test_a_tiny_retry_after_again_and_again_makes_no_storm(timer):
    one = limiter(timer)
    assert one.learn({"Retry-After": "0.01"}, refused=True) == pytest.approx(0.01)
    assert one.learn({"Retry-After": "0.01"}, refused=True) == 1.0


def test_the_remote_may_lower_what_we_think_is_left(timer):
    one = limiter(timer, Limit(100, 100.0), patience_s=1)
    one.learn({"X-Rate-Limit-Api-Token-Remaining": "0", "x-rate-limit-api-key-remaining": "80"}, refused=False)
    one.acquire()
    assert sum(timer.naps) == pytest.approx(1.0)
    one.learn({"RateLimit-Remaining": "500"}, refused=False)
    one.acquire()
    assert sum(timer.naps) == pytest.approx(2.0), "more than we counted is not believed"


def test_a_pause_told_by_another_process_is_kept(timer):
    one = limiter(timer, Limit(10, 1.0), patience_s=5)
    one.pause(3)
    one.acquire()
    assert sum(timer.naps) == pytest.approx(3)


def test_headers_are_read_and_nonsense_counts_as_absent():
    wall = 1_790_000_000.0
    assert read_headers({"Retry-After": email.utils.formatdate(wall + 90, usegmt=True)}, wall_s=wall).after_s == 90
    assert read_headers({"Retry-After": email.utils.formatdate(wall - 90, usegmt=True)}, wall_s=wall).after_s == 0
    assert (
        read_headers({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(wall) + 7)}, wall_s=wall).after_s == 7
    )
    assert read_headers({"RateLimit-Remaining": "0", "RateLimit-Reset": "4"}, wall_s=wall).after_s == 4
    assert read_headers({"RateLimit-Remaining": "3", "RateLimit-Reset": "4"}, wall_s=wall).after_s is None
    assert read_headers({"RateLimit-Remaining": "0"}, wall_s=wall).remaining == 0
    for hostile in ("nan", "inf", "1e9", "²", "9" * 40, "Thu, 99 Foo 2026 00:00:00 GMT", "-1"):
        assert read_headers({"Retry-After": hostile}, wall_s=wall).after_s is None


@pytest.mark.parametrize(("calls", "per_s"), [(0, 1.0), (1, 0.0), (-1, 1.0)])
def test_a_limit_that_allows_nothing_is_refused(calls, per_s):
    with pytest.raises(ValueError, match="at least one call"):
        Bucket(calls, per_s)


def test_a_clock_that_goes_backward_adds_no_tokens(timer):
    bucket = Bucket(1, 10.0)
    bucket.fill(100.0)
    bucket.tokens = 0
    bucket.fill(50.0)
    assert bucket.tokens == 0


def test_many_threads_never_pass_more_than_the_limit():
    timer = Timer()
    lock = threading.Lock()
    passed: list[float] = []
    limiters = Limiters(clock=timer, sleep=lambda _s: None)

    def client() -> None:
        one = limiters.of("one", "", (Limit(20, 1e9),), patience_s=1.0)
        try:
            one.acquire()
        except RateLimited:
            return
        with lock:
            passed.append(timer.now)

    threads = [threading.Thread(target=client) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 20
