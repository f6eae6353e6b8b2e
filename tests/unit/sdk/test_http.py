"""The client: what leaves, what comes back, and what every failure is called. Over real loopback sockets."""

import hashlib
import io
import itertools
import threading
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from connectors.sdk.errors import (
    AuthExpired,
    BadAnswer,
    Misconfigured,
    Missing,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unreachable,
)
from connectors.sdk.guard import AddressRefused, Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.sdk.manifest import Auth, Carries, Manifest, Meaning
from connectors.sdk.types import Outgoing
from tests.unit.sdk.loopback import respond, server

SECRET = "sesame-opens-the-door"
ANY = dict[str, Any]


class NoSettings(BaseModel):
    pass


def manifest(**more):
    return Manifest(
        name="acme", title="Acme", summary="A vendor.", settings=NoSettings, origin=lambda settings: "",
        auths=(Auth("key", "Key", headers=lambda secrets: {}),), abilities={}, carries=Carries.BYTES,
        connect=lambda api, settings: None, sandbox="", **more,
    )  # fmt: skip


def make_api(origin, *, resolver=None, limits=None, trusted=None, transport=None, codes=None, **more):
    kwargs = {"resolver": resolver} if resolver else {}
    client = guarded_client(
        Guard(trusted_origins=[origin] if trusted is None else trusted, **kwargs), transport=transport
    )
    return Api(
        origin, manifest=manifest(error_codes=codes or {}), client=client,
        headers=lambda: {"Authorization": f"Bearer {SECRET}"}, sleep=lambda seconds: None,
        limits=limits or Limits(total_s=5.0), **more,
    )  # fmt: skip


def mocked(*answers, **more):
    """An Api whose network is a list of answers; the last one repeats."""
    sent = []
    queue = itertools.chain(answers, itertools.repeat(answers[-1]))

    def handle(request):
        request.read()
        sent.append(request)
        answer = next(queue)
        if isinstance(answer, Exception):
            raise answer
        status, kwargs = answer
        return httpx.Response(status, **kwargs)

    return make_api("https://acme.example", transport=httpx.MockTransport(handle), **more), sent


def outgoing(data=b"bytes", **more):
    values = {
        "marker": "dhabcdef-" + "a" * 20, "content_key": "0" * 12, "filename": "hero.png", "media_type": "image/png",
        "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "open": lambda: io.BytesIO(data),
        "link": "https://hub.example/x", "fields": {},
    }  # fmt: skip
    return Outgoing(**{**values, **more})


def test_a_read_comes_back_parsed_and_carries_credentials_and_user_agent():
    with server(lambda conn, head, body: conn.sendall(respond(body=b'{"a": [1]}'))) as (origin, seen):
        api = make_api(origin)
        assert api.get("/v1/things", dict[str, list[int]], query={"q": "a&b", "none": None, "yes": True}) == {"a": [1]}
    head = seen[0][0]
    assert head.startswith("GET /v1/things?q=a%26b&yes=true HTTP/1.1")
    assert f"Authorization: Bearer {SECRET}" in head
    assert "User-Agent: damhub/" in head
    assert "none" not in head.splitlines()[0]


@pytest.mark.parametrize(
    ("status", "on_read", "on_write"),
    [
        (401, AuthExpired, AuthExpired), (403, Misconfigured, Misconfigured), (404, Missing, Missing),
        (410, Missing, Missing), (400, Rejected, Rejected), (409, Rejected, Rejected), (413, Rejected, Rejected),
        (429, RateLimited, RateLimited), (500, Unreachable, OutcomeUnknown), (503, Unreachable, OutcomeUnknown),
        (408, Unreachable, OutcomeUnknown), (304, BadAnswer, OutcomeUnknown),
    ],
)  # fmt: skip
def test_a_status_means_what_the_table_says(status, on_read, on_write):
    api, _ = mocked((status, {"json": {"message": "no"}}))
    with pytest.raises(on_read) as read:
        api.get("/x", ANY)
    with pytest.raises(on_write) as write:
        api.post("/x", ANY, json={})
    assert type(read.value) is on_read
    assert type(write.value) is on_write
    assert str(status) in read.value.detail or status == 304
    assert read.value.status == status


