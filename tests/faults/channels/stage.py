"""One hub and one sandbox in this process; the hub is opened anew after each death, on the same database and folder."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import httpx
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import hub.db.engine
from connectors.postiz import calls as postiz_calls
from connectors.postiz import connector as postiz_connector
from connectors.sdk.guard import Guard
from connectors.sdk.registry import discover
from connectors.sdk.wire import guarded_client
from connectors.testing import hooks
from connectors.testing.sandbox import make_sandbox
from hub.access.service import Access
from hub.app import compose
from hub.catalogue.models import Asset
from hub.clock import MINUTE, ManualClock
from hub.errors import HubError
from hub.media import child
from hub.media.pool import MediaPool
from tests.faults.channels.wire import ORIGIN, Wire
from tests.faults.model.remote import Killed
from tests.faults.process.worker import CHEAP
from tests.unit.intake import house
from tests.unit.intake.house import House, picture

CONNECTORS = discover()
BEGAN = 1_900_000_000_000
FIRST_WORK = ("media", "inbox", "feeds", "health")
WORK = ("rights", "plan", "reconcile-1")
SMALL = (64, 48)
LEASE_MS = 3 * MINUTE
FIRST = {"title": "Lake 0", "description": "Lake 0", "alt_text": "Lake 0", "copyright": "2026 Ada", "creator": "Ada",
         "credit": "Ada"}  # fmt: skip


class Template:
    """A hub that is like new: one asset, developed and approved. Made once for each process."""

    def __init__(self, folder):
        self.home, self.kept = Path(folder) / "home", Path(folder) / "kept"
        with ExitStack() as stack:
            stack.enter_context(in_one_process())
            made = Made(stack, self.home, ManualClock(BEGAN), sandbox=make_sandbox(CONNECTORS["trello"]), origin=ORIGIN)
            made.asset(picture(0, SMALL), **FIRST)
            made.run()
        with sqlite3.connect(self.home / "damhub.sqlite3") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        connection.close()
        shutil.copytree(self.home, self.kept)

    def restore(self):
        """Put the hub's folder back as it was; its path is part of what the hub knows itself by."""
        shutil.rmtree(self.home)
        shutil.copytree(self.kept, self.home)
        return self.home


class Made(House):
    """A hub that needs no channel yet."""

    def open(self):
        super().open()
        self.drains = {name: drain for name, drain in self.drains.items() if name in {"media", "rights"}}


@contextmanager
def in_one_process():
    """Decode in this process, wait for no lock, and find the tables made: each is tested where it belongs."""
    with (
        patch.object(MediaPool, "_ask", lambda pool, request: child.answer(request, pool._limits)),
        patch.object(hub.db.engine, "BUSY_TIMEOUT_MS", 0),
        patch.object(compose, "Access", partial(Access, passwords=CHEAP)),
        patch.object(compose, "discover", lambda: CONNECTORS),
        patch.object(house, "discover", lambda: CONNECTORS),
    ):
        yield


