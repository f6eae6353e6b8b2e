"""What vendors send to the real door: greeted, verified, kept as it came, answered fast, worked later, a hint only."""

from __future__ import annotations

import base64

import httpx
from sqlalchemy import select

from connectors.testing.hooks import Delivery, Outbox
from connectors.trello.events import SIGNATURE, sign
from connectors.wordpress import events as helper
from hub.clock import DAY, MINUTE, SECOND
from hub.connections.models import Inbox
from tests.stories.story import ADA


def inbox(story):
    with story.rooms.database.read() as session:
        return list(session.scalars(select(Inbox).order_by(Inbox.at)))


def test_a_link_that_somebody_took_off_a_card_is_noticed_by_trellos_webhook(story):
    target = story.connect("trello")
    asset = story.asset("navy")
    placement = story.rooms.placements.place(ADA, asset, target.id).id
    story.run()
    trello = story.sandboxes["trello"]
    trello.reset_requests()
    story.rooms.connections.subscribe(ADA, target.id)  # the sandbox sends HEAD first, as Trello does
    assert any(seen.path == "/1/webhooks/" for seen in trello.requests)

    story.clock.advance(MINUTE)
    [attachment] = story.standing("trello", story.rooms.placements.copy(ADA, placement))
    take_off(story, target.ref, attachment.ref)
    trello.outbox.flush()
    assert [status for _, status in trello.outbox.sent] == [200]
    [kept] = inbox(story)
    assert (kept.state, base64.b64decode(kept.body)) == ("new", trello.outbox.sent[0][0].body)
    assert story.rooms.placements.copy(ADA, placement).phase == "live"  # answered; nothing is worked in the request

    story.run()
    copy = story.rooms.placements.copy(ADA, placement)
    assert (copy.phase, copy.proof.claim, copy.proof.level) == ("gone", "gone", "read")
    assert [row.state for row in inbox(story)] == ["worked"]
    assert story.standing("trello", copy) == []
    view = story.rooms.catalogue.view(ADA, asset)
    assert (view.lifecycle, view.deleted_at, len(view.versions)) == ("approved", None, 1)


def take_off(story, card, ref):
    """Somebody with Trello open removes an attachment."""
    headers = story.sandboxes["trello"]
    from connectors.sdk.registry import discover

    signed = discover()["trello"].auths[0].headers(headers.secrets)
    url = f"{story.origins['trello']}/1/cards/{card}/attachments/{ref}"
    answer = httpx.delete(url, headers={"Authorization": signed["Authorization"]}, trust_env=False)
    assert answer.is_success


def test_a_forged_or_lying_webhook_changes_nothing(story):
    target = story.connect("trello")
    asset = story.asset("navy")
    placement = story.rooms.placements.place(ADA, asset, target.id).id
    story.run()
    story.rooms.connections.subscribe(ADA, target.id)
    copy = story.rooms.placements.copy(ADA, placement)
    [there] = story.standing("trello", copy)
    trello = story.sandboxes["trello"]
    said = trello.delivery(target=target.ref, ref=there.ref)
    [hook] = trello.hooks.values()
    url = hook["callbackURL"]
    signed = {**said.headers, SIGNATURE: sign(trello.secrets["secret"], url, said.body)}
    lie = Delivery(url, signed, said.body)
    forged = {**lie.headers, SIGNATURE: base64.b64encode(b"0" * 20).decode()}
    answer = httpx.post(lie.url, content=lie.body, headers=forged, trust_env=False)
    assert answer.status_code == 401
    assert inbox(story) == []

    box = Outbox()
    box.add(lie)
    box.add(lie)
    box.flush()
    assert [status for _, status in box.sent] == [200, 200]
    assert len(inbox(story)) == 1  # the same delivery twice is one
    story.clock.advance(MINUTE)
    story.run()
    after = story.rooms.placements.copy(ADA, placement)
    assert (after.phase, after.proof.claim) == ("live", "in_place")  # it was looked at; the webhook was not believed
    assert after.observed_at > copy.observed_at
    assert story.standing("trello", after) == [there]


def test_an_edit_in_wordpress_is_taken_back_when_the_helper_plugin_tells(story):
    target = story.connect("rest")
    asset = story.asset("navy")
    placement = story.rooms.placements.place(ADA, asset, target.id).id
    story.run()
    subscribed = story.rooms.connections.subscribe(ADA, target.id)
    [there] = story.standing("rest", story.rooms.placements.copy(ADA, placement))
    story.clock.advance(20 * SECOND)
    story.sandboxes["rest"].edit("library", there.ref, {"title": "By an editor"})
    story.run()
    assert story.rooms.catalogue.view(ADA, asset).title == "A navy picture"  # nothing told, and no audit is due yet

    body = helper.body("attachment.updated", int(there.ref), "library")
    headers = helper.headers(subscribed.secret, body, delivery_key="d1", at=story.clock.now() // 1000)
    answer = httpx.post(f"{story.url}/hooks/{subscribed.id}", content=body, headers=headers, trust_env=False)
    assert (answer.status_code, answer.content) == (200, b"")
    assert story.rooms.catalogue.view(ADA, asset).title == "A navy picture"
    story.run()
    assert story.rooms.catalogue.view(ADA, asset).title == "By an editor"
    assert story.rooms.placements.copy(ADA, placement).phase == "live"


def test_a_lost_webhook_only_delays(story):
    target = story.connect("rest")
    placement = story.rooms.placements.place(ADA, story.asset("navy"), target.id).id
    story.run()
    [there] = story.standing("rest", story.rooms.placements.copy(ADA, placement))
    story.sandboxes["rest"].vanish("library", there.ref)
    story.run(within_ms=2 * DAY)
    copy = story.rooms.placements.copy(ADA, placement)
    assert (copy.phase, copy.settled_reason) == ("settled", "removed_there")
    assert [effect.what.value for effect in story.sandboxes["rest"].ledger.effects()].count("made") == 1


def test_a_link_that_somebody_took_off_a_card_is_noticed_by_trellos_feed_without_any_webhook(story):
    target = story.connect("trello")
    kept, taken = (story.rooms.placements.place(ADA, story.asset(colour), target.id).id for colour in ("navy", "teal"))
    story.run()
    [attachment] = story.standing("trello", story.rooms.placements.copy(ADA, taken))
    take_off(story, target.ref, attachment.ref)
    story.run()
    assert story.rooms.placements.copy(ADA, taken).phase == "live"  # nobody told
    story.clock.advance(15 * MINUTE)
    story.run()
    assert [story.rooms.placements.copy(ADA, each).phase for each in (kept, taken)] == ["live", "gone"]
