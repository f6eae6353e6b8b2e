from __future__ import annotations

import pytest

from connectors.sdk.errors import Unreachable
from connectors.sdk.guard import AddressRefused, Guard
from connectors.sdk.push import Answer, push
from connectors.sdk.wire import guarded_client
from tests.unit.sdk import loopback


def send(origin, *, total_s=5.0, trusted=True, path="/in", keep=0):
    guard = Guard(trusted_origins=[origin] if trusted else [])
    with guarded_client(guard) as client:
        return push(f"{origin}{path}", b"{}", {"x-word": "hello"}, client=client, total_s=total_s, keep=keep)


@pytest.mark.parametrize("status", [200, 204, 302, 410, 500])
def test_a_status_is_an_answer_whatever_it_is(status):
    answer = loopback.respond(status, b"", Location="/elsewhere")
    with loopback.server(lambda conn, head, body: conn.sendall(answer)) as (origin, seen):
        assert send(origin) == Answer(status)
    ((head, body),) = seen
    assert head.startswith("POST /in HTTP/1.1")
    assert "x-word: hello" in head
    assert body == b"{}"


def test_of_an_endless_body_no_more_is_read_than_was_asked_for():
    def drip(conn, head, body):
        conn.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\nx")

    with loopback.server(drip) as (origin, _):
        assert send(origin) == Answer(200)
        assert send(origin, keep=1) == Answer(200, b"x")
        assert send(origin, keep=2, total_s=0.3) == Answer(200, b"x")


def test_an_answer_that_comes_too_late_is_none():
    with loopback.server(lambda conn, head, body: conn.recv(1)) as (origin, _), pytest.raises(Unreachable) as late:
        send(origin, total_s=0.2)
    assert late.value.detail == "ReadTimeout"


def test_headers_that_drip_in_are_bounded_too():
    def drip(conn, head, body):
        conn.settimeout(0.02)
        for letter in b"HTTP/1.1 200 X\r\nX-Long: " + b"x" * 10_000:
            conn.sendall(bytes([letter]))
            try:
                if not conn.recv(1):
                    return
            except TimeoutError:
                continue

    with loopback.server(drip) as (origin, _), pytest.raises(Unreachable):
        send(origin, total_s=0.3)


def test_nobody_there():
    with loopback.server(lambda conn, head, body: None) as (origin, _):
        pass
    with pytest.raises(Unreachable):
        send(origin)


def test_an_address_inside_is_refused_before_anything_is_sent():
    with loopback.server(lambda conn, head, body: None) as (origin, seen), pytest.raises(AddressRefused):
        send(origin, trusted=False)
    assert seen == []
