"""Who works for which remote: in turns, the urgent first, the slow ones with fewer seats."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.connections.models import Remote, Target
from hub.db.base import new_id
from hub.placements.models import Placement
from hub.placements.rows import new_row
from hub.placements.seats import BATCH_MS, ORDINARY, REMEMBERED_MS, SLOW_MS, SPARE, Candidate, Seats
from hub.placements.taking import BATCH, Taking, candidates

pytestmark = pytest.mark.both


@pytest.fixture
def seats(clock):
    return Seats(clock)


def choose(seats, candidates):
    chosen = seats.choose(candidates)
    return chosen.remote_id if chosen else None


def waiting(*remotes, urgent=()):
    return [Candidate(name, name in urgent, 0) for name in remotes]


def test_remotes_are_served_in_turns_however_much_one_of_them_wants(seats):
    served = []
    for _ in range(6):
        served.append(choose(seats, waiting("a", "b", "c")))
        seats.stand_up(seats.sit(served[-1]))
    assert served == ["a", "b", "c"] * 2


def test_the_urgent_come_first_and_then_who_has_the_fewest_seats(seats):
    seats.sit("b")
    assert choose(seats, waiting("b", "c")) == "c"
    assert choose(seats, waiting("b", "c", urgent={"b"})) == "b"
    assert choose(seats, []) is None


def test_quick_remotes_get_the_ordinary_seats_and_no_spare_one(seats, clock):
    for _ in range(ORDINARY):
        assert seats.needed(spare=False)
        assert not seats.needed(spare=True)
        seats.sit("a")
    assert not seats.needed(spare=False)
    assert not seats.needed(spare=True)
    clock.advance(SLOW_MS)
    assert seats.needed(spare=True), "all ordinary ones are kept"


def test_however_many_remotes_hang_one_seat_is_left(seats, clock):
    for number in range(ORDINARY + SPARE - 1):
        assert seats.needed(spare=number >= ORDINARY)
        seats.sit(f"dead {number}")
        clock.advance(SLOW_MS)
    assert seats.needed(spare=True)
    assert choose(seats, waiting("dead 0", "dead 1", "quick")) == "quick"
    assert choose(seats, waiting("dead 0", "dead 1")) is None


def test_a_slow_remote_is_remembered_for_a_while(seats, clock):
    seat = seats.sit("a")
    clock.advance(SLOW_MS)
    seats.stand_up(seat)
    assert seats.is_slow("a")
    for _ in range(ORDINARY - 1):
        assert choose(seats, waiting("a")) == "a"
        seats.sit("a")
    assert choose(seats, waiting("a")) is None
    clock.advance(-10 * REMEMBERED_MS)
    assert not seats.is_slow("a"), "a clock that is set back makes nothing slow for long"


def test_one_quick_copy_after_the_other_is_not_slow_but_gives_way_after_a_while(seats, clock):
    seat = seats.sit("a")
    for _ in range(3):
        assert seats.goes_on(seat)
        clock.advance(BATCH_MS // 3)
    clock.advance(BATCH_MS // 3)
    assert not seats.goes_on(seat)
    assert not seats.is_slow("a")


@pytest.fixture
def crowded(desk):
    """Three remotes with copies that are due: many, one, and an urgent one that came last."""
    world = desk.world
    assets, rows = [world.asset(f"{n}".encode()) for n in range(BATCH + 5)], {}
    for name, count in (("many", BATCH + 5), ("one", 1), ("urgent", 1)):
        with world.database.unit() as session:
            remote = Remote(id=new_id(), connector="fake", account_key=name, label=name, created_at=0)
            session.add(remote)
            session.flush()
            target = Target(
                id=new_id(), remote_id=remote.id, kind="library", external_ref="1", label=name, channel="fake",
                territory="*", lead_s=0,
            )  # fmt: skip
            session.add(target)
            session.flush()
            made = [
                new_row(
                    session, asset_id=asset, target_id=target.id, slot="", withdraw_policy="remove",
                    version_policy="follow", pinned_version_id=None, by="user", at=world.clock.advance(1),
                )
                for asset in assets[:count]
            ]  # fmt: skip
            for row in made:
                row.urgent = name == "urgent"
            rows[name] = (remote.id, {row.id for row in made})
    return rows


def test_each_batch_is_of_one_remote_and_no_remote_waits_for_all_of_another(desk, crowded, seats):
    taking, taken = Taking(desk.database, desk.clock, seats, 60_000), []
    for number in range(5):
        batch = taking.take(f"worker/{number}", spare=False)
        taken.append(next(name for name, (_, ids) in crowded.items() if set(batch.placement_ids) <= ids))
        seats.stand_up(batch.seat)
        assert len(batch.placement_ids) <= BATCH
        if number == 3:
            break
    assert taken == ["urgent", "many", "one", "many"]
    assert taking.take("worker/9", spare=False) is None
    with desk.database.read() as session:
        assert candidates(session, desk.clock.now()) == []


def test_of_a_slow_remote_one_copy_is_taken_and_the_rest_left_to_others(desk, crowded, seats):
    remote_id, ids = crowded["many"]
    seat = seats.sit(remote_id)
    desk.clock.advance(SLOW_MS)
    taking = Taking(desk.database, desk.clock, seats, 60_000)
    batches = [taking.take("worker", spare=False) for _ in range(3)]
    assert [len(batch.placement_ids) for batch in batches] == [1, 1, 1]
    assert sum(set(batch.placement_ids) <= ids for batch in batches) == 1
    seats.stand_up(seat)


def test_what_was_not_begun_is_given_back_at_once(desk, crowded, seats):
    taking = Taking(desk.database, desk.clock, seats, 60_000)
    assert len(taking.take("worker", spare=False).placement_ids) == 1, "the urgent one"
    batch = taking.take("worker", spare=False)
    taking.give_back(batch.placement_ids[1:], "somebody else")
    taking.give_back(batch.placement_ids[1:], "worker")
    with desk.database.read() as session:
        kept = list(session.scalars(select(Placement.id).where(Placement.lease_owner == "worker")))
        assert batch.placement_ids[0] in kept
        assert len(kept) == 2
        assert {each.remote_id for each in candidates(session, desk.clock.now())} >= {crowded["many"][0]}
