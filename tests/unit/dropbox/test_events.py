"""Dropbox's webhooks: the challenge, the signature, and accounts instead of changes."""

import hashlib
import hmac
import json

import pytest

from connectors.dropbox import MANIFEST
from connectors.sdk.protocols import Challenged
from webhooks import SignatureError

INBOUND = MANIFEST.inbound
SECRET = "app-secret-of-the-app"
BODY = b'{"list_folder": {"accounts": ["dbid:AAH4f99T0taONIb-OurWxbNQ6yw", "dbid:B"]}, "delta": {"users": [1, 2]}}'


def signed(body, secret=SECRET):
    return {"x-dropbox-signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def test_the_challenge_comes_back_as_plain_text_that_no_browser_guesses_about():
    assert isinstance(INBOUND, Challenged)
    status, headers, body = INBOUND.challenge({"challenge": "<script>w0rd</script>"}, secret="")
    assert (status, body) == (200, b"<script>w0rd</script>")
    assert headers == {"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff"}


@pytest.mark.parametrize("query", [{}, {"challenge": ""}, {"challenge": "x" * 1001}, {"other": "x"}])
def test_what_is_no_challenge_is_not_answered(query):
    assert INBOUND.challenge(query, secret=SECRET) is None


def test_a_delivery_names_accounts_and_no_copies():
    INBOUND.verify(secret=SECRET, url="", headers=signed(BODY), body=BODY)
    hint = INBOUND.read({}, BODY)
    assert (hint.kind, hint.refs, hint.ours) == ("list_folder", (), False)
    assert hint.extra["accounts"] == json.loads(BODY)["list_folder"]["accounts"]


@pytest.mark.parametrize(
    "headers",
    [{}, signed(BODY, "another"), signed(BODY + b" "), {"x-dropbox-signature": "ü\ud800"}, {"x-dropbox-signature": ""}],
)
def test_what_is_not_signed_is_refused(headers):
    with pytest.raises(SignatureError):
        INBOUND.verify(secret=SECRET, url="", headers=headers, body=BODY)


def test_without_a_secret_nothing_is_believed():
    with pytest.raises(SignatureError):
        INBOUND.verify(secret="", url="", headers=signed(BODY, ""), body=BODY)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"new_kind": {}}', b'{"list_folder": 3}', b"\xff"])
def test_what_nobody_knows_is_a_hint_of_an_unknown_kind(body):
    hint = INBOUND.read({}, body)
    assert (hint.kind, hint.refs) == ("unknown", ())
    assert hint.delivery_key


def test_there_is_no_other_handshake():
    assert INBOUND.greet("HEAD", {}, b"") is None
