"""Lease rows that are due: whoever holds the lease works on them; when it ends without a result, another may.

A row that can be leased has `lease_owner` and `lease_until`, and mostly `due_at`. Take rows in one unit of work, do
the work with no unit open, then look with `held` in the unit that writes the result: a lease that was lost meanwhile
means that somebody else works on the row, and the late result must not overwrite theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, cast

from sqlalchemy import BindParameter, ColumnElement, or_, select
from sqlalchemy.orm import Session

from hub.db.base import Base

Row = TypeVar("Row", bound=Base)


def take(
    session: Session,
    table: type[Row],
    *criteria: ColumnElement[bool],
    owner: str,
    now: int,
    lease_ms: int,
    limit: int,
) -> list[Row]:
    """Lease up to `limit` rows that are due and that nobody holds, the longest due first.

    Rows that another transaction is just taking are passed over (PostgreSQL) or waited for (SQLite). A lease that ended
    counts as nobody's: this is how a dead worker's rows are taken over.
    """
    columns = cast("Any", table)
    query = select(table).where(free(table, now), *criteria)
    if hasattr(table, "due_at"):
        query = query.where(columns.due_at <= now).order_by(columns.due_at)
    rows = list(session.scalars(query.limit(limit).with_for_update(skip_locked=True)))
    hold(session, rows, owner=owner, now=now, lease_ms=lease_ms)
    return rows


def free(table: type[Base], now: int | BindParameter[int]) -> ColumnElement[bool]:
    """Return what a row must be that nobody holds."""
    columns = cast("Any", table)
    return or_(columns.lease_until.is_(None), columns.lease_until <= now)


def hold(session: Session, rows: Iterable[Base], *, owner: str, now: int, lease_ms: int) -> None:
    """Lease rows that were read, locked and found free in this unit."""
    for row in rows:
        leased = cast("Any", row)
        leased.lease_owner = owner
        leased.lease_until = now + lease_ms
    session.flush()


def held(row: Base, *, owner: str, now: int) -> bool:
    """Tell whether `owner` still holds the row, which must have been read in this unit."""
    leased = cast("Any", row)
    return leased.lease_owner == owner and leased.lease_until is not None and leased.lease_until > now


def release(row: Base, *, due_at: int | None = None) -> None:
    """Give the row back, due again at `due_at` (unchanged when None)."""
    leased = cast("Any", row)
    leased.lease_owner = None
    leased.lease_until = None
    if due_at is not None:
        leased.due_at = due_at
