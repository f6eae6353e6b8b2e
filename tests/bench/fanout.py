"""Webhooks to many endpoints, two of them dead and one slow, beside a bare loop that posts the same bodies.

A real hub on SQLite and a folder, its own drains in threads as in its worker process, the real clock, receivers in
another process. One dead endpoint takes connections and never answers, the other one refuses them; the slow one answers
after five seconds.

The clock of the first row runs from before the events are written until every delivery to the good endpoints is
recorded as delivered. The peer is one pooled httpx client that posts the very same bodies to the good endpoints, one
after another, and writes nothing down. The second row holds the hub against itself: how long a message takes from its
event to its receiver, with the dead ones and the slow one, and without them.

In the end what came is held against the hub's own log of tries: every message at every good receiver at least once, and
more than once only as often as the hub tried again because an answer was lost, always with the same id.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
from sqlalchemy import func, select

from hub.db.base import new_id
from hub.events.log import emit
from hub.events.models import Cursor, Event
from hub.notify.models import Delivery, DeliveryAttempt
from hub.notify.outbox import CONSUMER
from tests.bench.hubs import ADMIN, GRACE_S, hub_at, working
from tests.bench.measure import Row, in_turn, silent

FULL = {"rounds": 5, "good": 97, "burst": 40, "beats": 12, "pause_s": 0.5}
TINY = {"rounds": 1, "good": 2, "burst": 2, "beats": 1, "pause_s": 0.0}

KIND = "asset.archived"
DRAINS = ("webhook-events", "webhook-deliveries")
LOOK_EVERY_S = 0.02
LONGEST_S = 300
LATE = 0.95


class Came(NamedTuple):
    """A message as a receiver got it."""

    receiver: int
    path: str
    message_id: str
    at: float


def run(tell=silent, *, rounds, good, burst, beats, pause_s):
    """Measure how many messages arrive in a while, and how long each of them takes."""
    with tempfile.TemporaryDirectory(prefix="damhub-bench-") as folder, receivers(good) as (origins, hang_up):
        scene = Scene(Path(folder), origins, good, hang_up)
        with scene.awake():
            many = in_turn(
                rounds, lambda _: scene.deliver(burst), lambda _: scene.loop(burst), tell, doing="a burst of events"
            )
            late = in_turn(
                rounds, lambda _: scene.latency(beats, pause_s, troubled=True),
                lambda _: scene.latency(beats, pause_s, troubled=False), tell, doing="event by event",
            )  # fmt: skip
            repeats = scene.account()
    all_of_them = good + 3
    return [
        Row(
            f"webhooks to {good} of {all_of_them} endpoints, two dead, one slow", f"bare httpx {httpx.__version__}",
            "ms a delivery", *many,
            f"{burst} events at once to {all_of_them} endpoints, from before they are written until all {good} x "
            f"{burst} deliveries are recorded; ours: events, deliveries, leases, outcomes and tries kept in "
            "SQLite (synchronous=FULL); peer: one pooled client posts the same bodies one after another, keeps "
            f"nothing; one of the dead is silent, one refuses connections; {repeats} messages came once more, as an "
            "answer was lost",
            versions={"httpx": httpx.__version__},
        ),
        Row(
            f"webhooks: event to receiver, {LATE:.0%} are quicker", "the same hub without the dead and the slow ones",
            "ms", *late,
            f"{beats} events, one every {pause_s:g} s, to {good} good endpoints, with one that never answers, one "
            "that refuses and one that takes 5 s beside them; from the event to its arrival there",
        ),
    ]  # fmt: skip


@contextmanager
def receivers(good):
    """Serve receivers from another process; yields their origins, the slow and the dead one last, and how to end."""
    command = [sys.executable, "-m", "tests.bench.receivers", str(good)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline()), process.kill
    finally:
        process.terminate()
        process.wait(GRACE_S)
        process.stdout.close()


class Scene:
    """One hub, and endpoints for all receivers."""

    def __init__(self, folder, origins, good, hang_up):
        self._home, self._origins, self._good, self._hang_up = folder / "home", origins, good, hang_up
        self._arrived = []

    @contextmanager
    def awake(self):
        """Open the hub and let its drains run."""
        with hub_at(self._home, trusted=self._origins) as self._hub:
            notify = self._hub.services.notify
            self._ids = [notify.add_endpoint(ADMIN, f"{origin}/in", [KIND])[0].id for origin in self._origins]
            with working(self._hub, *DRAINS):
                yield
            self._hang_up()  # what still waits for an answer has one now
            notify._sending.join(LONGEST_S)

    def deliver(self, burst):
        """Let events happen at once; return the milliseconds that each delivery to a good endpoint took."""
        begun = time.perf_counter()
        self._happen(burst)
        self._until_delivered()
        return 1000 * (time.perf_counter() - begun) / (burst * self._good)

    def loop(self, burst):
        """Post the same bodies without a hub; return the milliseconds that each took."""
        bodies = self._bodies(burst)
        with httpx.Client() as client:
            begun = time.perf_counter()
            for message_id, body in bodies:
                for origin in self._origins[: self._good]:
                    headers = {"content-type": "application/json", "webhook-id": message_id}
                    client.post(f"{origin}/peer", content=body, headers=headers).raise_for_status()
            return 1000 * (time.perf_counter() - begun) / (len(bodies) * self._good)

    def latency(self, beats, pause_s, *, troubled):
        """Let events happen one by one; return how many milliseconds all but a few messages took at most."""
        notify, paused = self._hub.services.notify, threading.Event()
        for endpoint_id in self._ids[self._good :]:
            (notify.on if troubled else notify.off)(ADMIN, endpoint_id)
        self._gather()
        for _ in range(beats):
            self._happen(1)
            paused.wait(pause_s)
        self._until_delivered()
        at = self._times(beats)
        first = {}
        for one in self._gather():
            first.setdefault((one.receiver, one.message_id), one.at)
        took = [1000 * (came - at[message_id]) for (_, message_id), came in first.items() if message_id in at]
        if len(took) != beats * self._good:
            raise AssertionError(f"{len(took)} messages came instead of {beats * self._good}")
        return statistics.quantiles(took, n=100, method="inclusive")[round(100 * LATE) - 1]

    def account(self):
        """Hold what came to the good receivers against the log of tries; return how many messages came once more."""
        self._gather()
        came = Counter((one.receiver, one.message_id) for one in self._arrived)
        numbers = {endpoint_id: number for number, endpoint_id in enumerate(self._ids[: self._good])}
        tries = select(DeliveryAttempt.endpoint_id, DeliveryAttempt.event_id)
        with self._hub.services.database.read() as session:
            tried = Counter((numbers[there], event) for there, event in session.execute(tries) if there in numbers)
        if came.keys() != tried.keys() or any(count > tried[key] for key, count in came.items()):
            strange = {key: (count, tried[key]) for key, count in came.items() if count != tried[key]}
            raise AssertionError(f"came and tried differ: {strange}, {len(came)} and {len(tried)} messages")
        return came.total() - len(came)

    def _happen(self, count):
        with self._hub.services.database.unit() as session:
            for _ in range(count):
                emit(session, KIND, new_id(), actor=ADMIN.id)

    def _until_delivered(self):
        """Wait until all good endpoints have everything, by what the hub wrote down."""
        good, happened = self._ids[: self._good], select(func.max(Event.seq)).where(Event.kind == KIND)
        taken_up = select(Cursor.seq).where(Cursor.consumer == CONSUMER)
        left = select(Delivery.event_id).where(Delivery.endpoint_id.in_(good), Delivery.state != "delivered").limit(1)
        paused, ends = threading.Event(), time.monotonic() + LONGEST_S
        with self._hub.services.database.read() as session:
            last = session.scalar(happened)
        while True:  # looking on must not cost what is measured
            with self._hub.services.database.read() as session:
                if (session.scalar(taken_up) or 0) >= last and session.scalar(left) is None:
                    return
            if time.monotonic() > ends:
                raise TimeoutError("not every message was delivered")
            paused.wait(LOOK_EVERY_S)

    def _bodies(self, count):
        newest = select(Delivery.event_id, Delivery.body).where(Delivery.endpoint_id == self._ids[0])
        with self._hub.services.database.read() as session:
            kept = session.execute(newest.order_by(Delivery.event_id.desc()).limit(count)).all()
        return [(message_id, body.encode()) for message_id, body in kept]

    def _times(self, count):
        query = select(Event.id, Event.at).where(Event.kind == KIND).order_by(Event.seq.desc()).limit(count)
        with self._hub.services.database.read() as session:
            return {event_id: at / 1000 for event_id, at in session.execute(query)}

    def _gather(self):
        """Return what came to good receivers from the hub since this was asked last."""
        told = [Came(*each) for each in httpx.get(self._origins[0], timeout=60).raise_for_status().json()]
        new = [one for one in told if one.receiver < self._good and one.path == "/in"]
        self._arrived += new
        return new
