from __future__ import annotations

import pytest

from hub.db.unit import Database
from hub.events.log import EventLog
from tests.web_hub import WebHub


@pytest.fixture
def hub(sqlite_url, clock, tmp_path):
    database = Database(sqlite_url)
    EventLog(database, clock)
    yield WebHub(database, clock, tmp_path / "home").settle_in()
    database.dispose()


@pytest.fixture
def bare_hub(sqlite_url, clock, tmp_path):
    """A hub that nobody has signed in to yet."""
    database = Database(sqlite_url)
    EventLog(database, clock)
    yield WebHub(database, clock, tmp_path / "home")
    database.dispose()
