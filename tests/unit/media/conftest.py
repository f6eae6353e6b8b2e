"""A pool for all media tests: children are slow to start and safe to share."""

import pytest

from hub.media.pool import MediaPool
from hub.storage.folder import FolderStore


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
