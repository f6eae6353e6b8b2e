"""The folder of a hub and its backups: who may read them, and what a hostile archive or link can do."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import tarfile

import pytest

from hub.app.archive import tables
from hub.app.backup import backup
from hub.app.restore import restore
from hub.db.migrate import newest_revision
from hub.errors import HubError, NotFound
from hub.settings import Settings
from hub.storage.folder import FolderStore
from tests import media_samples as files
from tests.attacks.rig import ROOT, as_upload


def open_to_others(root):
    return [path.relative_to(root) for path in (root, *root.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]


def test_nothing_that_the_program_writes_is_for_others(tmp_path):
    """The program itself, started where new files would be readable by everybody."""
    home = tmp_path / "home"
    environ = {**os.environ, "DAMHUB_HOME": str(home), "PYTHONPATH": str(ROOT)}
    made = subprocess.run(
        [sys.executable, "-m", "hub.app.main", "create-user", "ada@dam.test", "--name", "A", "--role", "administrator"],
        input="correct horse battery\n", text=True, env=environ, cwd=tmp_path, umask=0o022,
        capture_output=True, check=False,
    )  # fmt: skip
    assert (home / "damhub.sqlite3").is_file(), made.stderr
    assert (home / "keys" / "0001.key").is_file()
    assert open_to_others(home) == []


def test_a_home_that_a_library_opens_is_closed_to_others_too(tmp_path):
    from hub.app.compose import Hub

    before = os.umask(0o022)
    try:
        Hub.open(Settings(home=tmp_path / "home")).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_stored_bytes_are_for_the_owner_and_cannot_be_written(tmp_path):
    store = FolderStore(tmp_path)
    kept = store.put(as_upload(b"bytes"))
    with store.local_copy(kept.sha256) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_a_link_in_the_blob_folder_is_replaced_and_never_written_through(tmp_path):
    neighbour = tmp_path / "neighbour"
    neighbour.write_bytes(b"not ours")
    store = FolderStore(tmp_path / "blobs")
    digest = hashlib.sha256(b"bytes").hexdigest()
    place = tmp_path / "blobs" / digest[:2] / digest[2:4] / digest
    place.parent.mkdir(parents=True)
    place.symlink_to(neighbour)
    store.put(as_upload(b"bytes"))
    assert neighbour.read_bytes() == b"not ours"
    assert not place.is_symlink()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "ab/../../x", "", "A" * 64, "\0" * 64, "e" * 63])
def test_a_name_that_is_no_hash_opens_no_file(tmp_path, name):
    store = FolderStore(tmp_path)
    with pytest.raises(NotFound):
        store.open(name)
    assert not store.exists(name)


def test_a_backup_follows_no_link_to_a_neighbour(rig, tmp_path):
    neighbour = tmp_path / "neighbour"
    neighbour.write_bytes(b"-----BEGIN PRIVATE KEY-----")
    made = rig.bring(files.picture(colour=(61, 62, 63)))
    with rig.rooms.store.local_copy(made.sha256) as path:
        path.unlink()
        path.symlink_to(neighbour)
    end = backup(rig.settings, tmp_path / "out.tar")
    assert made.sha256 in end.missing
    assert b"PRIVATE KEY" not in (tmp_path / "out.tar").read_bytes()


def test_a_backup_writes_through_nothing_that_lies_in_its_way(rig, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "out.tar.part").symlink_to(victim)
    backup(rig.settings, tmp_path / "out.tar", with_keys=True)
    assert victim.read_text() == "precious"
    assert stat.S_IMODE((tmp_path / "out.tar").lstat().st_mode) == 0o600
    (tmp_path / "next.tar.part").write_text("left by somebody")
    (tmp_path / "next.tar.part").chmod(0o666)
    backup(rig.settings, tmp_path / "next.tar", with_keys=True)
    assert stat.S_IMODE((tmp_path / "next.tar").stat().st_mode) == 0o600


def member(name, content=b"x", **more):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in more.items():
        setattr(info, key, value)
    return info, io.BytesIO(content)


HOSTILE = {
    "a path upwards": member("tables/../../../escaped"),
    "a blob path upwards": member("blobs/../../escaped"),
    "an absolute path": member("/tmp/damhub-escaped"),
    "a key path upwards": member("keys/../escaped"),
    "a hidden key": member("keys/.ssh"),
    "a symbolic link": member("keys/0001.key", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a hard link": member("tables/users.jsonl.gz", b"", type=tarfile.LNKTYPE, linkname="manifest.json"),
    "a device": member("keys/dev", b"", type=tarfile.CHRTYPE),
    "a fifo": member("keys/fifo", b"", type=tarfile.FIFOTYPE),
    "a table that there is not": member("tables/sqlite_master.jsonl.gz"),
    "other bytes than the name says": member("blobs/" + "0" * 64),
    "a stranger": member("run.sh"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path, name):
    info, content = HOSTILE[name]
    manifest = {"format": 1, "revision": newest_revision(), "installation_id": "x", "epoch": 0, "made_at": 1,
                "with_keys": True}  # fmt: skip
    archive = tmp_path / "in.tar"
    with tarfile.open(archive, "w") as written:
        written.addfile(*member("manifest.json", json.dumps(manifest).encode()))
        content.seek(0)
        written.addfile(info, content)
    home = tmp_path / "deep" / "home"
    home.mkdir(parents=True)
    with pytest.raises(HubError) as refused:
        restore(Settings(home=home), archive)
    assert refused.value.code == "backup_damaged"
    assert refused.value.next_step
    names = {path.name for path in tmp_path.rglob("*")}
    assert not names & {"escaped", "run.sh", ".ssh", "fifo", "dev", "0001.key"}


def test_rows_that_are_no_rows_change_nothing(tmp_path):
    """A table whose hash fits, but that holds something else, ends the restore as a whole."""
    packed = {table.name: gzip.compress(b"") for table in tables()}
    packed["users"] = gzip.compress(b'{"id": "x", "role": "administrator"}\n')
    end = {"tables": {name: hashlib.sha256(raw).hexdigest() for name, raw in packed.items()}, "rows": 1, "blobs": 0,
           "bytes": 0, "missing": []}  # fmt: skip
    manifest = {"format": 1, "revision": newest_revision(), "installation_id": "x", "epoch": 0, "made_at": 1,
                "with_keys": False}  # fmt: skip
    archive = tmp_path / "in.tar"
    with tarfile.open(archive, "w") as written:
        written.addfile(*member("manifest.json", json.dumps(manifest).encode()))
        for name, raw in packed.items():
            written.addfile(*member(f"tables/{name}.jsonl.gz", raw))
        written.addfile(*member("end.json", json.dumps(end).encode()))
    (tmp_path / "home").mkdir()
    with pytest.raises(HubError) as refused:
        restore(Settings(home=tmp_path / "home"), archive)
    assert refused.value.code == "backup_damaged"
