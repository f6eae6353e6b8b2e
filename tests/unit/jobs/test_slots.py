from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from hub.db.unit import Database
from hub.jobs.slots import LEASE_MS, keep_slot, leave_slot, living_slots, take_slot


def seat(database, clock, owner):
    with database.unit() as session:
        return take_slot(session, owner=owner, now=clock.now())


def keep(database, clock, number, owner):
    with database.unit() as session:
        return keep_slot(session, number, owner=owner, now=clock.now())


def test_processes_get_the_lowest_free_numbers(database, clock):
    assert [seat(database, clock, owner) for owner in "abc"] == [1, 2, 3]
    with database.unit() as session:
        leave_slot(session, 2, owner="b")
        leave_slot(session, 3, owner="not its holder")
    assert seat(database, clock, "d") == 2
    assert seat(database, clock, "e") == 4


def test_a_silent_holder_loses_its_number_and_learns_of_it(database, clock):
    seat(database, clock, "dead")
    clock.advance(LEASE_MS - 1)
    assert seat(database, clock, "other") == 2
    clock.advance(1)
    assert seat(database, clock, "heir") == 1
    assert not keep(database, clock, 1, "dead")
    assert keep(database, clock, 1, "heir")


def test_a_holder_that_slept_keeps_its_number_when_nobody_took_it(database, clock):
    seat(database, clock, "sleeper")
    clock.advance(10 * LEASE_MS)
    assert keep(database, clock, 1, "sleeper")
    with database.read() as session:
        assert [slot.owner for slot in living_slots(session, clock.now())] == ["sleeper"]


def test_processes_that_start_at_once_never_share_a_number(database, clock):
    start = threading.Barrier(6)

    def begin(owner):
        mine = Database(database.url)
        start.wait()
        number = seat(mine, clock, owner)
        mine.dispose()
        return number

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(begin, "abcdef")) == [1, 2, 3, 4, 5, 6]
