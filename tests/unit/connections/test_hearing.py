from __future__ import annotations

import base64
import json
import threading
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from connectors.sdk.errors import AuthExpired
from connectors.sdk.manifest import Ability, Capability
from hub.connections import inbox
from hub.connections.models import Inbox, Subscription
from hub.connections.recognising import Known
from hub.db.installation import observe_only
from hub.db.models import Installation
from hub.errors import Conflict, Invalid, NotFound, Unavailable
from tests.unit.connections.fakevendor import APP_SECRET, KEY, sign


@pytest.fixture
def target(connections, connected, admin):
    connections.refresh_targets(admin, connected.id)
    return connections.targets(admin)[0]


@pytest.fixture
def subscribed(connections, admin, target):
    return connections.subscribe(admin, target.id)


@pytest.fixture
def deliver(connections, subscribed):
    """Send a delivery as the vendor would; keyword arguments spoil it."""

    def send(said=None, *, body=None, secret=APP_SECRET, url=None, to=None, method="POST", headers=None):
        raw = json.dumps(said).encode() if body is None else body
        signed = sign(secret, url or subscribed.callback_url, raw)
        signed = {name.title(): value for name, value in signed.items()} | (headers or {})
        return connections.receive(to or subscribed.id, method=method, headers=signed, body=raw)

    return send


def changed(identity="d1", refs=("c1",), **more):
    return {"id": identity, "kind": "changed", "refs": list(refs), **more}


@pytest.fixture
def rows(database):
    def read():
        with database.read() as session:
            return list(session.scalars(select(Inbox).order_by(Inbox.at, Inbox.delivery_key)))

    return read


def test_the_remote_is_told_our_address_once_and_no_secret_is_shown(connections, subscribed, admin, target, tiny):
    assert subscribed.callback_url == f"https://hub.example/hooks/{subscribed.id}"
    assert subscribed.secret is None
    again = connections.subscribe(admin, target.id)
    assert again.id == subscribed.id
    assert tiny.hooks == {subscribed.callback_url: "hook-1"}
    assert connections.list(admin)[0].subscriptions == 1


@pytest.mark.both
def test_a_delivery_is_kept_as_it_came_and_answered_at_once(deliver, rows, connected, events, clock):
    said = changed(refs=["c1", "c2", "c1"])
    words = {"Cookie": "a=b", "Authorization": "Basic xyz", "X-Goog-Channel-Token": "w", "X-Hook-Secret": "w"}
    assert deliver(said, headers=words) == (200, {}, b"")
    (row,) = rows()
    assert base64.b64decode(row.body) == json.dumps(said).encode()
    assert (row.state, row.at, row.remote_id) == ("new", clock.now(), connected.remote_id)
    assert list(row.headers) == ["x-tiny-signature"]
    assert "remote.hint" not in events()


def test_work_turns_it_into_a_hint(connections, deliver, rows, connected, events):
    deliver(changed(refs=["c1", "c2", "c1"]))
    assert connections.drain_inbox("worker") == 1
    assert connections.drain_inbox("worker") == 0
    (hint,) = events("remote.hint")
    assert hint.subject == connected.remote_id
    assert hint.actor == "connector:tiny"
    assert hint.body == {"remote_id": connected.remote_id, "refs": ["c1", "c2"], "kind": "changed"}
    assert rows()[0].state == "worked"


def test_a_doubled_delivery_is_answered_well_and_kept_once(connections, deliver, rows, events):
    for _ in range(3):
        assert deliver(changed())[0] == 200
    connections.drain_inbox("worker")
    assert deliver(changed())[0] == 200, "a replay after the work was done"
    assert connections.drain_inbox("worker") == 0
    assert len(rows()) == 1
    assert len(events("remote.hint")) == 1


@pytest.mark.parametrize(
    "spoiled",
    [
        {"secret": "guessed"},
        {"secret": ""},
        {"url": "https://hub.example/hooks/other"},
        {"headers": {"X-Tiny-Signature": ""}},
        {"headers": {"X-Tiny-Signature": "ü\x00"}},
    ],
)
def test_a_forged_delivery_is_refused_and_leaves_nothing(deliver, rows, spoiled, connections, events, admin):
    before = events()
    assert deliver(changed(), **spoiled) == (401, {}, b"")
    assert rows() == []
    assert events() == before
    assert connections.list(admin)[0].state == "live"


