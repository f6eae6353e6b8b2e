"""What ending a binding would change in the channels is what then happens, and foreseeing it leaves nothing behind."""

from __future__ import annotations

import pytest

from hub.access.actors import Actor, Role
from hub.access.models import User
from hub.errors import Conflict, Forbidden, Invalid, NotFound
from hub.placements.bindings.rules import Takes
from hub.placements.rehearsal import Rehearsal


@pytest.fixture
def desk(quick_room):
    return quick_room


@pytest.fixture
def rehearsal(desk):
    return Rehearsal(desk.database, desk.clock, desk.world.exchange, "allow", desk.bindings)


def becomes(found):
    """Return what would become of the copy on each card."""
    return {line.copy.target_label: line.becomes.value for line in found.first.lines}


def test_what_ending_a_binding_would_withdraw_is_what_it_withdraws(desk, rehearsal):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1", "Poster")
    desk.wall.deal("c2", "Flyer", labels=("launch", "press"))
    binding = desk.bind()
    other = desk.bind(name="Press", takes=Takes(labels=("press",)))
    desk.work()
    rows = [desk.links(card)[asset] for card in ("c1", "c2")]
    foreseen = rehearsal.ending(desk.actor, binding, "remove")
    assert foreseen.first.act == "end"
    assert becomes(foreseen) == {"Board / Poster": "withdrawn", "Board / Flyer": "kept"}, "another binding asks for it"
    assert [desk.links(card)[asset].revision for card in ("c1", "c2")] == [row.revision for row in rows]
    desk.bindings.end(desk.actor, binding, "remove")
    desk.work()
    assert (desk.links("c1"), desk.links("c2")[asset].binding_id) == ({}, other)
    assert (desk.shown(rows[0].id), len(desk.shown(rows[1].id))) == ([], 1)


def test_a_link_that_another_binding_takes_over_never_leaves_its_card(desk, rehearsal):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1", "Flyer", labels=("launch", "press"))
    binding = desk.bind()
    other = desk.bind(name="Press", takes=Takes(labels=("press",)))
    desk.work()
    desk.bindings.end(desk.actor, binding, "remove")
    while desk.tick():  # whoever works on copies is earlier than whoever plans links
        pass
    row = desk.links("c1")[asset]
    assert (row.binding_id, len(desk.shown(row.id))) == (other, 1)
    desk.work()
    assert (desk.remote.calls.count("withdraw"), desk.remote.calls.count("publish")) == (0, 1)


def test_a_binding_whose_author_may_place_nothing_more_takes_nothing_over(desk, rehearsal):
    ada, ed = desk.actor, Actor("00000000-0000-7000-8000-000000000077", "Ed Ott", Role.EDITOR)
    desk.person(ed, "ed")
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1", "Flyer", labels=("launch", "press"))
    binding = desk.bind()
    desk.actor = ed
    desk.bind(name="Press", takes=Takes(labels=("press",)))
    desk.actor = ada
    desk.work()
    link = desk.links("c1")[asset]
    with desk.database.unit() as session:
        session.get_one(User, ed.id).role = Role.VIEWER
    assert becomes(rehearsal.ending(ada, binding, "remove")) == {"Board / Flyer": "withdrawn"}
    desk.bindings.end(ada, binding, "remove")
    desk.work()
    assert desk.shown(link.id) == []


def test_links_that_a_person_keeps_stay_and_what_is_away_already_is_not_counted_again(desk, rehearsal):
    asset, waits = desk.of_campaign(b"spring"), desk.of_campaign(b"later")
    desk.wall.deal("c1", "Poster")
    binding = desk.bind()
    desk.work()
    desk.review.revoke(desk.actor, waits, note="Not yet.")
    desk.work()
    assert set(becomes(rehearsal.ending(desk.actor, binding, "keep")).values()) == {"kept"}
    foreseen = rehearsal.ending(desk.actor, binding, "remove").first.lines
    there = {line.copy.asset_id: line.becomes.value for line in foreseen}
    assert there == {asset: "withdrawn", waits: "kept"}, "the other one was taken away already"


def test_a_link_that_was_not_sent_yet_is_not_said_to_be_withdrawn(desk, rehearsal):
    desk.of_campaign(b"spring")
    desk.wall.deal("c1", "Poster")
    binding = desk.bind()
    assert becomes(rehearsal.ending(desk.actor, binding, "remove")) == {"Board / Poster": "nothing_there"}


def test_what_cannot_be_withdrawn_is_said_with_the_reason(desk, rehearsal):
    desk.of_campaign(b"spring")
    desk.wall.deal("c1", "Poster")
    binding = desk.bind()
    desk.work()
    desk.refuse(Conflict("x", "x"))
    [line] = rehearsal.ending(desk.actor, binding, "remove").first.lines
    assert (line.becomes.value, line.reachable) == ("withdrawn", False)
    assert line.why == "Its account needs somebody to sign in again."


def test_only_those_who_may_end_it_foresee_it(desk, rehearsal):
    binding = desk.bind()
    with pytest.raises(Forbidden):
        rehearsal.ending(Actor("v", "Vito Vale", Role.VIEWER), binding, "remove")
    with pytest.raises(Invalid):
        rehearsal.ending(desk.actor, binding, "burn")
    with pytest.raises(NotFound):
        rehearsal.ending(desk.actor, "nothing", "remove")
    desk.bindings.end(desk.actor, binding, "keep")
    with pytest.raises(Conflict):
        rehearsal.ending(desk.actor, binding, "remove")
