"""Units of work on SQLite: writers of one process follow each other without the database's own sleeping."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from hub.db import unit
from hub.db.unit import Database
from hub.jobs.models import Heartbeat


@pytest.fixture
def impatient(sqlite_url):
    """A database that never waits for a lock by itself."""
    database = Database(sqlite_url)

    @event.listens_for(database.engine, "connect")
    def connect(connection, _record):
        connection.execute("PRAGMA busy_timeout=0").close()

    yield database
    database.dispose()


def write(database, name):
    with database.unit() as session:
        session.add(Heartbeat(drain=name, ran_at=1, did=0, error=""))


def test_writers_of_one_process_wait_for_their_turn(impatient):
    start, failures = threading.Barrier(4), []

    def go(writer):
        start.wait()
        try:
            for number in range(20):
                write(impatient, f"{writer}/{number}")
        except OperationalError as locked:
            failures.append(locked)

    threads = [threading.Thread(target=go, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with impatient.read() as session:
        assert session.scalar(select(func.count()).select_from(Heartbeat)) == 80


def test_a_unit_that_fails_gives_its_turn_on(impatient):
    with pytest.raises(LookupError), impatient.unit():
        raise LookupError
    write(impatient, "next")


def test_a_turn_that_does_not_come_is_the_databases_matter(impatient, monkeypatch):
    monkeypatch.setattr(unit, "BUSY_TIMEOUT_MS", 10)
    with impatient.unit() as session:
        session.scalar(select(func.count()).select_from(Heartbeat))
        with pytest.raises(OperationalError, match="locked"):
            write(impatient, "too early")
    write(impatient, "now")
