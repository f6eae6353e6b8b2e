"""Signed links and the log of what went out."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Millis, Word


class SignedLink(Base):
    """A delivery address that was given out; revoking it works at once."""

    __tablename__ = "signed_links"
    id: Mapped[Id] = mapped_column(primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), index=True)
    version_id: Mapped[Id] = mapped_column(ForeignKey("versions.id"))
    preset: Mapped[Word]
    created_by: Mapped[Id]
    created_at: Mapped[Millis]
    expires_at: Mapped[Millis]
    revoked_at: Mapped[Millis | None]


class Handout(Base):
    """Bytes that left: known, cannot be called back, shown beside a recall. Never updated or deleted."""

    __tablename__ = "handouts"
    id: Mapped[Id] = mapped_column(primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), index=True)
    version_id: Mapped[Id] = mapped_column(ForeignKey("versions.id"))
    preset: Mapped[Word]
    placement_id: Mapped[Id | None]
    link_id: Mapped[Id | None]
    who: Mapped[str]
    at: Mapped[Millis]
