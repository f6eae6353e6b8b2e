"""A long write keeps its lease although the database fails now and then: nobody else does it a second time."""

from __future__ import annotations

import random
import threading
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from hub.placements.service import Placements
from hub.settings import Settings
from tests.faults.model.remote import SPEC
from tests.faults.model.world import PlainSigner

pytestmark = pytest.mark.both

LEASE_MS = 300


def test_a_lease_is_kept_on_after_the_database_failed_once(desk, monkeypatch):
    world = desk.world
    desk.placements = Placements(
        desk.database, desk.clock, world.exchange, SimpleNamespace(open=world.open_blob), PlainSigner(),
        Settings(base_url="https://hub.example"), viewer=world.remote, specs=lambda *_: SPEC,
        chance=random.Random(1), lease_ms=LEASE_MS,
    )  # fmt: skip
    placed = desk.place(desk.approved(b"large"))
    unit, failed, kept = desk.database.unit, threading.Event(), threading.Event()

    def sometimes():
        if threading.current_thread().name == "lease":
            if not failed.is_set():
                failed.set()
                raise OperationalError("UPDATE", {}, Exception("database is locked"))
            kept.set()
        return unit()

    seconds = []
    monkeypatch.setattr(desk.database, "unit", sometimes)
    desk.remote.before_write = lambda *_: seconds.append(kept.wait(20))
    desk.placements.reconcile("worker-1")
    monkeypatch.undo()
    assert (failed.is_set(), seconds) == (True, [True])
    desk.run()
    assert desk.shown(placed) == [b"large"]
