"""Which pictures look alike: a fingerprint of 64 bits that survives scaling, recompression and small changes.

The difference hash of a picture: it is shrunk to nine by eight grey points, and each bit says whether a point is
brighter than its right neighbour. It is taken of a version's thumbnail, by a decoding child. Alike is an offer to a
person, never a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.catalogue.models import Asset, Version
from hub.clock import MINUTE, Clock
from hub.db.unit import Database, refuse_in_transaction
from hub.errors import HubError, Unavailable
from hub.media.models import Rendition, Traits
from hub.media.pool import TRANSIENT, MediaPool
from hub.media.presets import THUMBNAIL
from hub.storage.blobs import BlobStore

AT_ONCE: Final = 20
ALIKE: Final = 6
"""Pictures whose fingerprints differ in no more bits than this look alike."""
NONE: Final = ""
"""The fingerprint of what shows nothing, or nothing that differs: it is like nothing else."""
_PLAIN: Final = 5
"""A picture with fewer bits set than this, or unset, is a plain field: all plain fields would be alike."""
_BITS: Final = 64


def telling(fingerprint: str) -> str:
    """Return a fingerprint, or `NONE` where it is that of a plain field."""
    if not fingerprint:
        return NONE
    bits = int(fingerprint, 16).bit_count()
    return fingerprint if _PLAIN <= bits <= _BITS - _PLAIN else NONE


class Likeness:
    """Takes the fingerprints of versions."""

    def __init__(self, database: Database, store: BlobStore, pool: MediaPool, clock: Clock) -> None:
        self._database, self._store, self._pool, self._clock = database, store, pool, clock
        self._not_before = 0

    def drain(self, owner: str) -> int:
        """Take the fingerprints of some versions that have a thumbnail; return of how many.

        No lease: who takes one twice at the same time writes the same twice.
        """
        del owner
        refuse_in_transaction("decoding files")
        if self._clock.now() < self._not_before:
            return 0
        query = (
            select(Rendition.version_id, Rendition.sha256, Rendition.media_type)
            .join(Traits, Traits.version_id == Rendition.version_id)
            .where(Rendition.preset == THUMBNAIL, Rendition.state == "ready", Traits.phash.is_(None))
            .order_by(Rendition.version_id)
            .limit(AT_ONCE)
        )
        with self._database.read() as session:
            waiting = session.execute(query).all()
        taken = 0
        for version_id, sha256, media_type in waiting:
            found = self._of_blob(sha256 or "", media_type or "")
            if found is not None:
                taken += 1
                with self._database.unit() as session:
                    session.get_one(Traits, version_id, with_for_update=True).phash = found
        if waiting and not taken:
            self._not_before = self._clock.now() + MINUTE
        return taken

    def _of_blob(self, sha256: str, media_type: str) -> str | None:
        """Return the fingerprint of a thumbnail; None where the store or the child is out of reach just now."""
        try:
            with self._store.local_copy(sha256) as source:
                return telling(self._pool.fingerprint(source, media_type))
        except HubError as error:
            return None if isinstance(error, Unavailable) or error.code in TRANSIENT else NONE


@dataclass(frozen=True, slots=True)
class Alike:
    """A version that looks like a fingerprint, and in how many of 64 bits it differs."""

    version_id: str
    distance: int


def nearest(session: Session, fingerprint: str, *, within: int = ALIKE) -> Alike | None:
    """Return the version that looks most like a fingerprint, the newest of equals; not of a deleted asset."""
    if not fingerprint:
        return None
    wanted = int(fingerprint, 16)
    query = (
        select(Traits.version_id, Traits.phash)
        .join(Version, Version.id == Traits.version_id)
        .join(Asset, Asset.id == Version.asset_id)
        .where(Traits.phash.is_not(None), Traits.phash != NONE, Asset.deleted_at.is_(None))
        .order_by(Traits.version_id.desc())
    )
    best: Alike | None = None
    for version_id, phash in session.execute(query).yield_per(1000):
        distance = (int(phash or "0", 16) ^ wanted).bit_count()
        if distance <= within and (best is None or distance < best.distance):
            best = Alike(version_id, distance)
    return best
