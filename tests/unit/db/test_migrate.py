from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from hub.db.migrate import migrate, newest_revision, revision
from hub.db.tables import all_tables
from hub.db.unit import Database
from hub.errors import Conflict


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request, tmp_path):
    """A database without any table."""
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    database = Database(server.empty() if server else f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    yield database
    database.dispose()
    if server:
        server.drop(database.url)


def test_the_migrations_make_exactly_the_tables_of_the_models(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, all_tables()) == []


def test_every_room_with_tables_is_found():
    assert {"events", "blobs", "slots", "users", "assets", "placements", "deliveries", "terms"} <= set(
        all_tables().tables
    )


def test_an_empty_database_gets_every_table_and_a_second_run_changes_nothing(empty_database):
    assert revision(empty_database) is None
    migrate(empty_database)
    assert set(inspect(empty_database.engine).get_table_names()) == {*all_tables().tables, "alembic_version"}
    migrate(empty_database)
    assert revision(empty_database) == newest_revision() != ""


def test_processes_that_migrate_at_once_wait_for_each_other(empty_database):
    others = [Database(empty_database.url) for _ in range(3)]
    with ThreadPoolExecutor(len(others)) as pool:
        list(pool.map(migrate, others))
    for other in others:
        other.dispose()
    assert revision(empty_database) == newest_revision()


def test_a_migration_that_fails_leaves_nothing_behind(empty_database):
    with empty_database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (id INTEGER)"))
    with pytest.raises(Exception, match="users"):
        migrate(empty_database)
    assert inspect(empty_database.engine).get_table_names() == ["users"]


def test_a_database_of_a_newer_release_is_refused_and_left_alone(database):
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict) as refused:
        migrate(database)
    assert refused.value.code == "database_newer"
    assert revision(database) == "9999"


def test_the_migrations_can_be_undone(empty_database):
    from alembic import command

    from hub.db.migrate import alembic_config

    migrate(empty_database)
    config = alembic_config()
    with empty_database.engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(empty_database.engine).get_table_names() == ["alembic_version"]
