"""Fixtures that every suite shares."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

import pytest

import hub
from hub.clock import ManualClock
from hub.db.base import Base
from hub.db.unit import Database
from hub.events.log import EventLog


def import_all_models() -> None:
    """Import every room's tables, so that the metadata is whole."""
    for room in pkgutil.iter_modules(hub.__path__, "hub."):
        if room.ispkg and importlib.util.find_spec(f"{room.name}.models"):
            importlib.import_module(f"{room.name}.models")


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def database(tmp_path, clock):
    """An empty database with every table."""
    import_all_models()
    database = Database(f"sqlite:///{tmp_path / 'damhub.sqlite3'}")
    Base.metadata.create_all(database.engine)
    EventLog(database, clock)
    yield database
    database.dispose()
