"""A world for each test, and the real service over it."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from hub.db.unit import Database
from hub.events.log import EventLog
from tests.faults.model.world import World
from tests.unit.placements.desk import Desk


@pytest.fixture
def world(database, clock):
    return World(database, clock)


@pytest.fixture
def desk(world):
    return Desk(world)


@pytest.fixture
def quick(sqlite_url, clock):
    """One database only, which need not survive a power cut: for rules that no database has a say in."""
    database = Database(sqlite_url)
    event.listen(database.engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA synchronous=OFF").close())
    EventLog(database, clock)
    yield database
    database.dispose()


@pytest.fixture
def quick_desk(quick, clock):
    return Desk(World(quick, clock))
