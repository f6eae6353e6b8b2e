"""Webhooks that come in: forged, replayed, crossed, huge, for nobody."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest
from sqlalchemy import select

from connectors.trello.events import sign
from connectors.wordpress import events as helper
from hub.connections.models import Inbox
from hub.events.models import Event
from tests.attacks.test_bad_remotes import Connected
from tests.services import free_ports
from tests.stories.story import served


@pytest.fixture(scope="module")
def hub(tmp_path_factory, sqlite_template):
    with ExitStack() as stack:
        port = free_ports()
        home = tmp_path_factory.mktemp("hooks") / "home"
        made = Connected(stack, home, sqlite_template, base_url=f"http://127.0.0.1:{port}")
        stack.enter_context(served(made.app, port))  # Trello calls the address before it takes it
        places = made.rooms.connections.targets(made.admin)
        trello = [place for place in places if place.connector == "trello"]
        made.first = made.rooms.connections.subscribe(made.admin, trello[0].id)
        made.second = made.rooms.connections.subscribe(made.admin, trello[1].id)
        made.blog = made.rooms.connections.subscribe(made.admin, made.targets["wordpress"].id)
        made.app_secret = made.sandboxes["trello"].secrets["secret"]
        yield made


BODY = json.dumps({
    "action": {"id": "a1", "type": "addAttachmentToCard", "data": {"attachment": {"id": "att1"}, "card": {"id": "c1"}}}
}).encode()  # fmt: skip


def post(hub, subscribed, headers, body=BODY):
    return hub.client(None).post(f"/hooks/{subscribed.id}", data=body, headers=headers).status_code


def kept(hub):
    return len(hub.read(select(Inbox)))


def test_a_forged_delivery_is_refused_and_not_kept(hub):
    before = kept(hub)
    good = sign(hub.app_secret, hub.first.callback_url, BODY)
    forged = [
        {}, {"X-Trello-Webhook": ""}, {"X-Trello-Webhook": "AAAA"}, {"X-Trello-Webhook": good[:-2]},
        {"X-Trello-Webhook": sign("", hub.first.callback_url, BODY)},
        {"X-Trello-Webhook": sign("guess", hub.first.callback_url, BODY)},
        {"X-Trello-Webhook": sign(hub.app_secret, hub.first.callback_url, BODY + b" ")},
        {"X-Trello-Webhook": sign(hub.app_secret, "http://evil.test/hooks/x", BODY)},
        {"X-Trello-Webhook": "\u00fc"}, {"X-Damhub-Signature": good},
    ]  # fmt: skip
    for headers in forged:
        assert post(hub, hub.first, headers) == 401, headers
    assert post(hub, hub.first, {"X-Trello-Webhook": good}, BODY.replace(b"a1", b"a2")) == 401
    assert kept(hub) == before


def test_a_delivery_for_one_address_is_worth_nothing_at_another(hub):
    before = kept(hub)
    good = sign(hub.app_secret, hub.first.callback_url, BODY)
    for other in (hub.second, hub.blog):
        assert post(hub, other, {"X-Trello-Webhook": good}) == 401
    message = helper.body("attachment.updated", 7, "library")
    signed = helper.headers(hub.blog.secret, message, delivery_key="d1", at=1)
    assert post(hub, hub.first, signed, message) == 401
    assert kept(hub) == before


def test_a_replayed_delivery_counts_once(hub):
    good = {"X-Trello-Webhook": sign(hub.app_secret, hub.first.callback_url, BODY)}
    before = kept(hub)
    assert [post(hub, hub.first, good) for _ in range(5)] == [200] * 5
    assert kept(hub) == before + 1
    hub.work("inbox")
    hints = len(hub.read(select(Event).where(Event.kind == "remote.hint")))
    assert [post(hub, hub.first, good) for _ in range(5)] == [200] * 5
    hub.work("inbox")
    assert len(hub.read(select(Event).where(Event.kind == "remote.hint"))) == hints


def test_a_message_of_the_helper_is_bound_to_its_key_and_time(hub):
    message = helper.body("attachment.deleted", 7, "library")
    good = helper.headers(hub.blog.secret, message, delivery_key="d2", at=1_700_000_000)
    for name, value in {helper.DELIVERY: "d3", helper.TIMESTAMP: "1700000001", helper.SIGNATURE: "00"}.items():
        assert post(hub, hub.blog, {**good, name: value}, message) == 401
    assert post(hub, hub.blog, good, message) == 200


def test_a_delivery_deletes_nothing_and_only_makes_the_hub_look(hub):
    """The worst that a sender with the right secret can say is that the hub should look."""
    before = hub.count()
    message = helper.body("attachment.deleted", 8, "library")
    assert post(hub, hub.blog, helper.headers(hub.blog.secret, message, delivery_key="d9", at=1), message) == 200
    hub.work("inbox", "plan")
    assert hub.count() == before


@pytest.mark.parametrize("body", [
    b"[" * 50_000, b"\xff\xfe", b'{"action": {"id": 5}}', b'{"action": {"id": "x\\u0000", "type": "\\ud800"}}', b"",
    b'{"action": {"id": "' + b"y" * 5_000 + b'"}}',
], ids=range(6))  # fmt: skip
def test_a_signed_body_of_nonsense_is_taken_and_ignored(hub, body):
    assert post(hub, hub.first, {"X-Trello-Webhook": sign(hub.app_secret, hub.first.callback_url, body)}, body) == 200
    hub.work("inbox")
    hub.well()


def test_nobody_is_told_which_addresses_there_are(hub):
    unknown = [
        hub.client(None).post(f"/hooks/{name}", data=b"x") for name in ("x", "01a00000-0000-7000-8000-000000000000")
    ]
    assert {(answer.status_code, answer.data) for answer in unknown} == {(404, b"")}
    huge = hub.client(None).post(f"/hooks/{hub.first.id}", data=b"x" * (1024 * 1024 + 1))
    assert huge.status_code == 413


def test_after_a_disconnect_nothing_more_is_heard(hub):
    hub.rooms.connections.disconnect(hub.admin, hub.connections["trello"])
    before = kept(hub)
    good = sign(hub.app_secret, hub.second.callback_url, BODY)
    assert post(hub, hub.second, {"X-Trello-Webhook": good}) == 410
    assert kept(hub) == before
