"""A field that was changed here and there: noticed with both values, decided by a person, nothing lost."""

from __future__ import annotations

import pytest

from hub.access.actors import Actor, Role
from hub.catalogue.models import FieldValue
from hub.clock import DAY, MINUTE
from hub.errors import Conflict, Forbidden, Invalid, NotFound
from tests.unit.placements.test_merging import live, looked_at_again

VIEWER = Actor("00000000-0000-7000-8000-000000000009", "Vera", Role.VIEWER)


def disputed(desk):
    asset, placement, entry = live(desk)
    entry.fields["alt"] = "theirs"
    desk.catalogue.edit(desk.actor, asset, {"alt_text": "ours"})
    looked_at_again(desk, placement)
    [conflict] = desk.placements.conflicts.list(desk.actor)
    return asset, placement, entry, conflict


def alt(desk, asset):
    return desk.catalogue.view(desk.actor, asset).fields["alt_text"]


def decide(desk, conflict, choice, value=None):
    decided = desk.placements.conflicts.decide(desk.actor, conflict.id, choice, value)
    desk.run()
    return decided


def test_a_conflict_tells_all_three_values_and_who_said_ours(desk):
    asset, placement, _, conflict = disputed(desk)
    assert (conflict.placement_id, conflict.asset_id) == (placement, asset)
    assert (conflict.field, conflict.name, conflict.reason) == ("alt", "alt_text", "both")
    assert (conflict.base, conflict.ours, conflict.theirs) == ("A logo", "ours", "theirs")
    assert (conflict.ours_author, conflict.ours_by) == ("person", desk.actor.id)
    assert conflict.noticed_at >= (conflict.ours_at or 0) > 0
    assert conflict.open


@pytest.mark.parametrize(
    ("choice", "value", "holds"), [("ours", None, "ours"), ("theirs", None, "theirs"), ("other", "agreed", "agreed")]
)
def test_a_decision_ends_the_block_on_both_sides(desk, choice, value, holds):
    asset, placement, entry, conflict = disputed(desk)
    decided = decide(desk, conflict, choice, value)
    copy = desk.copy(placement)
    assert (copy.phase, copy.problem_code) == ("live", "")
    assert (alt(desk, asset), entry.fields["alt"]) == (holds, holds)
    assert (decided.decision, decided.value, decided.decided_by) == (choice, holds, desk.actor.id)
    assert (decided.ours, decided.theirs) == ("ours", "theirs")  # nothing is lost
    assert desk.placements.conflicts.list(desk.actor) == []
    [event] = desk.events("placement.conflict_decided")
    assert (event.actor, event.subject, event.body["decision"]) == (desk.actor.id, placement, choice)
    desk.clock.advance(DAY)
    assert looked_at_again(desk, placement).phase == "live"


def test_a_decision_can_be_made_otherwise_before_and_after_it_was_carried_out(quick_desk):
    desk = quick_desk
    asset, placement, entry, conflict = disputed(desk)
    desk.placements.conflicts.decide(desk.actor, conflict.id, "ours")
    decide(desk, conflict, "theirs")
    assert (desk.copy(placement).phase, alt(desk, asset), entry.fields["alt"]) == ("live", "theirs", "theirs")
    for choice, value, holds in (("ours", None, "ours"), ("other", "third", "third"), ("theirs", None, "theirs")):
        decide(desk, conflict, choice, value)
        assert (desk.copy(placement).phase, alt(desk, asset), entry.fields["alt"]) == ("live", holds, holds)


def test_a_decision_is_not_made_otherwise_over_what_somebody_wrote_since(quick_desk):
    desk = quick_desk
    asset, _, _, conflict = disputed(desk)
    decide(desk, conflict, "ours")
    desk.catalogue.edit(desk.actor, asset, {"alt_text": "newest"})
    assert not desk.placements.conflicts.get(desk.actor, conflict.id).changeable
    with pytest.raises(Conflict) as refused:
        desk.placements.conflicts.decide(desk.actor, conflict.id, "theirs")
    assert refused.value.code == "changed_since_decision"
    assert alt(desk, asset) == "newest"


