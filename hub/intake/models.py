"""Uploads that have begun, and what was found at remotes."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Millis, Revisioned, Sha256, Word


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


class StockTaking(Revisioned, Base):
    """How far the listing of what stands at a remote is."""

    __tablename__ = "stock_takings"
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"), primary_key=True)
    round: Mapped[int]  # counts listings; an item that a whole one did not tell of is gone
    state: Mapped[Word]  # listing | done
    cursor: Mapped[str | None]
    listed: Mapped[int]  # in this round, so far
    asked_by: Mapped[Id]
    begun_at: Mapped[Millis]
    ended_at: Mapped[Millis | None]  # of the last whole one
    due_at: Mapped[Millis]  # when it goes on; in the future while somebody is at it
    failures: Mapped[int]
    problem: Mapped[str] = mapped_column(default="")
    __table_args__ = (Index("ix_stock_takings_state_due_at", "state", "due_at"),)


class FoundItem(Revisioned, Base):
    """One thing that stands at a remote, as its listing told, what it was recognised as, and what a person decided."""

    __tablename__ = "found_items"
    id: Mapped[Id] = mapped_column(primary_key=True)
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"))
    external_id: Mapped[str]
    copy_ref: Mapped[str]  # what it is called as a copy
    kind: Mapped[Word]  # file | document | link
    name: Mapped[str]
    filename: Mapped[str]  # where the remote tells another one than the name
    url: Mapped[str]
    place: Mapped[str]  # ref of the target that it stands in; empty: not told
    parent: Mapped[str]
    size: Mapped[int | None]
    media_type: Mapped[str]
    external_rev: Mapped[str]
    sha256: Mapped[Sha256 | None]  # told, or of the bytes that were fetched
    marker: Mapped[str]
    seen_at: Mapped[Millis]
    seen_round: Mapped[int]
    gone_at: Mapped[Millis | None]

    whose: Mapped[Word]  # ours | forgotten | foreign | stranger
    how: Mapped[Word]  # marker | ref | sha256 | perceptual | name | none
    asset_id: Mapped[Id | None] = mapped_column(ForeignKey("assets.id"), index=True)
    version_id: Mapped[Id | None]
    placement_id: Mapped[Id | None] = mapped_column(ForeignKey("placements.id"), index=True)
    match_due_at: Mapped[Millis | None]  # when its bytes are looked at; None: they were, or need not be
    match_failures: Mapped[int]

    act: Mapped[Word]  # none | adopt | import | ignore
    act_state: Mapped[Word]  # none | wanted | done | failed
    act_asset_id: Mapped[Id | None]  # which asset a person says that it is; after an import, what it became
    act_by: Mapped[Id | None]
    act_due_at: Mapped[Millis | None]
    act_failures: Mapped[int]
    problem_code: Mapped[str]
    problem: Mapped[str]
    __table_args__ = (
        UniqueConstraint("remote_id", "external_id"),
        Index("ix_found_items_match_due_at", "match_due_at"),
        Index("ix_found_items_act_state_act_due_at", "act_state", "act_due_at"),
        Index("ix_found_items_remote_id_whose", "remote_id", "whose"),
    )
