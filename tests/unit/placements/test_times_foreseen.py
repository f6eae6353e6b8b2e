"""Before a place's times change, it is said which copies with a time go out, are held or do not go out at all."""

from __future__ import annotations

import pytest

from hub.access.actors import Actor, Role
from hub.clock import DAY, HOUR
from hub.errors import Forbidden, Invalid
from hub.placements.rehearsal import Rehearsal
from tests.unit.placements.test_rehearsal import rows_of
from tests.unit.placements.test_schedules import calendar, ends, peopled, until

DAY_S = DAY // 1000


@pytest.fixture
def desk(quick, clock):
    return calendar(quick, clock)


@pytest.fixture
def plain(quick_desk):
    return peopled(quick_desk)


@pytest.fixture
def date(clock):
    return clock.now() // 1000 * 1000 + 10 * DAY


def foreseen(desk, **times):
    rehearsal = Rehearsal(desk.database, desk.clock, desk.world.exchange, "allow", bindings=None)
    before, events = rows_of(desk), len(desk.events("target.changed"))
    found = rehearsal.moving(desk.actor, desk.world.target_id, times=times)
    assert (rows_of(desk), len(desk.events("target.changed")), found.begins_at) == (before, events, desk.clock.now())
    return {line.copy.id: line.becomes.value for line in found.first.lines}


def test_a_longer_life_holds_what_waits_in_a_calendar_and_a_shorter_one_lets_it_go(desk, date):
    short, long = desk.approved(), desk.approved(b"free")
    ends(desk, short, date + 2 * DAY)
    copy, free = desk.place(short, publish_at=date), desk.place(long, publish_at=date)
    desk.run()
    assert desk.copy(copy).phase == "queued"
    assert foreseen(desk, life_s=DAY_S) == {copy: "kept", free: "kept"}
    assert foreseen(desk, life_s=3 * DAY_S) == {copy: "held", free: "kept"}
    desk.keeps(life_s=3 * DAY_S)
    desk.run()
    assert (desk.copy(copy).phase, desk.copy(free).phase) == ("held", "queued")
    assert foreseen(desk, life_s=DAY_S) == {copy: "resumed", free: "kept"}
    desk.keeps(life_s=DAY_S)
    desk.run()
    assert desk.copy(copy).phase == "queued"


def test_a_longer_life_stops_what_the_hub_would_make_public_at_its_time(plain, date):
    asset = plain.approved()
    ends(plain, asset, date + 2 * DAY)
    copy = plain.place(asset, publish_at=date)
    plain.run()
    assert foreseen(plain, life_s=DAY_S) == {copy: "kept"}
    assert foreseen(plain, life_s=3 * DAY_S) == {copy: "stopped"}
    plain.keeps(life_s=3 * DAY_S)
    plain.run()
    assert foreseen(plain, life_s=DAY_S) == {copy: "resumed"}
    until(plain, date + DAY)
    assert plain.shown(copy) == [], "as was foreseen"


def test_more_time_to_be_late_publishes_at_once_what_was_late_and_none_stops_what_is_to_come(plain, date):
    plain.keeps(late_s=600)
    late, soon = plain.world.asset(b"late"), plain.approved(b"soon")
    missed = plain.place(late, publish_at=date)
    until(plain, date + HOUR)
    plain.approve(late)
    plain.run()
    ahead = plain.place(soon, publish_at=date + 2 * HOUR)
    plain.run()
    assert (plain.copy(missed).desired_reason, plain.shown(missed)) == ("date_passed", [])
    assert foreseen(plain, late_s=900) == {missed: "nothing_there", ahead: "kept"}
    assert foreseen(plain, late_s=7200) == {missed: "published", ahead: "kept"}
    assert foreseen(plain, late_s=0) == {missed: "nothing_there", ahead: "stopped"}
    plain.keeps(late_s=7200)
    plain.run()
    assert plain.shown(missed) == [b"late"]


@pytest.mark.parametrize("place", ["plain", "desk"])
def test_another_lead_changes_what_becomes_of_no_copy(request, place, date):
    desk = request.getfixturevalue(place)
    copy = desk.place(desk.approved(), publish_at=date)
    desk.run()
    assert foreseen(desk, lead_s=DAY_S) == {copy: "kept"}


def test_only_an_administrator_foresees_it_and_only_times_that_there_are(plain):
    rehearsal = Rehearsal(plain.database, plain.clock, plain.world.exchange, "allow", bindings=None)
    with pytest.raises(Forbidden):
        rehearsal.moving(Actor("e", "Ed Ott", Role.EDITOR), plain.world.target_id, times={"life_s": 1})
    with pytest.raises(Invalid):
        rehearsal.moving(plain.actor, plain.world.target_id, times={"life_s": -1})
