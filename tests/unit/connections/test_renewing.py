"""Subscriptions are kept alive: renewed with an overlap, seen to every day, and what was missed is looked at."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from connectors.sdk.types import Agreement
from hub.clock import DAY, HOUR, MINUTE
from hub.connections.health import State
from hub.connections.models import Connection, Subscription
from hub.connections.renewing import MOST, _claim, renew_at
from hub.db.installation import observe_only
from hub.db.models import Installation
from tests.unit.connections.fakevendor import APP_SECRET, KEY, Tiny, TinyVendor, tiny_manifest

LIFE = 8 * DAY
ONCE_MORE = 2 * DAY
"""The overlap of a subscription of eight days."""


class Ending(Tiny):
    """Subscribing makes another hook each time, which ends."""

    def subscribe(self, target, callback_url):
        made = self._api.post("/channels", dict[str, str], json={"board": target.ref, "url": callback_url})
        return Agreement(made["id"], ends_at=int(made["ends_at"]))


class EndingVendor(TinyVendor):
    """Keeps hooks by their ids, and when each of them ends."""

    def __init__(self, clock):
        super().__init__()
        self.clock, self.channels, self.made, self.stubborn = clock, {}, 0, False

    def __call__(self, request):
        if request.url.path == "/channels" and self.answer is None:
            self.asked.append(request)
            self.made += 1
            ends_at = self.clock.now() + LIFE
            self.channels[f"hook-{self.made}"] = ends_at
            return httpx.Response(200, json={"id": f"hook-{self.made}", "ends_at": str(ends_at)})
        if request.method == "DELETE":
            self.asked.append(request)
            if self.stubborn:
                return httpx.Response(400, json={})
            self.channels.pop(request.url.path.removeprefix("/hooks/"), None)
            return httpx.Response(204)
        return super().__call__(request)

    @property
    def open(self):
        return [name for name, ends_at in self.channels.items() if ends_at > self.clock.now()]


@pytest.fixture
def tiny(clock):
    return EndingVendor(clock)


@pytest.fixture
def registry():
    return {"tiny": tiny_manifest(connect=Ending)}


@pytest.fixture
def subscribed(connections, connected, admin):
    connections.refresh_targets(admin, connected.id)
    return connections.subscribe(admin, connections.targets(admin)[0].id)


@pytest.fixture
def row(database, subscribed):
    def read():
        with database.read() as session:
            return session.get_one(Subscription, subscribed.id)

    return read


def renew(connections):
    return connections.drain_subscriptions("worker")


def test_it_is_renewed_before_it_ends_and_the_old_one_goes_after_the_new_one_stands(
    connections, row, tiny, clock, events
):
    assert row().expires_at == clock.now() + LIFE
    clock.advance(LIFE - ONCE_MORE - 1)
    assert renew(connections) == 0
    clock.advance(1)
    assert renew(connections) == 1
    assert tiny.open == ["hook-2"]
    assert [call.method for call in tiny.asked[-2:]] == ["POST", "DELETE"], "first the new one, then the old one"
    assert (row().external_ref, row().expires_at) == ("hook-2", clock.now() + LIFE)
    assert "remote.hint" not in events(), "nothing was missed"
    assert renew(connections) == 0


def test_weeks_without_a_gap(connections, subscribed, tiny, clock):
    for _ in range(60 * 4):
        clock.advance(6 * HOUR)
        renew(connections)
        assert len(tiny.open) == 1


def test_after_a_gap_everything_there_is_looked_at(connections, row, connected, clock, events):
    clock.advance(LIFE + HOUR)  # no worker ran
    assert renew(connections) == 1
    (hint,) = events("remote.hint")
    assert hint.subject == connected.remote_id
    assert hint.body == {"remote_id": connected.remote_id, "refs": [], "kind": "subscription_ended"}


class Killed(BaseException):
    """Ends a worker in the middle."""


@pytest.mark.parametrize("end", [Killed, KeyError])
def test_what_was_missed_is_looked_at_though_the_worker_dies_at_the_next_one(
    connections, row, admin, clock, events, monkeypatch, end
):
    connections.subscribe(admin, connections.targets(admin)[1].id)
    clock.advance(LIFE + HOUR)
    renewing, tried = connections._renewing, []

    def renew_one(subscription_id, *, renew=renewing._renew):
        tried.append(subscription_id)
        if len(tried) == 2:
            raise end
        renew(subscription_id)

    with monkeypatch.context() as patched:
        patched.setattr(renewing, "_renew", renew_one)
        with pytest.raises(end):
            renew(connections)
    assert [hint.body["kind"] for hint in events("remote.hint")] == ["subscription_ended"]
    clock.advance(15 * MINUTE)
    assert renew(connections) == 1
    assert len(events("remote.hint")) == 2


def test_of_many_that_ended_the_account_is_looked_at_before_the_second_and_after_the_last(
    connections, row, admin, clock, events
):
    for target in connections.targets(admin)[1:]:
        connections.subscribe(admin, target.id)
    clock.advance(LIFE + HOUR)
    assert renew(connections) > 2
    assert len(events("remote.hint")) == 2


def test_a_failed_renewal_is_tried_again_and_keeps_the_old_one(connections, row, tiny, clock):
    clock.advance(LIFE - ONCE_MORE)
    tiny.answer = httpx.ConnectError("gone")
    assert renew(connections) == 0
    tiny.answer = None
    assert (row().external_ref, tiny.open) == ("hook-1", ["hook-1"])
    assert renew(connections) == 0, "not at once"
    clock.advance(15 * MINUTE)
    assert renew(connections) == 1
    assert tiny.open == ["hook-2"]


def test_an_old_one_that_cannot_be_ended_is_left_to_end_by_itself(connections, row, tiny, clock):
    clock.advance(LIFE - ONCE_MORE)
    tiny.stubborn = True
    assert renew(connections) == 1
    assert row().external_ref == "hook-2"
    assert tiny.open == ["hook-1", "hook-2"]


@pytest.mark.parametrize("state", [State.NEEDS_PERSON, State.OFF])
def test_nothing_is_asked_of_a_remote_that_cannot_be_spoken_to(
    connections, connected, database, row, tiny, clock, state
):
    with database.unit() as session:
        session.get_one(Connection, connected.id).state = state
    clock.advance(LIFE)
    asked = len(tiny.asked)
    assert renew(connections) == 0
    assert len(tiny.asked) == asked


def test_a_hub_that_only_observes_renews_nothing(connections, database, row, tiny, clock):
    with database.unit() as session:
        observe_only(session.scalars(select(Installation)).one(), "a copy")
    clock.advance(LIFE)
    assert renew(connections) == 0
    assert tiny.made == 1


@pytest.fixture
def endless(registry, connections, admin, tiny, database):
    """A subscription without an end, as it stands in the database now."""
    registry["tiny"] = replace(registry["tiny"], connect=Tiny)
    made = connections.connect(admin, "tiny", auth="key", settings={}, secrets={"key": KEY, "app_secret": APP_SECRET})
    connections.refresh_targets(admin, made.id)
    subscribed = connections.subscribe(admin, connections.targets(admin)[0].id)

    def read():
        with database.read() as session:
            return session.get_one(Subscription, subscribed.id)

    return read


def test_what_has_no_end_is_seen_to_once_a_day(connections, endless, clock, tiny, events):
    before, asked = endless(), len(tiny.asked)
    clock.advance(DAY - 1)
    assert renew(connections) == 0
    clock.advance(1)
    assert renew(connections) == 1
    assert renew(connections) == 0
    assert [call.url.path for call in tiny.asked[asked:]] == ["/hooks"]
    assert (endless().external_ref, tiny.hooks) == (before.external_ref, {before.callback_url: "hook-1"}), "no double"
    assert "remote.hint" not in events(), "it stood all the time"


def test_one_that_the_remote_gave_up_is_made_anew_and_everything_there_is_looked_at(
    connections, endless, clock, tiny, events
):
    tiny.hooks = {"https://elsewhere.example": "hook-1"}  # ours is gone
    clock.advance(DAY)
    assert renew(connections) == 1
    assert (endless().external_ref, tiny.hooks[endless().callback_url]) == ("hook-2", "hook-2")
    (hint,) = events("remote.hint")
    assert hint.body == {"remote_id": endless().remote_id, "refs": [], "kind": "subscription_lost"}


@pytest.mark.parametrize(
    ("answer", "again_after"), [(httpx.ConnectError("away"), 15 * MINUTE), (httpx.Response(404, json={}), DAY)]
)
def test_what_the_remote_does_not_give_is_asked_for_again_once_a_day_and_soon_where_it_was_away(
    connections, endless, clock, tiny, answer, again_after
):
    clock.advance(DAY)
    tiny.answer = answer
    assert renew(connections) == 0
    tiny.answer, asked = None, len(tiny.asked)
    clock.advance(again_after - 1)
    assert (renew(connections), len(tiny.asked)) == (0, asked)
    clock.advance(1)
    assert renew(connections) == 1


def test_of_very_many_some_are_seen_to_at_a_time(connections, connected, database, clock, admin, registry, tiny):
    registry["tiny"] = replace(registry["tiny"], connect=Tiny)
    tiny.boards = [{"id": f"b{number}", "name": "Board"} for number in range(MOST + 3)]
    connections.refresh_targets(admin, connected.id)
    for target in connections.targets(admin):
        connections.subscribe(admin, target.id)
    clock.advance(DAY)
    assert [renew(connections) for _ in range(3)] == [MOST, 3, 0]


@pytest.mark.both
def test_of_two_workers_that_come_at_once_one_renews_it(row, database, clock):
    clock.advance(LIFE)
    subscription_id, now = row().id, clock.now()
    won = []
    for _ in range(2):  # both have read that it is due
        with database.unit() as session:
            won.append(_claim(session, subscription_id, now))
    assert won == [True, False]


def test_a_weeks_channel_is_renewed_days_before_a_minutes_one_seconds():
    assert renew_at(None, 5) == 5 + DAY
    assert renew_at(7 * DAY, 0) == 7 * DAY - 42 * HOUR
    assert renew_at(365 * DAY, 0) == 363 * DAY
    assert renew_at(4 * MINUTE, 0) == 3 * MINUTE
    assert renew_at(5, 10) == 5, "it ended before it was made"
