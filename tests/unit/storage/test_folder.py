from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest

from hub.errors import Unavailable
from hub.storage.folder import FolderStore
from hub.storage.s3 import S3Store

BYTES = b"some bytes"


def files(root):
    return [path for path in root.rglob("*") if path.is_file()]


def test_refused_bytes_leave_no_file(tmp_path):
    store = FolderStore(tmp_path / "blobs")
    with pytest.raises(Exception, match="upload_cut_off"):
        store.put(io.BytesIO(BYTES), expect_size=3)
    assert files(tmp_path) == []


def test_file_and_folders_are_on_the_disk_before_it_says_stored(tmp_path, monkeypatch):
    store = FolderStore(tmp_path / "blobs")
    steps = []
    fsync, rename = os.fsync, Path.rename

    def note_sync(descriptor):
        steps.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    def note_rename(path, to):
        steps.append("rename")
        return rename(path, to)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "rename", note_rename)
    digest = store.put(io.BytesIO(BYTES)).sha256
    root = tmp_path / "blobs"
    at = steps.index("rename")
    assert "incoming" in steps[0]
    assert steps[1:at] == [str(root), str(root / digest[:2])]
    assert steps[at + 1 :] == [str(root / digest[:2] / digest[2:4])]


def test_a_damaged_file_is_healed_by_the_next_upload_of_the_same_bytes(tmp_path):
    store = FolderStore(tmp_path / "blobs")
    digest = store.put(io.BytesIO(BYTES)).sha256
    path = files(tmp_path)[0]
    path.chmod(0o600)
    path.write_bytes(b"damaged")
    store.put(io.BytesIO(BYTES))
    with store.open(digest) as file:
        assert file.read() == BYTES


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    store = FolderStore(tmp_path / "blobs")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable) as refused:
        store.put(io.BytesIO(BYTES))
    assert refused.value.code == "storage_failed"
    assert "No space left" in refused.value.what
    assert files(tmp_path) == []


def test_a_folder_that_was_unmounted_takes_nothing(tmp_path):
    store = FolderStore(tmp_path / "blobs")
    (tmp_path / "blobs" / "incoming").rmdir()
    (tmp_path / "blobs").rmdir()
    with pytest.raises(Unavailable) as refused:
        store.put(io.BytesIO(BYTES))
    assert refused.value.code == "blob_folder_missing"
    assert not (tmp_path / "blobs").exists()


def test_a_spool_folder_that_is_gone_is_said(tmp_path, s3_settings):
    from hub.storage.s3 import connect

    store = S3Store(connect(s3_settings), s3_settings.bucket, prefix="", spool=tmp_path / "spool")
    (tmp_path / "spool").rmdir()
    with pytest.raises(Unavailable) as refused:
        store.put(io.BytesIO(BYTES))
    assert refused.value.code == "storage_failed"
