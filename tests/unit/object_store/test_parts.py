"""Files that go up in parts: nothing stands there before the end, a killed try goes on, what is left is thrown away."""

import base64
import hashlib
import io
import random
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.object_store import connector, parts, sandbox_parts
from connectors.object_store.sandbox import BUCKET
from connectors.object_store.types import PARTS_META, SHA256_META
from connectors.sdk.errors import Misconfigured, OutcomeUnknown, Rejected, RetryLater
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What
from tests.unit.folder.conftest import MARKER, outgoing

KEY = f"{MARKER}-logo.png"
LEAST = sandbox_parts.LEAST
DATA = random.Random(7).randbytes(2 * LEAST + 1000)
OTHERS = hashlib.sha256(b"others").hexdigest()
REFUSED = "<Error><Code>{}</Code><Message>x</Message></Error>"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """What a store takes in one call is little here: three parts are enough."""
    monkeypatch.setattr(connector, "GIB", LEAST)
    monkeypatch.setattr(parts, "PIECE", LEAST)


@pytest.fixture
def store(connect):
    return connect(most_gib=1)


def sent(sandbox, method="PUT", word="uploadId"):
    return [seen.query for seen in sandbox.requests if seen.method == method and word in seen.query]


def part_numbers(sandbox):
    return [query.partition("partNumber=")[2].partition("&")[0] for query in sent(sandbox, word="partNumber")]


def tried(store, top, out, error=OutcomeUnknown):
    with pytest.raises(error):
        store.publish(top, out)


def noting(kept=""):
    notes = []
    return replace(outgoing(DATA), keep=notes.append, kept=kept), notes


# A file


def test_a_large_file_arrives_whole_and_is_known_by_its_hash(store, top, sandbox):
    out = outgoing(DATA)
    assert store.publish(top, out).ref == KEY
    assert part_numbers(sandbox) == ["1", "2", "3"]
    copy = store.look(top, KEY)
    assert (copy.sha256, copy.content_key, copy.marker) == (out.sha256, out.content_key, MARKER)
    assert copy.fields == {"title": "Logo"}
    assert store.fetch(KEY, io.BytesIO()).size == len(DATA)
    stands = sandbox._living()[KEY]
    assert (stands["sha256"], stands["type"]) == (out.sha256, "image/png")
    assert stands["meta"][SHA256_META] == out.sha256
    assert stands["meta"][PARTS_META] == parts.checksum_of(parts.cut(out, LEAST))
    assert not sandbox.uploads.begun


def test_the_checksum_is_as_the_manual_says():
    pieces = parts.cut(outgoing(DATA), LEAST)
    digests = [hashlib.sha256(DATA[at : at + LEAST]).digest() for at in range(0, len(DATA), LEAST)]
    whole = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode()
    assert parts.checksum_of(pieces) == f"{whole}-3"
    spans = [(one.number, one.start, one.size) for one in pieces]
    assert spans == [(1, 0, LEAST), (2, LEAST, LEAST), (3, 2 * LEAST, 1000)]


def test_a_file_that_one_call_holds_goes_in_one(store, top, sandbox):
    store.publish(top, outgoing(DATA[:LEAST]))
    assert not sent(sandbox)


