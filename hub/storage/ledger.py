"""Which blobs are known and whether anything refers to them. The bytes are safe before a row says so."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hub.clock import MINUTE
from hub.errors import NotFound, Unavailable
from hub.storage.blobs import Stored
from hub.storage.models import Blob, BlobState

SETTLED_MS: Final = 5 * MINUTE
"""Bytes that were put into the store are noted well within this time, and only then may anybody rely on them."""


def record(session: Session, stored: Stored, *, sniffed_type: str, at: int) -> Blob:
    """Note that bytes are in the store. Bytes that are known keep their row; condemned ones are saved.

    Raises:
        Unavailable: `blob_going`: the same bytes are being removed, or were a moment ago, perhaps after these came.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(Blob)
        .values(
            sha256=stored.sha256, size=stored.size, sniffed_type=sniffed_type, state=BlobState.STAGED,
            created_at=at, condemned_at=None,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    blob = _locked(session, stored.sha256)
    if blob.state == BlobState.GOING or (blob.state == BlobState.GONE and at < (blob.condemned_at or 0) + SETTLED_MS):
        raise Unavailable(
            "blob_going", "The same bytes were deleted, and are being removed at this moment. Nothing was kept.",
            next_step="Send the file again in five minutes.",
        )  # fmt: skip
    if blob.state in {BlobState.CONDEMNED, BlobState.GONE}:
        blob.state = BlobState.STAGED
        blob.condemned_at = None
    return blob


def keep(session: Session, sha256: str) -> None:
    """Note that a row refers to the blob.

    Raises:
        NotFound: `no_such_blob`: it was never recorded.
    """
    blob = _locked(session, sha256)
    blob.state = BlobState.KEPT
    blob.condemned_at = None


def condemn(session: Session, sha256: str, at: int) -> None:
    """Note that nothing refers to the blob any more: it may be removed after a grace period.

    Raises:
        NotFound: `no_such_blob`: it was never recorded.
    """
    blob = _locked(session, sha256)
    if blob.state != BlobState.CONDEMNED:
        blob.state = BlobState.CONDEMNED
        blob.condemned_at = at


def _locked(session: Session, sha256: str) -> Blob:
    query = select(Blob).where(Blob.sha256 == sha256).with_for_update().execution_options(populate_existing=True)
    blob = session.scalar(query)
    if blob is None:
        raise NotFound("no_such_blob", "These bytes were never recorded.", where=sha256, next_step="Upload the file.")
    return blob
