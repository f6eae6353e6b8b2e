"""Insert a row unless its key is there already, so that racing writers meet at one row instead of at an error."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hub.db.base import Base


def insert_if_missing(session: Session, table: type[Base], **values: Any) -> None:
    """Insert a row with these values; a row with the same key, from whomever, stays as it is."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(postgresql.insert(table).values(**values).on_conflict_do_nothing())
    else:
        session.execute(sqlite.insert(table).values(**values).on_conflict_do_nothing())
