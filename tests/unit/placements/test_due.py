"""When a copy is looked at next: always the earliest of everything that could change it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.placements.due import AUDITS, LAST_RETRY, audit_after, backoff
from tests.faults.model.world import FOREVER


@given(st.integers(0, 100), st.integers(0, 2**32))
def test_retries_come_ever_less_often_and_never_further_apart_than_half_an_hour(attempt, seed):
    wait = backoff(attempt, random.Random(seed))
    assert SECOND <= wait <= LAST_RETRY
    if attempt >= 10:
        assert wait >= LAST_RETRY // 2


@given(st.floats(-1e9, 1e9), st.integers(0, 2**32))
def test_what_a_remote_asks_for_is_kept_within_an_hour(after_s, seed):
    assert SECOND <= backoff(0, random.Random(seed), after_s=after_s) <= 1.2 * HOUR


@given(st.integers(0, 10**12), st.integers(0, 400 * DAY), st.integers(0, 400 * DAY))
def test_the_next_audit_is_never_further_away_than_the_longest_pause(first, lasted, later):
    last, now = first + lasted, first + lasted + later
    due = audit_after(first, last, now)
    assert due > last or due <= now + AUDITS[-1]
    assert due <= now + AUDITS[-1]


def test_audits_follow_after_an_hour_a_day_and_every_thirty_days(quick_desk):
    desk = quick_desk
    placement = desk.place(desk.approved())
    desk.run()
    first = desk.world.evidence(placement)[0].at
    seen = []
    for _ in range(4):
        desk.clock.advance(desk.copy(placement).due_at - desk.clock.now())
        desk.run()
        seen.append(desk.world.evidence(placement)[-1].at - first)
    assert seen == [HOUR, DAY, 30 * DAY, 60 * DAY]


@pytest.mark.parametrize(
    ("asset_ends", "substitute_ends", "expected"),
    [
        (10 * MINUTE, 30 * MINUTE, 10 * MINUTE),
        (40 * MINUTE, 20 * MINUTE, 40 * MINUTE),
        (3 * HOUR, 2 * HOUR, HOUR),
    ],
)
def test_due_is_the_earliest_of_the_rights_to_what_stands_there_and_the_audit(
    quick_desk, asset_ends, substitute_ends, expected
):
    desk = quick_desk
    now = desk.clock.now()
    asset, stand_in = desk.approved(), desk.approved(b"stand-in")
    for each, end in ((asset, asset_ends), (stand_in, substitute_ends)):
        desk.world.rights(each, (0, now + end, True), (now + end, FOREVER, False))
    desk.catalogue.set_successor(desk.actor, asset, stand_in)
    placement = desk.place(asset, withdraw_policy="substitute")
    desk.run(within_ms=1000)
    assert desk.copy(placement).phase == "live"
    assert desk.copy(placement).due_at == now + expected


def test_the_rights_to_a_stand_in_count_once_it_stands_there(quick_desk):
    desk = quick_desk
    now = desk.clock.now()
    asset, stand_in = desk.approved(), desk.approved(b"stand-in")
    for each, end in ((asset, 10 * MINUTE), (stand_in, 30 * MINUTE)):
        desk.world.rights(each, (0, now + end, True), (now + end, FOREVER, False))
    desk.catalogue.set_successor(desk.actor, asset, stand_in)
    placement = desk.place(asset, withdraw_policy="substitute")
    desk.run(within_ms=1000)
    desk.clock.advance(10 * MINUTE)
    desk.run(within_ms=1000)
    assert (desk.copy(placement).phase, desk.copy(placement).desired_asset_id) == ("live", stand_in)
    assert desk.copy(placement).due_at == now + 30 * MINUTE


def test_a_retry_comes_before_everything_else(quick_desk):
    desk = quick_desk
    now = desk.clock.now()
    asset = desk.approved()
    desk.world.rights(asset, (0, now + HOUR, True), (now + HOUR, FOREVER, False))
    placement = desk.place(asset)
    desk.remote.faults.append("limited")
    desk.tick()
    copy = desk.copy(placement)
    assert (copy.phase, copy.problem_code) == ("working", "rate_limited")
    assert now + 7 * SECOND <= copy.due_at <= now + 9 * SECOND


def test_the_end_of_a_window_is_acted_on_at_that_instant_and_not_before(quick_desk):
    desk = quick_desk
    end = desk.clock.now() + 10 * MINUTE
    asset = desk.approved()
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", until_at=end)
    placement = desk.place(asset)
    desk.run(within_ms=1000)
    desk.clock.advance(end - desk.clock.now() - 1)
    assert desk.tick() == 0
    assert desk.copy(placement).phase == "live"
    desk.clock.advance(1)
    desk.run(within_ms=1000)
    assert desk.copy(placement).phase == "withdrawn"
    assert desk.shown(placement) == []


def test_the_beginning_of_a_window_publishes_by_the_clock_alone(quick_desk):
    desk = quick_desk
    begin = desk.clock.now() + 10 * MINUTE
    asset = desk.approved()
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", from_at=begin)
    placement = desk.place(asset)
    desk.run(within_ms=1000)
    waiting = desk.copy(placement)
    assert (waiting.phase, waiting.desired_reason) == ("waiting", "not_usable: licence_not_begun")
    assert waiting.due_at == begin
    desk.clock.advance(begin - desk.clock.now())
    desk.run(within_ms=1000)
    assert desk.shown(placement) == [b"first"]


def test_another_channel_or_territory_of_a_place_counts_at_once(quick_desk):
    desk = quick_desk
    asset = desk.approved()
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", territories=["CH"])
    with desk.database.unit() as session:
        from hub.connections.models import Target

        session.get_one(Target, desk.world.target_id).territory = "CH"
    placement = desk.place(asset)
    desk.run()
    assert desk.copy(placement).phase == "live"
    desk.move(territory="DE")
    desk.run()
    copy = desk.copy(placement)
    assert (copy.phase, copy.desired_reason) == ("withdrawn", "not_usable: licence_elsewhere")
