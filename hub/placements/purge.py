"""Let go of deleted assets for good, once their grace is over and every copy is proven away.

What stays: the asset's code and title, its versions with their hashes, events, evidence and reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from hub.access.actors import SYSTEM
from hub.catalogue.models import Asset, FieldValue, Version
from hub.db.installation import may_write
from hub.events.log import emit
from hub.media.models import Rendition, Traits
from hub.placements.models import Companion, Exchange, Placement
from hub.placements.phase import Phase
from hub.rights.models import Preservation
from hub.storage.ledger import condemn

if TYPE_CHECKING:
    from sqlalchemy.sql.elements import ColumnElement

    from hub.clock import Clock
    from hub.db.unit import Database

AT_ONCE: Final = 20
KEPT_FIELDS: Final = ("title",)
"""What names an asset in reports and events."""


class Purge:
    """Purges what was deleted. The bytes themselves are removed by `hub.storage.sweep`, a while later."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def drain(self, owner: str) -> int:
        """Purge the assets whose time has come; return how many."""
        del owner  # each asset is locked for the one unit that purges it
        with self._database.read() as session:
            if not may_write(session):  # a copy of the hub lets go of nothing
                return 0
            due = list(session.scalars(select(Asset.id).where(_due(self._clock.now())).limit(AT_ONCE)))
        return sum(self._purge(asset_id) for asset_id in due)

    def _purge(self, asset_id: str) -> bool:
        at = self._clock.now()
        with self._database.unit() as session:
            # Looked at again under the lock: somebody may have brought it back, or put a hold on it.
            query = select(Asset).where(Asset.id == asset_id, _due(at)).with_for_update()
            asset = session.scalar(query.execution_options(populate_existing=True))
            if asset is None:
                return False
            asset.purged_at = at
            session.flush()
            hashes = _forget(session, asset_id)
            free = [sha256 for sha256 in sorted(hashes) if not _referred_to(session, sha256)]
            for sha256 in free:
                condemn(session, sha256, at)
            emit(session, "asset.purged", asset.id, actor=SYSTEM.id, body={"blobs": len(free)})
        return True


def _due(now: int) -> ColumnElement[bool]:
    """Tell, in a query over assets, which are to be purged: nobody holds them, and no copy is in doubt."""
    held = select(Preservation.id).where(Preservation.asset_id == Asset.id, Preservation.lifted_at.is_(None)).exists()
    together = select(Companion.placement_id).where(Companion.asset_id == Asset.id).correlate(Asset)
    shown = select(Version.id).where(Version.asset_id == Asset.id).correlate(Asset)
    mine = or_(
        Placement.asset_id == Asset.id,
        Placement.desired_asset_id == Asset.id,
        Placement.id.in_(together),
        Placement.observed_version_id.in_(shown),
    )
    proven = Placement.phase.in_((Phase.WITHDRAWN.value, Phase.WAITING.value))
    doubted = select(Placement.id).where(Placement.settled_at.is_(None), mine, ~proven).exists()
    over = and_(Asset.deleted_at.is_not(None), Asset.purge_after <= now, Asset.purged_at.is_(None))
    return and_(over, ~held, ~doubted)


def _forget(session: Session, asset_id: str) -> set[str]:
    """Forget what was made and read of an asset's bytes; return the hashes of all bytes that were its own."""
    versions = session.scalars(select(Version).where(Version.asset_id == asset_id)).all()
    ids = [version.id for version in versions]
    hashes = {version.sha256 for version in versions}
    for exchange in session.scalars(select(Exchange).where(Exchange.asset_id == asset_id)):
        hashes |= {sha256 for sha256 in (exchange.sha256, exchange.preview_sha256) if sha256}
    for rendition in session.scalars(select(Rendition).where(Rendition.version_id.in_(ids))):
        hashes |= {rendition.sha256} if rendition.sha256 else set()
        rendition.state, rendition.sha256, rendition.size = "unavailable", None, None
    for traits in session.scalars(select(Traits).where(Traits.version_id.in_(ids))):
        traits.state, traits.embedded, traits.phash = "failed", {}, ""
        traits.error_code, traits.error = "purged", "It was deleted for good."
    session.execute(delete(FieldValue).where(FieldValue.asset_id == asset_id, FieldValue.field.not_in(KEPT_FIELDS)))
    session.flush()
    return hashes


def _referred_to(session: Session, sha256: str) -> bool:
    """Tell whether anything else still needs these bytes."""
    others = select(Version.id).join(Asset, Asset.id == Version.asset_id)
    version = session.scalar(others.where(Version.sha256 == sha256, Asset.purged_at.is_(None)).limit(1))
    rendition = session.scalar(select(Rendition.version_id).where(Rendition.sha256 == sha256).limit(1))
    proposed = select(Exchange.id).join(Asset, Asset.id == Exchange.asset_id)
    these = or_(Exchange.sha256 == sha256, Exchange.preview_sha256 == sha256)
    proposal = session.scalar(proposed.where(these, Asset.purged_at.is_(None)).limit(1))
    return version is not None or rendition is not None or proposal is not None
