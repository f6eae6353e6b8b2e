"""Uploads: bytes come in as a stream, are made safe first, and become an asset or a version in one unit of work."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access.actors import Actor
from hub.access.permissions import Act, require
from hub.catalogue.assets import add_version, create_asset, get_asset, no_such_asset
from hub.catalogue.metadata import Author, checked, set_fields
from hub.catalogue.models import Asset, Version
from hub.catalogue.views import is_seen, sees_all
from hub.clock import Clock
from hub.db.base import new_id
from hub.db.unit import Database, refuse_in_transaction
from hub.errors import Invalid
from hub.intake.models import Upload
from hub.intake.names import clean_filename
from hub.intake.types import refuse_untaken
from hub.media.sniff import HEAD_BYTES, kind_of, sniff
from hub.media.traits import expect
from hub.review.standing import settle, standing_of
from hub.settings import Settings
from hub.storage.blobs import BlobStore, Stored
from hub.storage.ledger import keep, record


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of an upload."""

    asset_id: str
    code: str
    version_id: str
    duplicate_of: str | None
    """Id of an asset, known to the uploader, that has these very bytes already."""
    upload_id: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes that are safe in the store and wait for their rows."""

    stored: Stored
    media_type: str
    filename: str
    fields: Mapping[str, object]
    at: int


class Intake:
    """Every upload comes through here."""

    def __init__(self, database: Database, store: BlobStore, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._limit = settings.max_upload_bytes

    def upload(
        self,
        actor: Actor,
        stream: IO[bytes],
        *,
        filename: str,
        expect_size: int | None = None,
        expect_sha256: str | None = None,
        asset_id: str | None = None,
        fields: Mapping[str, object] | None = None,
    ) -> Uploaded:
        """Take a file in, as a new asset or (with `asset_id`) as the next version of one.

        Bytes that the uploader could find in the catalogue already make no second asset: the answer names the first.

        Raises:
            Invalid: `upload_empty`, `upload_cut_off`, `upload_wrong_digest`; nothing was kept.
            TooLarge: `upload_too_large`; nothing was kept.
            Unsupported: `type_not_taken`; nothing was kept.
        """
        refuse_in_transaction("an upload")
        require(actor, Act.UPLOAD)
        name = clean_filename(filename)
        values = {field: checked(field, value) for field, value in (fields or {}).items()}
        if asset_id is not None:
            with self._database.read() as session:
                _open_for(session, actor, asset_id)
        head = _first_bytes(stream)
        if not head and not expect_size:
            raise Invalid(
                "upload_empty", "The file is empty. Nothing was kept.", where=name, next_step="Send it again."
            )
        media_type = sniff(head, filename=name)
        if head:
            refuse_untaken(media_type, name)
        rest = cast("IO[bytes]", io.BufferedReader(_Rejoined(head, stream), HEAD_BYTES))
        stored = self._store.put(rest, expect_size=expect_size, expect_sha256=expect_sha256, limit=self._limit)
        arrival = Arrival(stored, media_type, name, values, self._clock.now())
        with self._database.unit() as session:
            record(session, stored, sniffed_type=media_type, at=arrival.at)
            if asset_id is not None:
                return _as_version(session, actor, arrival, asset_id)
            return _as_asset(session, actor, arrival)


def _as_asset(session: Session, actor: Actor, arrival: Arrival) -> Uploaded:
    twin = _known_twin(session, actor, arrival.stored.sha256)
    if twin is not None:
        asset = get_asset(session, twin.asset_id)
        return _note(session, actor, arrival, asset, twin, duplicate_of=asset.id, state="duplicate")
    asset = create_asset(session, kind=kind_of(arrival.media_type), owner_id=actor.id, at=arrival.at)
    return _note(session, actor, arrival, asset, enter(session, actor, arrival, asset))


def _as_version(session: Session, actor: Actor, arrival: Arrival, asset_id: str) -> Uploaded:
    asset = _open_for(session, actor, asset_id, lock=True)
    current = session.get(Version, asset.current_version_id) if asset.current_version_id else None
    if current is not None and current.sha256 == arrival.stored.sha256:
        return _note(session, actor, arrival, asset, current, duplicate_of=asset.id, state="duplicate")
    twin = _known_twin(session, actor, arrival.stored.sha256)
    version = enter(session, actor, arrival, asset)
    asset.kind = kind_of(arrival.media_type)
    return _note(session, actor, arrival, asset, version, duplicate_of=twin.asset_id if twin else None)


def enter(session: Session, actor: Actor, arrival: Arrival, asset: Asset) -> Version:
    """Add bytes that are safe in the store, and recorded, as the next version of an asset."""
    version = add_version(
        session,
        asset,
        sha256=arrival.stored.sha256,
        size=arrival.stored.size,
        media_type=arrival.media_type,
        filename=arrival.filename,
        by=actor.id,
        at=arrival.at,
    )
    keep(session, arrival.stored.sha256)
    expect(session, version.id, at=arrival.at)
    settle(session, asset.id)
    set_fields(
        session,
        asset.id,
        arrival.fields,
        author=Author.PERSON,
        author_ref=actor.id,
        at=arrival.at,
        actor_id=actor.id,
    )
    return version


def _note(
    session: Session,
    actor: Actor,
    arrival: Arrival,
    asset: Asset,
    version: Version,
    *,
    duplicate_of: str | None = None,
    state: str = "kept",
) -> Uploaded:
    upload = Upload(
        id=new_id(),
        by=actor.id,
        filename=arrival.filename,
        sha256=arrival.stored.sha256,
        size=arrival.stored.size,
        state=state,
        asset_id=asset.id,
        version_id=version.id,
        at=arrival.at,
    )
    session.add(upload)
    return Uploaded(asset.id, asset.code, version.id, duplicate_of, upload.id)


def _open_for(session: Session, actor: Actor, asset_id: str, *, lock: bool = False) -> Asset:
    """Return an asset to which the actor may add a version."""
    asset = get_asset(session, asset_id, lock=lock)
    if asset.deleted_at is not None or not is_seen(actor, asset, standing_of(session, asset.id)):
        raise no_such_asset(asset_id)
    require(actor, Act.EDIT, owner_id=asset.owner_id)
    return asset


def _known_twin(session: Session, actor: Actor, sha256: str) -> Version | None:
    """Return the oldest version with these bytes that the actor may see. Of others nothing is let on."""
    query = select(Version, Asset).join(Asset, Asset.id == Version.asset_id)
    query = query.where(Version.sha256 == sha256, Asset.deleted_at.is_(None)).order_by(Version.at, Version.id)
    for version, asset in session.execute(query):
        standing = standing_of(session, asset.id)
        if is_seen(actor, asset, standing) and (sees_all(actor, asset) or version.id == standing.approved_version_id):
            return version
    return None


def _first_bytes(stream: IO[bytes]) -> bytes:
    """Read the first `HEAD_BYTES`, however small the pieces in which they come."""
    head = b""
    while len(head) < HEAD_BYTES and (piece := stream.read(HEAD_BYTES - len(head))):
        head += piece
    return head


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        super().__init__()
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - the stub names a type that only stubs have
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)
