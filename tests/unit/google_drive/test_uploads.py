"""Uploads in pieces: what was kept is asked for and never assumed."""

import hashlib
import io
import tracemalloc

import pytest

from connectors.google_drive import uploads
from connectors.sdk.errors import AuthExpired, Misconfigured, OutcomeUnknown, RetryLater
from connectors.sdk.http import Limits
from connectors.testing.faults import Fault, Rule, refuse

UNIT = 256 * 1024
SIZE = 6 * 1024 * 1024 + 7


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(uploads, "PIECE", 8 * UNIT)


def pieces(sandbox):
    return [seen.headers["content-range"] for seen in sandbox.requests if seen.method == "PUT"]


def large(bench, data=None):
    return bench.outgoing(data=bytes(range(256)) * (SIZE // 256) + b"the end" if data is None else data)


def right(bench, sent):
    return [one.sha256 for one in bench.standing(sent.marker)] == [sent.sha256]


def test_a_large_file_goes_in_pieces_of_whole_units(bench, sandbox):
    sent, receipt = bench.publish(large(bench))
    assert right(bench, sent)
    assert bench.look(receipt.ref).content_key == sent.content_key
    assert pieces(sandbox) == [
        "bytes 0-2097151/6291463", "bytes 2097152-4194303/6291463", "bytes 4194304-6291455/6291463",
        "bytes 6291456-6291462/6291463",
    ]  # fmt: skip
    assert bench.made() == 1


def test_it_goes_on_where_the_vendor_stands_and_not_where_the_piece_ended(bench, sandbox):
    sandbox.keeps_at_most = 3 * UNIT
    sent, _ = bench.publish(large(bench))
    assert right(bench, sent)
    assert pieces(sandbox)[1].startswith(f"bytes {3 * UNIT}-")


def test_a_source_that_cannot_jump_is_read_from_its_beginning(bench, sandbox):
    data = b"ab" * (SIZE // 2)

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise AssertionError("it cannot jump")

    sent = bench.outgoing(data=data, source=lambda: Pipe(data))
    bench.publish(sent)
    assert right(bench, sent)


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.LOSE_REQUEST, Fault.ERROR_AFTER, Fault.ERROR_BEFORE])
@pytest.mark.parametrize("skip", [0, 1, 3], ids=["first", "middle", "last"])
def test_a_lost_piece_is_asked_about_and_the_upload_goes_on(bench, sandbox, fault, skip):
    target, sent = bench.target, large(bench)
    sandbox.faults.add(Rule(fault=fault, path="upload_id", skip=skip))
    bench.connector.publish(target, sent)
    assert right(bench, sent)
    assert bench.made() == 1
    assert f"bytes */{sent.size}" in pieces(sandbox)


def test_when_nobody_tells_the_outcome_is_unknown(bench, sandbox):
    target, sent = bench.target, large(bench)
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, path="upload_id", skip=3, times=2))
    with pytest.raises(OutcomeUnknown) as lost:
        bench.connector.publish(target, sent)
    assert [one.ref for one in bench.find(sent.marker)] == [one.ref for one in bench.standing(sent.marker)]
    assert "upload_id" not in f"{lost.value.detail} {lost.value}"


def test_a_session_that_ended_means_nothing_was_made(bench, sandbox):
    target, sent = bench.target, large(bench)
    sandbox.faults.add(refuse(404, path="upload_id"))
    with pytest.raises(RetryLater):
        bench.connector.publish(target, sent)
    assert bench.made() == 0


def test_a_vendor_that_keeps_nothing_is_not_asked_for_ever(bench, sandbox):
    target, sent = bench.target, large(bench)
    sandbox.keeps_at_most = 0
    with pytest.raises(OutcomeUnknown):
        bench.connector.publish(target, sent)
    assert len(pieces(sandbox)) == 2


def test_no_address_to_send_to_is_no_answer(bench, sandbox):
    target = bench.target
    sandbox.faults.add(Rule(fault=Fault.LIE, path="uploadType=resumable", body="{}"))
    with pytest.raises(Exception, match="cannot read"):
        bench.connector.publish(target, large(bench))


def test_a_token_that_ends_in_the_middle_is_told_and_nothing_stands_there(bench, sandbox):
    target, sent = bench.target, large(bench)
    sandbox.faults.add(refuse(401, path="upload_id", times=None))
    with pytest.raises(AuthExpired):
        bench.connector.publish(target, sent)
    sandbox.faults.clear()
    assert not bench.standing(sent.marker)


def test_full_storage_is_for_a_person(bench, sandbox):
    target = bench.target
    body = '{"error": {"code": 403, "errors": [{"reason": "storageQuotaExceeded"}]}}'
    sandbox.faults.add(refuse(403, path="uploadType=resumable", body=body))
    with pytest.raises(Misconfigured):
        bench.connector.publish(target, large(bench))


def test_a_large_replacement_keeps_the_id(bench, drive, sandbox):
    sent, receipt = bench.publish()
    new = bench.outgoing(marker=sent.marker, data=b"z" * SIZE)
    assert drive.replace(bench.target, receipt.ref, new).ref == receipt.ref
    assert right(bench, new)


@pytest.mark.parametrize("data", [b"\r\n--x\r\n", b"--damhub-", b"\r\n", b"\n"])
def test_bytes_that_look_like_a_boundary_are_bytes(bench, data):
    sent, _ = bench.publish(bench.outgoing(data=data))
    assert right(bench, sent)


def test_memory_stays_flat(bench):
    class Zeros(io.RawIOBase):
        at = 0

        def readable(self):
            return True

        def seekable(self):
            return True

        def seek(self, at, whence=0):
            self.at = at
            return at

        def read(self, size=-1):
            size = min(size, total - self.at)
            self.at += size
            return bytes(size)

    total = 96 * 1024 * 1024
    digest = hashlib.sha256()
    for _ in range(total // UNIT):
        digest.update(bytes(UNIT))
    sent = bench.outgoing(data=b"", source=Zeros)
    big = type(sent)(**{name: getattr(sent, name) for name in sent.__slots__} | {
        "size": total, "sha256": digest.hexdigest(), "content_key": digest.hexdigest()[:12],
    })  # fmt: skip
    target, connector = bench.target, bench.connect(limits=Limits(total_s=60.0))
    connector.publish(target, large(bench))  # what is made once is made before
    tracemalloc.start()
    connector.publish(target, big)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert right(bench, big)
    assert peak < 16 * 1024 * 1024  # of which the sandbox's server takes 10 when it reads a request's rest
