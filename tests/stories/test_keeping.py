"""Several accounts of one system, an account that refuses for a while, and one that is left: with real connectors."""

from __future__ import annotations

import pytest

from connectors.testing.faults import Fault, Rule
from hub.clock import DAY, HOUR
from hub.connections import recognising
from hub.connections.recognising import Known
from hub.errors import Conflict
from tests.stories.story import ADA

REFUSED = Rule(fault=Fault.ERROR_BEFORE, status=401, times=None, body='{"code": "incorrect_password", "message": "No"}')


@pytest.fixture
def two(story):
    """Two WordPress sites, each over an interface of its own, and one picture in both."""
    targets = {"rest": story.connect("rest"), "xmlrpc": story.connect("xmlrpc", protocol="xmlrpc")}
    asset = story.asset("navy")
    placed = story.place(asset, targets)
    story.run()
    assert {copy.phase for copy in story.copies(placed).values()} == {"live"}
    return asset, placed


def connection_of(story, copy):
    return next(one for one in story.rooms.connections.list(ADA) if one.remote_id == copy.remote_id)


def there(story, placed):
    return {name: len(story.standing(name, copy)) for name, copy in story.copies(placed).items()}


def test_two_accounts_of_one_system_know_nothing_of_each_other(story, two):
    asset, placed = two
    one = connection_of(story, story.copies(placed)["rest"])
    story.rooms.connections.pause(ADA, one.id)
    story.version(asset, "teal")
    story.approve(asset)
    story.run()
    copies = story.copies(placed)
    assert (copies["xmlrpc"].phase, copies["xmlrpc"].shown_version) == ("live", 2)
    assert (copies["rest"].phase, copies["rest"].problem_code) == ("blocked", "connection_paused")
    story.rooms.connections.resume(ADA, one.id)
    story.run()
    assert {copy.shown_version for copy in story.copies(placed).values()} == {2}


def test_one_account_is_left_and_the_other_stays(story, two):
    _, placed = two
    one = connection_of(story, story.copies(placed)["rest"])
    leaving = story.rooms.placements.leaving
    assert leaving.outlook(ADA, one.id).phases == {"live": 1}
    leaving.begin(ADA, one.id)
    story.run()
    assert there(story, placed) == {"rest": 0, "xmlrpc": 1}
    assert {name: copy.phase for name, copy in story.copies(placed).items()} == {"rest": "settled", "xmlrpc": "live"}
    view = story.rooms.connections.view(ADA, one.id)
    assert (view.state, view.problem_code, view.leaving_since) == ("off", "disconnected", None)
    assert [event.kind for event in story.events("connection.left")] == ["connection.left"]
    again = story.connect("rest")
    story.run()
    assert again.remote_id == one.remote_id
    assert there(story, placed) == {"rest": 0, "xmlrpc": 1}, "what was withdrawn does not come back by itself"


def test_two_ways_into_one_account_stand_in_for_each_other(story, monkeypatch):
    target = story.connect("rest")
    with monkeypatch.context() as patch:  # the first one is somebody else's there
        patch.setattr(recognising, "_user", lambda *_: "somebody else")
        story.connect("rest", known=Known.SECOND)
    first, second = sorted(story.rooms.connections.list(ADA), key=lambda view: view.id)
    assert first.remote_id == second.remote_id == target.remote_id
    assert len(story.rooms.connections.targets(ADA)) == len({one.ref for one in story.rooms.connections.targets(ADA)})
    assert story.rooms.connections.speak(target.remote_id).connection_id == second.id
    asset = story.asset("navy")
    placed = story.place(asset, {"rest": target})
    story.run()
    with pytest.raises(Conflict) as told:
        story.rooms.placements.leaving.begin(ADA, second.id)
    assert told.value.code == "carried_on"
    story.rooms.placements.leaving.disconnect(ADA, second.id)
    assert story.rooms.connections.speak(target.remote_id).connection_id == first.id
    story.version(asset, "teal")
    story.approve(asset)
    story.run()
    copy = story.copies(placed)["rest"]
    assert (copy.phase, copy.shown_version, copy.watched) == ("live", 2, True)


def test_after_an_outage_the_same_account_carries_on_and_what_was_missed_is_found(story, two):
    _, placed = two
    copy = story.copies(placed)["rest"]
    one = connection_of(story, copy)
    for wait in (2 * HOUR, 2 * DAY):  # its first audits; the next one is weeks away
        story.clock.advance(wait)
        story.run()
    sandbox = story.sandboxes["rest"]
    sandbox.faults.add(REFUSED)
    assert story.rooms.connections.test(ADA, one.id).state == "needs_person"
    story.run()
    # Nobody listens now: the copy is removed there.
    sandbox.vanish("library", story.standing("rest", copy)[0].ref)
    sandbox.faults.clear()
    story.clock.advance(5 * DAY)
    story.rooms.connections.reconnect(ADA, one.id, {})
    story.run()
    assert story.rooms.connections.view(ADA, one.id).state == "live"
    assert story.copies(placed)["rest"].phase == "gone", "found at once, not at the next audit"
    assert [view.id for view in story.rooms.connections.list(ADA) if view.remote_id == one.remote_id] == [one.id]
