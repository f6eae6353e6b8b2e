"""A database for each run of the model."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from hub.clock import ManualClock
from hub.db.unit import Database
from hub.events.log import EventLog


@pytest.fixture
def fast(sqlite_url):
    """A database that need not survive a power cut: this layer kills no process."""
    made = []

    def make():
        database = Database(sqlite_url)
        event.listen(
            database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF").close()
        )
        clock = ManualClock()
        EventLog(database, clock)
        made.append(database)
        return database, clock

    yield make
    for database in made:
        database.dispose()
