"""The life of an asset in three channels, with the real connectors: every word is held against the vendors' truth."""

from __future__ import annotations

import pytest

from hub.clock import MINUTE
from hub.connections.recognising import Known

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


def phases(copies):
    return {name: (copy.phase, copy.proof.level) for name, copy in copies.items()}


SEEN = {"rest": ("live", "seen"), "xmlrpc": ("live", "seen"), "trello": ("live", "seen")}


def test_from_approval_to_the_end_of_the_licence(story):
    targets = story.everywhere()
    story.listen()
    asset = story.asset("navy", approve=False, alt_text="Deep blue")
    end = story.clock.now() + 60 * MINUTE
    story.rooms.rights.add_term(
        story_actor(), asset, source="licence", effect="allow", channels=["wordpress", "trello"], until_at=end
    )
    placed = story.place(asset, targets)
    story.run()
    assert {copy.phase for copy in story.copies(placed).values()} == {"waiting"}
    assert all(not sandbox.ledger.effects() for sandbox in story.sandboxes.values())

    story.approve(asset)
    story.run()
    copies = story.copies(placed)
    assert phases(copies) == SEEN
    for name in ("rest", "xmlrpc"):
        [there] = story.standing(name, copies[name])
        assert there.sha256 == story.sent(asset)
        assert there.fields["title"] == "A navy picture"
    assert story.standing("rest", copies["rest"])[0].fields["alt_text"] == "Deep blue"
    first_link = story.standing("trello", copies["trello"])
    assert story.link_shows(copies["trello"]) == story.sent(asset)

    library = story.sandboxes["rest"]
    post_of = story.standing("rest", copies["rest"])[0].ref
    library.use("library", post_of)
    story.version(asset, "teal")
    story.run()
    assert story.standing("rest", story.copies(placed)["rest"])[0].ref == post_of  # not approved: nothing moved
    story.approve(asset)
    story.run()
    copies = story.copies(placed)
    assert phases(copies) == SEEN
    assert {copy.shown_version for copy in copies.values()} == {2}
    for name in ("rest", "xmlrpc"):
        [there] = story.standing(name, copies[name])
        assert there.sha256 == story.sent(asset)
    [there] = story.standing("rest", copies["rest"])
    assert there.ref != post_of
    assert library.uses("library", there.ref) == 1  # the post follows
    assert story.standing("trello", copies["trello"]) == first_link  # the same address shows the new version
    assert story.link_shows(copies["trello"]) == story.sent(asset)

    story.clock.advance(end - story.clock.now() - 1)
    story.run(within_ms=0)
    assert {copy.phase for copy in story.copies(placed).values()} == {"live"}
    story.clock.advance(1)
    story.run()
    copies = story.copies(placed)
    assert phases(copies) == dict.fromkeys(SEEN, ("withdrawn", "seen"))
    assert {copy.desired_reason for copy in copies.values()} == {"not_usable: licence_ended"}
    assert [story.standing(name, copy) for name, copy in copies.items()] == [[], [], []]
    assert library.uses("library", there.ref) == 0
    told(story, asset, copies)


def story_actor():
    from tests.stories.story import ADA

    return ADA


def told(story, asset, copies):
    """What a receiver of webhooks heard, signed, once each."""
    receiver = story.receiver
    assert len(receiver.ids) == len(set(receiver.ids)) == len(receiver.bodies)
    assert [said["asset_id"] for said in receiver.of("asset.approved")] == [asset, asset]
    assert len(receiver.of("asset.version_published")) == 1
    assert [said["asset_id"] for said in receiver.of("rights.ended")] == [asset]
    placements = {copy.id for copy in copies.values()}
    for kind, level in (("placement.proven", "seen"), ("placement.withdrawn", "seen")):
        assert {said["placement_id"] for said in receiver.of(kind)} == placements
        assert level in {said["level"] for said in receiver.of(kind)}