@pytest.mark.parametrize(
    ("error", "on_read", "on_write"),
    [
        (httpx.ConnectError("x"), Unreachable, Unreachable), (httpx.ConnectTimeout("x"), Unreachable, Unreachable),
        (httpx.PoolTimeout("x"), Unreachable, Unreachable), (httpx.ReadTimeout("x"), Unreachable, OutcomeUnknown),
        (httpx.WriteError("x"), Unreachable, OutcomeUnknown), (httpx.ReadError("x"), Unreachable, OutcomeUnknown),
        (httpx.RemoteProtocolError("x"), Unreachable, OutcomeUnknown),
    ],
)  # fmt: skip
def test_a_broken_call_means_what_the_table_says(error, on_read, on_write):
    api, sent = mocked(error)
    with pytest.raises(on_read):
        api.get("/x", ANY)
    assert len(sent) == 3
    with pytest.raises(on_write):
        api.post("/x", ANY, json={})
    assert len(sent) == 4


def test_a_read_is_tried_again_and_a_write_never():
    api, sent = mocked((503, {}), (200, {"json": {"ok": 1}}))
    assert api.get("/x", ANY) == {"ok": 1}
    assert len(sent) == 2
    api, sent = mocked((503, {}), (200, {"json": {"ok": 1}}))
    with pytest.raises(OutcomeUnknown):
        api.put("/x", ANY, json={})
    assert len(sent) == 1


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"", b'{"a":', b"\xff\xfe", b"[" * 200_000])
def test_an_unreadable_answer_is_bad_on_a_read_and_unknown_on_a_write(body):
    api, _ = mocked((200, {"content": body}))
    with pytest.raises(BadAnswer):
        api.get("/x", ANY)
    with pytest.raises(OutcomeUnknown):
        api.post("/x", ANY, json={})
    with pytest.raises(OutcomeUnknown):
        api.patch("/x", ANY, json={})


def test_an_answer_of_another_shape_is_bad_too():
    api, _ = mocked((200, {"json": {"id": ["x"]}}))
    with pytest.raises(BadAnswer) as bad:
        api.get("/x", dict[str, int])
    assert "GET /x" in bad.value.detail
    with pytest.raises(OutcomeUnknown):
        api.post("/x", list[int], form={"a": "ü&"})


def test_a_delete_may_answer_nothing():
    api, _ = mocked((200, {"content": b""}))
    assert api.delete("/x").json is None
    api, _ = mocked((204, {}))
    assert api.ask("POST", "/x").json is None


