"""A pool for all media tests: children are slow to start and safe to share."""

import io

import pytest

from hub.catalogue.assets import add_version, create_asset
from hub.catalogue.metadata import set_fields
from hub.media.pool import MediaPool
from hub.media.sniff import kind_of, sniff
from hub.media.traits import expect
from hub.storage.folder import FolderStore
from hub.storage.ledger import keep, record


@pytest.fixture(scope="session")
def pool():
    with MediaPool(processes=1) as pool:
        yield pool


@pytest.fixture
def develop(pool, tmp_path):
    """Write bytes to a file and develop it."""

    def develop(content, media_type, *, pool=pool, **rights):
        source, folder = tmp_path / "source", tmp_path / "made"
        source.write_bytes(content)
        folder.mkdir(exist_ok=True)
        return pool.develop(source, media_type, rights=rights, folder=folder)

    return develop


@pytest.fixture
def folder(tmp_path):
    return FolderStore(tmp_path / "blobs")


@pytest.fixture
def take_in(database, folder, clock):
    def take_in(content, *, asset=None, **fields):
        stored = folder.put(io.BytesIO(content))
        media_type = sniff(content)
        with database.unit() as session:
            record(session, stored, sniffed_type=media_type, at=clock.now())
            keep(session, stored.sha256)
            asset = asset or create_asset(session, kind=kind_of(media_type), owner_id="u1", at=clock.now())
            version = add_version(
                session, asset, sha256=stored.sha256, size=stored.size, media_type=media_type, filename="a", by="u1",
                at=clock.now(),
            )  # fmt: skip
            expect(session, version.id, at=clock.now())
            expect(session, version.id, at=clock.now())
            if fields:
                set_fields(session, asset.id, fields, author="person", author_ref="u1", at=clock.now(), actor_id="u1")
        return asset, version

    return take_in
