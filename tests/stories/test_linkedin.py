"""LinkedIn and the whole hub: a post is a person's act, is made once whatever breaks, and is taken away at once."""

from __future__ import annotations

import hashlib
import hmac
import io
from contextlib import ExitStack, suppress

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from connectors.linkedin.events import KIND
from connectors.linkedin.sandbox import create, create_member
from connectors.sdk.errors import RateLimited
from connectors.testing.faults import Fault, Rule, throttle
from connectors.testing.ledger import What
from connectors.testing.serve import serve
from hub.clock import HOUR, MINUTE
from hub.errors import Invalid
from hub.placements import reconcile
from hub.placements.models import Attempt
from tests.stories.story import ADA, Story

ALT = {"alt_text": "A plain field of one colour"}
LOST = Rule(fault=Fault.LOSE_ANSWER, on="effect")


@pytest.fixture
def story(tmp_path, sqlite_url, clock):
    with ExitStack() as stack:
        sandboxes = {"pages": create(), "member": create_member()}
        origins = {name: stack.enter_context(serve(sandbox)) for name, sandbox in sandboxes.items()}
        made = Story(stack, tmp_path / "home", sqlite_url, clock, vendors={}, trusted=origins.values())
        made.sandboxes.update(sandboxes)
        made.origins.update(origins)
        yield made


def posts(story, name):
    return list(story.sandboxes[name].ledger.living().values())


def made(story, name):
    return len(story.sandboxes[name].ledger.effects(What.MADE))


def outcomes(story, placement, op="publish"):
    with story.rooms.database.read() as session:
        query = select(Attempt.outcome).where(Attempt.placement_id == placement, Attempt.op == op)
        return list(session.scalars(query.order_by(Attempt.id)))


def placed(story, name, colour="navy", **options):
    asset = story.asset(colour, **ALT)
    target = story.connect(name)
    return asset, story.rooms.placements.place(ADA, asset, target.id, **options).id


def copy(story, placement):
    return story.rooms.placements.copy(ADA, placement)


def test_on_a_page_a_post_is_read_back_with_the_pictures_web_rendition_and_alternative_text(story):
    asset, placement = placed(story, "pages")
    story.run(within_ms=MINUTE)
    there = copy(story, placement)
    assert (there.phase, there.proof.claim, there.proof.level) == ("live", "in_place", "read")
    (post,) = posts(story, "pages")
    assert (post["sha256"], post["alt"]) == (story.sent(asset), ALT["alt_text"])


def test_a_picture_without_an_alternative_text_waits_for_one(story):
    asset = story.asset("navy", alt_text="")
    placement = story.rooms.placements.place(ADA, asset, story.connect("pages").id).id
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).phase, copy(story, placement).problem_code) == ("blocked", "field_missing")
    assert "alt text" in copy(story, placement).problem
    story.rooms.catalogue.edit(ADA, asset, ALT)
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "live"
    assert len(posts(story, "pages")) == 1


def test_a_new_version_is_not_posted_before_a_person_asks_for_it(story):
    asset, placement = placed(story, "pages")
    story.run(within_ms=MINUTE)
    first = story.sent(asset)
    story.version(asset, "teal")
    story.run(within_ms=MINUTE)
    story.approve(asset)
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).phase, copy(story, placement).problem_code) == ("blocked", "by_hand")
    assert [post["sha256"] for post in posts(story, "pages")] == [first]
    story.rooms.placements.retry(ADA, placement)
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "live"
    assert [post["sha256"] for post in posts(story, "pages")] == [story.sent(asset)] != [first]
    assert made(story, "pages") == 2


def test_a_post_that_waits_for_a_persons_word_on_a_new_version_is_recalled_without_it(story):
    asset, placement = placed(story, "pages")
    story.run(within_ms=MINUTE)
    story.version(asset, "teal")
    story.run(within_ms=MINUTE)
    story.approve(asset)
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "blocked"
    story.rooms.placements.recall(ADA, asset, "The client asked")
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).phase, posts(story, "pages")) == ("withdrawn", [])


def test_after_a_lost_answer_and_a_refusal_a_members_post_is_still_known_again(story):
    _, placement = placed(story, "member")
    member = story.sandboxes["member"]
    member.faults.add(LOST, throttle(on="effect"), throttle(on="effect"))
    story.run(within_ms=5 * MINUTE)
    assert copy(story, placement).phase == "live"
    assert made(story, "member") == 1
    assert outcomes(story, placement) == ["found", "not_sent", "not_sent", "done"]