def test_what_they_changed_again_before_the_decision_is_asked_again(quick_desk):
    desk = quick_desk
    _, placement, entry, conflict = disputed(desk)
    entry.fields["alt"] = "theirs, newer"
    decide(desk, conflict, "ours")
    assert desk.copy(placement).problem_code == "field_conflict"
    [newer] = desk.placements.conflicts.list(desk.actor)
    assert (newer.ours, newer.theirs) == ("ours", "theirs, newer")
    with pytest.raises(Conflict) as refused:
        desk.placements.conflicts.decide(desk.actor, conflict.id, "theirs")
    assert refused.value.code == "conflict_over"
    assert entry.fields["alt"] == "theirs, newer"


def test_a_conflict_that_people_end_by_themselves_is_over_and_stays_on_record(quick_desk):
    desk = quick_desk
    asset, placement, _, conflict = disputed(desk)
    desk.catalogue.edit(desk.actor, asset, {"alt_text": "theirs"})
    desk.run()
    assert desk.copy(placement).phase == "live"
    assert desk.placements.conflicts.list(desk.actor) == []
    assert desk.placements.conflicts.list(desk.actor, decided=True) == []  # nobody decided it
    kept = desk.placements.conflicts.get(desk.actor, conflict.id)
    assert (kept.decision, kept.ours, kept.theirs, kept.open) == ("over", "ours", "theirs", False)


def test_a_recall_waits_for_no_decision(quick_desk):
    desk = quick_desk
    asset, placement, entry, _ = disputed(desk)
    desk.placements.recall(desk.actor, asset, "It must go.")
    desk.run()
    assert desk.copy(placement).phase == "withdrawn"
    assert entry.ref not in desk.remote.entries
    assert desk.placements.conflicts.list(desk.actor) == []


def test_a_choice_that_makes_no_sense_changes_nothing(quick_desk):
    desk = quick_desk
    asset, placement, _, conflict = disputed(desk)
    for choice, value, code in (
        ("maybe", None, "choice_unknown"),
        ("other", None, "no_other_value"),
        ("other", ["x"], "field_not_text"),
    ):
        with pytest.raises(Invalid) as refused:
            desk.placements.conflicts.decide(desk.actor, conflict.id, choice, value)
        assert refused.value.code == code
    with pytest.raises(NotFound):
        desk.placements.conflicts.decide(desk.actor, "nothing", "ours")
    with pytest.raises(Forbidden):
        desk.placements.conflicts.decide(VIEWER, conflict.id, "ours")
    with pytest.raises(Forbidden):
        desk.placements.conflicts.list(VIEWER)
    assert (alt(desk, asset), desk.copy(placement).phase) == ("ours", "blocked")


def test_a_translation_is_decided_in_its_own_language(quick_desk):
    desk = quick_desk
    asset = desk.approved()
    placement = desk.place(asset, desk.target("Berlin", language="de"))
    desk.run()
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    entry.fields["alt"] = "deren"
    desk.catalogue.edit(desk.actor, asset, {"alt_text": "unser"}, language="de")
    looked_at_again(desk, placement)
    [conflict] = desk.placements.conflicts.list(desk.actor, placement_id=placement)
    assert (conflict.language, conflict.ours, conflict.theirs) == ("de", "unser", "deren")
    decide(desk, conflict, "theirs")
    with desk.database.read() as session:
        said = {(row.locale, row.value) for row in session.query(FieldValue).where(FieldValue.field == "alt_text")}
    assert said == {("", "A logo"), ("de", "deren")}
    assert desk.copy(placement).phase == "live"


def two_places(desk):
    asset = desk.approved()
    here, there = desk.place(asset), desk.place(asset, desk.target())
    desk.run()
    [one] = desk.remote.living(desk.world.row(here).marker)
    [other] = desk.remote.living(desk.world.row(there).marker)
    return asset, (here, one), (there, other)


def says(desk, copy, value):
    placement, entry = copy
    entry.fields["alt"] = value
    looked_at_again(desk, placement)
    desk.run()


