"""Buckets that keep versions: a withdrawn copy is gone with all of them, or it is said why not."""

import pytest

from connectors.sdk.errors import Misconfigured, Missing, OutcomeUnknown
from connectors.testing.faults import Fault, Rule, refuse
from tests.unit.folder.conftest import MARKER, outgoing

KEY = f"{MARKER}-logo.png"
BESIDE = f"{KEY}.damhub.json"
ANOTHER = f"{KEY}.txt"
DENIED = "<Error><Code>AccessDenied</Code><Message>x</Message></Error>"


@pytest.fixture
def kept(sandbox, store, top):
    """A copy that was replaced twice, in a bucket that keeps everything, beside another whose name begins alike."""
    sandbox.versions.on = True
    store.publish(top, outgoing(b"first"))
    for data in (b"second", b"third"):
        store.replace(top, KEY, outgoing(data))
    sandbox.versions.add(ANOTHER, {"sha256": "", "size": 0, "meta": {}, "type": "", "etag": "", "checksum": False})
    return sandbox.versions.of


def left(kept):
    return {key: len(versions) for key, versions in kept.items() if versions}


def test_all_versions_of_object_and_manifest_are_deleted_and_no_others(store, top, sandbox, kept):
    assert left(kept) == {KEY: 3, BESIDE: 3, ANOTHER: 1}
    store.withdraw(top, KEY)
    assert left(kept) == {ANOTHER: 1}
    assert sandbox._living() == {}
    with pytest.raises(Missing):
        store.look(top, KEY)


@pytest.mark.parametrize("done", range(1, 7))
def test_a_killed_withdrawal_is_found_by_the_copy_and_a_repeat_finishes(store, top, sandbox, kept, done):
    """What is seen goes last: as long as something is left, the copy is."""
    sandbox.faults.add(Rule(fault=Fault.LOSE_REQUEST, on="write", skip=done))
    with pytest.raises(OutcomeUnknown):
        store.withdraw(top, KEY)
    newest = outgoing(b"third").sha256  # none of those before it comes to light meanwhile
    assert [(copy.ref, copy.sha256) for copy in store.find(top, MARKER)] == [(KEY, newest)]
    store.withdraw(top, KEY)
    assert left(kept) == {ANOTHER: 1}


@pytest.mark.parametrize(("on", "skip"), [("read", 0), ("write", 1), ("write", 6)])
def test_where_the_key_may_not_it_is_said_and_nobody_sees_the_copy(store, top, sandbox, kept, on, skip):
    sandbox.faults.add(refuse(403, on=on, body=DENIED).model_copy(update={"skip": skip}))
    with pytest.raises(Misconfigured, match="s3:DeleteObjectVersion") as told:
        store.withdraw(top, KEY)
    assert told.value.code == "versions_kept"
    assert sandbox._living() == {}
    assert left(kept)[KEY] >= 1


def test_what_somebody_deleted_by_hand_is_cleared_too_by_a_withdrawal(store, top, kept):
    store._api.delete(store._path(KEY))
    store.withdraw(top, KEY)
    assert left(kept) == {ANOTHER: 1}


def test_a_bucket_that_keeps_none_is_asked_for_none(store, top, sandbox):
    store.publish(top, outgoing())
    sandbox.requests.clear()
    store.withdraw(top, KEY)
    assert [seen.method for seen in sandbox.requests] == ["DELETE", "DELETE"]
