"""What people do with the catalogue: edit, archive, delete, restore, name a successor, collect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access.actors import Actor
from hub.access.permissions import Act, allowed, require
from hub.catalogue import collections
from hub.catalogue.assets import get_asset, no_such_asset, touch
from hub.catalogue.languages import locale_of
from hub.catalogue.metadata import Author, set_fields
from hub.catalogue.models import Asset, Lifecycle
from hub.catalogue.views import AssetView, Judge, is_seen, nothing_approved, refuse_unseen, view_of
from hub.clock import DAY, Clock
from hub.db.unit import Database
from hub.errors import Conflict, Stale
from hub.events.log import emit
from mappings.languages import DEFAULT

GRACE_DAYS: Final = 30
"""How long a deleted asset can be brought back, where nobody set it otherwise."""

MOST_DELETED: Final = 200

MOST_NAMED: Final = 400
"""How many assets one event names: its message stays under 20 kB, as Standard Webhooks advises."""

LONGEST_CHAIN: Final = 8
"""How many successors are followed from an asset."""


@dataclass(frozen=True, slots=True)
class CollectionView:
    """A collection and the assets in it that the asker may see."""

    id: str
    name: str
    asset_ids: tuple[str, ...]


class Catalogue:
    """The catalogue as doors use it. Each method is one unit of work."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        judge: Judge = nothing_approved,
        language: str = DEFAULT,
        grace_days: int = GRACE_DAYS,
    ) -> None:
        """Wire the room.

        Args:
            database: where the catalogue lives.
            clock: tells the time.
            judge: tells an asset's standing in review; without one nothing counts as approved.
            language: the catalogue's own.
            grace_days: how long a deleted asset can be brought back.
        """
        self._database = database
        self._clock = clock
        self._judge = judge
        self._language = language
        self._grace_days = grace_days

    def view(self, actor: Actor, id_or_code: str) -> AssetView:
        """Return an asset as the asker may see it.

        Raises:
            NotFound: `no_such_asset`, also when the asker may not know of it.
        """
        with self._database.read() as session:
            return self._view(session, actor, get_asset(session, id_or_code))

    def edit(
        self,
        actor: Actor,
        asset_id: str,
        values: Mapping[str, object],
        *,
        language: str = "",
        expected_revision: int | None = None,
    ) -> AssetView:
        """Set metadata values as this person's word and return the asset as it stands then.

        `language` is the one that the values are in; empty: the catalogue's own.

        Raises:
            Stale: `changed_meanwhile`: the asset is not at `expected_revision` any more.
            Invalid, TooLarge: a value cannot be kept, or the language is not known; nothing was changed.
        """
        locale = locale_of(language, self._language)
        with self._database.unit() as session:
            asset = self._take(session, actor, asset_id, Act.EDIT)
            if expected_revision is not None and asset.revision != expected_revision:
                raise Stale(
                    "changed_meanwhile",
                    f"Somebody else changed {asset.code} meanwhile. Nothing of yours was written.",
                    where=asset.code,
                    next_step="Load it again and repeat the change.",
                )
            set_fields(
                session,
                asset.id,
                values,
                author=Author.PERSON,
                author_ref=actor.id,
                at=self._clock.now(),
                actor_id=actor.id,
                locale=locale,
            )
            session.flush()
            return self._view(session, actor, asset)

    def archive(self, actor: Actor, asset_id: str) -> None:
        """Take an asset out of use; its copies are withdrawn. Archiving twice changes nothing."""
        with self._database.unit() as session:
            asset = self._take(session, actor, asset_id, Act.ARCHIVE)
            if asset.archived_at is None:
                now = self._clock.now()
                asset.archived_at, asset.lifecycle = now, Lifecycle.ARCHIVED.value
                self._note(session, actor, asset, "asset.archived")

    def unarchive(self, actor: Actor, asset_id: str) -> None:
        """Bring an archived asset back to where its reviews leave it."""
        with self._database.unit() as session:
            asset = self._take(session, actor, asset_id, Act.ARCHIVE)
            if asset.archived_at is not None:
                asset.archived_at = None
                asset.lifecycle = self._judge(session, asset.id).lifecycle.value
                self._note(session, actor, asset, "asset.unarchived")

    def delete(self, actor: Actor, asset_id: str) -> None:
        """Put an asset under a tombstone: copies are withdrawn, bytes stay for the grace period."""
        with self._database.unit() as session:
            asset = self._take(session, actor, asset_id, Act.DELETE, deleted=True)
            if asset.deleted_at is None:
                now = self._clock.now()
                asset.deleted_at, asset.purge_after = now, now + self._grace_days * DAY
                self._note(session, actor, asset, "asset.deleted")

    def restore(self, actor: Actor, asset_id: str) -> None:
        """Bring a deleted asset back.

        Raises:
            Conflict: `grace_over`: its bytes may be gone already.
        """
        with self._database.unit() as session:
            asset = self._take(session, actor, asset_id, Act.DELETE, deleted=True)
            if asset.deleted_at is None:
                return
            if asset.purge_after is not None and self._clock.now() >= asset.purge_after:
                raise Conflict(
                    "grace_over",
                    f"{asset.code} was deleted more than {self._grace_days} days ago and cannot be brought back.",
                    where=asset.code,
                    next_step="Upload the file again.",
                )
            asset.deleted_at = asset.purge_after = None
            self._note(session, actor, asset, "asset.restored")

    def deleted(self, actor: Actor) -> list[AssetView]:
        """Return the assets that are deleted and not purged, the newest first, to those who may bring them back."""
        query = select(Asset).where(Asset.deleted_at.is_not(None), Asset.purged_at.is_(None))
        query = query.order_by(Asset.deleted_at.desc(), Asset.id).limit(MOST_DELETED)
        with self._database.read() as session:
            found = [asset for asset in session.scalars(query) if allowed(actor, Act.DELETE, owner_id=asset.owner_id)]
            return [self._view(session, actor, asset) for asset in found]

    def set_successor(self, actor: Actor, asset_id: str, successor_id: str | None) -> None:
        """Say which asset stands in for this one when it may no longer be used; None: no one.

        Raises:
            Conflict: `successor_cycle` or `successor_chain_too_long`.
        """
        with self._database.unit() as session:
            asset, changed = name_successor(session, actor, asset_id, successor_id, judge=self._judge)
            if changed:
                self._note(session, actor, asset, "asset.successor_changed", successor_id=asset.successor_id)

    def collections(self, actor: Actor) -> list[CollectionView]:
        """Return every collection with the assets in it that the asker may see."""
        require(actor, Act.VIEW)
        with self._database.read() as session:
            return [
                CollectionView(found.id, found.name, self._visible(session, actor, found.id))
                for found in collections.every(session)
            ]

    def make_collection(self, actor: Actor, name: str) -> CollectionView:
        """Add an empty collection."""
        require(actor, Act.EDIT, owner_id=actor.id)
        with self._database.unit() as session:
            made = collections.make(session, name=name, by=actor.id, at=self._clock.now())
            emit(session, "collection.created", made.id, actor=actor.id)
            return CollectionView(made.id, made.name, ())

    def rename_collection(self, actor: Actor, collection_id: str, name: str) -> None:
        """Give a collection another name."""
        with self._database.unit() as session:
            found, wanted = self._collection(session, actor, collection_id), collections.checked_name(name)
            if found.name != wanted:
                found.name = wanted
                emit(session, "collection.renamed", found.id, actor=actor.id)

    def collect(self, actor: Actor, collection_id: str, asset_ids: Iterable[str]) -> int:
        """Put assets that the asker may see into a collection; return how many were not in it before."""
        with self._database.unit() as session:
            self._collection(session, actor, collection_id)
            ids = [self._take(session, actor, asset_id, Act.VIEW).id for asset_id in asset_ids]
            new = collections.put_in(session, collection_id, ids, at=self._clock.now())
            _tell_members(session, actor, "collection.assets_added", collection_id, new)
            return len(new)

    def uncollect(self, actor: Actor, collection_id: str, asset_ids: Iterable[str]) -> None:
        """Take assets out of a collection."""
        with self._database.unit() as session:
            self._collection(session, actor, collection_id)
            out = collections.take_out(session, collection_id, asset_ids)
            _tell_members(session, actor, "collection.assets_removed", collection_id, out)

    def remove_collection(self, actor: Actor, collection_id: str) -> None:
        """Remove a collection; its assets stay."""
        with self._database.unit() as session:
            self._collection(session, actor, collection_id)
            collections.remove(session, collection_id)
            emit(session, "collection.removed", collection_id, actor=actor.id)

    def _collection(self, session: Session, actor: Actor, collection_id: str) -> collections.Collection:
        found = collections.find(session, collection_id)
        require(actor, Act.EDIT, owner_id=found.created_by)
        return found

    def _visible(self, session: Session, actor: Actor, collection_id: str) -> tuple[str, ...]:
        assets = (session.get(Asset, asset_id) for asset_id in collections.members(session, collection_id))
        return tuple(
            asset.id
            for asset in assets
            if asset is not None and asset.deleted_at is None and is_seen(actor, asset, self._judge(session, asset.id))
        )

    def _view(self, session: Session, actor: Actor, asset: Asset) -> AssetView:
        return view_of(session, actor, asset, self._judge(session, asset.id), language=self._language)

    def _take(self, session: Session, actor: Actor, id_or_code: str, act: Act, *, deleted: bool = False) -> Asset:
        """Return an asset, locked, that the actor may see and do `act` to; deleted ones only when asked for."""
        return take(session, actor, id_or_code, act, judge=self._judge, deleted=deleted)

    def _note(self, session: Session, actor: Actor, asset: Asset, kind: str, **body: object) -> None:
        touch(asset, self._clock.now())
        emit(session, kind, asset.id, actor=actor.id, body=body)