def test_memory_stays_flat(tmp_path):
    """Whatever the size of a part: it is hashed and read in chunks."""
    (tmp_path / "large").write_bytes(DATA)
    out = replace(outgoing(DATA), open=lambda: (tmp_path / "large").open("rb"))
    tracemalloc.start()
    sizes = [sum(map(len, parts.part(out, one.start, one.size))) for one in parts.cut(out, LEAST)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(sizes) == len(DATA)
    assert peak < LEAST / 4


def test_what_the_most_parts_do_not_hold_is_refused_before_anything_is_sent(store, sandbox, monkeypatch):
    monkeypatch.setattr(parts, "MOST_PARTS", 2)
    sandbox.requests.clear()
    with pytest.raises(Rejected, match="2 times") as refused:
        store._put(KEY, outgoing(DATA), {})
    assert refused.value.code == "object_too_large"
    assert not sandbox.requests


@pytest.mark.parametrize("other", [DATA[:-1], DATA[:-1] + b"x", b""], ids=["shorter", "other", "none"])
def test_bytes_that_are_not_those_announced_are_not_sent(store, top, sandbox, other):
    tried(store, top, outgoing(DATA, source=lambda: io.BytesIO(other)), RetryLater)
    assert not sent(sandbox, "POST", "upload")


def test_a_part_that_was_damaged_on_its_way_is_not_kept(store, top, sandbox, monkeypatch):
    monkeypatch.setattr(parts, "part", lambda out, start, size: iter([bytes(size)]))
    tried(store, top, outgoing(DATA), RetryLater)
    assert KEY not in sandbox._living()


# Conditions


def test_a_repeat_is_the_same_and_sends_no_bytes_again(store, top, sandbox):
    store.publish(top, outgoing(DATA))
    sandbox.requests.clear()
    assert store.publish(top, outgoing(DATA)).ref == KEY
    assert not sent(sandbox)


def test_other_bytes_under_the_same_name_stand_as_they_are(store, top, sandbox):
    store.publish(top, outgoing(b"others"))
    assert store.publish(top, outgoing(DATA)).ref == f"{MARKER}-{outgoing(DATA).content_key}-logo.png"
    assert sandbox._living()[KEY]["sha256"] == OTHERS


def faster(sandbox, monkeypatch):
    """Let somebody put an object there just before the end."""
    right = parts._complete

    def complete(*args):
        if sandbox._living().get(KEY, {}).get("sha256") != OTHERS:
            sandbox._lay(KEY, b"others")
        return right(*args)

    monkeypatch.setattr(parts, "_complete", complete)


def test_an_object_that_came_while_parts_went_up_stands_and_nothing_is_left(store, top, sandbox, monkeypatch):
    faster(sandbox, monkeypatch)
    assert store.publish(top, outgoing(DATA)).ref != KEY
    assert sandbox._living()[KEY]["sha256"] == OTHERS
    assert not sandbox.uploads.begun


def test_a_replacement_takes_the_place_only_of_what_was_looked_at(store, top, sandbox, monkeypatch):
    store.publish(top, outgoing(b"old"))
    assert store.replace(top, KEY, outgoing(DATA)).ref == KEY
    assert store.look(top, KEY).sha256 == outgoing(DATA).sha256
    sandbox.requests.clear()
    store.replace(top, KEY, outgoing(DATA))  # its answer was lost, say
    assert not sent(sandbox)
    faster(sandbox, monkeypatch)
    with pytest.raises(RetryLater, match="just now"):
        store.replace(top, KEY, outgoing(DATA[::-1]))
    assert sandbox._living()[KEY]["sha256"] == OTHERS
    assert not sandbox.uploads.begun


def test_bytes_that_others_put_there_are_not_ours_whatever_is_said_of_them(store, top, sandbox):
    store.publish(top, outgoing(DATA))
    facts = {name: fact for name, fact in sandbox._living()[KEY].items() if name not in ("beside", "target")}
    sandbox.ledger.add(What.CHANGED, KEY, BUCKET, **{**facts, "sha256": OTHERS, "of_parts": "AAAA-3"})
    copy = store.look(top, KEY)
    assert (copy.sha256, copy.fields) == (None, {})
    assert copy.content_key != outgoing(DATA).content_key
    assert store.publish(top, outgoing(DATA)).ref != KEY


# Tries that were cut short


def killed(store, top, sandbox):
    """Play a try that dies before its third part arrives; return its notes."""
    out, notes = noting()
    sandbox.faults.add(Rule(fault=Fault.LOSE_REQUEST, on="write", skip=3, times=2))
    tried(store, top, out)
    assert len(sandbox.uploads.begun) == 1
    sandbox.requests.clear()
    return notes[-1]


def whole(store, top, sandbox):
    return store.look(top, KEY).sha256 == outgoing(DATA).sha256 and not sandbox.uploads.begun


def test_a_part_whose_answer_was_lost_is_sent_again(store, top, sandbox):
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write", skip=2))
    store.publish(top, outgoing(DATA))
    assert part_numbers(sandbox) == ["1", "2", "2", "3"]
    assert whole(store, top, sandbox)


def test_a_killed_try_goes_on_where_it_was(store, top, sandbox):
    kept = killed(store, top, sandbox)
    store.publish(top, noting(kept)[0])
    assert part_numbers(sandbox) == ["3"]
    assert whole(store, top, sandbox)


def test_parts_of_another_size_are_sent_anew(store, top, sandbox, monkeypatch):
    kept = killed(store, top, sandbox)
    monkeypatch.setattr(parts, "PIECE", LEAST + 1)
    monkeypatch.setattr(connector, "GIB", LEAST + 1)
    store.publish(top, noting(kept)[0])
    assert part_numbers(sandbox) == ["1", "2", "3"]
    assert whole(store, top, sandbox)


def test_without_a_note_what_was_left_is_thrown_away(store, top, sandbox):
    killed(store, top, sandbox)
    store.publish(top, outgoing(DATA))
    assert whole(store, top, sandbox)


def test_a_lost_end_is_found_out_by_asking_and_nothing_is_sent_twice(store, top, sandbox):
    out, notes = noting()
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write", skip=4))
    tried(store, top, out)
    assert [copy.ref for copy in store.find(top, MARKER)] == [KEY]
    sandbox.requests.clear()
    assert store.publish(top, noting(notes[-1])[0]).ref == KEY
    assert not sent(sandbox)


def test_uploads_that_hubs_forgot_are_swept_after_a_week_and_no_others(store, top, sandbox):
    ours, young, theirs = f"folder 007/{MARKER[:-1]}z-a b.mp4", f"{MARKER[:-1]}y-b.mp4", "holiday.mp4"
    named = {key: sandbox.uploads.begin(key, {}, "") for key in (ours, young, theirs)}
    for key in (ours, theirs):
        sandbox.uploads.begun[named[key]].at = datetime.now(UTC) - timedelta(days=8)
    store.publish(top, outgoing(DATA))
    assert {one.key for one in sandbox.uploads.begun.values()} == {young, theirs}


def test_an_upload_that_the_store_ended_is_begun_anew(store, top, sandbox, monkeypatch):
    right = parts._sent

    def sent(place, upload, out, piece):
        if piece.number == 2:
            sandbox.uploads.begun.clear()
        return right(place, upload, out, piece)

    monkeypatch.setattr(parts, "_sent", sent)
    out, notes = noting()
    tried(store, top, out, RetryLater)
    monkeypatch.setattr(parts, "_sent", right)
    store.publish(top, noting(notes[-1])[0])
    assert whole(store, top, sandbox)


@pytest.mark.parametrize(
    ("status", "code", "kind", "left"),
    [
        (409, "ConditionalRequestConflict", RetryLater, 0), (400, "EntityTooSmall", Rejected, 0),
        (200, "PreconditionFailed", Rejected, 0), (200, "InternalError", OutcomeUnknown, 1),
        (200, "SlowDown", RetryLater, 1), (404, "NoSuchUpload", RetryLater, 1), (200, "NoSuchUpload", RetryLater, 1),
        (503, "SlowDown", RetryLater, 1), (403, "AccessDenied", Misconfigured, 1),
    ],
)  # fmt: skip
def test_what_a_store_says_at_the_end_and_what_is_left(store, top, sandbox, status, code, kind, left):
    """A store may refuse inside an answer that began as a success."""
    sandbox.faults.add(refuse(status, on="write", body=REFUSED.format(code)).model_copy(update={"skip": 4}))
    with pytest.raises(kind):
        store._put(KEY, outgoing(DATA), {"If-None-Match": "*"})
    assert len(sandbox.uploads.begun) == left


def test_who_may_not_see_uploads_is_told(store, top, sandbox):
    sandbox.faults.add(refuse(403, on="read", body=REFUSED.format("AccessDenied")).model_copy(update={"skip": 1}))
    tried(store, top, outgoing(DATA), Misconfigured)
