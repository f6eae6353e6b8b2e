"""A database file with every table and no row: migrated once in a process, then copied."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from hub.db.migrate import migrate
from hub.db.unit import Database


@cache
def tables():
    """Return what such a file holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "damhub.sqlite3")
        database = Database(f"sqlite:///{path}")
        migrate(database)
        database.dispose()
        return path.read_bytes()


def lay(home):
    """Put it where a hub that opens this folder for the first time finds it, and makes none itself."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (file := home / "damhub.sqlite3").exists():
        file.write_bytes(tables())
