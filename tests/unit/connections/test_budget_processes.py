"""The budget between real processes, counted by the remote that they call."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from werkzeug.wrappers import Request, Response

from connectors.sdk.errors import RateLimited
from connectors.sdk.manifest import Limit
from hub.clock import SECOND, ManualClock
from hub.connections.turns import Budgets
from tests.forked import FORKED
from tests.unit.connections import hammering
from tests.unit.connections.conftest import serving

pytestmark = pytest.mark.both

LIMITS = (Limit(200, 3600.0), Limit(150, 3600.0, scope="app"))
IN_TIME_S = 60


class Ledger:
    """A remote that writes down every call, in the order in which they came."""

    def __init__(self):
        self.calls: list[str] = []
        self.lock = threading.Lock()
        self.reached, self.most = threading.Event(), None

    @Request.application
    def app(self, request):
        with self.lock:
            self.calls.append(request.path.strip("/"))
            if self.most is not None and len(self.calls) >= self.most:
                self.reached.set()
        return Response("{}", content_type="application/json")


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def remote(ledger):
    with serving(ledger.app) as origin:
        yield origin


@pytest.fixture
def started():
    """Start processes; whichever still runs at the end is killed."""
    processes = []

    def start(target, *args, **kwargs):
        process = FORKED.Process(target=target, args=args, kwargs=kwargs, daemon=True)
        process.start()
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.join()


def test_two_processes_that_hammer_one_budget_never_exceed_it(database_url, ledger, remote, started):
    go = FORKED.Event()
    crowd = [started(hammering.spend_all, database_url, remote, LIMITS, 8, go) for _ in range(2)]
    go.set()
    for process in crowd:
        process.join(IN_TIME_S)
    assert [process.exitcode for process in crowd] == [0, 0]
    assert len(ledger.calls) == 150


def test_a_killed_process_has_not_overspent_and_holds_nothing_for_ever(database, database_url, ledger, remote, started):
    ledger.most = 20
    victim = started(hammering.spend_all, database_url, remote, LIMITS, 2, go := FORKED.Event())
    go.set()
    assert ledger.reached.wait(IN_TIME_S)
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    made = len(ledger.calls)
    clock = ManualClock()
    assert 150 - made - 20 <= spend(database, clock) <= 150 - made, "what it held may have been sent: it counts"
    clock.advance((3600 + 61) * SECOND)
    assert spend(database, clock) == 150


def spend(database, clock):
    """Return how many calls a new process may make."""
    turn, went = Budgets(database, clock, sleep=lambda _: None).of("one", "app/tiny/abc", LIMITS, patience_s=0.0), 0
    while True:
        try:
            turn.acquire(urgent=True)
        except RateLimited:
            return went
        went += 1


def test_a_recall_in_one_process_overtakes_the_bulk_of_another(database_url, ledger, remote, started):
    limits = (Limit(6, 1.0),)
    ledger.most = 8
    bulk = started(hammering.push, database_url, remote, limits, "bulk", urgent=False, calls=60)
    assert ledger.reached.wait(IN_TIME_S), "the bulk waits for its turns"
    recall = started(hammering.push, database_url, remote, limits, "recall", urgent=True, calls=12)
    recall.join(IN_TIME_S)
    assert recall.exitcode == 0
    bulk.kill()
    bulk.join()
    names = ledger.calls
    between = names[names.index("recall") : len(names) - names[::-1].index("recall")]
    assert between.count("bulk") <= 4, "what was leased already still goes, and little else"
