"""Which worker process is which executor."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Millis


class Slot(Base):
    """A numbered seat that one worker process holds while it lives; its number is the executor id."""

    __tablename__ = "slots"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner: Mapped[str]
    lease_until: Mapped[Millis]


class Heartbeat(Base):
    """When each drain last ran and how late it was, for `damhub doctor`."""

    __tablename__ = "heartbeats"
    drain: Mapped[str] = mapped_column(primary_key=True)
    ran_at: Mapped[Millis]
    did: Mapped[int]
    error: Mapped[str] = mapped_column(default="")
