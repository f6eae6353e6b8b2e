"""A binding acts for whoever made it: one whose author may place nothing more stops, and somebody takes it over."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.access.actors import Actor, Role
from hub.access.models import User
from hub.notify.models import Notice

BEN = Actor("00000000-0000-7000-8000-000000000002", "Ben", Role.EDITOR)


def lose(room, *, how):
    with room.database.unit() as session:
        row = session.get_one(User, BEN.id)
        if how == "disabled":
            row.disabled_at = room.clock.now()
        else:
            row.role = Role.CONTRIBUTOR


def notices(room):
    with room.database.read() as session:
        query = select(Notice.user_id, Notice.subject).where(Notice.what == "binding_stopped")
        return [tuple(row) for row in session.execute(query)]


@pytest.mark.parametrize("how", ["disabled", "role"])
def test_a_binding_stops_with_its_author_and_goes_on_in_the_name_of_whoever_takes_it_over(quick_room, how):
    room = quick_room
    room.person(BEN, "ben")
    first, second = room.of_campaign(b"one"), room.of_campaign(b"two", "Autumn")
    card = room.wall.deal("c1")
    owner, room.actor = room.actor, BEN
    binding = room.bind()
    room.actor = owner
    room.work()
    assert set(room.links(card)) == {first}

    lose(room, how=how)
    room.describe(second, campaign="Spring")
    room.describe(first, campaign="Autumn")
    room.clock.advance(3_600_000)
    room.work()
    view = room.bindings.view(owner, binding)
    assert (view.state, view.stopped, view.author_id) == ("paused", "author_gone", BEN.id)
    assert set(room.links(card)) == {first}  # nothing new, and nothing is taken away
    assert notices(room) == [(owner.id, binding)]  # once

    taken = room.bindings.start(owner, binding)
    room.work()
    assert (taken.state, taken.stopped, taken.author_id) == ("live", "", owner.id)
    assert set(room.links(card)) == {second}


def test_whoever_may_still_place_copies_stays_the_author_however_often_others_pause_it(quick_room):
    room = quick_room
    room.person(BEN, "ben")
    owner, room.actor = room.actor, BEN
    binding = room.bind()
    room.bindings.pause(owner, binding)
    assert room.bindings.start(owner, binding).author_id == BEN.id
    room.work()
    assert room.bindings.view(owner, binding).state == "live"
