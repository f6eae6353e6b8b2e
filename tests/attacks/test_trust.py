"""The operator's trust in one address inside (`trusted_origins`) is nothing that a stranger outside can use."""

from __future__ import annotations

import httpx
import pytest

from connectors.sdk.guard import AddressRefused, Guard
from connectors.sdk.http import Api
from connectors.sdk.public import fetch_public
from connectors.sdk.wire import GuardedTransport, guarded_client
from connectors.testing.pinboard import MANIFEST
from tests.unit.sdk.loopback import respond, server

OUTSIDE = "https://outside.example"


class FirstAnswer(GuardedTransport):
    """The real transport, but what `OUTSIDE` would answer is answered here: a redirect to where the test likes."""

    def __init__(self, guard, location):
        super().__init__(guard)
        self.location = location

    def handle_request(self, request):
        if request.url.host == "outside.example":
            return httpx.Response(302, headers={"Location": self.location})
        return super().handle_request(request)


def asks(client):
    api = Api(OUTSIDE, manifest=MANIFEST, client=client)
    return (lambda: api.ask("GET", "/x"), lambda: fetch_public(f"{OUTSIDE}/x", client=client))


@pytest.mark.parametrize("ask", [0, 1], ids=["a read", "a public look"])
def test_a_stranger_sends_the_hub_to_no_trusted_address_inside(ask):
    with server(lambda conn, head, body: conn.sendall(respond())) as (inside, seen):
        guard = Guard(trusted_origins=[inside])
        client = guarded_client(guard, transport=FirstAnswer(guard, f"{inside}/admin"))
        with pytest.raises(AddressRefused):
            asks(client)[ask]()
        assert seen == [], "nothing was sent there"
        assert client.get(inside).status_code == 200, "a connection that is open now"
        with pytest.raises(AddressRefused):
            asks(client)[ask]()
        assert len(seen) == 1


def test_a_trusted_address_may_send_the_hub_to_another_one():
    with server(lambda conn, head, body: conn.sendall(respond())) as (there, seen):
        moved = respond(302, Location=f"{there}/moved")
        with server(lambda conn, head, body: conn.sendall(moved)) as (here, _):
            client = guarded_client(Guard(trusted_origins=[here, there]))
            assert fetch_public(f"{here}/x", client=client).status == 200
            assert len(seen) == 1


def test_a_name_that_resolves_inward_later_is_refused_when_it_does():
    answers = iter((["93.184.216.34"], ["127.0.0.1"]))
    guard = Guard(resolver=lambda host, port: next(answers))
    assert guard.addresses(OUTSIDE, "outside.example", 443) == ("93.184.216.34",)
    with pytest.raises(AddressRefused):
        fetch_public(f"{OUTSIDE}/x", client=guarded_client(guard))
