"""Bytes of any size into a file: streamed, whole or not at all, within limits."""

from __future__ import annotations

import io
import socket
import tracemalloc

import pytest

from connectors.sdk.errors import BadAnswer, Missing, Unreachable
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits
from connectors.sdk.wire import guarded_client
from tests.unit.sdk.loopback import respond, server
from tests.unit.sdk.test_http import manifest

LARGE = 64 * 1024 * 1024
OVER_2_GIB = 2 * 1024**3 + 65536
MOST = 4 * 1024 * 1024


class Counter(io.RawIOBase):
    """A file that only counts."""

    count = 0

    def writable(self):
        return True

    def write(self, data):
        self.count += len(data)
        return len(data)


def download(origin, into, **limits):
    with guarded_client(Guard(trusted_origins=[origin])) as client:
        api = Api(origin, manifest=manifest(), client=client, limits=Limits(**limits))
        return api.download("/file", into)


def stream(size, *, says=None):
    def handle(conn, _head, _body):
        conn.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {says or size}\r\nConnection: close\r\n\r\n".encode())
        for _ in range(size // (1 << 16)):
            conn.sendall(bytes(1 << 16))
        conn.shutdown(socket.SHUT_WR)

    return handle


@pytest.mark.parametrize("size", [LARGE, pytest.param(OVER_2_GIB, marks=pytest.mark.again)])
def test_a_large_download_keeps_memory_flat(size):
    into = Counter()
    with server(stream(size)) as (origin, _):
        tracemalloc.start()
        answer = download(origin, into)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (answer.size, into.count, answer.body) == (size, size, b"")
    assert peak < MOST


def test_a_body_that_is_cut_off_is_no_download():
    with server(stream(1 << 20, says=1 << 21)) as (origin, _), pytest.raises(Unreachable):
        download(origin, Counter())


def test_a_broken_download_is_not_tried_again_into_the_same_file():
    into = Counter()
    with server(stream(1 << 16, says=1 << 21)) as (origin, seen), pytest.raises(Unreachable):
        download(origin, into, read_attempts=3)
    assert (len(seen), into.count) == (1, 1 << 16)


def test_more_than_the_limit_is_refused():
    with server(stream(1 << 20)) as (origin, _), pytest.raises(BadAnswer):
        download(origin, Counter(), download_bytes=1 << 18)


def test_a_refusal_is_told_and_never_written_into_the_file():
    into = Counter()
    with server(lambda conn, _head, _body: conn.sendall(respond(404, b"gone"))) as (origin, _), pytest.raises(Missing):
        download(origin, into)
    assert into.count == 0
