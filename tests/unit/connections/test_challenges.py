"""Remotes whose webhooks a person sets up there: the address says a word back, and the app's own secret signs."""

import json
from dataclasses import replace

import pytest

from connectors.sdk.manifest import Capability
from tests.unit.connections.fakevendor import APP_SECRET, TinyInbound, sign

WORD = "w0rd-of-the-remote"


class ChallengingInbound(TinyInbound):
    """Says the word back, and which secret it was asked with."""

    asked = ()

    def challenge(self, query, *, secret):
        self.asked = (*self.asked, secret)
        return (200, {"Content-Type": "text/plain"}, query["challenge"].encode()) if "challenge" in query else None


@pytest.fixture
def inbound(registry):
    inbound = ChallengingInbound()
    abilities = {name: one for name, one in registry["tiny"].abilities.items() if name is not Capability.SUBSCRIBE}
    gaps = {**registry["tiny"].gaps, "subscribe": "A person enters the address there."}
    registry["tiny"] = replace(registry["tiny"], inbound=inbound, abilities=abilities, gaps=gaps)
    return inbound


@pytest.fixture
def subscribed(connections, connected, admin, inbound):
    connections.refresh_targets(admin, connected.id)
    return connections.subscribe(admin, connections.targets(admin)[0].id)


def test_the_word_comes_back(connections, subscribed, inbound):
    reply = connections.receive(subscribed.id, method="GET", headers={}, body=b"", query={"challenge": WORD})
    assert tuple(reply) == (200, {"Content-Type": "text/plain"}, WORD.encode())
    assert inbound.asked == (APP_SECRET,)


@pytest.mark.parametrize("query", [{}, {"other": "x"}, None])
def test_a_get_without_a_word_is_no_delivery(connections, subscribed, query):
    assert connections.receive(subscribed.id, method="GET", headers={}, body=b"", query=query).status == 405


def test_a_delivery_is_no_challenge_whatever_its_query_says(connections, subscribed, inbound):
    reply = connections.receive(subscribed.id, method="POST", headers={}, body=b"{}", query={"challenge": WORD})
    assert reply.status == 401
    assert not inbound.asked


def test_the_apps_own_secret_signs_and_is_not_shown(connections, subscribed):
    assert subscribed.secret is None
    body = json.dumps({"id": "d1", "kind": "changed", "refs": ["c1"]}).encode()
    signed = sign(APP_SECRET, subscribed.callback_url, body)
    assert connections.receive(subscribed.id, method="POST", headers=signed, body=body).status == 200
    forged = sign("another-secret-entirely", subscribed.callback_url, body)
    assert connections.receive(subscribed.id, method="POST", headers=forged, body=body).status == 401
