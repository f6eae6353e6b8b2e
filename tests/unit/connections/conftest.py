"""A loopback server, an authorization server on it, and a client for it."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import httpx
import pytest
from werkzeug.serving import make_server

from connectors.sdk.manifest import OAuth
from connectors.testing.authorization_server import AuthorizationServer

CALLBACK = "http://127.0.0.1:8300/connections/oauth/callback"
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
