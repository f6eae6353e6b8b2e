"""Bring a database's tables to the state that this release needs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from hub.db.unit import Database
from hub.errors import Conflict

LOCK_KEY = 0x6D696772  # "migr": one PostgreSQL process migrates, the others wait
_SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    """Return Alembic's configuration; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


def migrate(database: Database) -> None:
    """Create or update every table. Several processes may call it at once; a database that is up to date is untouched.

    Raises:
        Conflict: the database was made by a newer release; it is left as it is.
    """
    config = alembic_config()
    with database.engine.execution_options(writes=True).begin() as connection:
        if database.postgres:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        current = MigrationContext.configure(connection).get_current_revision()
        _refuse_newer(current)
        if current != newest_revision():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def revision(database: Database) -> str | None:
    """Return the revision that the database stands at, or None when it has no tables."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """Return the revision that this release needs."""
    return _scripts().get_current_head() or ""


@cache
def _scripts() -> ScriptDirectory:
    """Return every migration. Reading them takes a tenth of a second: once in a process is enough."""
    return ScriptDirectory.from_config(alembic_config())


def _refuse_newer(current: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if current is not None and current not in known:
        raise Conflict(
            "database_newer",
            f"This database was made by a newer release (revision {current}). Nothing was changed.",
            next_step="Install the release that made it, or restore a backup made by this one.",
        )
