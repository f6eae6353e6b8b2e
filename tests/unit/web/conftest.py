from __future__ import annotations

import pytest

from hub.clock import ManualClock
from hub.db.unit import Database
from hub.events.log import EventLog
from hub.search.service import Search
from tests.unit.web.contract import CheckedClient
from tests.unit.web.world import World
from tests.web_hub import WebHub


@pytest.fixture
def hub(sqlite_url, clock, tmp_path):
    database = Database(sqlite_url)
    EventLog(database, clock)
    yield checked(WebHub(database, clock, tmp_path / "home")).settle_in()
    database.dispose()


@pytest.fixture
def bare_hub(sqlite_url, clock, tmp_path):
    """A hub that nobody has signed in to yet."""
    database = Database(sqlite_url)
    EventLog(database, clock)
    yield checked(WebHub(database, clock, tmp_path / "home"))
    database.dispose()


@pytest.fixture(scope="module")
def furnished(sqlite_template, tmp_path_factory):
    """A hub with something of everything in it, for one file of tests."""
    home = tmp_path_factory.mktemp("furnished")
    path = home / "damhub.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    clock = ManualClock()
    database = Database(f"sqlite:///{path}")
    EventLog(database, clock)
    world = World(checked(WebHub(database, clock, home / "home", search=Search)).settle_in(), path)
    yield world
    world.close()
    world.hub.services.search.close()
    database.dispose()


@pytest.fixture
def world(furnished):
    """The furnished hub, as it was at first."""
    furnished.restore()
    return furnished


@pytest.fixture
def searching(sqlite_url, clock, tmp_path):
    """A hub that searches as the real one does."""
    database = Database(sqlite_url)
    EventLog(database, clock)
    hub = checked(WebHub(database, clock, tmp_path / "home", search=Search)).settle_in()
    hub.index()
    yield hub
    hub.services.search.close()
    database.dispose()


def checked(hub):
    """Let the hub's test clients check the contract with every answer."""
    hub.app.test_client_class = CheckedClient
    return hub
