"""A loopback server, an authorization server on it, and a client for it."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from connectors.sdk.manifest import OAuth
from connectors.testing.authorization_server import AuthorizationServer
from hub.access.actors import Actor, Role
from hub.access.keyring import Keyring
from hub.connections.service import Connections
from hub.connections.speaking import Speaking
from hub.db.installation import wake
from hub.events.models import Event
from hub.settings import Settings
from tests.unit.connections.fakevendor import APP_SECRET, KEY, TinyVendor, tiny_manifest

CALLBACK = "https://hub.example/oauth/callback"
CLIENT_SECRET = "registered-client-secret"


@contextmanager
def serving(app):
    """Serve a WSGI application on a free loopback port; yield its origin."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def vendor():
    """The authorization server behind `origin`."""
    return AuthorizationServer(client_id="hub", client_secret=CLIENT_SECRET, redirect_uris=(CALLBACK,))


@pytest.fixture
def origin(vendor):
    with serving(vendor.app) as origin:
        yield origin


@pytest.fixture
def oauth(origin):
    return OAuth(
        authorize_url=f"{origin}/authorize",
        token_url=f"{origin}/token",
        revoke_url=f"{origin}/revoke",
        scopes=("read", "write"),
    )


@pytest.fixture
def http():
    with httpx.Client(timeout=5) as client:
        yield client


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home", base_url="https://hub.example")


@pytest.fixture
def keyring(settings):
    return Keyring.load(settings)


@pytest.fixture
def tiny():
    """The vendor behind the connector `tiny`."""
    return TinyVendor()


@pytest.fixture
def registry():
    return {"tiny": tiny_manifest(), "quiet": tiny_manifest(name="quiet", inbound=None, abilities={})}


@pytest.fixture
def connections(database, clock, keyring, registry, settings, tiny):
    """The service, speaking to the tiny vendor."""
    wake(database, settings, clock)
    client = httpx.Client(transport=httpx.MockTransport(tiny))
    speaking = Speaking(
        database,
        clock,
        keyring,
        registry,
        base_url=settings.url,
        trusted_origins=[],
        client=client,
        sleep=lambda _seconds: None,
    )
    yield Connections(database, clock, keyring, registry, settings, speaking=speaking)
    client.close()


@pytest.fixture
def admin():
    return Actor("user-admin", "Ada", Role.ADMINISTRATOR)


@pytest.fixture
def connected(connections, admin):
    """A live connection to the tiny vendor."""
    return connections.connect(admin, "tiny", auth="key", settings={}, secrets={"key": KEY, "app_secret": APP_SECRET})


@pytest.fixture
def events(database):
    """Return the kinds of all events so far, or the events of one kind."""

    def read(kind=None):
        with database.read() as session:
            rows = list(session.scalars(select(Event).order_by(Event.seq)))
        return [row for row in rows if row.kind == kind] if kind else [row.kind for row in rows]

    return read
