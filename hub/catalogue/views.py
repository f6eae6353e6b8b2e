"""What doors are shown of an asset: values that outlive the unit of work, cut to what the asker may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from hub.access.actors import Actor
from hub.access.permissions import Act, allowed
from hub.catalogue import collections
from hub.catalogue.assets import no_such_asset, versions_of
from hub.catalogue.metadata import Value, all_fields_of
from hub.catalogue.models import Asset, Lifecycle, Version


@dataclass(frozen=True, slots=True)
class Standing:
    """What the review room says of an asset."""

    lifecycle: Lifecycle = Lifecycle.DRAFT
    approved_version_id: str | None = None


Judge = Callable[[Session, str], Standing]
"""Tells an asset's standing. The review room lies above this one: `hub.app` hands its function in."""


def nothing_approved(session: Session, asset_id: str) -> Standing:
    """Say that nothing was approved: the safe answer where no review room is wired in."""
    del session, asset_id
    return Standing()


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of an asset."""

    id: str
    number: int
    sha256: str
    size: int
    media_type: str
    filename: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class AssetView:
    """One asset as one person may see it."""

    id: str
    code: str
    kind: str
    lifecycle: Lifecycle
    owner_id: str
    revision: int
    fields: dict[str, Value]
    language: str  # that `fields` are in: the catalogue's own
    translations: dict[str, dict[str, Value]]  # by language, then by field
    versions: tuple[VersionView, ...]  # newest first
    current_version_id: str | None  # the newest one that the asker may see
    approved_version_id: str | None
    successor_id: str | None
    collections: tuple[tuple[str, str], ...]  # (id, name)
    created_at: int
    changed_at: int
    archived_at: int | None
    deleted_at: int | None
    purge_after: int | None
    purged_at: int | None

    @property
    def title(self) -> str:
        """Return the title, or the newest file's name where nobody gave one."""
        title = self.fields.get("title")
        if isinstance(title, str) and title:
            return title
        return self.versions[0].filename if self.versions else self.code


def sees_all(actor: Actor, asset: Asset) -> bool:
    """Tell whether somebody may see what was not approved of this asset."""
    return allowed(actor, Act.VIEW_UNAPPROVED, owner_id=asset.owner_id)


def is_seen(actor: Actor, asset: Asset, standing: Standing) -> bool:
    """Tell whether the asker may know of this asset.

    Deleted assets are known to those who may bring them back; archived and unapproved ones to those who may see
    unapproved work.
    """
    if not allowed(actor, Act.VIEW, owner_id=asset.owner_id):
        return False
    if asset.deleted_at is not None and not allowed(actor, Act.DELETE, owner_id=asset.owner_id):
        return False
    shown = standing.approved_version_id is not None and asset.archived_at is None
    return shown or sees_all(actor, asset)


def refuse_unseen(actor: Actor, asset: Asset, standing: Standing) -> None:
    """Raise NotFound when the asker may not know of this asset: see `is_seen`."""
    if not is_seen(actor, asset, standing):
        raise no_such_asset(asset.id)


def view_of(session: Session, actor: Actor, asset: Asset, standing: Standing, *, language: str) -> AssetView:
    """Return the asset as the asker may see it; `language` is the catalogue's own.

    Raises:
        NotFound: the asker may not know of it.
    """
    refuse_unseen(actor, asset, standing)
    versions = versions_of(session, asset.id)[::-1]
    if not sees_all(actor, asset):
        versions = [version for version in versions if version.id == standing.approved_version_id]
    said = all_fields_of(session, asset.id)
    return AssetView(
        id=asset.id,
        code=asset.code,
        kind=asset.kind,
        lifecycle=Lifecycle(asset.lifecycle),
        owner_id=asset.owner_id,
        revision=asset.revision,
        fields=said.pop("", {}),
        language=language,
        translations=said,
        versions=tuple(_version_view(version) for version in versions),
        current_version_id=versions[0].id if versions else None,
        approved_version_id=standing.approved_version_id,
        successor_id=asset.successor_id,
        collections=tuple((found.id, found.name) for found in collections.of_asset(session, asset.id)),
        created_at=asset.created_at,
        changed_at=asset.changed_at,
        archived_at=asset.archived_at,
        deleted_at=asset.deleted_at,
        purge_after=asset.purge_after,
        purged_at=asset.purged_at,
    )


def _version_view(version: Version) -> VersionView:
    return VersionView(
        id=version.id,
        number=version.number,
        sha256=version.sha256,
        size=version.size,
        media_type=version.media_type,
        filename=version.filename,
        by=version.by,
        at=version.at,
    )
