"""Collections: named sets of assets. Every function runs inside the caller's unit of work."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.catalogue.metadata import REORDERING
from hub.catalogue.models import Collection, CollectionItem
from hub.db.base import new_id
from hub.errors import Invalid, NotFound

LONGEST_NAME: Final = 200


def make(session: Session, *, name: str, by: str, at: int) -> Collection:
    """Add an empty collection."""
    collection = Collection(id=new_id(), name=checked_name(name), created_by=by, created_at=at)
    session.add(collection)
    session.flush()
    return collection


def find(session: Session, collection_id: str) -> Collection:
    """Return a collection.

    Raises:
        NotFound: `no_such_collection`.
    """
    collection = session.get(Collection, collection_id)
    if collection is None:
        raise NotFound(
            "no_such_collection",
            "There is no such collection.",
            where=collection_id[:64],
            next_step="Load the list of collections again.",
        )
    return collection


def every(session: Session) -> list[Collection]:
    """Return all collections by name."""
    return list(session.scalars(select(Collection).order_by(func.lower(Collection.name), Collection.id)))


def members(session: Session, collection_id: str) -> list[str]:
    """Return the asset ids of a collection in the order in which they came in."""
    order = (CollectionItem.added_at, CollectionItem.asset_id)
    query = select(CollectionItem.asset_id).where(CollectionItem.collection_id == collection_id).order_by(*order)
    return list(session.scalars(query))


def of_asset(session: Session, asset_id: str) -> list[Collection]:
    """Return the collections in which an asset stands."""
    query = select(Collection).join(CollectionItem, CollectionItem.collection_id == Collection.id)
    return list(session.scalars(query.where(CollectionItem.asset_id == asset_id).order_by(Collection.name)))


def put_in(session: Session, collection_id: str, asset_ids: Iterable[str], *, at: int) -> list[str]:
    """Put assets into a collection and return those that were not in it before."""
    session.get(Collection, collection_id, with_for_update=True)
    present = set(members(session, collection_id))
    new = [asset_id for asset_id in dict.fromkeys(asset_ids) if asset_id not in present]
    session.add_all(CollectionItem(collection_id=collection_id, asset_id=asset_id, added_at=at) for asset_id in new)
    session.flush()
    return new


def take_out(session: Session, collection_id: str, asset_ids: Iterable[str]) -> list[str]:
    """Take assets out of a collection and return those that were in it."""
    session.get(Collection, collection_id, with_for_update=True)
    wanted = set(asset_ids)
    out = [asset_id for asset_id in members(session, collection_id) if asset_id in wanted]
    these = (CollectionItem.collection_id == collection_id, CollectionItem.asset_id.in_(out))
    session.execute(delete(CollectionItem).where(*these))
    return out


def remove(session: Session, collection_id: str) -> None:
    """Remove a collection. Its assets stay in the catalogue."""
    collection = find(session, collection_id)
    session.execute(delete(CollectionItem).where(CollectionItem.collection_id == collection_id))
    session.delete(collection)


def checked_name(name: str) -> str:
    """Return a collection's name as it will be kept.

    Raises:
        Invalid: `bad_collection_name`.
    """
    kept = unicodedata.normalize("NFC", name[: 4 * LONGEST_NAME]).strip()
    hostile = any(mark in REORDERING or unicodedata.category(mark) in {"Cc", "Cs"} for mark in kept)
    if not kept or hostile or len(kept) > LONGEST_NAME:
        raise Invalid(
            "bad_collection_name",
            f"A collection's name has 1 to {LONGEST_NAME} characters, none of them control characters.",
            where="name",
            next_step="Choose another name.",
        )
    return kept
