"""Condemned bytes are removed, once and for good, and never bytes that somebody has just sent again."""

from __future__ import annotations

import io

import pytest

from hub.clock import HOUR, MINUTE
from hub.db.models import Installation, Mode
from hub.errors import NotFound, Unavailable
from hub.storage.folder import FolderStore
from hub.storage.ledger import condemn, keep, record
from hub.storage.models import Blob
from hub.storage.sweep import GRACE_MS, Sweeper


@pytest.fixture
def store(tmp_path):
    return FolderStore(tmp_path / "blobs")


@pytest.fixture
def sweeper(database, clock, store):
    with database.unit() as session:
        if session.query(Installation).first() is None:
            session.add(
                Installation(id="i", epoch=1, home_fingerprint="here", mode=Mode.NORMAL.value, created_at=clock.now())
            )
    return Sweeper(database, clock, store)


def send(database, clock, store, body=b"bytes"):
    stored = store.put(io.BytesIO(body))
    with database.unit() as session:
        record(session, stored, sniffed_type="image/png", at=clock.now())
        keep(session, stored.sha256)
    return stored.sha256


def give_up(database, clock, sha256):
    with database.unit() as session:
        condemn(session, sha256, clock.now())


def state(database, sha256):
    with database.read() as session:
        return session.get_one(Blob, sha256).state


def test_condemned_bytes_go_after_a_while_and_their_hash_stays(database, clock, store, sweeper):
    sha256, kept = send(database, clock, store), send(database, clock, store, b"kept")
    give_up(database, clock, sha256)
    clock.advance(GRACE_MS - 1)
    assert sweeper.drain("w") == 0
    clock.advance(1)
    assert sweeper.drain("w") == 1
    assert sweeper.drain("w") == 0
    assert (state(database, sha256), state(database, kept)) == ("gone", "kept")
    with pytest.raises(NotFound):
        store.open(sha256)
    assert store.exists(kept)


def test_bytes_that_are_sent_again_in_time_are_saved(database, clock, store, sweeper):
    sha256 = send(database, clock, store)
    give_up(database, clock, sha256)
    clock.advance(HOUR - MINUTE)
    send(database, clock, store)
    clock.advance(HOUR)
    assert sweeper.drain("w") == 0
    assert store.exists(sha256)


def test_bytes_that_cross_their_own_removal_are_refused_and_taken_a_little_later(database, clock, store, sweeper):
    sha256 = send(database, clock, store)
    give_up(database, clock, sha256)
    clock.advance(GRACE_MS)
    removed = store.delete
    refused = []

    def crossed(digest):
        """Somebody sends the same bytes while they are being removed: before, and after they are gone."""
        with pytest.raises(Unavailable) as going:
            send(database, clock, store)
        refused.append(going.value.code)
        removed(digest)

    store.delete = crossed
    assert sweeper.drain("w") == 1
    with pytest.raises(Unavailable) as gone:
        send(database, clock, store)
    assert [*refused, gone.value.code] == ["blob_going", "blob_going"]
    clock.advance(6 * MINUTE)
    assert send(database, clock, store) == sha256
    assert (state(database, sha256), store.exists(sha256)) == ("kept", True)


def test_what_a_killed_worker_was_removing_is_taken_up_again(database, clock, store, sweeper):
    sha256 = send(database, clock, store)
    give_up(database, clock, sha256)
    clock.advance(GRACE_MS)

    def killed(_digest):
        raise KeyboardInterrupt

    removed, store.delete = store.delete, killed
    with pytest.raises(KeyboardInterrupt):
        sweeper.drain("w")
    store.delete = removed
    assert (sweeper.drain("w"), state(database, sha256)) == (0, "going")
    clock.advance(11 * MINUTE)
    assert (sweeper.drain("w"), state(database, sha256)) == (1, "gone")


def test_a_copy_of_the_hub_removes_nothing(database, clock, store, sweeper):
    sha256 = send(database, clock, store)
    give_up(database, clock, sha256)
    with database.unit() as session:
        session.query(Installation).one().mode = Mode.OBSERVE_ONLY.value
    clock.advance(GRACE_MS)
    assert sweeper.drain("w") == 0
    assert store.exists(sha256)
