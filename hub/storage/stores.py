"""Which store the settings ask for."""

from __future__ import annotations

from hub.settings import Settings
from hub.storage.blobs import BlobStore
from hub.storage.folder import FolderStore


def make_store(settings: Settings) -> BlobStore:
    """Return the store that the settings name."""
    if settings.storage == "s3":
        from hub.storage.s3 import S3Store, connect

        s3 = settings.s3
        return S3Store(connect(s3), s3.bucket, prefix=s3.prefix, spool=settings.home / "spool")
    return FolderStore(settings.home / "blobs")
