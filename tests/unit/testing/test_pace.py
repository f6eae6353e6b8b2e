"""Sandboxes hold callers to the limits that connectors declare, when they are told to."""

import httpx
import pytest

from connectors.sdk.errors import RateLimited
from connectors.sdk.manifest import Limit
from connectors.sdk.registry import discover
from connectors.testing.conformance.bench import bench_for
from connectors.testing.control import CONTROL, CONTROL_HEADER
from connectors.testing.pace import Pace

ONE, TWO = Limit(1, 60.0), Limit(2, 10.0)


class Paced:
    def __init__(self, *limits):
        self.now = 0.0
        self.pace = Pace(lambda: self.now)
        self.pace.keep(limits)

    def at(self, now, whose="me", method="GET", path="/"):
        self.now = now
        return self.pace.spend(whose, method, path)


def test_nothing_is_refused_unless_limits_are_kept():
    paced = Paced()
    assert [paced.at(0) for _ in range(9)] == [0.0] * 9
    assert (paced.pace.called, paced.pace.refused) == (9, 0)


def test_no_window_holds_more_than_the_limit_and_what_is_refused_counts():
    paced = Paced(TWO)
    assert [paced.at(now) for now in (0, 1, 5, 10.5, 20.6)] == [0.0, 0.0, 6.0, 4.5, 0.0]
    assert (paced.pace.called, paced.pace.refused) == (5, 2)


def test_each_account_has_its_own_limit_and_all_of_an_app_share_one():
    paced = Paced(ONE)
    assert (paced.at(0, "me"), paced.at(0, "you"), paced.at(0, "me")) == (0.0, 0.0, 60.0)
    paced = Paced(Limit(1, 60.0, scope="app"))
    assert (paced.at(0, "me"), paced.at(0, "you")) == (0.0, 60.0)


def test_only_calls_that_a_limit_covers_count():
    paced = Paced(Limit(1, 60.0, counts="POST /posts"))
    asked = [("GET", "/posts"), ("POST", "/posts"), ("POST", "/files"), ("POST", "/posts/1")]
    assert [paced.at(0, method=method, path=path) for method, path in asked] == [0.0, 0.0, 0.0, 60.0]


@pytest.mark.parametrize("name", ["asana", "dropbox", "google_drive", "linkedin", "trello"])
def test_a_call_beyond_the_limit_is_refused_as_the_vendor_does(name):
    with bench_for(discover()[name]) as bench:
        sandbox, connector = bench.sandbox, bench.connector
        sandbox.limits = (ONE,)
        connector.targets(None)
        path, headers = f"{sandbox.origin}{CONTROL}/limits", {CONTROL_HEADER: sandbox.control_token}
        httpx.post(path, json={"on": True}, headers=headers).raise_for_status()
        with pytest.raises(RateLimited) as refused:
            [connector.targets(None) for _ in range(2)]
        assert 50 < refused.value.after_s <= 60
        assert httpx.get(path, headers=headers).json() == {"called": 2, "refused": 1}
        httpx.post(path, json={"on": False}, headers=headers).raise_for_status()
        connector.targets(None)