def test_rights_that_begin_again_post_nothing_by_themselves(story):
    asset, placement = placed(story, "pages")
    story.run(within_ms=MINUTE)
    story.rooms.catalogue.archive(ADA, asset)
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).phase, posts(story, "pages")) == ("withdrawn", [])
    story.rooms.catalogue.unarchive(ADA, asset)
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).problem_code, posts(story, "pages")) == ("by_hand", [])
    assert made(story, "pages") == 1


def test_no_stand_in_is_posted_when_an_asset_is_recalled(story):
    asset, placement = placed(story, "pages", withdraw_policy="substitute")
    story.run(within_ms=MINUTE)
    other = story.asset("teal", **ALT)
    story.run(within_ms=MINUTE)
    foreseen = story.rooms.placements.impact(ADA, asset, "recall", other)
    assert [line.becomes for line in foreseen.lines] == ["withdrawn"]
    story.rooms.placements.recall(ADA, asset, "The client asked", other)
    story.run(within_ms=MINUTE)
    there = copy(story, placement)
    assert (there.phase, there.proof.claim, there.proof.level) == ("withdrawn", "withdrawn", "read")
    assert posts(story, "pages") == []
    assert made(story, "pages") == 1


def test_a_person_who_took_a_post_back_may_ask_for_it_anew(story):
    asset, placement = placed(story, "pages")
    story.run(within_ms=MINUTE)
    story.rooms.placements.take_back(ADA, placement)
    story.run(within_ms=MINUTE)
    assert posts(story, "pages") == []
    story.sandboxes["pages"].deleted.clear()  # two days later
    target = story.rooms.placements.where(ADA, asset)[0].target_id
    story.rooms.placements.place(ADA, asset, target)
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "live"
    assert made(story, "pages") == 2


def test_what_a_member_posts_is_said_and_not_read_and_withdrawn_in_the_same_way(story):
    asset, placement = placed(story, "member")
    story.run(within_ms=MINUTE)
    there = copy(story, placement)
    assert (there.phase, there.proof.claim, there.proof.level) == ("live", "in_place", "said")
    story.rooms.placements.recall(ADA, asset, "The client asked")
    story.run(within_ms=MINUTE)
    there = copy(story, placement)
    assert (there.phase, there.proof.claim, there.proof.level) == ("withdrawn", "withdrawn", "said")
    assert posts(story, "member") == []
    assert not [r for r in story.sandboxes["member"].requests if r.method == "GET" and r.path.startswith("/rest/posts")]


@pytest.mark.parametrize("name", ["member", "pages"])
def test_a_lost_answer_is_settled_and_posts_once(story, name):
    _, placement = placed(story, name)
    story.sandboxes[name].faults.add(LOST)
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "live"
    assert made(story, name) == 1
    assert len(story.sandboxes[name].uploads.media) == 1
    assert outcomes(story, placement) == (["found", "done"] if name == "member" else ["found"])


def test_a_members_post_that_never_arrived_is_made_by_the_same_repeat(story):
    _, placement = placed(story, "member")
    story.sandboxes["member"].faults.add(Rule(fault=Fault.LOSE_REQUEST, on="effect"))
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "live"
    assert made(story, "member") == 1
    assert outcomes(story, placement) == ["not_found", "done"]


def test_a_worker_that_died_after_a_members_post_leaves_one_post(story, monkeypatch):
    _, placement = placed(story, "member")
    died = []

    def die(point):
        if point == "answered_not_recorded" and not died:
            died.append(point)
            raise KeyboardInterrupt

    monkeypatch.setattr(reconcile, "reach", die)
    with pytest.raises(KeyboardInterrupt):
        story.run(within_ms=MINUTE)
    story.clock.advance(5 * MINUTE)
    story.run(within_ms=5 * MINUTE)
    assert copy(story, placement).phase == "live"
    assert made(story, "member") == 1
    assert outcomes(story, placement) == ["found", "done"]