def test_words_follow_by_their_owners(story):
    targets = story.everywhere()
    asset = story.asset("navy", alt_text="Deep blue")
    placed = story.place(asset, targets)
    story.run()
    story.rooms.catalogue.edit(story_actor(), asset, {"title": "Night sky", "alt_text": "A sky at night"})
    story.run()
    copies = story.copies(placed)
    assert phases(copies) == SEEN
    code = story.rooms.catalogue.view(story_actor(), asset).code
    [rest], [old], [card] = (story.standing(name, copies[name]) for name in ("rest", "xmlrpc", "trello"))
    assert (rest.fields["title"], rest.fields["alt_text"]) == ("Night sky", "A sky at night")
    assert old.fields["title"] == "Night sky"
    assert card.fields["name"] == f"{code} Night sky"

    # Somebody in the channel: `both` comes back, attributed; what the catalogue owns is put right again.
    story.sandboxes["rest"].edit("library", rest.ref, {"title": "Milky way", "description": "free to use!"})
    story.clock.advance(61 * MINUTE)
    story.run()
    view = story.rooms.catalogue.view(story_actor(), asset)
    assert view.fields["title"] == "Milky way"
    copies = story.copies(placed)
    assert phases(copies) == SEEN
    [rest], [old], [card] = (story.standing(name, copies[name]) for name in ("rest", "xmlrpc", "trello"))
    assert "free to use" not in rest.fields["description"]
    assert (old.fields["title"], card.fields["name"]) == ("Milky way", f"{code} Milky way")
    assert len(view.versions) == 1


def test_a_substitute_stands_in_everywhere_until_the_rights_return(story):
    targets = story.everywhere()
    asset, stand_in = story.asset("navy"), story.asset("gray")
    story.rooms.catalogue.set_successor(story_actor(), asset, stand_in)
    placed = story.place(asset, targets, withdraw_policy="substitute")
    story.run()
    begin = story.clock.now() + 10 * MINUTE
    story.rooms.rights.add_term(
        story_actor(), asset, source="embargo", effect="deny", from_at=begin, until_at=begin + 10 * MINUTE
    )
    story.run()
    for at, shown, claim in ((begin, stand_in, "substituted"), (begin + 10 * MINUTE, asset, "in_place")):
        story.clock.advance(at - story.clock.now())
        story.run()
        copies = story.copies(placed)
        assert phases(copies) == SEEN
        assert {copy.proof.claim for copy in copies.values()} == {claim}
        for name in ("rest", "xmlrpc"):
            assert [each.sha256 for each in story.standing(name, copies[name])] == [story.sent(shown)]
        assert story.link_shows(copies["trello"]) == story.sent(shown)


def test_a_recall_reaches_every_copy_and_names_the_one_that_it_cannot_reach(story):
    targets = story.everywhere()
    asset = story.asset("navy")
    placed = story.place(asset, targets)
    story.run()
    dead = story.sandboxes["xmlrpc"]
    known, dead.secrets = dead.secrets, dead.wrong_secrets
    seen = story.rooms.placements.impact(story_actor(), asset, "recall")
    assert {line.becomes.value for line in seen.lines} == {"withdrawn"}
    recall = story.rooms.placements.recall(story_actor(), asset, "wrong face")
    assert story.link_shows(story.copies(placed)["trello"]) is None  # our own address is dead at once
    story.run()
    report = story.rooms.placements.recall_report(story_actor(), recall.id)
    assert report.counts == {"withdrawn": 2, "unproven": 1}
    [line] = [line for line in report.lines if line.result.value == "unproven"]
    assert line.copy.id == placed["xmlrpc"]
    assert line.reason
    assert line.next_try_at > story.clock.now()
    assert len(story.standing("xmlrpc", story.copies(placed)["xmlrpc"])) == 1

    dead.secrets = known
    story.connect("xmlrpc", known=Known.RENEW, protocol="xmlrpc")
    story.run()
    report = story.rooms.placements.recall_report(story_actor(), recall.id)
    assert report.counts == {"withdrawn": 3}
    assert {line.level for line in report.lines} == {"seen"}
    assert report.closed_at is not None
    assert [story.standing(name, copy) for name, copy in story.copies(placed).items()] == [[], [], []]
