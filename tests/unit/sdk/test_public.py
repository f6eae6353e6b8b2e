"""Anonymous reads of public addresses."""

import hashlib
import io

import pytest

from connectors.sdk.errors import BadAnswer, Unreachable
from connectors.sdk.guard import AddressRefused, Guard
from connectors.sdk.http import Api
from connectors.sdk.public import fetch_public
from connectors.sdk.wire import guarded_client
from connectors.testing.pinboard import MANIFEST
from tests.unit.sdk.loopback import respond, server


def look(origin, path="/a.png", trusted=None, **more):
    with guarded_client(Guard(trusted_origins=[origin] if trusted is None else trusted)) as client:
        return fetch_public(f"{origin}{path}", client=client, **more)


def test_what_anybody_sees_is_hashed_and_no_credentials_are_sent():
    body = b"x" * 200_000
    with server(lambda conn, head, _: conn.sendall(respond(body=body, Content_Type="Image/PNG; q=1"))) as (
        origin,
        seen,
    ):
        found = look(origin)
    assert (found.status, found.size, found.media_type) == (200, len(body), "image/png")
    assert found.sha256 == hashlib.sha256(body).hexdigest()
    assert found.url == f"{origin}/a.png"
    assert "authorization" not in seen[0][0].lower()
    assert "no-cache" in seen[0][0]


@pytest.mark.parametrize("status", [404, 410, 403, 500])
def test_any_status_is_a_finding(status):
    with server(lambda conn, head, body: conn.sendall(respond(status, b"no"))) as (origin, _):
        assert look(origin).status == status


def test_redirects_are_followed_to_the_end():
    def handle(conn, head, body):
        conn.sendall(respond(301, b"", Location="/b.png") if "/a.png" in head else respond(body=b"b"))

    with server(handle) as (origin, _):
        assert look(origin).url == f"{origin}/b.png"


def test_a_redirect_inward_is_refused():
    with server(lambda conn, head, body: conn.sendall(respond(302, b"", Location="http://169.254.169.254/"))) as (
        origin,
        _,
    ):
        with pytest.raises(AddressRefused):
            look(origin)
        with pytest.raises(AddressRefused):
            look(origin, trusted=[])


def test_circles_and_endless_bodies_end():
    with server(lambda conn, head, body: conn.sendall(respond(302, b"", Location="/a.png"))) as (origin, seen):
        with pytest.raises(BadAnswer):
            look(origin)
        assert len(seen) == 6
    large = server(lambda conn, head, body: conn.sendall(respond(body=b"x" * 5000)))
    with large as (origin, _), pytest.raises(BadAnswer):
        look(origin, limit=4999)


def test_no_whole_answer_says_nothing_about_whether_it_is_there():
    def cut(conn, head, body):
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    with server(cut) as (origin, _), pytest.raises(Unreachable):
        look(origin)
    with pytest.raises(Unreachable):
        look(origin)


@pytest.mark.parametrize(("status", "kept"), [(200, b"bytes"), (206, b""), (403, b""), (503, b"")])
def test_only_a_whole_answer_is_kept(status, kept):
    into = io.BytesIO()
    with server(lambda conn, head, body: conn.sendall(respond(status, b"bytes"))) as (origin, _):
        found = look(origin, into=into)
    assert (into.getvalue(), found.whole) == (kept, status == 200)


def test_an_address_that_a_stranger_names_is_trusted_no_more_than_a_redirect():
    with server(lambda conn, head, body: conn.sendall(respond(body=b"inside"))) as (origin, seen):
        with pytest.raises(AddressRefused):
            look(origin, named_by="https://elsewhere.example")
        assert seen == []
        assert look(origin, named_by=origin).whole


def test_a_client_gives_no_credentials_to_where_it_was_sent_for_bytes():
    with server(lambda conn, head, body: conn.sendall(respond(body=b"bytes"))) as (origin, seen):
        with guarded_client(Guard(trusted_origins=[origin])) as client:
            headers = {"Authorization": "Bearer secret"}
            own = Api(origin, manifest=MANIFEST, client=client, headers=lambda: headers)
            into = io.BytesIO()
            assert own.look_public(f"{origin}/a.png", into).size == len(b"bytes") == into.tell()
            foreign = Api("https://elsewhere.example", manifest=MANIFEST, client=client)
            with pytest.raises(AddressRefused):
                foreign.look_public(f"{origin}/a.png", io.BytesIO())
        assert len(seen) == 1
        assert "authorization" not in seen[0][0].lower()