@pytest.mark.parametrize("change", ["recalled", "reworded", "late"])
def test_a_repeat_that_would_ask_something_else_is_left_to_a_person(story, change):
    asset, placement = placed(story, "member")
    story.sandboxes["member"].faults.add(LOST)
    story.run(within_ms=0)
    assert copy(story, placement).phase == "unsure"
    if change == "recalled":
        story.rooms.placements.recall(ADA, asset, "The client asked")
    elif change == "reworded":
        story.rooms.catalogue.edit(ADA, asset, {"description": "Another text"})
    else:
        story.clock.advance(HOUR)
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).phase, copy(story, placement).problem_code) == ("blocked", "unanswerable")
    assert made(story, "member") == 1


def test_a_withdrawal_whose_answer_was_lost_is_done_again(story):
    asset, placement = placed(story, "member")
    story.run(within_ms=MINUTE)
    story.sandboxes["member"].faults.add(LOST)
    story.rooms.placements.recall(ADA, asset, "The client asked")
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "withdrawn"
    assert outcomes(story, placement, "withdraw")[-1] == "done"
    assert "unknown" not in outcomes(story, placement, "withdraw")


def test_a_recall_does_not_wait_for_a_change_of_text_that_is_in_doubt(story):
    asset, placement = placed(story, "member")
    story.run(within_ms=MINUTE)
    story.sandboxes["member"].faults.add(LOST)
    story.rooms.catalogue.edit(ADA, asset, {"description": "Another text"})
    story.run(within_ms=0)
    assert copy(story, placement).phase == "unsure"
    story.rooms.placements.recall(ADA, asset, "The client asked")
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).phase, posts(story, "member")) == ("withdrawn", [])
    assert "unknown" not in outcomes(story, placement, "update")


def test_a_picture_that_is_not_known_everywhere_yet_is_uploaded_once(story):
    story.sandboxes["pages"].uploads.late = 2
    _, placement = placed(story, "pages")
    story.run(within_ms=HOUR)
    assert copy(story, placement).phase == "live"
    assert len(story.sandboxes["pages"].uploads.media) == 1


def test_a_document_is_posted_whole_and_not_as_a_picture_of_its_first_page(story):
    out = io.BytesIO()
    Image.new("RGB", (60, 80), "teal").save(out, "PDF")
    asset = story.rooms.intake.upload(
        ADA, io.BytesIO(out.getvalue()), filename="report.pdf", fields={"title": "Report"}
    ).asset_id
    story.approve(asset)
    placement = story.rooms.placements.place(ADA, asset, story.connect("pages").id).id
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "live"
    (post,) = posts(story, "pages")
    assert post["sha256"] == story.newest(asset).sha256
    assert post["media"].startswith("urn:li:document:")


def test_news_of_a_page_come_through_the_hubs_door_and_a_member_has_none(story):
    _, placement = placed(story, "pages")
    story.run(within_ms=MINUTE)
    target = story.rooms.placements.copy(ADA, placement).target_id
    story.rooms.connections.subscribe(ADA, target)
    linkedin, word = story.sandboxes["pages"], "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    [url] = linkedin.hooks.values()
    asked = httpx.get(url, params={"challengeCode": word}, trust_env=False)
    secret = linkedin.secrets["client_secret"].encode()
    assert asked.json() == {
        "challengeCode": word, "challengeResponse": hmac.new(secret, word.encode(), hashlib.sha256).hexdigest(),
    }  # fmt: skip
    forged = f'hmacsha256={{"type":"{KIND}"}}'
    assert httpx.get(url, params={"challengeCode": forged}, trust_env=False).status_code >= 400
    (ref,) = linkedin.ledger.living()
    told = linkedin.delivery(target=linkedin.targets()[0], ref=ref)
    assert httpx.post(url, content=told.body, headers=dict(told.headers), trust_env=False).status_code == 200
    story.run(within_ms=MINUTE)
    assert [event.body["refs"] for event in story.events("remote.hint")] == [[ref]]
    with pytest.raises(Invalid) as refused:
        story.rooms.connections.subscribe(ADA, story.connect("member").id)
    assert refused.value.code == "no_webhooks"


# Several pictures in one post


def several(story, *colours):
    return [story.asset(colour, alt_text=f"A {colour} field") for colour in colours]


def placed_together(story, name, assets):
    first, *others = assets
    return story.rooms.placements.place(ADA, first, story.connect(name).id, companions=others).id


