from __future__ import annotations

import hashlib
import io
import tracemalloc

import pytest

from hub.db.unit import TransactionOpenError
from hub.errors import Invalid, NotFound, TooLarge
from hub.storage.blobs import Stored

BYTES = bytes(range(256)) * 40
DIGEST = hashlib.sha256(BYTES).hexdigest()
MIB = 1024 * 1024


class Zeros(io.RawIOBase):
    """A large file that is nowhere."""

    def __init__(self, size):
        self._left = size

    def readable(self):
        return True

    def readinto(self, buffer):
        count = min(len(buffer), self._left)
        buffer[:count] = bytes(count)
        self._left -= count
        return count


class Broken(io.RawIOBase):
    """A client that goes away in mid-upload."""

    def __init__(self):
        self._sent = False

    def read(self, size=-1):
        if self._sent:
            raise ConnectionResetError("the client went away")
        self._sent = True
        return BYTES


def test_bytes_come_back_as_they_were(store):
    assert store.put(io.BytesIO(BYTES)) == Stored(DIGEST, len(BYTES))
    with store.open(DIGEST) as file:
        assert file.read() == BYTES
    assert store.exists(DIGEST)
    assert store.size(DIGEST) == len(BYTES)


def test_an_empty_file_is_a_file(store):
    stored = store.put(io.BytesIO(), expect_size=0)
    assert stored == Stored(hashlib.sha256().hexdigest(), 0)
    with store.open(stored.sha256) as file:
        assert file.read() == b""


@pytest.mark.parametrize(
    ("start", "end"), [(0, None), (10, None), (0, 1), (100, 300), (0, 0), (len(BYTES), None), (5, 10**9)]
)
def test_a_range_is_read_like_a_slice(store, start, end):
    store.put(io.BytesIO(BYTES))
    with store.open(DIGEST, start=start, end=end) as file:
        assert file.read() == BYTES[start:end]


def test_a_file_can_be_lent_to_a_program(store):
    store.put(io.BytesIO(BYTES))
    with store.local_copy(DIGEST) as path:
        assert path.read_bytes() == BYTES


def test_the_same_bytes_are_kept_once(store):
    assert store.put(io.BytesIO(BYTES)) == store.put(io.BytesIO(BYTES))
    store.delete(DIGEST)
    assert not store.exists(DIGEST)


def test_deleting_twice_is_no_error(store):
    store.put(io.BytesIO(BYTES))
    store.delete(DIGEST)
    store.delete(DIGEST)
    assert not store.exists(DIGEST)


@pytest.mark.parametrize("announced", [len(BYTES) + 1, len(BYTES) - 1, 0])
def test_a_body_of_another_length_than_announced_is_refused(store, announced):
    with pytest.raises(Invalid) as refused:
        store.put(io.BytesIO(BYTES), expect_size=announced)
    assert refused.value.code == "upload_cut_off"
    assert not store.exists(DIGEST)


def test_a_client_that_goes_away_leaves_nothing(store):
    with pytest.raises(Invalid) as refused:
        store.put(Broken())
    assert refused.value.code == "upload_cut_off"
    assert not store.exists(DIGEST)


def test_other_bytes_than_announced_are_refused(store):
    with pytest.raises(Invalid) as refused:
        store.put(io.BytesIO(BYTES), expect_sha256="0" * 64)
    assert refused.value.code == "upload_wrong_digest"
    assert not store.exists(DIGEST)


def test_the_announced_digest_may_be_written_in_capitals(store):
    assert store.put(io.BytesIO(BYTES), expect_sha256=DIGEST.upper(), expect_size=len(BYTES)).sha256 == DIGEST


def test_more_than_the_limit_is_refused_without_reading_on(store):
    endless = Zeros(10**12)
    with pytest.raises(TooLarge) as refused:
        store.put(endless, limit=3 * MIB)
    assert refused.value.code == "upload_too_large"
    assert refused.value.status == 413
    assert endless._left > 10**12 - 6 * MIB


def test_exactly_the_limit_is_taken(store):
    assert store.put(io.BytesIO(BYTES), limit=len(BYTES)).size == len(BYTES)


def test_what_is_not_there_is_not_found(store):
    for ask in (store.open, store.size, lambda sha256: store.local_copy(sha256).__enter__()):
        with pytest.raises(NotFound) as refused:
            ask("f" * 64)
        assert refused.value.code == "no_such_blob"
    assert not store.exists("f" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "F" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_digest_names_a_blob(store, name):
    with pytest.raises(NotFound):
        store.open(name)
    assert not store.exists(name)
    store.delete(name)


def test_a_large_file_does_not_fill_the_memory(store):
    size = 40 * MIB
    store.put(io.BytesIO(b"warm up"))
    tracemalloc.start()
    stored = store.put(Zeros(size), expect_size=size)
    count = 0
    with store.open(stored.sha256) as file:
        while chunk := file.read(MIB):
            count += len(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == size
    assert peak < 30 * MIB


def test_no_unit_of_work_may_be_open(store, sqlite_url):
    from hub.db.unit import Database

    database = Database(sqlite_url)
    acts = (
        lambda: store.put(io.BytesIO(BYTES)),
        lambda: store.open(DIGEST),
        lambda: store.exists(DIGEST),
        lambda: store.size(DIGEST),
        lambda: store.delete(DIGEST),
        lambda: store.local_copy(DIGEST).__enter__(),
    )
    with database.read():
        for act in acts:
            with pytest.raises(TransactionOpenError):
                act()
    database.dispose()
