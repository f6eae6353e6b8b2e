"""Notices to people and deliveries to webhook endpoints."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, false, text
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
    description: Mapped[str] = mapped_column(default="", server_default=text("''"))
    sealed_secrets: Mapped[str]  # newest first; the second is still valid during rotation
    kinds: Mapped[Json]  # list of event kinds and patterns such as "asset.*"
    filters: Mapped[Json] = mapped_column(default=dict, server_default="{}")  # lists by name; what is left out: any
    ordered: Mapped[bool] = mapped_column(default=False, server_default=false())  # one about an asset at a time
    state: Mapped[Word]  # live | off
    off_reason: Mapped[str] = mapped_column(default="")
    failing_since: Mapped[Millis | None]
    took_ms: Mapped[int] = mapped_column(default=0, server_default="0")  # how long the last answer took
    replay_after: Mapped[int | None]  # a replay under way goes on after this number of the log, up to the next one
    replay_until: Mapped[int | None]
    replay_from_at: Mapped[Millis | None]
    replay_until_at: Mapped[Millis | None]
    created_at: Mapped[Millis]
    created_by: Mapped[Id]


class Delivery(Base):
    """One event on its way to one endpoint."""

    __tablename__ = "deliveries"
    endpoint_id: Mapped[Id] = mapped_column(ForeignKey("endpoints.id"), primary_key=True)
    event_id: Mapped[Id] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(default=0, server_default="0")  # its number in the log; 0: a test, in no log
    kind: Mapped[Word] = mapped_column(default="", server_default=text("''"))
    about: Mapped[str] = mapped_column(default="", server_default=text("''"))  # the asset's id, or the subject's
    body: Mapped[str]  # the exact bytes that are signed and sent, the same at every try
    due_at: Mapped[Millis]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[Millis | None]
    attempt: Mapped[int]
    state: Mapped[Word]  # pending | delivered | given_up
    last_answer: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[Millis | None]  # when it was delivered or given up
    __table_args__ = (
        Index("ix_deliveries_due", "state", "due_at"),
        Index("ix_deliveries_due_there", "endpoint_id", "state", "due_at"),
        Index("ix_deliveries_ended_at", "ended_at"),
        Index("ix_deliveries_in_order", "endpoint_id", "state", "about", "seq"),
    )


class DeliveryAttempt(Base):
    """One try to deliver a message, as the log of deliveries shows it. Never updated; swept after a while."""

    __tablename__ = "delivery_attempts"
    id: Mapped[Id] = mapped_column(primary_key=True)
    endpoint_id: Mapped[Id] = mapped_column(ForeignKey("endpoints.id"))
    event_id: Mapped[Id]
    at: Mapped[Millis]
    took_ms: Mapped[int]
    status: Mapped[int | None]  # None: no answer came
    answer: Mapped[str]  # "HTTP 204", or the code of what went wrong
    shown: Mapped[str] = mapped_column(default="")  # the answer's body, cut, without secrets
    __table_args__ = (
        Index("ix_delivery_attempts_of", "endpoint_id", "event_id", "id"),
        Index("ix_delivery_attempts_at", "at"),
    )
