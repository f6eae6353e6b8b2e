"""Which blobs exist and in what state."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Millis, Sha256, Word


class BlobState(StrEnum):
    """The life of a blob."""

    STAGED = "staged"  # bytes are safe, nothing refers to them yet
    KEPT = "kept"
    CONDEMNED = "condemned"  # to be removed after a grace period
    GOING = "going"  # being removed at this moment
    GONE = "gone"  # removed; the hash stays on record


REMOVED: Final = frozenset({BlobState.GOING.value, BlobState.GONE.value})
"""States of blobs whose bytes are not to be looked for: only their hash is left."""


class Blob(Base):
    """Bytes by their hash. The row is written after the bytes are safe."""

    __tablename__ = "blobs"
    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    size: Mapped[int]
    sniffed_type: Mapped[str]
    state: Mapped[Word]
    created_at: Mapped[Millis]
    condemned_at: Mapped[Millis | None]  # of one that is going or gone: since when
