"""Rows of the event log. Events are never updated or deleted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Json, Millis, Word


class Event(Base):
    """One thing that happened, in the order in which it became true."""

    __tablename__ = "events"
    # SQLite only counts by itself in a column that it calls INTEGER.
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    id: Mapped[Id] = mapped_column(unique=True)
    at: Mapped[Millis]
    kind: Mapped[Word] = mapped_column(index=True)
    subject: Mapped[Id] = mapped_column(index=True)  # id of the row that it is about
    actor: Mapped[str]  # user id, "system", or "connector:<name>"
    cause_id: Mapped[Id | None]
    depth: Mapped[int]
    batch_id: Mapped[Id | None]
    body: Mapped[Json]


class Cursor(Base):
    """How far a consumer has read."""

    __tablename__ = "cursors"
    consumer: Mapped[Word] = mapped_column(primary_key=True)
    seq: Mapped[int]
    epoch: Mapped[int]