def test_a_vendors_code_goes_before_its_status():
    codes = {"type_not_allowed": Meaning.REJECTED, "dup": Meaning.DONE, "busy": Meaning.RETRY_LATER,
             "gone": Meaning.MISSING, "who": Meaning.AUTH_EXPIRED, "plan": Meaning.MISCONFIGURED}  # fmt: skip
    expected = {"type_not_allowed": Rejected, "busy": Unreachable, "gone": Missing, "who": AuthExpired,
                "plan": Misconfigured}  # fmt: skip
    for code, error in expected.items():
        api, _ = mocked((500, {"json": {"code": code, "message": "SVG is <b>not</b> allowed.\u202e"}}), codes=codes)
        with pytest.raises(error) as raised:
            api.post("/x", ANY, json={})
        assert code in raised.value.detail
        if error is Rejected:
            assert '"SVG is not allowed"' in raised.value.message
    api, _ = mocked((400, {"json": {"code": "dup"}}), codes=codes)
    assert api.post("/x", ANY, json={}) == {"code": "dup"}


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({}, None), ({"Retry-After": "7"}, 7.0), ({"Retry-After": "0"}, 0.0), ({"Retry-After": "31536000"}, 86400.0),
        ({"Retry-After": "soon"}, None), ({"Retry-After": "-5"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:10 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 10.0),
        ({"Retry-After": "Wed, 21 Oct 2020 07:28:10 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:10 GMT"}, None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_all_its_forms(headers, after):
    api, _ = mocked((429, {"headers": headers}))
    with pytest.raises(RateLimited) as limited:
        api.get("/x", ANY)
    assert limited.value.after_s == after


def test_the_limiter_is_asked_before_and_told_after():
    class Turns:
        def __init__(self):
            self.said = []

        def acquire(self, method, path, *, urgent=False):
            self.said.append(("acquire", method, path, urgent))

        def learn(self, headers, *, refused):
            self.said.append(("learn", headers["x"], refused))
            return 3.5 if refused else None

    turns = Turns()

    api, _ = mocked(
        (200, {"json": {}, "headers": {"X": "1"}}), (429, {"headers": {"X": "2"}}), limiter=turns, urgent=True
    )
    api.get("/x", ANY)
    with pytest.raises(RateLimited) as limited:
        api.get("/x", ANY)
    asked = ("acquire", "GET", "/x", True)
    assert turns.said == [asked, ("learn", "1", False), asked, ("learn", "2", True)]
    assert limited.value.after_s == 3.5


def test_refused_credentials_are_renewed_once():
    renewed = []
    api, sent = mocked((401, {}), (200, {"json": {}}), renew=lambda: renewed.append(1) or True)
    api.post("/x", ANY, json={})
    assert (len(sent), renewed) == (2, [1])
    api, sent = mocked((401, {}), renew=lambda: True)
    with pytest.raises(AuthExpired):
        api.get("/x", ANY)
    assert len(sent) == 2
    api, sent = mocked((401, {}), renew=lambda: False)
    with pytest.raises(AuthExpired):
        api.get("/x", ANY)
    assert len(sent) == 1


def test_nothing_is_sent_while_a_unit_of_work_is_open():
    api, sent = mocked((200, {"json": {}}), busy=lambda: True)
    with pytest.raises(RuntimeError, match="unit of work"):
        api.get("/x", ANY)
    assert not sent


@pytest.mark.parametrize("path", ["https://evil.example/x", "//evil.example/x", "http://acme.example/x"])
def test_a_path_cannot_lead_to_another_origin(path):
    api, sent = mocked((200, {"json": {}}))
    with pytest.raises(ValueError, match="does not lie"):
        api.get(path, ANY)
    assert not sent


def test_secrets_stay_out_of_errors_and_repr():
    api, _ = mocked((400, {"json": {"code": SECRET, "message": f"bad token {SECRET}"}}))
    with pytest.raises(Rejected) as raised:
        api.get("/x", ANY)
    error = raised.value
    assert SECRET not in f"{error} {error!r} {error.detail} {error.message} {api!r}"
    api, _ = mocked(httpx.ReadTimeout(f"while sending {SECRET}"))
    with pytest.raises(OutcomeUnknown) as lost:
        api.delete("/x")
    assert SECRET not in f"{lost.value} {lost.value.detail}"


def test_a_read_follows_redirects_and_takes_no_credentials_elsewhere():
    with server(lambda conn, head, body: conn.sendall(respond(body=b'{"a": 1}'))) as (other, others):

        def redirect(conn, head, body):
            where = "/second" if head.startswith("GET /first") else f"{other}/third"
            conn.sendall(respond(302, b"", Location=where))

        with server(redirect) as (origin, seen):
            api = make_api(origin, trusted=[origin, other])
            assert api.get("/first", ANY) == {"a": 1}
    assert [SECRET in head for head, _ in seen] == [True, True]
    assert SECRET not in others[0][0]


@pytest.mark.parametrize("inward", ["http://169.254.169.254/latest", "http://127.0.0.1:9/", "file:///etc/passwd"])
def test_a_redirect_inward_is_refused(inward):
    with server(lambda conn, head, body: conn.sendall(respond(302, b"", Location=inward))) as (origin, _):
        api = make_api(origin)
        with pytest.raises(AddressRefused):
            api.get("/x", ANY)


def test_redirects_in_circles_end():
    api, sent = mocked((302, {"headers": {"Location": "/again"}}))
    with pytest.raises(BadAnswer):
        api.get("/x", ANY)
    assert len(sent) == 6


@pytest.mark.parametrize(
    ("status", "error"), [(301, Misconfigured), (308, Misconfigured), (302, OutcomeUnknown), (303, OutcomeUnknown)]
)
def test_a_write_is_never_redirected(status, error):
    api, sent = mocked((status, {"headers": {"Location": "/elsewhere"}}))
    with pytest.raises(error):
        api.post("/x", ANY, json={})
    assert len(sent) == 1


def test_a_name_that_turns_inward_between_two_calls_is_refused():
    with server(lambda conn, head, body: conn.sendall(respond())) as (origin, seen):
        port = int(origin.rsplit(":", 1)[1])
        answers = iter([["93.184.216.34"], ["127.0.0.1"]])
        api = make_api(f"http://rebind.example:{port}", trusted=[], resolver=lambda host, p: next(answers),
                       limits=Limits(total_s=0.2, read_attempts=1))  # fmt: skip
        with pytest.raises(Unreachable):
            api.get("/x", ANY)
        with pytest.raises(AddressRefused):
            api.get("/x", ANY)
    assert not seen


def test_the_checked_address_is_the_one_that_is_called():
    with server(lambda conn, head, body: conn.sendall(respond())) as (origin, seen):
        port = int(origin.rsplit(":", 1)[1])
        asked = []
        name = f"http://pinned.example:{port}"
        api = make_api(name, trusted=[name], resolver=lambda host, p: asked.append(host) or ["127.0.0.1"])
        api.get("/x", ANY)
    assert asked == ["pinned.example"]
    assert f"Host: pinned.example:{port}" in seen[0][0]


def test_the_next_address_of_a_name_is_tried():
    with server(lambda conn, head, body: conn.sendall(respond())) as (origin, seen):
        port = int(origin.rsplit(":", 1)[1])
        name = f"http://two.example:{port}"
        make_api(name, trusted=[name], resolver=lambda host, p: ["127.0.0.2", "127.0.0.1"]).get("/x", ANY)
    assert len(seen) == 1


def test_a_name_that_does_not_resolve_is_unreachable_for_writes_too():
    def nowhere(host, port):
        raise OSError("unknown")

    with pytest.raises(Unreachable):
        make_api("http://nowhere.example", resolver=nowhere).post("/x", ANY, json={})


def test_a_closed_port_is_unreachable_for_writes_too():
    with server(lambda conn, head, body: None) as (origin, _):
        pass
    with pytest.raises(Unreachable):
        make_api(origin).post("/x", ANY, json={})


def drip(conn, head, body):
    stop = threading.Event()
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not stop.wait(0.02):
        conn.sendall(b" ")


def drip_head(conn, head, body):
    stop = threading.Event()
    conn.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not stop.wait(0.02):
        conn.sendall(b"a")


@pytest.mark.parametrize("slow", [drip, drip_head])
def test_a_slow_drip_ends_in_time(slow):
    with server(slow) as (origin, _):
        api = make_api(origin, limits=Limits(total_s=0.3))
        with pytest.raises(Unreachable):
            api.get("/x", ANY)
        with pytest.raises(OutcomeUnknown):
            api.post("/x", ANY, json={})


def test_silence_ends_in_time():
    quiet = threading.Event()
    with server(lambda conn, head, body: quiet.wait(5)) as (origin, _):
        with pytest.raises(OutcomeUnknown):
            make_api(origin, limits=Limits(total_s=0.2)).post("/x", ANY, json={})
        quiet.set()


def test_a_cut_body_is_no_answer():
    def cut(conn, head, body):
        conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a": ')

    with server(cut) as (origin, _):
        with pytest.raises(Unreachable):
            make_api(origin).get("/x", ANY)
        with pytest.raises(OutcomeUnknown):
            make_api(origin).post("/x", ANY, json={})


def test_an_endless_answer_is_cut_off():
    api, _ = mocked((200, {"content": b"[" + b"1," * 1000}), limits=Limits(answer_bytes=500))
    with pytest.raises(BadAnswer):
        api.get("/x", ANY)


def test_a_raw_upload_is_streamed_with_its_length():
    data = b"x" * 300_000
    with server(lambda conn, head, body: conn.sendall(respond(201))) as (origin, seen):
        answer = make_api(origin).upload("/media", outgoing(data), headers={"Content-Disposition": "attachment"})
    assert answer.status == 201
    head, body = seen[0]
    assert "Content-Length: 300000" in head
    assert "Content-Type: image/png" in head
    assert "Transfer-Encoding" not in head
    assert body == data


def test_a_form_upload_is_streamed_with_its_length():
    data = b"y" * 200_000
    with server(lambda conn, head, body: conn.sendall(respond(201))) as (origin, seen):
        make_api(origin).upload_form(
            "/media", outgoing(data, filename='a"b\r\n.png'), part="file", fields={"title": "Grüße", 'x"y': "1"}
        )
    head, body = seen[0]
    boundary = head.split("boundary=")[1].split("\r\n")[0]
    assert body.startswith(f"--{boundary}\r\n".encode())
    assert body.endswith(f"\r\n--{boundary}--\r\n".encode())
    assert "Grüße".encode() in body
    assert b'filename="a_b__.png"' in body
    assert data in body
    assert f"Content-Length: {len(body)}" in head


@pytest.mark.parametrize(("data", "size"), [(b"abc", 10), (b"abcdefghijk", 10)])
def test_an_upload_of_fewer_or_more_bytes_than_announced_is_no_success(data, size):
    with server(lambda conn, head, body: conn.sendall(respond(201))) as (origin, _):
        api = make_api(origin)
        with pytest.raises(OutcomeUnknown):
            api.upload("/media", outgoing(data, size=size), headers={})
        with pytest.raises(OutcomeUnknown):
            api.upload_form("/media", outgoing(data, size=size))


def test_no_cookie_is_kept():
    api, sent = mocked((200, {"json": {}, "headers": {"Set-Cookie": "a=b; Path=/"}}))
    api.get("/x", ANY)
    api.get("/x", ANY)
    assert "cookie" not in sent[1].headers
