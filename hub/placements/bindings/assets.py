"""Which assets belong to a binding's set now, and which of them may be linked for the first time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import literal, select

from hub.catalogue.models import Asset, CollectionItem, FieldValue
from hub.placements.bindings.rules import Source
from hub.review.models import Approved

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session


class Finder(Protocol):
    """Answers a saved search. `hub.search` is the real one; it may not be asked inside a unit of work."""

    def __call__(self, words: str, filters: Mapping[str, Sequence[str]]) -> Sequence[str]:
        """Return the ids of all assets that are found.

        Raises:
            HubError: the index cannot be asked now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Members:
    """A binding's set. What is not approved belongs to it, but is not linked anew."""

    ids: frozenset[str]
    approved: frozenset[str]
    numbers: Mapping[int, str]  # of the assets that cards name


def members(session: Session, source: Source, found: Sequence[str], named: Collection[int]) -> Members:
    """Return the assets of a set.

    Args:
        session: the caller's.
        source: which set.
        found: what a saved search found, where the set is one.
        named: numbers of assets that cards name; only these belong to a set of any assets.
    """
    query = select(Asset.id, Asset.number).where(Asset.number.in_(named))
    numbers = {number: asset_id for asset_id, number in session.execute(query)} if named else {}
    if source.kind == "any":
        ids = frozenset(numbers.values())
    elif source.kind == "saved":
        ids = frozenset(found)
    else:
        ids = frozenset(session.scalars(_in_set(source)))
    return Members(ids, _approved(session, ids), numbers)


def _in_set(source: Source) -> Select[str]:
    if source.kind == "collection":
        return select(CollectionItem.asset_id).where(CollectionItem.collection_id == source.value)
    wanted = literal(source.value, FieldValue.value.type)  # compared as it is kept: as JSON
    return select(FieldValue.asset_id).where(
        FieldValue.field == source.kind, FieldValue.locale == "", FieldValue.value == wanted
    )


def _approved(session: Session, ids: Collection[str]) -> frozenset[str]:
    """Return those that may be shown as far as people's decisions go; rights are asked at each place."""
    wanted, found = sorted(ids), set[str]()
    for start in range(0, len(wanted), 500):
        query = select(Approved.asset_id).join(Asset, Asset.id == Approved.asset_id)
        shown = (Asset.deleted_at.is_(None), Asset.archived_at.is_(None))
        found.update(session.scalars(query.where(Approved.asset_id.in_(wanted[start : start + 500]), *shown)))
    return frozenset(found)