class Stage(House):
    """A hub with one connector, two workers that may die, and faults."""

    def __init__(self, stack, home, name, plan):
        self.plan, self.dead, self.working = plan, set(), False
        self.fired, self.course, self.failures = [], [], []
        self.commits, self.lock, self.tries_left = None, None, 0
        self.hubs, self.turn, self.lives = {}, 0, 0
        self.graves, self.holders = [], []
        self.subscription, self.rules, self.forged = None, [], []
        clock, sandbox = ManualClock(BEGAN), make_sandbox(CONNECTORS[name])
        sandbox.origin = ORIGIN
        self.wire = Wire(sandbox, clock, overtake=self._overtaken, works=lambda: self.working)
        stack.callback(self.wire.end)
        stack.callback(self._close)
        for patched in self._patches(clock):
            stack.enter_context(patched)
        if name == "postiz":  # the only one that publishes by itself: by the same clock
            sandbox.clock = lambda: datetime.fromtimestamp(clock.now() / 1000, UTC)
        random.seed(plan.numbers)
        super().__init__(stack, home, clock, sandbox=sandbox, origin=ORIGIN, name=name)

    def _patches(self, clock):
        class Wall(datetime):
            """The time of day, by the clock of this run."""

            @classmethod
            def now(cls, tz=None):
                return cls.fromtimestamp(clock.now() / 1000, tz)

        post = type("Post", (), {"request": self._hooked, "HTTPError": httpx.HTTPError})
        return (
            in_one_process(), patch.object(compose, "migrate", lambda database: None),
            patch.object(hooks, "httpx", post),
            patch.object(postiz_calls, "datetime", Wall), patch.object(postiz_connector, "datetime", Wall),
        )  # fmt: skip

    @property
    def manifest(self):
        """What the connector declares for its first place."""
        return CONNECTORS[self.name].at(self.target.kind)

    def first_asset(self):
        """Return the one asset of the template."""
        with self.rooms.database.read() as session:
            return session.scalars(select(Asset.id)).one()

    # What met this run

    def note_rules(self):
        """Keep what fired of the sandbox's rules that are lifted now."""
        met = {id(rule) for rule in self.sandbox.faults.fired}
        self.fired += [kind for kind, rule in self.rules if id(rule) in met]

    def all_fired(self):
        """Return the kinds of the faults that fired so far, each once."""
        met = self.sandbox.faults.fired
        ruled = [kind for kind, rule in self.rules if any(one is rule for one in met)]
        return list(dict.fromkeys([*self.fired, *self.wire.fired, *ruled]))

    def lift(self):
        """End all faults."""
        self.note_rules()
        self.rules.clear()
        self.sandbox.faults.clear()
        self.wire.snags.clear()
        self.holders.clear()
        self.commits = None
        self.unlock()
        self.sandbox.outbox.release()
        self.sandbox.outbox.flush()

    def next_due(self):
        """Return when a copy is due next, None: never."""
        return min(self._ahead(), default=None)

    # Hubs that live and die

    def open(self):
        """Open the hub that people and the first worker use."""
        self.unlock()
        super().open()
        self.hubs["a"] = self.hub
        self._join(self.hub)

    def hub_of(self, worker):
        """Return a worker's hub; the second one's is opened when it is first needed."""
        if worker not in self.hubs:
            self.unlock()  # a process that cannot open the hub is started again by its keeper
            self.hubs[worker] = compose.Hub.open(self.settings, clock=self.clock)
            self._join(self.hubs[worker])
        return self.hubs[worker]

    def _join(self, opened):
        rooms = opened.services
        speaking = rooms.connections._speaking
        for old in (speaking, rooms.placements._reconciler._viewer):
            old._client.close()
            old._client = guarded_client(Guard(trusted_origins=[ORIGIN]), transport=self.wire)
        speaking._sleep = speaking.budgets._sleep = self._sleep
        rooms.placements._reconciler._chance.seed(self.plan.numbers)
        engine = rooms.database.engine
        event.listen(engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA synchronous=OFF").close())
        event.listen(engine, "before_cursor_execute", lambda *_: self._only_alive(opened))
        event.listen(engine, "commit", lambda _: self._commit(done=False))
        event.listen(engine, "handle_error", self._met_lock)
        engine.dispose()  # those that are open know nothing of this

    def _sleep(self, seconds):
        self.clock.advance(int(seconds * 1000) + 1)

    def _only_alive(self, opened):
        if id(opened) in self.dead:
            raise Killed

    def _close(self):
        for opened in self.hubs.values():
            opened.close()
        for opened in (*self.hubs.values(), *self.graves):  # statements that are kept compiled keep who listens
            event.remove(opened.services.database.engine, "handle_error", self._met_lock)
        self.hubs.clear()

    def _die(self, worker):
        """Nothing of this process is left but what it wrote."""
        opened = self.hubs.pop(worker)
        self.dead.add(id(opened))
        self.graves.append(opened)  # an id is not given twice
        opened.close()
        self.lives += 1
        self.course.append("died")
        if worker == "a":
            self.open()
            self.resume()

    # Working

    def work(self, rounds=30):
        """Let the workers work until nothing is due now: first what comes in, then what follows of it."""
        self._round(FIRST_WORK)
        for _ in range(rounds):
            if not self._round(WORK):
                return

    def _round(self, names):
        worker = "b" if self.plan.two_workers and self.turn % 2 else "a"
        self.turn += 1
        drains = {drain.name: drain for drain in self.hub_of(worker).drains()}
        self.working = True
        try:
            return sum(self._once(drains[name], worker) for name in names)
        except Killed:
            self._die(worker)
            return 1
        finally:
            self.working = False

    def _once(self, drain, worker):
        """Run a drain as a worker does: a failure is told, and ends nothing."""
        try:
            return drain.run(f"worker-{worker}{self.lives}")
        except (HubError, OperationalError, OSError) as failure:
            self.failures.append(f"{drain.name}: {type(failure).__name__}")
            self.course.append(self.failures[-1])
            return 0

    def _overtaken(self):
        """Another worker takes over what the first one seems to have left."""
        self.clock.advance(LEASE_MS + 1000)
        opened = self.hub_of("c")
        for drain in opened.drains():
            if drain.name in {"rights", "plan", "reconcile-1"}:
                drain.run("worker-c")

    def pass_time(self, milliseconds, steps):
        """Let time pass, in steps in which the workers work."""
        for _ in range(steps):
            self.clock.advance(milliseconds // steps)
            self.work()

    # Faults within the hub

    def arm_commit(self, kind, skip):
        """Let the process die at a commit of a worker."""
        self.commits = [kind, skip]

    def _commit(self, *, done):
        if not self.working or self.commits is None or done != (self.commits[0] == "killed, committed"):
            return
        self.commits[1] -= 1
        if self.commits[1] < 0:
            self.fired.append(self.commits[0])
            self.commits = None
            raise Killed

    def committed(self, session):
        """Called after each commit of any session in this process."""
        self._commit(done=True)

    def arm_lock(self, skip):
        """Let somebody else hold the database from within a later call on, for two tries."""
        calls = [skip]

        def hold(writes):
            calls[0] -= 1
            if calls[0] == -1 and self.lock is None and self.working:
                self.lock = sqlite3.connect(self.settings.home / "damhub.sqlite3", timeout=0, isolation_level=None)
                self.lock.execute("BEGIN IMMEDIATE").close()
                self.tries_left = 2

        self.holders.append(hold)

    def _met_lock(self, context):
        if self.lock is None or "locked" not in str(context.original_exception):
            return
        self.fired.append("database locked")
        self.tries_left -= 1
        if self.tries_left <= 0:
            self.unlock()

    def unlock(self):
        """Let go of the database."""
        if self.lock is not None:
            self.lock.close()
            self.lock = None

    # Webhooks

    def _hooked(self, method, url, *, headers, content, **_):
        """Bring a webhook to the hub's door; the network in between is not what is tested here."""
        parts = urlsplit(url)
        reply = self.rooms.connections.receive(
            parts.path.rpartition("/")[2], method=method, headers=dict(headers), body=content,
            query=dict(parse_qsl(parts.query)),
        )  # fmt: skip
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)


@contextmanager
def watched_commits(stage):
    """Tell a stage of each commit that is done."""

    def told(session):
        stage.committed(session)

    event.listen(Session, "after_commit", told)
    try:
        yield
    finally:
        event.remove(Session, "after_commit", told)
