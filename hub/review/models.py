"""Requests for approval, decisions, and which version is approved now."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Millis, Revisioned, Sha256, Word


class Verdict(StrEnum):
    """What a decision says."""

    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"


class ReviewRequest(Revisioned, Base):
    """Somebody was asked to decide on a version."""

    __tablename__ = "review_requests"
    id: Mapped[Id] = mapped_column(primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), index=True)
    version_id: Mapped[Id] = mapped_column(ForeignKey("versions.id"), index=True)
    asked_by: Mapped[Id]
    asked_at: Mapped[Millis]
    state: Mapped[Word]  # open | decided | overtaken


class Decision(Base):
    """A verdict on exact bytes. Never updated or deleted."""

    __tablename__ = "decisions"
    id: Mapped[Id] = mapped_column(primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), index=True)
    version_id: Mapped[Id] = mapped_column(ForeignKey("versions.id"))
    sha256: Mapped[Sha256]
    verdict: Mapped[Word]
    note: Mapped[str]
    by: Mapped[Id]
    at: Mapped[Millis]


class Approved(Base):
    """Derived: the version of an asset that channels may show. The only thing that others read."""

    __tablename__ = "approved"
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    version_id: Mapped[Id] = mapped_column(ForeignKey("versions.id"))
    sha256: Mapped[Sha256]
    decision_id: Mapped[Id] = mapped_column(ForeignKey("decisions.id"))
    at: Mapped[Millis]
