from __future__ import annotations

import json

import pytest

from connectors.wordpress.events import HelperEvents, body, headers
from webhooks import SignatureError

SECRET = "s" * 32
BODY = body("attachment.deleted", 12, "library")
HEADERS = headers(SECRET, BODY, delivery_key="abc", at=1_790_000_000)
INBOUND = HelperEvents()


def verify(secret=SECRET, headers=HEADERS, body=BODY):
    INBOUND.verify(secret=secret, url="http://hub/hooks/1", headers=headers, body=body)


def test_a_message_of_the_plugin_is_taken_and_read():
    verify()
    verify(headers={name.upper(): value for name, value in HEADERS.items()})
    hint = INBOUND.read(HEADERS, BODY)
    assert (hint.delivery_key, hint.kind, hint.refs, hint.ours) == ("abc", "attachment.deleted", ("12",), False)


def test_our_own_echo_is_known():
    assert INBOUND.read(HEADERS, body("attachment.updated", 1, "library", ours=True)).ours


def test_there_is_no_handshake():
    assert INBOUND.greet("GET", {}, b"") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": "x" * 32},
        {"secret": "short"},
        {"body": BODY + b" "},
        {"headers": {}},
        {"headers": {**HEADERS, "x-damhub-signature": ""}},
        {"headers": {**HEADERS, "x-damhub-signature": "\udcff"}},
        {"headers": {**HEADERS, "x-damhub-delivery": "other"}},
        {"headers": {**HEADERS, "x-damhub-delivery": ""}},
        {"headers": {**HEADERS, "x-damhub-delivery": "k" * 65}},
        {"headers": {**HEADERS, "x-damhub-delivery": "\u00e4"}},
        {"headers": {**HEADERS, "x-damhub-timestamp": "1790000001"}},
        {"headers": {**HEADERS, "x-damhub-timestamp": "soon"}},
    ],
)
def test_every_doubt_about_a_signature_is_one_error(changed):
    with pytest.raises(SignatureError):
        verify(**changed)


@pytest.mark.parametrize(
    "said",
    [b"", b"{", b"[]", b"[" * 100_000, b'{"event":"new.kind","id":1}', b'{"event":"attachment.added","id":"1"}',
     b'{"event":"attachment.added","id":true}', b'{"event":["x"],"id":1}'],
)  # fmt: skip
def test_a_message_that_is_not_understood_is_a_hint_without_refs(said):
    assert INBOUND.read(HEADERS, said).refs == ()


def test_a_long_event_name_is_cut():
    assert len(INBOUND.read(HEADERS, json.dumps({"event": "e" * 1000}).encode()).kind) == 100
