from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from hub.db.unit import Database
from hub.jobs.leases import held, release, take
from hub.notify.models import Delivery, Endpoint

LEASE = 1_000


@pytest.fixture
def deliveries(database, clock):
    """Twenty rows: ten due now, ten due later."""
    with database.unit() as session:
        session.add(
            Endpoint(
                id="endpoint", url="", sealed_secrets="", kinds=[], state="live", failing_since=None,
                created_at=0, created_by="",
            )
        )  # fmt: skip
        session.flush()
        for number in range(20):
            session.add(
                Delivery(
                    endpoint_id="endpoint", event_id=f"{number:02}", body="", attempt=0, state="pending",
                    due_at=clock.now() - 100 + number if number < 10 else clock.now() + 10_000,
                    lease_owner=None, lease_until=None,
                )
            )  # fmt: skip


def taken(database, clock, owner, limit=100, *criteria):
    with database.unit() as session:
        rows = take(session, Delivery, *criteria, owner=owner, now=clock.now(), lease_ms=LEASE, limit=limit)
        return [row.event_id for row in rows]


def test_only_due_rows_are_taken_the_longest_due_first(database, clock, deliveries):
    assert taken(database, clock, "a", 3) == ["00", "01", "02"]
    assert taken(database, clock, "a") == [f"{number:02}" for number in range(3, 10)]
    assert taken(database, clock, "a") == []


def test_criteria_narrow_what_is_taken(database, clock, deliveries):
    assert taken(database, clock, "a", 100, Delivery.event_id > "07") == ["08", "09"]


def test_a_lease_that_ended_is_taken_over_and_its_old_holder_sees_it(database, clock, deliveries):
    assert len(taken(database, clock, "dead")) == 10
    clock.advance(LEASE - 1)
    assert taken(database, clock, "heir") == []
    clock.advance(1)
    assert len(taken(database, clock, "heir")) == 10
    with database.read() as session:
        row = session.get(Delivery, ("endpoint", "00"))
        assert not held(row, owner="dead", now=clock.now())
        assert held(row, owner="heir", now=clock.now())
        assert not held(row, owner="heir", now=clock.now() + LEASE)


def test_a_released_row_is_due_when_it_was_told_to_be(database, clock, deliveries):
    taken(database, clock, "a", 2)
    with database.unit() as session:
        release(session.get(Delivery, ("endpoint", "00")), due_at=clock.now() + 500)
        release(session.get(Delivery, ("endpoint", "01")))
    assert taken(database, clock, "b", 1) == ["01"]
    clock.advance(500)
    assert "00" in taken(database, clock, "b")


def test_many_takers_at_once_never_get_the_same_row(database, clock, deliveries):
    start = threading.Barrier(5)

    def worker(number):
        mine = Database(database.url)
        got = []
        start.wait()
        while rows := taken(mine, clock, f"w{number}", 1):
            got += rows
        mine.dispose()
        return got

    with ThreadPoolExecutor(5) as pool:
        everything = [row for got in pool.map(worker, range(5)) for row in got]
    # A taker that found only rows in other takers' hands may have stopped early; nobody got one twice.
    everything += taken(database, clock, "last")
    assert sorted(everything) == [f"{number:02}" for number in range(10)]
    with database.read() as session:
        assert len(session.scalars(select(Delivery).where(Delivery.lease_until.is_not(None))).all()) == 10