def test_a_delivery_signed_for_one_address_is_refused_at_another(connections, deliver, admin, rows, tiny):
    other = connections.subscribe(admin, connections.targets(admin)[1].id)
    assert deliver(changed(), to=other.id)[0] == 401
    assert rows() == []


def test_a_changed_body_is_refused(connections, subscribed, rows):
    body = json.dumps(changed()).encode()
    headers = sign(APP_SECRET, subscribed.callback_url, body)
    assert connections.receive(subscribed.id, method="POST", headers=headers, body=body + b" ").status == 401
    assert rows() == []


def test_the_handshake_is_answered_and_other_methods_are_not(deliver, rows):
    assert deliver(changed(), method="HEAD") == (200, {"X-Hello": "yes"}, b"")
    assert deliver(changed(), method="GET") == (405, {"Allow": "POST"}, b"")
    assert rows() == []


def test_an_unknown_address_is_not_found(deliver, rows):
    assert deliver(changed(), to="nothing") == (404, {}, b"")
    assert rows() == []


def test_a_body_over_the_limit_is_refused_before_anything_else(deliver):
    assert deliver(body=b" " * (inbox.LARGEST_BODY + 1)) == (413, {}, b"")
    assert deliver(body=b" " * (inbox.LARGEST_BODY + 1), to="nothing") == (413, {}, b"")


def test_a_disconnected_account_tells_the_remote_to_stop_and_a_paused_one_listens(
    connections, deliver, admin, connected, rows
):
    connections.pause(admin, connected.id)
    assert deliver(changed("while paused"))[0] == 200
    connections.disconnect(admin, connected.id)
    assert deliver(changed("after")) == (410, {}, b"")
    assert [row.delivery_key for row in rows()] == ["while paused"]


def test_unknown_events_and_echoes_are_recorded_and_ignored(connections, deliver, rows, events):
    assert deliver({"id": "1", "kind": "invented", "refs": ["c1"]})[0] == 200
    assert deliver(changed("2", ours=True))[0] == 200
    assert connections.drain_inbox("worker") == 2
    assert [row.state for row in rows()] == ["ignored", "ignored"]
    assert all(row.error for row in rows())
    assert "remote.hint" not in events()


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"7", b'{"id": 7}', b"[" * 100_000, b"\xff\xfe"])
def test_a_signed_body_that_cannot_be_read_is_kept_and_ignored(connections, deliver, rows, body):
    assert deliver(body=body)[0] == 200
    assert deliver(body=body)[0] == 200
    connections.drain_inbox("worker")
    (row,) = rows()
    assert row.state == "ignored"
    assert base64.b64decode(row.body) == body


@pytest.mark.parametrize("key", ["", "k" * 5000, "nul\x00byte", "\ud800"])
def test_a_strange_delivery_key_is_no_error(deliver, rows, key):
    assert deliver(changed(key))[0] == 200
    assert deliver(changed(key))[0] == 200
    (row,) = rows()
    assert len(row.delivery_key) < 100


def test_a_delivery_of_a_connector_that_was_removed_is_ignored(connections, deliver, rows, registry):
    deliver(changed())
    registry.clear()
    connections.drain_inbox("worker")
    assert rows()[0].state == "ignored"
    assert deliver(changed("later"))[0] == 404


def test_a_refusal_leaves_no_address_and_a_lost_answer_keeps_it(connections, admin, target, tiny, database):
    tiny.answer = httpx.Response(403, text="no")
    with pytest.raises(Invalid):
        connections.subscribe(admin, target.id)
    tiny.answer = httpx.ReadTimeout("lost")
    with pytest.raises(Unavailable):
        connections.subscribe(admin, target.id)
    with database.read() as session:
        (kept,) = session.scalars(select(Subscription))
    tiny.answer = None
    assert connections.subscribe(admin, target.id).id == kept.id


def test_a_known_subscription_survives_a_later_refusal(connections, admin, subscribed, target, tiny, database):
    tiny.answer = httpx.Response(403, text="no")
    with pytest.raises(Invalid):
        connections.subscribe(admin, target.id)
    with database.read() as session:
        assert session.get_one(Subscription, subscribed.id).external_ref == "hook-1"


