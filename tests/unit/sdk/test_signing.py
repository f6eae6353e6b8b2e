"""Requests that are signed one by one."""

from __future__ import annotations

import pytest

from connectors.sdk.errors import Rejected
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits
from connectors.sdk.wire import guarded_client
from tests.unit.sdk.loopback import respond, server
from tests.unit.sdk.test_http import manifest

SIGNATURE = "Signature secretly-made-of-the-whole-request"


def api(origin, client, signed):
    def sign(method, url, headers):
        signed.append((method, url, headers.get("x-kind")))
        return {"Authorization": f"{SIGNATURE}-{len(signed)}"}

    return Api(
        origin, manifest=manifest(), client=client, sign=sign, limits=Limits(read_attempts=2), sleep=lambda _: None
    )


def test_each_try_is_signed_anew_over_its_whole_address_and_headers():
    signed, answers = [], [respond(503), respond(200, b"{}")]
    with (
        server(lambda conn, _head, _body: conn.sendall(answers.pop(0))) as (origin, seen),
        guarded_client(Guard(trusted_origins=[origin])) as client,
    ):
        api(origin, client, signed).get("/a", dict, query={"list": "x y"}, headers={"X-Kind": "k"})
    assert signed == [("GET", f"{origin}/a?list=x%20y", "k")] * 2
    assert [f"{SIGNATURE}-{number}" in head for number, (head, _) in enumerate(seen, 1)] == [True, True]


def test_a_signature_stays_home_when_a_read_is_redirected():
    with server(lambda conn, _head, _body: conn.sendall(respond(200, b"{}"))) as (elsewhere, others):
        moved = respond(302, b"", Location=f"{elsewhere}/b")
        with (
            server(lambda conn, _head, _body: conn.sendall(moved)) as (origin, _),
            guarded_client(Guard(trusted_origins=[origin, elsewhere])) as client,
        ):
            api(origin, client, []).get("/a", dict)
    assert SIGNATURE not in others[0][0]


def test_a_refusal_never_repeats_the_signature():
    def tell(conn, head, _body):
        conn.sendall(respond(400, head.encode()))

    with (
        server(tell) as (origin, _),
        guarded_client(Guard(trusted_origins=[origin])) as client,
        pytest.raises(Rejected) as refused,
    ):
        api(origin, client, []).get("/a", dict)
    assert SIGNATURE not in f"{refused.value} {refused.value.detail}"
