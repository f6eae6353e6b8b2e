"""Remotes that sign nothing, and say only that something happened: a word in the address proves them."""

from dataclasses import replace

import pytest

from connectors.postiz.events import PostizInbound
from connectors.sdk.manifest import Capability
from tests.unit.connections.fakevendor import APP_SECRET

EMPTY = b"[]"


@pytest.fixture
def subscribed(connections, connected, admin, registry):
    abilities = {name: one for name, one in registry["tiny"].abilities.items() if name is not Capability.SUBSCRIBE}
    gaps = {**registry["tiny"].gaps, "subscribe": "A person enters the address there."}
    registry["tiny"] = replace(registry["tiny"], inbound=PostizInbound(), abilities=abilities, gaps=gaps)
    connections.refresh_targets(admin, connected.id)
    return connections.subscribe(admin, connections.targets(admin)[0].id)


@pytest.fixture
def deliver(connections, subscribed):
    return lambda query, body=EMPTY: connections.receive(
        subscribed.id, method="POST", headers={"Content-Type": "application/json"}, body=body, query=query
    )


@pytest.fixture
def subscribed_secret(subscribed):
    return subscribed.secret or APP_SECRET


@pytest.mark.parametrize("query", [None, {}, {"secret": ""}, {"secret": "another"}, {"other": "x"}])
def test_without_the_word_in_its_address_a_delivery_is_refused(connections, deliver, query):
    assert deliver(query).status == 401
    assert connections.drain_inbox("worker") == 0


def test_that_something_happened_makes_all_copies_due(connections, connected, deliver, events, subscribed_secret):
    assert deliver({"secret": subscribed_secret}).status == 200
    assert connections.drain_inbox("worker") == 1
    (hint,) = events("remote.hint")
    assert (hint.subject, hint.body["refs"]) == (connected.remote_id, [])


def test_alike_deliveries_are_one_until_it_was_worked_and_then_another(connections, deliver, events, subscribed_secret):
    for _ in range(3):
        deliver({"secret": subscribed_secret})
    assert connections.drain_inbox("worker") == 1
    deliver({"secret": subscribed_secret})
    assert connections.drain_inbox("worker") == 1
    assert len(events("remote.hint")) == 2


def test_one_that_names_its_posts_makes_those_due_once(connections, deliver, events, subscribed_secret):
    for _ in range(2):
        deliver({"secret": subscribed_secret}, b'[{"id": "cmw1"}]')
        connections.drain_inbox("worker")
    (hint,) = events("remote.hint")
    assert hint.body["refs"] == ["cmw1"]
