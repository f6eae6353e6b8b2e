"""Trello's webhooks."""

import base64
import hashlib
import hmac
import json

import pytest

from connectors.trello.events import TrelloInbound
from webhooks import SignatureError

SECRET = "c0ffee5ec2e7f00d"
URL = "https://hub.example/hooks/1?a=b"
INBOUND = TrelloInbound()


def body_of(kind, data, action="63e2b77d5033cd7812bc7a8f"):
    return json.dumps({"model": {"id": "m"}, "action": {"id": action, "type": kind, "data": data}}).encode()


ADDED = body_of("addAttachmentToCard", {"attachment": {"id": "a1", "url": "https://x"}, "card": {"id": "c1"}})


def signed(body, url=URL, secret=SECRET):
    digest = hmac.new(secret.encode(), body + url.encode(), hashlib.sha1).digest()
    return {"X-Trello-Webhook": base64.b64encode(digest).decode()}


def test_a_head_is_answered_and_a_post_is_not_a_greeting():
    assert INBOUND.greet("HEAD", {}, b"") == (200, {}, b"")
    assert INBOUND.greet("POST", {}, ADDED) is None


def test_a_true_signature_passes():
    INBOUND.verify(secret=SECRET, url=URL, headers=signed(ADDED), body=ADDED)


@pytest.mark.parametrize(
    ("headers", "body", "url", "secret"),
    [
        (signed(ADDED), ADDED + b" ", URL, SECRET),
        (signed(ADDED), ADDED, "https://hub.example/hooks/1", SECRET),
        (signed(ADDED, secret="x"), ADDED, URL, SECRET),
        (signed(ADDED, secret=""), ADDED, URL, ""),
        ({}, ADDED, URL, SECRET),
        ({"X-Trello-Webhook": "ü\ud800"}, ADDED, URL, SECRET),
        ({"X-Trello-Webhook": "====" * 1000}, ADDED, URL, SECRET),
    ],
)
def test_every_other_signature_is_refused(headers, body, url, secret):
    with pytest.raises(SignatureError):
        INBOUND.verify(secret=secret, url=url, headers=headers, body=body)


def test_an_attachment_that_came_or_went_is_named():
    hint = INBOUND.read(signed(ADDED), ADDED)
    assert (hint.kind, hint.refs, hint.ours) == ("addAttachmentToCard", ("a1",), False)
    assert hint.extra == {"target": "c1"}
    gone = body_of("deleteAttachmentFromCard", {"attachment": {"id": "a1", "name": "x"}})
    assert INBOUND.read({}, gone).refs == ("a1",)


def test_an_echo_of_our_own_write_is_recognised():
    assert INBOUND.read({"X-Trello-Client-Identifier": "damhub"}, ADDED).ours
    assert not INBOUND.read({"X-Trello-Client-Identifier": "other"}, ADDED).ours


def test_the_same_action_has_the_same_key():
    assert INBOUND.read({}, ADDED).delivery_key == INBOUND.read({}, ADDED).delivery_key
    other = body_of("addAttachmentToCard", {}, action="63e2b77d5033cd7812bc7a90")
    assert INBOUND.read({}, ADDED).delivery_key != INBOUND.read({}, other).delivery_key


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b'{"action": 5}', b"\xff", b"[" * 5000, b'{"action":{"id":7}}']
)
def test_a_body_that_cannot_be_read_names_nothing_and_is_no_error(body):
    hint = INBOUND.read({"X-Trello-Client-Identifier": "damhub"}, body)
    assert (hint.kind, hint.refs, hint.ours) == ("unreadable", (), False)


def test_an_event_that_nobody_knows_names_nothing():
    hint = INBOUND.read({}, body_of("voteOnSomethingNew", {"card": {"id": "c1"}}))
    assert (hint.kind, hint.refs) == ("voteOnSomethingNew", ())


def test_a_deleted_card_makes_all_copies_due_as_its_links_are_not_named():
    hint = INBOUND.read({}, body_of("deleteCard", {"card": {"id": "c1", "idShort": 1120, "shortLink": "fWdPbwrp"}}))
    assert (hint.refs, hint.anything) == ((), True)
    assert not INBOUND.read({}, ADDED).anything
