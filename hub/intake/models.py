"""Uploads that have begun."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Millis, Sha256, Word


class Upload(Base):
    """One upload: what came in, what it became. Also the answer to a repeated idempotency key."""

    __tablename__ = "uploads"
    id: Mapped[Id] = mapped_column(primary_key=True)
    by: Mapped[Id]
    filename: Mapped[str]
    sha256: Mapped[Sha256]
    size: Mapped[int]
    state: Mapped[Word]  # kept | duplicate
    asset_id: Mapped[Id | None]
    version_id: Mapped[Id | None]
    at: Mapped[Millis]
