"""A real hub and real sandboxes for the benchmarks: SQLite and a folder, vendors in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from types import SimpleNamespace

from connectors.sdk.http import Api
from connectors.sdk.manifest import Limit
from connectors.sdk.registry import discover
from hub.access.actors import Actor, Role
from hub.app.compose import Hub
from hub.clock import SystemClock
from hub.connections.accounts import Ends, Granted, Way
from hub.connections.recognising import Known
from hub.connections.turns import Budgets
from hub.db.base import new_id
from hub.db.migrate import migrate
from hub.db.unit import Database
from hub.jobs.drains import Round
from hub.settings import Settings

ADMIN = Actor(new_id(), "Bench", Role.ADMINISTRATOR)
NOBODY_LISTENS = 9
GRACE_S = 10
PLENTY = (Limit(1_000_000, 10.0), Limit(1_000_000, 10.0, scope="app"))
"""Limits of the usual kind that are never reached: keeping count is part of a call, waiting for a turn is not."""


@contextmanager
def vendor(connector):
    """Serve a connector's sandbox from another process; yields what to connect with."""
    command = [sys.executable, "-m", "connectors.testing.serve", connector]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield SimpleNamespace(**json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(GRACE_S)
        process.stdout.close()


@contextmanager
def counting():
    """Keep count of calls as a hub does, in a database; yields what a client asks for its turns."""
    with tempfile.TemporaryDirectory(prefix="damhub-bench-") as folder:
        database = Database(f"sqlite:///{folder}/damhub.sqlite3")
        migrate(database)
        yield Budgets(database, SystemClock()).of("bench", "app/bench", PLENTY)
        database.dispose()


def connector_to(manifest, sandbox, client, turns=None):
    """Connect to a sandbox without a hub, through the client that the hub uses."""
    auth = next(auth for auth in manifest.auths if auth.name == sandbox.auth)
    api = Api(
        sandbox.origin, manifest=manifest, client=client, headers=lambda: auth.headers(sandbox.secrets),
        limiter=turns,
    )  # fmt: skip
    return manifest.connect(api, manifest.settings(**sandbox.settings))


@contextmanager
def hub_at(home, *, trusted=(), **knobs):
    """Open a hub in a folder; the same folder opened again is the same hub."""
    # Delivery addresses point to a closed port: looks at them cost a refused connection, in ours and in none else.
    settings = Settings(home=home, port=NOBODY_LISTENS, trusted_origins=list(trusted), log_level="ERROR")
    hub = Hub.open(settings, **knobs)
    try:
        yield hub
    finally:
        hub.close()


def connect(hub, name, sandbox):
    """Connect a sandbox; where its vendor signs people in by a browser, as if somebody had just said yes there."""
    connections, manifest = hub.services.connections, discover()[name]
    auth = next(auth for auth in manifest.auths if auth.name == sandbox.auth)
    if auth.in_browser:
        way = Way(auth, manifest.settings(**sandbox.settings), sandbox.secrets)
        made = connections._signing_in._add(ADMIN, manifest, Granted(way, Ends()), Known.ASK)
    else:
        made = connections.connect(ADMIN, name, auth=sandbox.auth, settings=sandbox.settings, secrets=sandbox.secrets)
    connections.refresh_targets(ADMIN, made.id)


@contextmanager
def working(hub, *names):
    """Run a hub's drains as its worker process does, each in a thread of its own; all of them, or those named."""
    services, stop = hub.services, threading.Event()
    rounds = [
        (drain, Round(drain, services.database, services.clock, owner="bench"))
        for drain in hub.drains()
        if not names or drain.name.startswith(names)
    ]
    threads = [threading.Thread(target=each.run, args=(stop, sys.maxsize), name=drain.name) for drain, each in rounds]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
