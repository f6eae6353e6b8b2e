"""A copy that was taken away or replaced, and of which something stays that only a person can take away: it is told."""

from __future__ import annotations

from dataclasses import replace as but

import pytest
from sqlalchemy import select

from connectors.sdk.errors import LeftBehind
from hub.access.models import User
from hub.notify.models import Notice
from tests.faults.model.remote import Fake, manifest
from tests.faults.model.world import USER

STAYS = "Spring sale at https://site.example/node/7 still holds its tag. Take it out there by hand."


@pytest.fixture
def leaving(monkeypatch):
    """Let each withdrawal leave a text behind."""
    withdraw = Fake.withdraw

    def leave(self, target, ref):
        withdraw(self, target, ref)
        raise LeftBehind(STAYS)

    monkeypatch.setattr(Fake, "withdraw", leave)


@pytest.fixture(autouse=True)
def somebody(desk):
    """Whoever places copies has an account."""
    with desk.database.unit() as session:
        session.add(User(id=USER, email="edda@hub.example", name="Edda", role="editor", password_hash="", created_at=0))


def told(desk):
    with desk.database.read() as session:
        query = select(Notice).where(Notice.what == "copy_left")
        return [(one.user_id, one.body["problem"]) for one in session.scalars(query)]


def test_it_is_proven_away_and_whoever_placed_it_is_told_what_stays(desk, leaving):
    placed = desk.place(desk.approved(b"one"))
    desk.run()
    recall = desk.placements.recall(desk.actor, desk.copy(placed).asset_id, "wrong person in it")
    desk.run()
    copy = desk.copy(placed)
    assert (copy.phase, copy.problem_code, copy.proof.claim) == ("withdrawn", "", "withdrawn")
    assert desk.placements.recall_report(desk.actor, recall.id).complete
    assert told(desk) == [(USER, STAYS)]
    assert desk.remote.calls.count("withdraw") == 1
    assert desk.world.exchange.reports[-1] is None  # the account itself is well


def test_nothing_is_told_where_nothing_stays(desk):
    placed = desk.place(desk.approved(b"one"))
    desk.run()
    desk.placements.take_back(desk.actor, placed)
    desk.run()
    assert desk.copy(placed).phase == "withdrawn"
    assert told(desk) == []


def test_it_is_told_where_a_replacement_could_not_take_the_earlier_bytes_away(desk, monkeypatch):
    desk.world.exchange.declared = manifest(replace=True)
    replace = Fake.replace
    monkeypatch.setattr(Fake, "replace", lambda *call: but(replace(*call), left=STAYS))
    asset = desk.approved(b"one")
    placed = desk.place(asset)
    desk.run()
    desk.world.version(asset, b"two")
    desk.approve(asset)
    desk.run()
    copy = desk.copy(placed)
    assert (copy.phase, copy.problem_code) == ("live", "")
    assert desk.remote.calls.count("replace") == 1
    assert told(desk) == [(USER, STAYS)]
