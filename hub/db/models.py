"""The hub's own rows: which installation this is, and counters for human-friendly numbers."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Millis, Word


class Mode(StrEnum):
    """What this installation may do to the outside."""

    NORMAL = "normal"
    OBSERVE_ONLY = "observe_only"


class Installation(Base):
    """One row: who this hub is. A database that wakes up elsewhere only observes until told otherwise."""

    __tablename__ = "installation"
    id: Mapped[Id] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    home_fingerprint: Mapped[str]
    mode: Mapped[Word]
    mode_reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Millis]


class Counter(Base):
    """A number that only grows, such as the last asset code given out."""

    __tablename__ = "counters"
    name: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[int]
