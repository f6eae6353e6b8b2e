"""Fields have owners; workers that lose their lease in the middle of a call do no harm."""

from __future__ import annotations

import pytest

from hub.clock import DAY, MINUTE
from hub.placements.steps import MAX_REPEATS


def live(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    return asset, placement, entry


def looked_at_again(desk, placement):
    desk.clock.advance(MINUTE)
    desk.world.change(placement, observed="unknown")
    desk.run()
    return desk.copy(placement)


def test_each_field_follows_its_owner(quick_desk):
    desk = quick_desk
    asset, placement, entry = live(desk)
    entry.fields.update(title="theirs", alt="theirs", credit="theirs")
    copy = looked_at_again(desk, placement)
    values = desk.catalogue.view(desk.actor, asset).fields
    assert copy.phase == "live"
    assert entry.fields["title"] == "Logo"  # the catalogue's: put right
    assert (values["title"], values["alt_text"], values["credit"]) == ("Logo", "theirs", "theirs")


@pytest.mark.parametrize(("apart", "phases"), [(2 * DAY, {"live"}), (MINUTE, {"live", "blocked"})])
def test_a_field_that_is_changed_there_again_and_again_is_a_quarrel_only_within_a_day(quick_desk, apart, phases):
    desk = quick_desk
    _, placement, entry = live(desk)
    seen = set()
    for _ in range(MAX_REPEATS + 2):
        desk.clock.advance(apart)
        entry.fields["title"] = "theirs"
        seen.add(looked_at_again(desk, placement).phase)
    assert seen == phases
    assert (desk.copy(placement).problem_code == "not_kept") is ("blocked" in phases)


def test_a_copy_that_says_nothing_at_all_is_given_its_words_anew(quick_desk):
    """Where words lie beside the bytes, whoever died between the two writes left a copy without any."""
    desk = quick_desk
    _, placement, entry = live(desk)
    said = dict(entry.fields)
    assert said["title"] == "Logo"
    entry.fields.clear()
    assert looked_at_again(desk, placement).phase == "live"
    assert entry.fields == {name: value for name, value in said.items() if value}


def test_a_field_that_both_changed_waits_for_a_person(quick_desk):
    desk = quick_desk
    asset, placement, entry = live(desk)
    entry.fields["alt"] = "theirs"
    desk.catalogue.edit(desk.actor, asset, {"alt_text": "ours"})
    copy = looked_at_again(desk, placement)
    assert (copy.phase, copy.problem_code) == ("blocked", "field_conflict")
    assert entry.fields["alt"] == "theirs"
    assert desk.catalogue.view(desk.actor, asset).fields["alt_text"] == "ours"


def test_a_lease_that_ended_is_taken_over_and_the_late_answer_only_makes_the_row_due(quick_desk):
    desk = quick_desk
    placement = desk.place(desk.approved())

    def overtake():
        desk.clock.advance(61_000)
        desk.tick("other worker")

    desk.remote.interrupt = overtake
    desk.remote.faults.append("overtaken_after")
    desk.tick("slow worker")
    desk.run()
    assert desk.copy(placement).phase == "live"
    assert desk.shown(placement) == [b"first"]
    assert desk.remote.calls.count("publish") == 1
    [attempt] = [each for each in desk.world.attempts(placement) if each.step == "publish"]
    assert attempt.outcome == "done"


def test_a_row_that_is_leased_is_left_alone_until_the_lease_ends(quick_desk):
    desk = quick_desk
    placement = desk.place(desk.approved())
    now = desk.clock.now()
    desk.world.change(placement, lease_owner="dead worker", lease_until=now + 60_000)
    assert desk.tick() == 0
    desk.clock.advance(60_000)
    assert desk.tick() == 1
    assert desk.copy(placement).phase == "live"
