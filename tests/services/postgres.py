"""PostgreSQL for the tests, and an empty database with every table for each of them.

A database that a test gave back is emptied and lent again: making one takes twenty times as long.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from hub.db.migrate import migrate
from hub.db.unit import Database
from tests import services

_TEMPLATE = "damhub_template"
_ALONE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SHAPE = """
    SELECT (SELECT string_agg(version_num, ' ') FROM alembic_version), count(*),
           coalesce(sum(hashtext(c.relname || a.attname || a.atttypid || a.attnotnull)), 0)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped
"""
_ROWS = """
    SELECT 'DELETE FROM ' || quote_ident(relname) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""
_COUNTERS = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"


class Postgres:
    """A running server, and a database with every table that is copied for each test."""

    def __init__(self, url):
        self._url = make_url(url)
        self._numbers = itertools.count(1)
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        template = Database(self.empty(_TEMPLATE))
        migrate(template)
        template.dispose()
        self._idle, self._keepers = [], {}
        engine = create_engine(self._url.set(database=_TEMPLATE), poolclass=NullPool)
        with engine.connect() as connection:
            self._shape = _shape_of(connection)

    def empty(self, name=""):
        """Make a database without tables and return its URL."""
        return self._create(name or f"empty_{next(self._numbers)}", "template1")

    def fresh(self):
        """Make a database with every table and return its URL."""
        return self._create(f"test_{next(self._numbers)}", _TEMPLATE)

    @contextmanager
    def lent(self):
        """Lend a database with every table and no row; yield its URL."""
        url = self._idle.pop() if self._idle else self.fresh()
        try:
            yield url
        finally:
            if self._emptied(url) == self._shape:
                self._idle.append(url)
            else:
                self._keepers.pop(url).dispose()
                self.drop(url)

    def _emptied(self, url):
        """Take every row out of a database, whoever is still connected to it; return its shape."""
        if url not in self._keepers:
            self._keepers[url] = create_engine(url, pool_size=1)
        with self._keepers[url].begin() as connection:
            connection.exec_driver_sql(_ALONE)
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # no foreign key is asked
            connection.exec_driver_sql(";".join(connection.exec_driver_sql(_ROWS).scalars()))
            connection.exec_driver_sql(_COUNTERS)
            return _shape_of(connection)

    def drop(self, url):
        """Remove a database, whoever is still connected to it."""
        self._run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def close(self):
        for engine in (self._admin, *self._keepers.values()):
            engine.dispose()

    def _create(self, name, template):
        self._run(f'CREATE DATABASE "{name}" TEMPLATE {template}')
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, sql):
        with self._admin.connect() as connection:
            connection.exec_driver_sql(sql)


def _shape_of(connection):
    """Return what tells whether a database has the tables that it should have, and says so."""
    return tuple(connection.exec_driver_sql(_SHAPE).one())


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
