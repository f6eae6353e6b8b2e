"""What a system tells of plan and space is kept whenever it is asked who we are."""

from __future__ import annotations

import httpx
import pytest

from hub.clock import DAY
from tests.unit.connections.fakevendor import KEY


@pytest.fixture
def tiny(tiny):
    tiny.account["plan"] = "Tiny Basic, 1 GB of 2 GB used"
    return tiny


def of(connections, admin):
    (view,) = connections.list(admin)
    return view.plan


def test_it_is_kept_at_connecting_and_told_anew_at_each_test(connections, connected, admin, tiny):
    assert of(connections, admin) == "Tiny Basic, 1 GB of 2 GB used"
    tiny.account["plan"] = "Tiny Pro,\n1 GB of\x00 9 GB used"
    assert connections.test(admin, connected.id).plan == "Tiny Pro, 1 GB of  9 GB used", "one line, as all can keep it"
    del tiny.account["plan"]
    assert connections.test(admin, connected.id).plan == ""


def test_it_stays_as_it_was_while_nobody_answers_and_where_another_account_does(connections, connected, admin, tiny):
    tiny.answer = httpx.ConnectError("down")
    assert connections.test(admin, connected.id).plan == "Tiny Basic, 1 GB of 2 GB used"
    tiny.answer = None
    tiny.account.update(id="acct-2", plan="Another's")
    view = connections.test(admin, connected.id)
    assert (view.problem_code, view.plan) == ("other_account", "Tiny Basic, 1 GB of 2 GB used")


def test_it_is_told_anew_at_a_reconnect(connections, connected, admin, tiny):
    tiny.account["plan"] = "Tiny Pro"
    assert connections.reconnect(admin, connected.id, {"key": KEY}).plan == "Tiny Pro"


def test_it_is_told_anew_with_other_settings(connections, connected, admin, tiny):
    tiny.account["plan"] = "Tiny Pro"
    connections.change_settings(admin, connected.id, {"label": "new"}, seen=0)
    assert of(connections, admin) == "Tiny Pro"


def test_the_check_that_nobody_asks_for_keeps_it_too(connections, connected, admin, tiny, clock):
    tiny.account["plan"] = "Tiny Pro"
    clock.advance(DAY)
    assert connections.drain_health("one") == 1
    assert of(connections, admin) == "Tiny Pro"
