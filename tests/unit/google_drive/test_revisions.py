"""The bytes before a replacement: they go at once, whoever is killed between, and where they may not that is said."""

import pytest

from connectors.google_drive.revisions import STAYS, drop_earlier
from connectors.google_drive.types import CONTENT, EARLIER, MARKER
from connectors.sdk.errors import OutcomeUnknown
from connectors.testing.faults import Fault, Rule
from connectors.testing.ledger import What

UPLOAD, DELETE, SAYING_SO = range(3)
"""The writes of a replacement, in their order."""


def lose(bench, ref, new, at=UPLOAD, fault=Fault.LOSE_ANSWER):
    """Replace a copy, and lose one of the writes or its answer."""
    bench.sandbox.faults.add(Rule(fault=fault, on="write", times=None, skip=at))
    with pytest.raises(OutcomeUnknown):
        bench.connector.replace(bench.target, ref, new)
    bench.sandbox.faults.clear()


def own(sandbox, ref):
    return sandbox.ledger.living()[ref]["appProperties"]


def newest(sandbox, ref):
    return [sandbox.ledger.living()[ref]["headRevisionId"]]


@pytest.fixture
def copy(bench):
    """A copy, and what is to replace it."""
    sent, receipt = bench.publish()
    return receipt.ref, bench.outgoing(marker=sent.marker)


def test_a_replacement_leaves_the_new_bytes_alone(bench, drive, sandbox, copy):
    ref, new = copy
    receipt = drive.replace(bench.target, ref, new)
    assert sandbox.beside.revisions(ref) == newest(sandbox, ref)
    assert own(sandbox, ref) == {MARKER: new.marker, CONTENT: new.content_key}
    assert (receipt.ref, receipt.left, bench.look(ref).sha256) == (ref, "", new.sha256)
    assert not sandbox.violations


def test_all_that_a_file_was_goes_however_many_pages_that_is(bench, drive, sandbox, copy):
    ref, new = copy
    for number in range(7):
        sandbox.ledger.add(What.CHANGED, ref, bench.target.ref, headRevisionId=f"by-hand-{number}")
    drive.replace(bench.target, ref, new)
    assert sandbox.beside.revisions(ref) == newest(sandbox, ref)


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        (UPLOAD, Fault.LOSE_ANSWER), (DELETE, Fault.LOSE_REQUEST), (DELETE, Fault.LOSE_ANSWER),
        (SAYING_SO, Fault.LOSE_REQUEST), (SAYING_SO, Fault.LOSE_ANSWER),
    ],
)  # fmt: skip
def test_whoever_is_killed_between_leaves_it_to_the_next_look(bench, drive, sandbox, copy, at, fault):
    ref, new = copy
    lose(bench, ref, new, at, fault)
    looked = bench.look(ref)
    assert (looked.content_key, looked.sha256) == (new.content_key, new.sha256)
    assert sandbox.beside.revisions(ref) == newest(sandbox, ref)
    assert EARLIER not in own(sandbox, ref)


def test_a_repeat_finds_and_deletes_what_the_first_try_left(bench, drive, sandbox, copy):
    ref, new = copy
    lose(bench, ref, new)
    assert len(sandbox.beside.revisions(ref)) == 2
    drive.replace(bench.target, ref, new)
    assert sandbox.beside.revisions(ref) == newest(sandbox, ref)


def test_where_they_may_not_be_deleted_it_is_said_and_the_new_bytes_stand(bench, drive, sandbox, copy):
    ref, new = copy
    sandbox.beside.forbids_dropping = True
    receipt = drive.replace(bench.target, ref, new)
    assert receipt.left == STAYS
    assert len(sandbox.beside.revisions(ref)) == 2
    looked = bench.look(ref)  # which tries no more: it was said
    assert (looked.content_key, looked.sha256) == (new.content_key, new.sha256)


def test_a_look_that_may_not_delete_them_leaves_it_to_a_replacement_which_says_so(bench, drive, sandbox, copy):
    ref, new = copy
    lose(bench, ref, new)
    sandbox.beside.forbids_dropping = True
    assert bench.look(ref).content_key is None
    assert drive.replace(bench.target, ref, new).left == STAYS
    assert bench.look(ref).content_key == new.content_key


def test_what_a_file_was_before_it_was_adopted_is_not_ours_to_delete(bench, drive, sandbox):
    ref = sandbox.intrude(bench.target.ref, "theirs")
    drive.replace(bench.target, ref, bench.outgoing())
    assert len(sandbox.beside.revisions(ref)) == 2
    assert EARLIER not in own(sandbox, ref)


def test_what_came_after_ours_is_not_ours_to_judge(bench, drive, sandbox, copy):
    ref, new = copy
    lose(bench, ref, new)
    seen = drive._file(ref)
    sandbox.ledger.add(What.CHANGED, ref, bench.target.ref, headRevisionId="theirs")
    drop_earlier(drive._api, seen)
    assert sandbox.beside.revisions(ref) == [seen.head_revision_id, "theirs"]


def test_the_last_one_and_those_that_are_not_there_are_refused(bench, sandbox, copy):
    ref, _ = copy
    where = f"{sandbox.origin}/drive/v3/files/{ref}/revisions"
    headers = {"Authorization": f"Bearer {sandbox.secrets['access_token']}"}
    (only,) = sandbox.beside.revisions(ref)
    assert bench.client.delete(f"{where}/{only}", headers=headers).status_code == 400
    assert bench.client.delete(f"{where}/nobody", headers=headers).status_code == 404