def _tell_members(session: Session, actor: Actor, kind: str, collection_id: str, asset_ids: list[str]) -> None:
    """Note which assets came or went, in as many events as keep each one small."""
    for start in range(0, len(asset_ids), MOST_NAMED):
        named = asset_ids[start : start + MOST_NAMED]
        emit(session, kind, collection_id, actor=actor.id, body={"asset_ids": named})


def take(
    session: Session, actor: Actor, id_or_code: str, act: Act, *, judge: Judge, deleted: bool = False
) -> Asset:  # fmt: skip
    """Return an asset, locked, that the actor may see and do `act` to; deleted ones only when asked for.

    Raises:
        Forbidden. NotFound: `no_such_asset`.
    """
    asset = get_asset(session, id_or_code, lock=True)
    refuse_unseen(actor, asset, judge(session, asset.id))
    if asset.deleted_at is not None and not deleted:
        raise no_such_asset(id_or_code)
    require(actor, act, owner_id=asset.owner_id)
    return asset


def name_successor(
    session: Session, actor: Actor, asset_id: str, successor_id: str | None, *, judge: Judge
) -> tuple[Asset, bool]:
    """Let another asset stand in for one, or none; return the one, and whether that was not so before.

    Raises:
        Forbidden. NotFound: `no_such_asset`. Conflict: `successor_cycle`, `successor_chain_too_long`.
    """
    asset = take(session, actor, asset_id, Act.EDIT, judge=judge)
    heir = None if successor_id is None else take(session, actor, successor_id, Act.VIEW, judge=judge)
    if heir is not None:
        _refuse_cycle(session, asset, heir)
    before, asset.successor_id = asset.successor_id, heir.id if heir else None
    return asset, asset.successor_id != before


def successors(session: Session, asset: Asset) -> list[Asset]:
    """Return the assets that stand in for one, nearest first, at most `LONGEST_CHAIN` of them."""
    chain: list[Asset] = []
    while asset.successor_id is not None and len(chain) < LONGEST_CHAIN:
        asset = get_asset(session, asset.successor_id)
        chain.append(asset)
    return chain


def _refuse_cycle(session: Session, asset: Asset, heir: Asset) -> None:
    chain = [heir, *successors(session, heir)]
    if any(link.id == asset.id for link in chain):
        raise Conflict(
            "successor_cycle",
            f"{heir.code} is already followed by {asset.code}: they would stand in for each other without end.",
            where=heir.code,
            next_step="Choose another successor, or clear the other one first.",
        )
    if len(chain) > LONGEST_CHAIN:
        raise Conflict(
            "successor_chain_too_long",
            f"More than {LONGEST_CHAIN} assets would follow each other.",
            where=heir.code,
            next_step="Choose the last asset of that chain as the successor.",
        )
