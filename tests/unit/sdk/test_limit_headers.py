from __future__ import annotations

import email.utils
from types import SimpleNamespace

import pytest

from connectors.sdk.limit_headers import LONGEST_PAUSE_S, Told, pause_after, read_headers
from connectors.sdk.manifest import Limit


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


def test_of_several_limits_the_one_of_which_least_is_left_counts():
    headers = {
        "X-Rate-Limit-Api-Token-Remaining": "3", "x-rate-limit-api-token-max": "100",
        "x-rate-limit-api-key-remaining": "80", "x-rate-limit-api-key-max": "300",
    }  # fmt: skip
    assert read_headers(headers, wall_s=0) == Told(None, 3, 100, None)
    assert read_headers({"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": "90"}, wall_s=0) == Told(None, 7, 90, None)
    assert read_headers({"RateLimit-Remaining": "7", "RateLimit-Limit": "many"}, wall_s=0).limit == 0
    assert read_headers({}, wall_s=0) == Told()


@pytest.mark.parametrize("after_s", [None, 0.0, -5.0])
def test_refusals_without_a_figure_double_the_pause_up_to_a_bound(after_s):
    pauses = [pause_after(count, after_s) for count in range(1, 2000)]
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_a_retry_after_of_a_year_is_cut_to_the_bound():
    assert pause_after(1, 31_536_000) == LONGEST_PAUSE_S


def test_a_tiny_retry_after_again_and_again_makes_no_storm():
    assert pause_after(1, 0.01) == 0.01
    assert pause_after(2, 0.01) == 1.0


def test_a_limit_may_count_certain_calls_only():
    assert Limit(1, 1.0).covers("GET", "/x")
    posts = Limit(1, 1.0, counts="POST /v1/posts")
    assert posts.covers("POST", "https://here.example/api/v1/posts")
    assert not posts.covers("GET", "/v1/posts")
    assert not posts.covers("POST", "/v1/uploads")


@pytest.mark.parametrize(
    ("calls", "per_s", "scope"), [(0, 1.0, "app"), (1, 0.0, "app"), (-1, 1.0, "app"), (1, 1.0, "")]
)
def test_a_limit_that_allows_nothing_is_refused(calls, per_s, scope):
    with pytest.raises(ValueError, match="at least one call"):
        Limit(calls, per_s, scope)


def test_a_limit_may_hold_only_where_a_setting_is_on_or_off():
    on, off = SimpleNamespace(pages=True), SimpleNamespace(pages=False)
    limits = (Limit(1, 1.0), Limit(1, 1.0, when="pages"), Limit(1, 1.0, when="not pages"))
    assert [limit.holds(on) for limit in limits] == [True, True, False]
    assert [limit.holds(off) for limit in limits] == [True, False, True]
