"""Fixtures that every suite shares."""

from __future__ import annotations

import pkgutil
import shutil

import hypothesis
import pytest

from hub.clock import ManualClock
from hub.db.unit import Database
from hub.events.log import EventLog
from hub.settings import Settings
from hub.storage.stores import make_store
from tests import services
from tests.tables import tables

# No test asserts a time: a busy machine is no failure.
hypothesis.settings.register_profile("damhub", deadline=None)
hypothesis.settings.load_profile("damhub")

pytest_plugins = [
    "tests.counting",
    "tests.packing",
    "tests.rewriting",
    "tests.thrift",
    *(f"tests.services.{module.name}" for module in pkgutil.iter_modules(services.__path__)),
]


def pytest_addoption(parser):
    parser.addoption(
        "--require-services",
        action="store_true",
        help="a server that cannot start is a failure (also: DAMHUB_REQUIRE_SERVICES=1)",
    )
    parser.addoption(
        "--every",
        action="store_true",
        help="also what is much like what runs: cases marked `again`, each planted bug in every connector, copies on "
        "every connector (make faults)",
    )


def pytest_collection_modifyitems(config, items):
    """Leave cases out that are like others, unless every one is asked for."""
    left = [] if config.getoption("--every") else [item for item in items if item.get_closest_marker("again")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("again")]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    """Say what was left out after the coverage; pytest's own list of failures is the last thing that is printed."""
    if lines := services.summary():
        terminalreporter.section("suites left out on this machine")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A database file with every table, to be copied."""
    path = tmp_path_factory.mktemp("template") / "damhub.sqlite3"
    path.write_bytes(tables())
    return path


@pytest.fixture
def sqlite_url(tmp_path, sqlite_template):
    """The URL of an empty SQLite database with every table."""
    path = tmp_path / "damhub.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres):
    """The URL of an empty PostgreSQL database with every table."""
    with postgres.lent() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request):
    """The URL of an empty database with every table, on each of the two databases."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def database(database_url, clock):
    """An empty database with every table and an event log, on each of the two databases."""
    database = Database(database_url)
    EventLog(database, clock)
    yield database
    database.dispose()


@pytest.fixture(params=["folder", "s3"])
def storage_settings(request, tmp_path):
    """Settings that name each of the two kinds of store."""
    if request.param == "s3":
        return Settings(home=tmp_path / "home", storage="s3", s3=request.getfixturevalue("s3_settings"))
    return Settings(home=tmp_path / "home")


@pytest.fixture
def store(storage_settings):
    """An empty blob store, of each of the two kinds."""
    return make_store(storage_settings)
