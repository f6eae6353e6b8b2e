"""Deliveries are read again after a mistake was mended: by account, time and state, and nothing that was forged."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from hub.clock import HOUR
from hub.connections.models import Inbox
from hub.connections.replaying import Which, count, replay
from hub.errors import NotFound
from tests.unit.connections.fakevendor import APP_SECRET, TinyInbound, sign


@pytest.fixture
def deliver(connections, connected, admin):
    connections.refresh_targets(admin, connected.id)
    subscribed = connections.subscribe(admin, connections.targets(admin)[0].id)

    def send(identity, *, secret=APP_SECRET, kind="changed", **more):
        body = json.dumps({"id": identity, "kind": kind, "refs": [identity], **more}).encode()
        headers = sign(secret, subscribed.callback_url, body)
        return connections.receive(subscribed.id, method="POST", headers=headers, body=body).status

    return send


@pytest.fixture
def again(database):
    def act(**which):
        with database.unit() as session:
            found = count(session, Which(**which))
            replay(session, Which(**which))
        return sum(one.deliveries for one in found)

    return act


def hinted(events):
    return [ref for hint in events("remote.hint") for ref in hint.body["refs"]]


@pytest.mark.both
def test_what_a_mistake_overlooked_is_read_again_once_that_is_mended(
    connections, deliver, again, events, clock, database, monkeypatch
):
    with monkeypatch.context() as mistaken:
        mistaken.setattr(TinyInbound, "read", lambda *_: (_ for _ in ()).throw(KeyError("new_field")))
        deliver("c1")
        clock.advance(HOUR)
        deliver("c2")
        connections.drain_inbox("worker")
    assert hinted(events) == []
    assert again(states=("ignored",)) == 2
    assert connections.drain_inbox("worker") == 2
    assert hinted(events) == ["c1", "c2"], "in the order in which they came"
    with database.read() as session:
        assert {row.state for row in session.scalars(select(Inbox))} == {"worked"}


def test_only_what_was_asked_for_is_read_again(connections, connected, deliver, again, events, clock):
    began = clock.now()
    for name in ("c1", "c2", "c3"):
        deliver(name)
        clock.advance(HOUR)
    deliver("ours", ours=True)
    connections.drain_inbox("worker")
    assert again(since=began + HOUR, until=began + 2 * HOUR) == 1
    connections.drain_inbox("worker")
    assert hinted(events) == ["c1", "c2", "c3", "c2"]
    assert again(states=("ignored",)) == 1
    connections.drain_inbox("worker")
    assert len(hinted(events)) == 4, "our own writes are recognised again"
    assert again(connection_id=connected.id) == 4
    with pytest.raises(NotFound):
        again(connection_id="unknown")


def test_what_was_forged_was_not_kept_and_what_still_waits_is_not_counted(deliver, again, connections, events):
    assert deliver("lie", secret="guessed") == 401
    assert deliver("waits") == 200
    assert again() == 0
    assert again(states=("new", "worked")) == 0
    connections.drain_inbox("worker")
    assert hinted(events) == ["waits"]
