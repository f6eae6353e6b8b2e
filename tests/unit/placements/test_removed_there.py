"""What somebody removed in a channel stays removed until a person says otherwise, whatever fails meanwhile."""

from __future__ import annotations

import pytest

from hub.clock import HOUR, MINUTE
from hub.errors import NotFound
from tests.unit.placements.test_ways_again import Door


@pytest.fixture
def removed(quick_desk):
    """Return a copy that was seen, and that somebody removed."""
    desk = quick_desk
    placed = desk.place(desk.approved())
    desk.run()
    [entry] = desk.remote.living(desk.world.row(placed).marker)
    desk.remote.remove(entry.ref, by="somebody")
    desk.clock.advance(2 * HOUR)
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code) == ("gone", "removed_there")
    return placed


def stays_away(desk, placed):
    for _ in range(3):
        desk.clock.advance(HOUR + MINUTE)
        desk.run()
    copy = desk.copy(placed)
    assert (copy.phase, copy.settled_reason) == ("settled", "removed_there")
    assert desk.remote.calls.count("publish") == 1
    assert desk.shown(placed) == []


@pytest.mark.parametrize("answer", ["down", "page", "refused"])
def test_a_look_that_gets_no_answer_does_not_put_it_there_again(quick_desk, removed, answer):
    quick_desk.remote.read_faults.append(answer)
    quick_desk.clock.advance(HOUR + MINUTE)
    quick_desk.tick()
    assert quick_desk.remote.fired, "the look that was to confirm it failed"
    assert quick_desk.copy(removed).problem_code == "removed_there"
    stays_away(quick_desk, removed)


def test_nor_does_a_new_version_while_the_remote_is_down(quick_desk, removed):
    desk, asset = quick_desk, quick_desk.copy(removed).asset_id
    desk.remote.dead = True
    desk.world.version(asset, b"second")
    desk.approve(asset)
    desk.tick()
    desk.remote.dead = False
    stays_away(desk, removed)


def test_nor_one_while_nobody_is_signed_in(quick_desk, removed, monkeypatch):
    desk, asset = quick_desk, quick_desk.copy(removed).asset_id
    door = Door(desk, monkeypatch)
    door.shut()
    desk.world.version(asset, b"second")
    desk.approve(asset)
    desk.tick()
    assert door.calls
    door.sign_in()
    stays_away(desk, removed)


def test_nor_a_connector_that_is_not_installed_for_a_while(quick_desk, removed, monkeypatch):
    desk, manifest = quick_desk, quick_desk.world.exchange.manifest

    def missing(name):
        raise NotFound("no_such_connector", "No connector of this name is installed.", next_step="Install it.")

    door = Door(desk, monkeypatch)
    door.shut()
    monkeypatch.setattr(desk.world.exchange, "manifest", missing)
    desk.clock.advance(HOUR + MINUTE)
    desk.placements.reconcile("worker-1")
    assert (desk.world.row(removed).blocked, desk.world.row(removed).problem_code) == (True, "removed_there")
    monkeypatch.setattr(desk.world.exchange, "manifest", manifest)
    door.sign_in()
    stays_away(desk, removed)
