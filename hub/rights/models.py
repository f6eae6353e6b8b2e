"""What may be used where and when, and by what document."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Json, Millis, Revisioned, Word


class Term(Revisioned, Base):
    """One clause: allows or denies a use for a window, some channels and some territories.

    Windows are half-open: `from_at` counts, `until_at` does not. Null means without bound.
    """

    __tablename__ = "terms"
    id: Mapped[Id] = mapped_column(primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), index=True)
    source: Mapped[Word]  # licence | consent | embargo | takedown
    effect: Mapped[Word]  # allow | deny
    channels: Mapped[Json]  # list of channel names; empty: all
    territories: Mapped[Json]  # list of ISO 3166-1 alpha-2 codes; empty: all
    from_at: Mapped[Millis | None]
    until_at: Mapped[Millis | None]
    use: Mapped[Word]  # new | existing | both
    document: Mapped[str] = mapped_column(default="")
    created_by: Mapped[Id]
    created_at: Mapped[Millis]
    lifted_at: Mapped[Millis | None]  # a person took the clause back
    end_announced_at: Mapped[Millis | None]  # `rights.ended` was emitted for this window
    warned_days: Mapped[int | None]  # `rights.ends_soon` was emitted so many days before its end, the last time


class Usability(Base):
    """Derived: for each asset, channel and territory, gap-free spans with a verdict. Rebuilt when terms change."""

    __tablename__ = "usability"
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    channel: Mapped[Word] = mapped_column(primary_key=True)  # "*": any that is not named by a term
    territory: Mapped[Word] = mapped_column(primary_key=True)  # "*": any that is not named by a term
    use: Mapped[Word] = mapped_column(primary_key=True)
    from_at: Mapped[Millis] = mapped_column(primary_key=True)
    until_at: Mapped[Millis]
    verdict: Mapped[bool]
    reason: Mapped[str]
    __table_args__ = (Index("ix_usability_until_at", "until_at"),)


class Preservation(Revisioned, Base):
    """A legal hold: as long as it counts, nothing of the asset may be purged. It says nothing of use."""

    __tablename__ = "preservations"
    id: Mapped[Id] = mapped_column(primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), index=True)
    reason: Mapped[str]
    by: Mapped[Id]
    at: Mapped[Millis]
    lifted_at: Mapped[Millis | None]
    lifted_by: Mapped[Id | None]
