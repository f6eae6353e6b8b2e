"""What one of several processes does that call the same remote at the same time, over a real wire."""

from __future__ import annotations

import threading

from connectors.sdk.errors import RateLimited
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, guarded_client
from hub.clock import ManualClock, SystemClock
from hub.connections.turns import Budgets
from hub.db.unit import Database
from tests.unit.connections.fakevendor import tiny_manifest


def client_of(database_url, origin, limits, *, clock, urgent=False, sleep=None):
    """Build what a process of the hub would build to call one remote; `sleep` makes whoever waits give up at once."""
    database = Database(database_url)
    naps = {} if sleep is None else {"sleep": sleep}
    budgets = Budgets(database, clock, **naps)
    turn = budgets.of("one", "app/tiny/abc", limits, patience_s=30.0 if sleep is None else 0.0)
    client = guarded_client(Guard(trusted_origins=[origin]))
    return Api(origin, manifest=tiny_manifest(), client=client, limiter=turn, urgent=urgent)


def spend_all(database_url, origin, limits, threads, go) -> None:
    """Call from many threads until nothing is left, on a clock that stands still."""
    api = client_of(database_url, origin, limits, clock=ManualClock(), urgent=True, sleep=lambda _: None)

    def call() -> None:
        try:
            while True:
                api.ask("GET", "/")
        except RateLimited:
            return

    crowd = [threading.Thread(target=call) for _ in range(threads)]
    go.wait()
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()


def push(database_url, origin, limits, name, *, urgent, calls) -> None:
    """Make calls one after the other on the machine's clock, waiting for each turn."""
    api = client_of(database_url, origin, limits, clock=SystemClock(), urgent=urgent)
    for _ in range(calls):
        api.ask("GET", f"/{name}")
