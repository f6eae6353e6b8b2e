from __future__ import annotations

import pytest

from hub.errors import NotFound
from hub.storage.blobs import Stored
from hub.storage.ledger import condemn, keep, record
from hub.storage.models import Blob, BlobState

DIGEST = "a" * 64


def state(database):
    with database.read() as session:
        blob = session.get(Blob, DIGEST)
        return blob.state, blob.condemned_at


def test_a_blob_is_staged_then_kept_then_condemned(database):
    with database.unit() as session:
        assert record(session, Stored(DIGEST, 3), sniffed_type="image/png", at=10).size == 3
    assert state(database) == (BlobState.STAGED, None)
    with database.unit() as session:
        keep(session, DIGEST)
    assert state(database) == (BlobState.KEPT, None)
    with database.unit() as session:
        condemn(session, DIGEST, 20)
        condemn(session, DIGEST, 30)
    assert state(database) == (BlobState.CONDEMNED, 20)


def test_known_bytes_keep_their_row_and_their_state(database):
    for at in (10, 20):
        with database.unit() as session:
            blob = record(session, Stored(DIGEST, 3), sniffed_type="image/png", at=at)
            keep(session, DIGEST)
    assert blob.created_at == 10
    assert state(database) == (BlobState.KEPT, None)


def test_condemned_bytes_that_come_again_are_saved(database):
    for act in (lambda session: condemn(session, DIGEST, 5), lambda session: None):
        with database.unit() as session:
            record(session, Stored(DIGEST, 3), sniffed_type="image/png", at=1)
            act(session)
    assert state(database) == (BlobState.STAGED, None)


def test_a_blob_that_was_never_recorded_cannot_be_kept(database):
    for act in (lambda session: keep(session, DIGEST), lambda session: condemn(session, DIGEST, 5)):
        with pytest.raises(NotFound), database.unit() as session:
            act(session)