def shown(story, name):
    """Return, post by post, the bytes of every picture with its alternative text, as they stand there in truth."""
    sandbox = story.sandboxes[name]
    return [
        [(one.sha256, one.fields["alt_text"]) for one in copy.pictures] for copy in sandbox.copies(sandbox.targets()[0])
    ]


@pytest.mark.parametrize(("name", "level"), [("pages", "read"), ("member", "said")])
def test_several_pictures_stand_in_one_post_and_go_together(story, name, level):
    assets = several(story, "navy", "teal", "olive")
    placement = placed_together(story, name, assets)
    story.run(within_ms=MINUTE)
    colours = ("navy", "teal", "olive")
    assert shown(story, name) == [
        [(story.sent(asset), f"A {colour} field") for asset, colour in zip(assets, colours, strict=True)]
    ]
    there = copy(story, placement)
    assert (there.phase, there.proof.claim, there.proof.level) == ("live", "in_place", level)
    assert story.sandboxes[name].violations == []
    story.rooms.placements.recall(ADA, assets[2], "The client asked")
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).phase, posts(story, name)) == ("withdrawn", [])
    [report] = story.rooms.placements.recalls(ADA, assets[2])
    assert [line.copy.id for line in report.lines] == [placement]
    assert sum(report.counts.values()) == 1


@pytest.mark.parametrize("name", ["member", "pages"])
def test_a_lost_answer_to_a_set_is_settled_and_posts_once_without_a_second_upload(story, name):
    placement = placed_together(story, name, several(story, "navy", "teal"))
    story.sandboxes[name].faults.add(LOST)
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "live"
    assert made(story, name) == 1
    assert len(story.sandboxes[name].uploads.media) == 2


def test_a_set_waits_for_the_words_of_every_picture_and_names_the_one_without(story):
    navy, teal = several(story, "navy", "teal")
    story.rooms.catalogue.edit(ADA, teal, {"alt_text": ""})
    placement = placed_together(story, "pages", [navy, teal])
    story.run(within_ms=MINUTE)
    there = copy(story, placement)
    assert (there.phase, there.problem_code) == ("blocked", "field_missing")
    assert f"alt text of {story.rooms.catalogue.view(ADA, teal).code}" in there.problem
    story.rooms.catalogue.edit(ADA, teal, {"alt_text": "Teal"})
    story.run(within_ms=MINUTE)
    assert copy(story, placement).phase == "live"
    assert len(posts(story, "pages")) == 1


def test_a_new_version_of_one_of_several_pictures_asks_a_person_as_that_of_a_single_one_does(story):
    assets = several(story, "navy", "teal")
    placement = placed_together(story, "pages", assets)
    story.run(within_ms=MINUTE)
    before = shown(story, "pages")
    story.version(assets[1], "olive")
    story.run(within_ms=MINUTE)
    story.approve(assets[1])
    story.run(within_ms=MINUTE)
    assert (copy(story, placement).problem_code, shown(story, "pages")) == ("by_hand", before)
    story.rooms.placements.retry(ADA, placement)
    story.run(within_ms=MINUTE)
    [pictures] = shown(story, "pages")
    assert [sha256 for sha256, _ in pictures] == [story.sent(asset) for asset in assets]
    assert copy(story, placement).phase == "live"


def calls_until_refused(connector):
    went = 0
    with suppress(RateLimited):
        while True:
            connector.identify()
            went += 1
    return went


def test_a_members_150_calls_a_day_are_kept_and_do_not_bind_pages(story):
    member, pages = story.connect("member"), story.connect("pages")
    limits = {}
    for target in (member, pages):
        found = next(one for one in story.rooms.connections.list(ADA) if one.remote_id == target.remote_id)
        limits[target] = lambda found=found: story.rooms.connections.budget_left(ADA, found.id).limits
    before = story.clock.now()
    went = calls_until_refused(story.rooms.connections.speak(member.remote_id, urgent=True).connector)
    daily, app = limits[member]()
    assert (daily.calls, daily.per_s, daily.left, app.calls) == (150, 86_400.0, 0, 100_000)
    assert 140 < went <= 150
    assert len(story.sandboxes["member"].requests) <= 151, "who we are was asked once before there was a connection"
    assert daily.whole_at >= before + 23 * HOUR
    assert [one.scope for one in limits[pages]()] == ["app"]
