"""Postiz and the whole hub: drafts follow what is approved, and nothing ever goes out twice, whatever breaks."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import select

from connectors.postiz.sandbox import create
from connectors.testing.faults import Fault, Rule, throttle
from connectors.testing.ledger import What
from connectors.testing.serve import serve
from hub.clock import DAY, HOUR, MINUTE
from hub.placements.models import Attempt
from tests.stories.story import ADA, Story


@pytest.fixture
def story(tmp_path, sqlite_url, clock):
    with ExitStack() as stack:
        sandbox = create()
        origin = stack.enter_context(serve(sandbox))
        made = Story(stack, tmp_path / "home", sqlite_url, clock, vendors={}, trusted=[origin])
        made.sandboxes["postiz"], made.origins["postiz"] = sandbox, origin
        yield made


@pytest.fixture
def postiz(story):
    return story.sandboxes["postiz"]


@pytest.fixture
def placed(story):
    """Place an asset in a channel; return both and the channel."""

    def place(**settings):
        asset, target = story.asset(), story.connect("postiz", **settings)
        return asset, story.rooms.placements.place(ADA, asset, target.id).id, target

    return place


def copy(story, placement):
    return story.rooms.placements.copy(ADA, placement)


def post(postiz):
    ((ref, facts),) = postiz.ledger.living().items()
    return ref, facts


def made(postiz):
    return len(postiz.ledger.effects(What.MADE))


def test_a_draft_follows_what_is_approved_under_the_same_id(story, postiz, placed):
    asset, placement, _ = placed()
    story.run(within_ms=MINUTE)
    there = copy(story, placement)
    assert (there.phase, there.proof.claim, there.proof.level) == ("live", "in_place", "read")
    ref, facts = post(postiz)
    assert (facts["state"], facts["image"][0]["alt"]) == ("DRAFT", "A plain field of navy")
    assert postiz.media[facts["image"][0]["path"]] == story.sent(asset)
    story.version(asset, "teal")
    story.run(within_ms=MINUTE)
    story.approve(asset)
    story.run(within_ms=MINUTE)
    again, facts = post(postiz)
    assert (again, copy(story, placement).phase) == (ref, "live")
    assert postiz.media[facts["image"][0]["path"]] == story.sent(asset)
    assert made(postiz) == 1


def test_what_people_write_in_postiz_stays(story, postiz, placed):
    asset, placement, target = placed(texts="once")
    story.run(within_ms=MINUTE)
    ref, _ = post(postiz)
    postiz.edit(target.ref, ref, {"content": "Written by people"})
    story.rooms.catalogue.edit(ADA, asset, {"title": "Another title", "alt_text": "Another text"})
    story.run(within_ms=2 * DAY)
    assert post(postiz)[1]["content"] == "<p>Written by people</p>"
    assert copy(story, placement).phase == "live"


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.LOSE_REQUEST, Fault.ERROR_AFTER, Fault.CUT])
@pytest.mark.parametrize("without_time", ["draft", "now"])
def test_a_lost_answer_is_looked_up_and_posts_once(story, postiz, placed, fault, without_time):
    _, placement, _ = placed(without_time=without_time)
    postiz.faults.add(Rule(fault=fault, on="write"))
    story.run(within_ms=5 * MINUTE)
    assert copy(story, placement).phase == "live"
    assert made(postiz) == 1
    assert len(postiz.publications) == (without_time == "now")
    with story.rooms.database.read() as session:
        outcomes = list(session.scalars(select(Attempt.outcome).where(Attempt.placement_id == placement)))
    assert outcomes == (["not_found", "done"] if fault is Fault.LOSE_REQUEST else ["found"])


def test_a_draft_is_recalled_at_once(story, postiz, placed):
    asset, placement, _ = placed()
    story.run(within_ms=MINUTE)
    story.rooms.placements.recall(ADA, asset, "The client asked")
    story.run(within_ms=MINUTE)
    there = copy(story, placement)
    assert (there.phase, there.proof.claim, there.proof.level) == ("withdrawn", "withdrawn", "read")
    assert not postiz.ledger.living()


def test_the_recall_of_what_is_out_asks_a_person_and_touches_nothing(story, postiz, placed):
    asset, placement, target = placed()
    story.run(within_ms=MINUTE)
    ref, _ = post(postiz)
    postiz.release(ref, target.ref)
    story.rooms.placements.recall(ADA, asset, "The client asked")
    story.run(within_ms=HOUR)
    there = copy(story, placement)
    assert (there.phase, there.problem_code) == ("blocked", "already_published")
    assert post(postiz)[1]["state"] == "PUBLISHED"
    assert postiz.publications == [ref]


def test_a_published_post_that_somebody_deletes_in_postiz_is_not_made_anew(story, postiz, placed):
    _, placement, target = placed(without_time="now")
    story.run(within_ms=MINUTE)
    ref, _ = post(postiz)
    postiz.vanish(target.ref, ref)
    story.run(within_ms=10 * DAY)
    there = copy(story, placement)
    assert (there.observed, there.proof.claim) == ("absent", "gone")
    assert (made(postiz), postiz.publications) == (1, [ref])


def test_a_used_up_budget_is_waited_out(story, postiz, placed):
    _, placement, _ = placed()
    postiz.faults.add(throttle(after="3600", on="write"))
    story.run(within_ms=MINUTE)
    assert not postiz.ledger.living()
    story.run(within_ms=2 * HOUR)
    assert copy(story, placement).phase == "live"
    assert made(postiz) == 1


def test_the_webhook_makes_the_hub_look_and_is_not_believed(story, postiz, placed):
    _, placement, target = placed()
    story.run(within_ms=MINUTE)
    subscribed = story.rooms.connections.subscribe(ADA, target.id)
    hook = f"{story.url}/hooks/{subscribed.id}"
    ref, _ = post(postiz)
    postiz.hooks.append(hook)
    postiz.release(ref, target.ref)
    postiz.outbox.flush()
    postiz.hooks[:] = [f"{hook}?secret={subscribed.secret}"]
    for _ in range(2):
        postiz.release(ref, target.ref)
        postiz.outbox.flush()
        postiz.reset_requests()
        story.run(within_ms=MINUTE)
        assert [one.method for one in postiz.requests if one.path.endswith("/posts")] != []
    assert [status for _, status in postiz.outbox.sent] == [401, 200, 200]
    assert copy(story, placement).phase == "live"


def test_several_pictures_stand_in_one_draft_follow_each_of_them_and_go_together(story, postiz):
    assets = [story.asset(colour, alt_text=f"A {colour} field") for colour in ("navy", "teal", "olive")]
    target = story.connect("postiz")
    placement = story.rooms.placements.place(ADA, assets[0], target.id, companions=assets[1:]).id
    story.run(within_ms=MINUTE)
    ref, facts = post(postiz)
    assert [image["alt"] for image in facts["image"]] == ["A navy field", "A teal field", "A olive field"]
    assert [postiz.media[image["path"]] for image in facts["image"]] == [story.sent(asset) for asset in assets]
    story.rooms.catalogue.edit(ADA, assets[2], {"alt_text": "Olive, and nothing else"})
    story.version(assets[1], "plum")
    story.run(within_ms=MINUTE)
    story.approve(assets[1])
    story.run(within_ms=MINUTE)
    again, facts = post(postiz)
    assert again == ref
    assert [image["alt"] for image in facts["image"]] == ["A navy field", "A teal field", "Olive, and nothing else"]
    assert [postiz.media[image["path"]] for image in facts["image"]] == [story.sent(asset) for asset in assets]
    assert (copy(story, placement).phase, postiz.violations) == ("live", [])
    story.rooms.catalogue.archive(ADA, assets[1])
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).phase, postiz.ledger.living()) == ("withdrawn", {})


def test_another_alternative_text_follows_into_a_draft_and_changes_nothing_that_is_out(story, postiz, placed):
    asset, placement, _ = placed()
    story.run(within_ms=MINUTE)
    story.rooms.catalogue.edit(ADA, asset, {"alt_text": "Navy, and nothing else"})
    story.run(within_ms=MINUTE)
    ref, facts = post(postiz)
    assert facts["image"][0]["alt"] == "Navy, and nothing else"
    postiz.release(ref, facts["target"])
    story.run(within_ms=DAY)
    story.rooms.catalogue.edit(ADA, asset, {"alt_text": "Too late"})
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).phase, copy(story, placement).problem) == ("live", "")
    assert post(postiz)[1]["image"][0]["alt"] == "Navy, and nothing else"
