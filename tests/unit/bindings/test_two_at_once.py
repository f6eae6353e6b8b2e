"""One copy for each card and asset, whatever happens: two workers at once, killed ones, cards and sets that change."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hub.placements.bindings.cards import EVERY_MS
from hub.placements.bindings.planning import compare
from hub.placements.bindings.rules import Source
from hub.placements.models import Placement


def test_two_workers_at_once_make_one_link_for_each_card_and_asset(room):
    assets = [room.of_campaign(b"%d" % number) for number in range(3)]
    for number in range(4):
        room.wall.deal(f"c{number}")
    binding = room.bind(live=False)
    room.plan(1)
    room.bindings.start(room.actor, binding)
    gate, target = Barrier(3), _target(room, "c0")

    def work():
        gate.wait()
        for _ in range(3):
            room.bindings.drain("w")

    def person():
        gate.wait()
        for asset_id in assets:
            room.place(asset_id, target)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work), pool.submit(work), pool.submit(person)]:
            done.result()
    with room.database.read() as session:
        rows = session.scalars(select(Placement)).all()
    counted = Counter((row.asset_id, row.target_id, row.slot) for row in rows if row.settled_at is None)
    assert set(counted.values()) == {1}
    assert len(counted) == 12


@pytest.mark.parametrize("step", range(1, 6))
def test_a_worker_that_is_killed_while_it_plans_leaves_nothing_half_done(quick_room, monkeypatch, step):
    room = quick_room
    for number in range(5):
        room.of_campaign(b"%d" % number)
    room.wall.deal("c1")
    binding = room.bind(live=False)
    room.bindings.start(room.actor, binding)
    calls = []

    def dies(session, row):
        calls.append(row.id)
        if len(calls) == step:
            raise KeyboardInterrupt
        room.placements.wake(session, row)

    monkeypatch.setattr(room.bindings, "_wake", dies)
    with pytest.raises(KeyboardInterrupt):
        room.bindings.drain("w")
    assert room.rows("c1") == []
    monkeypatch.undo()
    room.plan()
    assert len(room.links("c1")) == 5
    assert len(room.rows("c1")) == 5


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("deal"), st.integers(0, 2)),
        st.tuples(st.just("label"), st.integers(0, 2)),
        st.tuples(st.just("strip"), st.integers(0, 2)),
        st.tuples(st.just("join"), st.integers(0, 1)),
        st.tuples(st.just("leave"), st.integers(0, 1)),
        st.tuples(st.just("take_back"), st.integers(0, 5)),
        st.tuples(st.just("plan"), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_happens_what_is_planned_is_what_is_wished_for(quick_room, acts):
    room = quick_room
    tag = f"r{len(room.wall.asked)}"
    assets = [room.of_campaign(f"{tag}/{number}".encode(), tag) for number in range(2)]
    binding = room.bind(name=tag, source=Source("campaign", tag))
    taken = set()
    cards = {}
    for act, number in acts:
        ref = f"{tag}-c{number}"
        if act == "deal" and ref not in cards:
            cards[ref] = room.wall.deal(ref)
        elif act in {"label", "strip"} and ref in cards:
            room.wall.change(ref, labels=("launch",) if act == "label" else ())
        elif act in {"join", "leave"}:
            room.describe(assets[number], campaign=tag if act == "join" else "Elsewhere")
        elif act == "take_back":
            rows = [row for each in cards for row in room.links(each).values()]
            if rows:
                row = rows[number % len(rows)]
                room.placements.take_back(room.actor, row.id)
                taken.add((row.asset_id, row.target_id))
        _settle(room)
    _settle(room)
    members = {asset_id for asset_id in assets if room.catalogue.view(room.actor, asset_id).fields["campaign"] == tag}
    for ref in cards:
        wished = members if room.wall.lying[ref].labels else set()
        target = _target(room, ref)
        assert set(room.links(ref)) == {each for each in wished if (each, target) not in taken}
        assert len({row.asset_id for row in room.rows(ref)}) == len(room.rows(ref))
    assert room.bindings.rehearse(room.actor, binding).added == 0, "a second look finds nothing to do"
    room.bindings.end(room.actor, binding, "remove")


def test_nothing_wished_for_and_nothing_there_is_an_empty_plan():
    plan = compare([], [], live=set())
    assert (plan.add, plan.again, plan.adopt, plan.release) == ({}, [], [], [])


def _settle(room):
    room.clock.advance(EVERY_MS)
    room.plan(2)


def _target(room, ref):
    from hub.connections.models import Target

    with room.database.read() as session:
        return session.scalars(select(Target.id).where(Target.external_ref == ref)).one()
