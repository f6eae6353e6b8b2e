"""What was published between a backup and its restore is looked for, or asked about, before it is published again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from connectors.sdk.manifest import Ability, Capability
from hub.app import restore
from hub.db.models import Installation
from hub.events.log import emit
from hub.placements.models import Attempt


def restored(desk):
    """Let the hub have been restored just now, from a backup that knows what it knows."""
    desk.clock.advance(1000)
    with desk.database.unit() as session:
        installation = session.scalar(select(Installation))
        installation.epoch += 1
        restore._forget_observations(session, desk.clock.now())
        emit(session, "hub.restored", installation.id, actor="system")
    desk.clock.advance(1000)


def declare(desk, **abilities):
    exchange = desk.world.exchange
    declared = exchange.declared
    changed = {**declared.abilities, **{Capability(name): ability for name, ability in abilities.items()}}
    exchange.declared = replace(declared, abilities={name: one for name, one in changed.items() if one is not None})


def waiting(desk):
    """Return an asset that waits for approval, and its copy."""
    asset = desk.world.asset(b"one")
    placed = desk.place(asset)
    desk.run()
    assert desk.copy(placed).phase == "waiting"
    return asset, placed


def published_meanwhile(desk, asset, placed):
    """Let the hub that is gone have published it, under the very marker."""
    sha256 = desk.sha256_of(desk.world.newest(asset))
    return desk.remote.add(desk.world.row(placed).marker, sha256[:12], sha256, {"title": "Logo", "alt": "A logo"})


def published(desk):
    return desk.remote.calls.count("publish")


def test_a_wish_that_was_published_since_the_backup_is_found_and_not_published_again(desk):
    asset, placed = waiting(desk)
    entry = published_meanwhile(desk, asset, placed)
    restored(desk)
    desk.approve(asset)
    desk.run()
    assert (desk.copy(placed).phase, published(desk)) == ("live", 0)
    assert [each.ref for each in desk.remote.entries.values()] == [entry.ref]


def test_it_is_not_taken_away_for_want_of_an_approval_that_is_forgotten(quick_desk):
    desk = quick_desk
    asset, placed = waiting(desk)
    published_meanwhile(desk, asset, placed)
    restored(desk)
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code) == ("blocked", "approval_forgotten")
    assert "Approve the version" in desk.copy(placed).problem
    assert len(desk.shown(placed)) == 1
    desk.approve(asset)
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code, published(desk)) == ("live", "", 0)


@pytest.mark.parametrize("act", ["take_back", "recall", "delete"])
def test_what_must_go_away_goes_though_its_approval_is_forgotten(quick_desk, act):
    desk = quick_desk
    asset, placed = waiting(desk)
    published_meanwhile(desk, asset, placed)
    restored(desk)
    desk.run()
    assert desk.copy(placed).phase == "blocked"
    if act == "take_back":
        desk.placements.take_back(desk.actor, placed)
    elif act == "recall":
        desk.placements.recall(desk.actor, asset, "It shows another person.")
    else:
        desk.catalogue.delete(desk.actor, asset)
    desk.run()
    assert desk.shown(placed) == []
    assert desk.copy(placed).phase in {"withdrawn", "settled"}


def test_a_wish_of_which_nothing_is_found_is_as_it_was(quick_desk):
    desk = quick_desk
    asset, placed = waiting(desk)
    other = desk.place(desk.world.asset(b"two"))
    restored(desk)
    desk.run()
    assert [desk.copy(each).phase for each in (placed, other)] == ["waiting", "waiting"]
    desk.placements.take_back(desk.actor, other)
    desk.approve(asset)
    desk.run()
    assert (desk.copy(placed).phase, published(desk)) == ("live", 1)
    assert desk.copy(other).settled_reason == "dropped"


def test_what_cannot_be_looked_for_is_asked_about_and_published_only_then(quick_desk):
    desk = quick_desk
    asset, placed = waiting(desk)
    declare(desk, find=None)
    restored(desk)
    desk.approve(asset)
    desk.run()
    copy = desk.copy(placed)
    assert (copy.phase, copy.problem_code, published(desk)) == ("blocked", "unanswerable", 0)
    assert copy.problem.startswith("The hub was restored from a backup")
    desk.placements.retry(desk.actor, placed)
    desk.run()
    assert (desk.copy(placed).phase, published(desk)) == ("live", 1)


def test_what_is_wanted_anew_where_nothing_can_be_listed_is_asked_about(quick_desk):
    desk = quick_desk
    declare(desk, **{"import": None})
    old = desk.approved(b"old")
    restored(desk)
    new = desk.approved(b"new")
    again, first = desk.place(old), desk.place(new)
    desk.run()
    assert (desk.copy(again).phase, desk.copy(again).problem_code) == ("blocked", "unanswerable")
    assert desk.copy(first).phase == "live", "what came after the restore was never anywhere"
    assert published(desk) == 1
    desk.placements.attest(desk.actor, again, "It stands there, I opened the page.")
    desk.run()
    copy = desk.copy(again)
    assert (copy.phase, copy.proof.level, published(desk)) == ("live", "attested", 1)
    desk.placements.recall(desk.actor, old, "The licence ended.")
    desk.run()
    assert desk.copy(again).problem_code == "nameless_copy", "a person takes away what only people can see"


def test_who_sees_it_there_takes_the_wish_back_and_is_asked_again_when_it_is_wanted_again(quick_desk):
    desk = quick_desk
    declare(desk, **{"import": None})
    old = desk.approved(b"old")
    restored(desk)
    placed = desk.place(old)
    desk.run()
    desk.placements.take_back(desk.actor, placed)
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).settled_reason) == ("settled", "dropped")
    again = desk.place(old)
    desk.run()
    assert (desk.copy(again).phase, published(desk)) == ("blocked", 0)
    desk.placements.retry(desk.actor, again)
    desk.run()
    assert (desk.copy(again).phase, published(desk)) == ("live", 1)


def test_where_everything_is_listed_first_nobody_is_asked(quick_desk):
    desk = quick_desk
    declare(desk, **{"import": Ability()})
    old = desk.approved(b"old")
    restored(desk)
    placed = desk.place(old)
    desk.run()
    assert (desk.copy(placed).phase, published(desk)) == ("live", 1)


def test_a_hub_that_was_never_restored_keeps_no_such_record(quick_desk):
    desk = quick_desk
    asset, _ = waiting(desk)
    desk.approve(asset)
    desk.run()
    with desk.database.read() as session:
        assert [each.op for each in session.scalars(select(Attempt))] == ["publish"]
