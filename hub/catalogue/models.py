"""Assets, their versions, their metadata and the collections they stand in."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Json, Millis, Revisioned, Sha256, Word


class Lifecycle(StrEnum):
    """Where an asset stands. Derived by the review room; `archived` is set by a person."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    ARCHIVED = "archived"


class Asset(Revisioned, Base):
    """One thing in the catalogue, whatever its versions."""

    __tablename__ = "assets"
    id: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)  # shown as DAM-<number>
    kind: Mapped[Word]  # image | video | audio | document | other
    lifecycle: Mapped[Word] = mapped_column(index=True)  # derived, see Lifecycle
    owner_id: Mapped[Id]
    successor_id: Mapped[Id | None] = mapped_column(ForeignKey("assets.id"))
    current_version_id: Mapped[Id | None]  # the newest, approved or not
    created_at: Mapped[Millis]
    changed_at: Mapped[Millis] = mapped_column(index=True)
    archived_at: Mapped[Millis | None]
    deleted_at: Mapped[Millis | None]
    purge_after: Mapped[Millis | None] = mapped_column(index=True)
    purged_at: Mapped[Millis | None]  # its bytes are gone for good

    @property
    def code(self) -> str:
        """Return the short code that people read out, such as DAM-1234."""
        return f"DAM-{self.number}"


class Version(Base):
    """One state of an asset's bytes. Never updated or deleted."""

    __tablename__ = "versions"
    id: Mapped[Id] = mapped_column(primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"))
    number: Mapped[int]
    sha256: Mapped[Sha256] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    size: Mapped[int]
    media_type: Mapped[str]  # sniffed from the bytes
    filename: Mapped[str]  # as the uploader named it, cleaned for showing
    by: Mapped[Id]
    at: Mapped[Millis]
    __table_args__ = (UniqueConstraint("asset_id", "number"),)


class FieldValue(Revisioned, Base):
    """One metadata value and who said it."""

    __tablename__ = "field_values"
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    field: Mapped[Word] = mapped_column(primary_key=True)
    locale: Mapped[str] = mapped_column(String(35), primary_key=True, default="")
    value: Mapped[Json]  # text, or a list of texts for keywords
    author: Mapped[Word]  # person | rule | channel | file | model
    author_ref: Mapped[str]
    at: Mapped[Millis]


class Collection(Revisioned, Base):
    """A named set of assets."""

    __tablename__ = "collections"
    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_by: Mapped[Id]
    created_at: Mapped[Millis]


class CollectionItem(Base):
    """An asset in a collection."""

    __tablename__ = "collection_items"
    collection_id: Mapped[Id] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    added_at: Mapped[Millis]
    __table_args__ = (Index("ix_collection_items_asset_id", "asset_id"),)
