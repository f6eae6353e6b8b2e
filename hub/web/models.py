"""Answers kept for repeated requests."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Json, Millis, Sha256


class IdempotentAnswer(Base):
    """The first answer to a request with an idempotency key; the same key gives the same answer."""

    __tablename__ = "idempotent_answers"
    user_id: Mapped[Id] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[Sha256]
    status: Mapped[int | None]  # null: still at work
    headers: Mapped[Json]
    body: Mapped[str]
    at: Mapped[Millis]
