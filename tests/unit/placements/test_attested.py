"""A copy that a person saw there, whose name the remote never told: it is neither doubled nor said to be away."""

from __future__ import annotations

import pytest

from connectors.sdk.manifest import Capability, Write
from hub.clock import DAY, HOUR
from tests.faults.model.remote import manifest

BLOCKED = ("blocked", "nameless_copy")


@pytest.fixture(params=[(Capability.FIND,), (Capability.FIND, Capability.LOOK)], ids=["looks", "blind"])
def attested(desk, request):
    """A publication without an answer, at a remote that finds nothing, of which a person says that it is there."""
    desk.world.exchange.declared = manifest(without=request.param, publish=Write.UNANSWERABLE)
    placed = desk.place(desk.approved(b"one"))
    desk.remote.faults.append("lost_after")
    desk.run()
    assert state(desk, placed) == ("blocked", "unanswerable")
    desk.placements.attest(desk.actor, placed, "Opened the page: it is there.")
    return placed


def state(desk, placed):
    copy = desk.copy(placed)
    return copy.phase, copy.problem_code


def published(desk):
    return desk.remote.calls.count("publish")


def test_it_stays_what_the_person_said_and_is_not_published_again(desk, attested):
    for wait in (HOUR, DAY, 31 * DAY):
        desk.clock.advance(wait)
        desk.run()
        assert (state(desk, attested), published(desk)) == (("live", ""), 1)


def test_what_should_change_there_is_a_persons_matter(desk, attested):
    desk.catalogue.edit(desk.actor, desk.copy(attested).asset_id, {"title": "Another"})
    desk.run()
    assert (state(desk, attested), published(desk)) == (BLOCKED, 1)
    desk.placements.attest(desk.actor, attested, "Changed it there.")
    desk.run()
    assert (state(desk, attested), published(desk)) == (("live", ""), 1)


def test_a_recall_is_not_done_before_a_person_has_taken_it_away(desk, attested):
    desk.placements.recall(desk.actor, desk.copy(attested).asset_id, "wrong person in it")
    for _ in range(3):
        desk.run()
        assert (state(desk, attested), desk.shown(attested)) == (BLOCKED, [b"one"])
        desk.clock.advance(DAY)
    desk.placements.attest(desk.actor, attested, "Deleted it there.")
    desk.run()
    assert desk.copy(attested).phase == "withdrawn"


def test_who_tries_again_says_that_it_is_not_there(desk, attested):
    desk.catalogue.edit(desk.actor, desk.copy(attested).asset_id, {"title": "Another"})
    desk.run()
    desk.remote.entries.clear()
    desk.placements.retry(desk.actor, attested)
    desk.run()
    assert (state(desk, attested), desk.shown(attested), published(desk)) == (("live", ""), [b"one"], 2)
