"""No transaction is open across network or file I/O: each service that does such I/O refuses to begin inside a unit."""

from __future__ import annotations

import io
from contextlib import ExitStack

import httpx
import pytest

from hub.clock import MINUTE
from hub.db.unit import TransactionOpenError, transaction_open
from hub.placements.visitor import Visitor
from hub.storage.ledger import record
from tests.stories.story import ADA, OUT, Story, picture

CALLS = {
    "intake.upload": lambda s: s.rooms.intake.upload(ADA, io.BytesIO(picture("red")), filename="red.jpg"),
    "media.drain": lambda s: s.rooms.media.drain("worker"),
    "search.drain": lambda s: s.rooms.search.drain("worker"),
    "connections.connect": lambda s: s.connect("rest"),
    "connections.test": lambda s: s.rooms.connections.test(ADA, s.connection),
    "connections.refresh_targets": lambda s: s.rooms.connections.refresh_targets(ADA, s.connection),
    "connections.speak": lambda s: s.rooms.connections.speak(s.target.remote_id),
    "connections.subscribe": lambda s: s.rooms.connections.subscribe(ADA, s.target.id),
    "connections.drain_health": lambda s: s.rooms.connections.drain_health("worker"),
    "placements.reconcile": lambda s: s.rooms.placements.reconcile("worker"),
    "placements.visitor": lambda s: Visitor(s.settings).view(s.url),
    "notify.add_endpoint": lambda s: s.rooms.notify.add_endpoint(ADA, s.receiver_url, OUT),
    "notify.on": lambda s: s.rooms.notify.on(ADA, s.endpoint.id),
    "notify.drain_deliveries": lambda s: s.rooms.notify.drain_deliveries("worker"),
    "delivery.open": lambda s: s.rooms.delivery.open_rendition(ADA, s.asset_id, "original").open(0, None),
    "store.put": lambda s: s.rooms.store.put(io.BytesIO(b"bytes")),
}


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A hub in which every service has something to do."""
    from hub.clock import ManualClock
    from hub.db.migrate import migrate
    from hub.db.unit import Database

    home = tmp_path_factory.mktemp("busy")
    url = f"sqlite:///{home / 'damhub.sqlite3'}"
    migrate(Database(url))
    with ExitStack() as stack:
        story = Story(stack, home / "home", url, ManualClock())
        story.endpoint = story.listen()
        story.target = story.connect("trello")
        story.connection = story.rooms.connections.list(ADA)[0].id
        story.asset_id = story.asset("navy")
        story.rooms.placements.place(ADA, story.asset_id, story.target.id)
        story.run()
        story.asset("teal")  # to be decoded, indexed and told
        story.rooms.notify.drain_events("worker")
        story.rooms.rights.add_term(ADA, story.asset_id, source="embargo", effect="deny")
        story.rooms.placements.plan("worker")
        story.clock.advance(25 * 60 * MINUTE)
        yield story


@pytest.mark.parametrize("name", CALLS)
def test_a_service_refuses_to_do_io_inside_a_unit(busy, name):
    with busy.rooms.database.read(), pytest.raises(TransactionOpenError):
        CALLS[name](busy)
    assert not transaction_open()


def test_a_ledger_of_bytes_needs_no_io_and_may_be_written_inside_a_unit(busy):
    stored = busy.rooms.store.put(io.BytesIO(b"bytes"))
    with busy.rooms.database.unit() as session:
        record(session, stored, sniffed_type="text/plain", at=1)


def test_a_request_in_a_unit_would_be_noticed(busy, no_unit_open_across_the_network):
    with busy.rooms.database.read(), httpx.Client(trust_env=False) as client:
        assert client.get(busy.url + "/api/openapi.json").is_success
    assert no_unit_open_across_the_network == [f"GET {busy.url}/api/openapi.json"]
    no_unit_open_across_the_network.clear()
