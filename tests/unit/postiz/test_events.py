"""Postiz's webhooks: a word in the address, and hardly anything else."""

import json
from urllib.parse import urlencode

import pytest

from connectors.postiz.events import PostizInbound
from webhooks import SignatureError

ADDRESS = "https://hub.example/hooks/x"
SECRET = "5ec2e7-of-the-address"
NODE = {"content-type": "application/json", "user-agent": "node"}
inbound = PostizInbound()


def verify(url, secret=SECRET):
    inbound.verify(secret=secret, url=url, headers=NODE, body=b"[]")


@pytest.mark.parametrize("secret", [SECRET, "whsec_a+b/c="])
def test_the_word_in_the_address_proves_a_delivery_also_where_it_was_entered_as_it_is(secret):
    verify(f"{ADDRESS}?secret={secret}", secret)
    verify(f"{ADDRESS}?{urlencode({'secret': secret})}", secret)


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        (ADDRESS, SECRET), (f"{ADDRESS}?secret=", SECRET), (f"{ADDRESS}?secret={SECRET}x", SECRET),
        (f"{ADDRESS}?secret={SECRET}&secret={SECRET}", SECRET), (f"{ADDRESS}?secret=", ""), (ADDRESS, ""),
        (f"{ADDRESS}#secret={SECRET}", SECRET), ("http://[", SECRET), (f"{ADDRESS}?secret=%FF%00", SECRET),
    ],
)  # fmt: skip
def test_everything_else_does_not(url, secret):
    with pytest.raises(SignatureError):
        verify(url, secret)


def test_a_real_delivery_says_that_something_was_published_and_not_what():
    hint = inbound.read(NODE, b"[]")
    assert (hint.kind, hint.refs, hint.anything, hint.ours) == ("published", (), True, False)


def test_what_the_test_button_sends_names_posts():
    post = {"id": "cmw1", "content": "x", "publishDate": "2026-11-23T10:00:00.000Z", "releaseURL": "https://x.example",
            "state": "PUBLISHED", "integration": {"id": "c", "name": "n", "providerIdentifier": "x", "picture": "",
                                                  "type": "social"}}  # fmt: skip
    hint = inbound.read(NODE, json.dumps([post, {**post, "id": "cmw2"}]).encode())
    assert (hint.refs, hint.anything) == (("cmw1", "cmw2"), False)


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'[{"x": 1}]', b"\xff", b'{"event": "brandNew"}', b"[1]"])
def test_anything_else_is_unknown_and_names_nothing(body):
    hint = inbound.read(NODE, body)
    assert (hint.kind, hint.refs, hint.anything) == ("unknown", (), False)


def test_there_is_no_handshake():
    assert inbound.greet("GET", {}, b"") is None
