"""Remotes that sign nothing and carry a token in a header: object stores."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from connectors.object_store.events import StoreEvents
from connectors.object_store.sandbox_events import posted
from connectors.sdk.manifest import Capability
from hub.connections.models import Inbox
from tests.unit.connections.fakevendor import APP_SECRET

KEY = "a folder/dhaaaaaa-bbbbbbbbbbbbbbbbbbbb-logo.png"


@pytest.fixture
def subscribed(connections, connected, admin, registry):
    abilities = {name: one for name, one in registry["tiny"].abilities.items() if name is not Capability.SUBSCRIBE}
    gaps = {**registry["tiny"].gaps, "subscribe": "A person enters address and token there."}
    registry["tiny"] = replace(registry["tiny"], inbound=StoreEvents(), abilities=abilities, gaps=gaps)
    connections.refresh_targets(admin, connected.id)
    return connections.subscribe(admin, connections.targets(admin)[0].id)


@pytest.fixture
def deliver(connections, subscribed):
    def deliver(token, kind="s3:ObjectRemoved:Delete"):
        sent = posted("press", KEY, kind, token=token)
        return connections.receive(subscribed.id, method="POST", headers=sent.headers, body=sent.body).status

    return deliver


@pytest.fixture
def token(subscribed):
    return subscribed.secret or APP_SECRET


@pytest.mark.parametrize("wrong", ["", "another", "{}x", " "])
def test_without_the_token_in_its_header_a_delivery_is_refused_and_counted(
    connections, connected, admin, deliver, token, wrong
):
    assert deliver(wrong.format(token)) == 401
    assert connections.drain_inbox("worker") == 0
    assert connections.view(admin, connected.id).forged == 1


def test_with_it_the_named_object_is_due_and_the_token_is_not_kept(
    connections, connected, deliver, events, token, database
):
    assert deliver(token) == 200
    assert connections.drain_inbox("worker") == 1
    (hint,) = events("remote.hint")
    assert (hint.subject, hint.body["refs"]) == (connected.remote_id, [KEY])
    with database.read() as session:
        (kept,) = session.scalars(select(Inbox)).all()
        assert token not in str(kept.headers)


def test_of_reads_nothing_is_due(connections, deliver, events, token):
    assert deliver(token, "s3:ObjectAccessed:Head") == 200
    connections.drain_inbox("worker")
    assert events("remote.hint") == []
