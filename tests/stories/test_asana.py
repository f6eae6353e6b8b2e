"""Asana and the real door: the secret that Asana hands over, what it tells afterwards, and whoever says to be Asana."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from connectors.asana.events import sign
from hub.clock import DAY, MINUTE
from hub.connections.models import Inbox
from tests.stories.story import ADA

LIES = "0" * 64


def kept(story):
    with story.rooms.database.read() as session:
        return list(session.scalars(select(Inbox)))


@pytest.fixture
def database_url(sqlite_url):
    """One database: who plans at the same time is tested on both beside the room."""
    return sqlite_url


@pytest.fixture
def placed(story):
    """A link on a task, whose webhook was made by shaking hands at the hub's own door."""
    target = story.connect("asana")
    placement = story.rooms.placements.place(ADA, story.asset("navy"), target.id).id
    story.run()
    story.rooms.connections.subscribe(ADA, target.id)
    story.clock.advance(MINUTE)
    return target, placement


def test_a_link_that_somebody_took_off_a_task_is_noticed_by_asanas_webhook(story, placed):
    target, placement = placed
    asana = story.sandboxes["asana"]
    [hook] = asana.hooks.values()
    assert hook["beaten"], "the first heartbeat came before Asana's answer, and was answered well"
    assert kept(story) == []
    [there] = story.standing("asana", story.rooms.placements.copy(ADA, placement))
    asana.vanish(target.ref, there.ref)
    asana.outbox.flush()
    assert [status for _, status in asana.outbox.sent] == [200]
    story.run()
    copy = story.rooms.placements.copy(ADA, placement)
    assert (copy.phase, copy.proof.claim, copy.proof.level) == ("gone", "gone", "read")
    assert [row.state for row in kept(story)] == ["worked"]


def test_whoever_hands_another_secret_over_is_refused_and_signs_nothing(story, placed):
    target, placement = placed
    asana = story.sandboxes["asana"]
    [hook] = asana.hooks.values()
    [there] = story.standing("asana", story.rooms.placements.copy(ADA, placement))
    body = asana.delivery(target=target.ref, ref=there.ref).body

    def post(**headers):
        return httpx.post(hook["target"], content=body, headers=headers, trust_env=False).status_code

    assert post(**{"X-Hook-Secret": LIES}) == 403
    assert post(**{"X-Hook-Secret": hook["secret"]}) == 403, "not even the right one, when nobody asked"
    assert post(**{"X-Hook-Secret": LIES, "X-Hook-Signature": sign(hook["secret"], body)}) == 403
    assert post(**{"X-Hook-Signature": sign(LIES, body)}) == 401
    assert kept(story) == []
    assert post(**{"X-Hook-Signature": sign(hook["secret"], body)}) == 200
    assert len(kept(story)) == 1


def test_a_webhook_that_asana_gave_up_is_made_anew(story, placed):
    target, placement = placed
    asana = story.sandboxes["asana"]
    [old] = asana.hooks.values()
    asana.hooks.clear()  # after 24 hours without an answer
    story.clock.advance(DAY)
    story.run()
    [new] = asana.hooks.values()
    assert (new["target"], new["secret"] == old["secret"]) == (old["target"], False)
    [there] = story.standing("asana", story.rooms.placements.copy(ADA, placement))
    asana.vanish(target.ref, there.ref)
    asana.outbox.flush()
    story.run()
    assert story.rooms.placements.copy(ADA, placement).phase == "gone"


def test_a_recall_takes_the_link_off_the_task(story, placed):
    _, placement = placed
    copy = story.rooms.placements.copy(ADA, placement)
    [there] = story.standing("asana", copy)
    assert (there.marker, there.fields["name"].endswith("A navy picture")) == (copy.marker, True)
    story.rooms.placements.take_back(ADA, placement)
    story.run()
    assert story.standing("asana", copy) == []
    assert story.rooms.placements.copy(ADA, placement).proof.claim == "withdrawn"
