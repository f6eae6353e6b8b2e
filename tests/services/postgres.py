"""PostgreSQL for the tests, and an empty database with every table for each of them."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import create_engine, make_url

from hub.db.migrate import migrate
from hub.db.unit import Database
from tests import services

_TEMPLATE = "damhub_template"


class Postgres:
    """A running server, and a database with every table that is copied for each test."""

    def __init__(self, url):
        self._url = make_url(url)
        self._numbers = itertools.count(1)
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        template = Database(self.empty(_TEMPLATE))
        migrate(template)
        template.dispose()

    def empty(self, name=""):
        """Make a database without tables and return its URL."""
        return self._create(name or f"empty_{next(self._numbers)}", "template1")

    def fresh(self):
        """Make a database with every table and return its URL."""
        return self._create(f"test_{next(self._numbers)}", _TEMPLATE)

    def drop(self, url):
        """Remove a database, whoever is still connected to it."""
        self._run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def close(self):
        self._admin.dispose()

    def _create(self, name, template):
        self._run(f'CREATE DATABASE "{name}" TEMPLATE {template}')
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, sql):
        with self._admin.connect() as connection:
            connection.exec_driver_sql(sql)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    """The server, or None where it cannot run."""
    port = services.free_ports()
    try:
        with services.running("postgres", tmp_path_factory.mktemp("postgres"), PG_PORT=str(port)) as printed:
            server = Postgres(printed["URL"])
            yield server
            server.close()
    except services.CannotStart as gap:
        services.note_gap("postgres", str(gap))
        yield None


@pytest.fixture
def postgres(request):
    """The server; without it the test is left out."""
    server = request.getfixturevalue("postgres_server")
    services.need(request, "postgres")
    return server
