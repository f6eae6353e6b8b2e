"""Deliveries that are not believed are counted, and whoever sends very many of them costs the hub next to nothing."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import event, select

from hub.clock import DAY, MINUTE, SECOND
from hub.connections.forged import Forged
from hub.connections.models import Inbox, Subscription
from tests.unit.connections.fakevendor import APP_SECRET, sign

BODY = json.dumps({"id": "d1", "kind": "changed", "refs": ["c1"]}).encode()


@pytest.fixture
def subscribed(connections, connected, admin):
    connections.refresh_targets(admin, connected.id)
    return connections.subscribe(admin, connections.targets(admin)[0].id)


@pytest.fixture
def deliver(connections, subscribed):
    def send(secret=APP_SECRET, to=None):
        headers = sign(secret, subscribed.callback_url, BODY)
        return connections.receive(to or subscribed.id, method="POST", headers=headers, body=BODY).status

    return send


@pytest.fixture
def counted(connections, admin):
    def read():
        (one,) = connections.list(admin)
        return one.forged, one.forged_at

    return read


@pytest.fixture
def written(database):
    """Every statement that writes."""
    seen = []

    def note(_connection, _cursor, statement, *_):
        if not statement.lstrip().upper().startswith(("SELECT", "BEGIN", "PRAGMA", "SET TRANSACTION")):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_refused_delivery_is_counted_at_once_and_nothing_of_it_is_kept(deliver, counted, clock, database):
    assert counted() == (0, None)
    assert deliver(secret="guessed") == 401
    assert counted() == (1, clock.now())
    with database.read() as session:
        assert session.scalars(select(Inbox)).all() == []


def test_of_a_flood_one_row_is_written_a_minute(deliver, counted, clock, written):
    first = clock.now()
    for _ in range(200):
        assert deliver(secret="guessed") == 401
    assert [each.split()[:2] for each in written] == [["UPDATE", "subscriptions"]]
    assert counted() == (1, first)
    clock.advance(MINUTE - SECOND)
    deliver(secret="guessed")
    clock.advance(SECOND)
    deliver(secret="guessed")
    assert len(written) == 2
    assert counted() == (202, clock.now())


def test_what_waits_is_written_down_with_the_next_good_delivery(deliver, counted, clock):
    deliver(secret="guessed")
    clock.advance(SECOND)
    last = clock.now()
    deliver(secret="guessed")
    clock.advance(DAY)
    assert deliver() == 200
    assert counted() == (2, last)


def test_addresses_that_nobody_made_are_not_counted(deliver, counted, written):
    assert deliver(secret="guessed", to="made-up") == 404
    assert (counted(), written) == ((0, None), [])


def test_two_processes_and_several_threads_lose_none(subscribed, database, clock):
    processes = [Forged(database, clock), Forged(database, clock)]
    threads = [
        threading.Thread(target=lambda one=one: [one.note(subscribed.id) for _ in range(50)])
        for one in processes
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.advance(MINUTE)
    for one in processes:
        one.settle()
    with database.read() as session:
        assert session.get_one(Subscription, subscribed.id).forged == 400
