"""Engines for the two databases, set up so that concurrent writers lose nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event

if TYPE_CHECKING:
    import sqlite3

BUSY_TIMEOUT_MS = 60_000
"""How long a SQLite writer waits for another one."""


def make_engine(url: str, *, pool_size: int = 20) -> Engine:
    """Return an engine for a SQLite or PostgreSQL URL.

    SQLite runs in WAL mode with full synchronisation: a commit survives a power cut. Engines of both databases know
    the execution option `writes`: see `hub.db.unit.Database`.
    """
    if url.startswith("sqlite"):
        return _sqlite(url, pool_size)
    return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)


def _sqlite(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        # Transactions are begun by `begin` below; the driver's own rules begin them too late and never IMMEDIATE.
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "isolation_level": None, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: Any) -> None:  # pyright: ignore[reportUnusedFunction] - called by SQLAlchemy
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction] - called by SQLAlchemy
        # Taking the write lock first means that what a writer read is still true when it writes.
        mode = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine
