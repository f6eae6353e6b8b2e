"""What was found out about a version's bytes, and what was made of them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Json, Millis, Sha256, Word


class Traits(Base):
    """What a version's bytes are: measured once, in a limited child process."""

    __tablename__ = "traits"
    version_id: Mapped[Id] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    state: Mapped[Word]  # pending | ready | failed
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration_ms: Mapped[int | None]
    pages: Mapped[int | None]
    colour: Mapped[str | None]  # dominant colour, #rrggbb
    has_alpha: Mapped[bool] = mapped_column(default=False)
    phash: Mapped[str | None] = mapped_column(String(16))  # see media.likeness; None: not taken yet, empty: it has none
    embedded: Mapped[Json]  # core field -> value, as read from EXIF, IPTC and XMP
    error_code: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    due_at: Mapped[Millis]
    attempt: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[Millis | None]
    __table_args__ = (Index("ix_traits_due", "state", "due_at"),)


class Rendition(Base):
    """Bytes made from a version by a preset: thumbnail, web or original (the master's own bytes)."""

    __tablename__ = "renditions"
    version_id: Mapped[Id] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    preset: Mapped[Word] = mapped_column(primary_key=True)
    sha256: Mapped[Sha256 | None] = mapped_column(ForeignKey("blobs.sha256"))
    size: Mapped[int | None]
    media_type: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    state: Mapped[Word]  # ready | failed | unavailable
    error_code: Mapped[str] = mapped_column(default="")