def test_the_address_stands_before_the_remote_is_asked(connections, admin, target, tiny, database, monkeypatch):
    seen = []
    answer = type(tiny).__call__

    def look(vendor, request):
        if request.url.path == "/hooks":
            with database.read() as session:
                seen.extend(session.scalars(select(Subscription.id)))
        return answer(vendor, request)

    monkeypatch.setattr(type(tiny), "__call__", look)
    made = connections.subscribe(admin, target.id)
    assert seen == [made.id]


def test_without_the_app_secret_nothing_is_subscribed(connections, admin, tiny):
    made = connections.connect(admin, "tiny", auth="key", settings={}, secrets={"key": KEY})
    connections.refresh_targets(admin, made.id)
    with pytest.raises(Invalid) as refused:
        connections.subscribe(admin, connections.targets(admin)[0].id)
    assert refused.value.code == "signing_secret_missing"
    assert tiny.hooks == {}


def test_a_connection_that_needs_a_person_cannot_subscribe(connections, admin, target, connected):
    connections.report(connected.remote_id, AuthExpired("refused"))
    with pytest.raises(Invalid):
        connections.subscribe(admin, target.id)


def test_where_a_person_sets_the_sender_up_the_secret_is_shown_once(
    connections, admin, target, registry, tiny, rows, database
):
    auths = tuple(replace(one, fields=one.fields[:1]) for one in registry["tiny"].auths)  # it signs with nothing yet
    registry["tiny"] = replace(registry["tiny"], abilities={Capability.TARGETS: Ability()}, auths=auths)
    calls = len(tiny.asked)
    made = connections.subscribe(admin, target.id)
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(made)
    assert len(tiny.asked) == calls, "the remote is not called"
    body = json.dumps(changed()).encode()
    headers = sign(made.secret, made.callback_url, body)
    assert connections.receive(made.id, method="POST", headers=headers, body=body).status == 200
    with database.read() as session:
        assert made.secret not in session.get_one(Subscription, made.id).sealed_secret
    again = connections.subscribe(admin, target.id)
    assert (again.id, again.secret == made.secret) != (made.id, True)


def test_a_connector_without_webhooks_says_so(connections, admin, registry, target):
    registry["tiny"] = replace(registry["tiny"], inbound=None)
    with pytest.raises(Invalid) as refused:
        connections.subscribe(admin, target.id)
    assert refused.value.code == "no_webhooks"
    with pytest.raises(NotFound):
        connections.subscribe(admin, "nothing")


def test_hostile_texts_in_a_signed_delivery_stop_no_work(connections, deliver, rows, events):
    deliver({"id": "1", "kind": "changed", "refs": ["a\x00b", "\ud800", "good"]})
    assert connections.drain_inbox("worker") == 1
    (hint,) = events("remote.hint")
    assert hint.body["refs"] == ["good"]


@pytest.mark.both
def test_the_same_delivery_many_times_at_once_is_kept_once(deliver, rows):
    together = threading.Barrier(8)
    answers = []

    def send():
        together.wait()
        answers.append(deliver(changed())[0])

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert len(rows()) == 1


@pytest.mark.both
def test_two_workers_turn_each_delivery_into_one_hint(connections, deliver, events):
    for number in range(20):
        deliver(changed(f"d{number}"))
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(connections.drain_inbox("w"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 20
    assert len(events("remote.hint")) == 20


def test_after_the_app_secret_changed_subscribing_again_takes_the_new_one(connections, admin, target, deliver):
    assert deliver(changed("old"))[0] == 200
    newer = {"key": KEY, "app_secret": "a newer secret"}
    connections.connect(admin, "tiny", auth="key", settings={}, secrets=newer, known=Known.RENEW)
    connections.subscribe(admin, target.id)
    assert deliver(changed("new"), secret="a newer secret")[0] == 200
    assert deliver(changed("forged"))[0] == 401


def test_a_hub_that_only_observes_asks_for_no_webhooks(connections, admin, target, tiny, database):
    with database.unit() as session:
        observe_only(session.scalars(select(Installation)).one(), "woke up elsewhere")
    with pytest.raises(Conflict):
        connections.subscribe(admin, target.id)
    assert tiny.hooks == {}