def test_a_field_that_two_channels_push_back_and_forth_stops_and_asks(desk):
    asset, one, other = two_places(desk)
    says(desk, one, "A")
    says(desk, other, "B")
    assert (alt(desk, asset), one[1].fields["alt"], other[1].fields["alt"]) == ("B", "B", "B")
    says(desk, one, "A")  # its automation insists
    assert (desk.copy(one[0]).phase, desk.copy(one[0]).problem_code) == ("blocked", "field_ping_pong")
    assert (alt(desk, asset), one[1].fields["alt"], other[1].fields["alt"]) == ("B", "A", "B")
    [conflict] = desk.placements.conflicts.list(desk.actor)
    assert (conflict.reason, conflict.ours, conflict.theirs) == ("ping_pong", "B", "A")
    assert (conflict.ours_author, conflict.ours_by) == ("channel", other[0])
    for _ in range(3):  # whatever is decided: who insists is not taken at its word
        decide(desk, conflict, "ours")
        says(desk, one, "A")
        [conflict] = desk.placements.conflicts.list(desk.actor)
        assert alt(desk, asset) == "B"
    decide(desk, conflict, "theirs")
    assert {one[1].fields["alt"], other[1].fields["alt"], alt(desk, asset)} == {"A"}
    assert desk.copy(one[0]).phase == desk.copy(other[0]).phase == "live"


def test_values_that_change_with_each_turn_stop_too(quick_desk):
    desk = quick_desk
    asset, one, other = two_places(desk)
    turns = 0
    while desk.copy(one[0]).phase == desk.copy(other[0]).phase == "live" and turns < 12:
        says(desk, (one, other)[turns % 2], f"turn {turns}")
        turns += 1
    assert turns < 12
    [conflict] = desk.placements.conflicts.list(desk.actor)
    assert conflict.reason == "ping_pong"
    assert alt(desk, asset) == f"turn {turns - 2}"


def test_people_who_change_a_field_there_now_and_then_are_not_asked(quick_desk):
    desk = quick_desk
    asset, placement, entry = live(desk)
    for day in range(5):  # the same two texts in turn, a day apart; and several in a row by the same copy
        desk.clock.advance(DAY + MINUTE)
        desk.catalogue.edit(desk.actor, asset, {"alt_text": f"here {day}"})
        desk.run()
        says(desk, (placement, entry), "as usual")
        says(desk, (placement, entry), f"better {day}")
        says(desk, (placement, entry), "as usual")
        assert (desk.copy(placement).phase, alt(desk, asset)) == ("live", "as usual")


def hinted(desk):
    """Let the remote say that something changed there, as a webhook or a feed does."""
    with desk.database.unit() as session:
        desk.placements._planner.doubt(session, desk.world.remote_id)
    desk.run()


def test_a_hint_has_a_disputed_copy_looked_at_again_and_what_people_ended_there_is_over(quick_desk):
    desk = quick_desk
    _, placement, entry, conflict = disputed(desk)
    entry.fields["alt"] = "theirs, newer"
    hinted(desk)
    [newer] = desk.placements.conflicts.list(desk.actor)
    assert (newer.id, newer.theirs) == (conflict.id, "theirs, newer")
    assert desk.copy(placement).problem_code == "field_conflict"
    entry.fields["alt"] = "ours"
    hinted(desk)
    assert desk.placements.conflicts.list(desk.actor) == []
    assert (desk.copy(placement).phase, desk.copy(placement).problem_code) == ("live", "")


def test_a_disputed_copy_that_goes_there_is_gone_and_asks_nobody(quick_desk):
    desk = quick_desk
    _, placement, entry, conflict = disputed(desk)
    desk.remote.remove(entry.ref, by="people")
    hinted(desk)
    assert desk.copy(placement).phase == "gone"
    assert desk.placements.conflicts.list(desk.actor) == []
    assert desk.placements.conflicts.get(desk.actor, conflict.id).decision == "over"


def test_a_remote_that_does_not_answer_leaves_a_disputed_copy_disputed(quick_desk):
    desk = quick_desk
    _, placement, *_ = disputed(desk)
    desk.remote.read_faults.extend(["down", "down"])
    hinted(desk)
    assert "down" in "".join(desk.remote.fired)
    assert (desk.copy(placement).phase, desk.copy(placement).problem_code) == ("blocked", "field_conflict")
