"""Insert a row unless its key is there already, so that racing writers meet at one row instead of at an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hub.db.base import Base


def insert_if_missing(session: Session, table: type[Base], **values: Any) -> None:
    """Insert a row with these values; a row with the same key, from whomever, stays as it is."""
    insert_each_missing(session, table, [values])


def insert_each_missing(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows that all name the same columns, in one statement; rows that are there stay as they are."""
    if not rows:
        return
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(table)
    session.execute(insert.on_conflict_do_nothing(), [dict(row) for row in rows])
