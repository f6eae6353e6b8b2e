"""Notices to people and deliveries to webhook endpoints."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Json, Millis, Revisioned, Word


class Notice(Base):
    """Something that one person should know."""

    __tablename__ = "notices"
    id: Mapped[Id] = mapped_column(primary_key=True)
    user_id: Mapped[Id] = mapped_column(ForeignKey("users.id"), index=True)
    what: Mapped[Word]  # stable code
    subject: Mapped[Id]
    body: Mapped[Json]
    created_at: Mapped[Millis]
    read_at: Mapped[Millis | None]


class Endpoint(Revisioned, Base):
    """An address outside that wants to hear of events."""

    __tablename__ = "endpoints"
    id: Mapped[Id] = mapped_column(primary_key=True)
    url: Mapped[str]
    sealed_secrets: Mapped[str]  # newest first; the second is still valid during rotation
    kinds: Mapped[Json]  # list of event kinds
    state: Mapped[Word]  # live | off
    off_reason: Mapped[str] = mapped_column(default="")
    failing_since: Mapped[Millis | None]
    created_at: Mapped[Millis]
    created_by: Mapped[Id]


class Delivery(Base):
    """One event on its way to one endpoint."""

    __tablename__ = "deliveries"
    endpoint_id: Mapped[Id] = mapped_column(ForeignKey("endpoints.id"), primary_key=True)
    event_id: Mapped[Id] = mapped_column(primary_key=True)
    body: Mapped[str]  # the exact bytes that are signed and sent, the same at every try
    due_at: Mapped[Millis]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[Millis | None]
    attempt: Mapped[int]
    state: Mapped[Word]  # pending | delivered | given_up
    last_answer: Mapped[str] = mapped_column(default="")
    __table_args__ = (Index("ix_deliveries_due", "state", "due_at"),)
