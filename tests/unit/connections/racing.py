"""What one of several racing processes does: many threads that all want to speak at the same moment."""

from __future__ import annotations

import threading
from pathlib import Path

from connectors.sdk.errors import ConnectorError
from connectors.sdk.manifest import OAuth
from hub.access.keyring import Keyring
from hub.clock import SystemClock
from hub.connections.service import Connections
from hub.db.installation import wake
from hub.db.unit import Database
from hub.events.log import EventLog
from hub.settings import Settings
from tests.unit.connections.fakevendor import oauth_manifest


def service(database_url: str, home: str, origin: str, *, shift_ms: int = 0) -> tuple[Database, Connections]:
    """Build what a process of the hub would build."""
    settings = Settings(home=Path(home), base_url="https://hub.example", trusted_origins=[origin])
    database = Database(database_url)
    clock = SystemClock(shift_ms=shift_ms)
    EventLog(database, clock)
    wake(database, settings, clock)
    oauth = OAuth(f"{origin}/authorize", f"{origin}/token", f"{origin}/revoke", ("read",))
    registry = {"tinyoauth": oauth_manifest(oauth, origin)}
    return database, Connections(database, clock, Keyring.load(settings), registry, settings)


def race(database_url, home, origin, remote_id, threads, ready, go, answers) -> None:
    """Speak from many threads at once and answer what each of them got."""
    database, connections = service(database_url, home, origin)
    results: list[str] = []
    start = threading.Barrier(threads + 1)

    def speak() -> None:
        start.wait()
        try:
            results.append(connections.speak(remote_id).connector.identify().key)
        except ConnectorError as error:
            results.append(f"{type(error).__name__}:{error.code}")

    crowd = [threading.Thread(target=speak) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    ready.set()
    go.wait()
    start.wait()
    for thread in crowd:
        thread.join()
    database.dispose()
    answers.put(results)


def renew_and_hang(database_url, home, origin, remote_id) -> None:
    """Begin a renewal that the vendor answers too late; to be killed meanwhile."""
    _database, connections = service(database_url, home, origin)
    connections.speak(remote_id)
