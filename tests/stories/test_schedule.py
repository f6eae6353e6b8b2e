"""A post with a time, in the hub and in Postiz: held and let go as its licence moves, published, and recalled."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from connectors.postiz import connector as postiz_connector
from connectors.postiz.sandbox import create
from connectors.testing.faults import Fault, Rule
from connectors.testing.ledger import What
from connectors.testing.serve import serve
from hub.access.models import User
from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.notify.models import Notice
from tests.faults.model.remote import Killed
from tests.stories.story import ADA, Story

AHEAD = 500 * DAY
"""The connector asks the real clock what is to come; the hub's and Postiz' clocks go on from a day after that."""


@pytest.fixture
def story(tmp_path, sqlite_url, clock):
    clock.advance(AHEAD)
    with ExitStack() as stack:
        sandbox = create()
        sandbox.clock = lambda: datetime.fromtimestamp(clock.now() / 1000, UTC)
        origin = stack.enter_context(serve(sandbox))
        made = Story(stack, tmp_path / "home", sqlite_url, clock, vendors={}, trusted=[origin])
        made.sandboxes, made.origins = {"postiz": sandbox}, {"postiz": origin}
        with made.rooms.database.unit() as session:
            session.add(
                User(
                    id=ADA.id, email="ada@hub.example", name="Ada", role="administrator", password_hash="",
                    created_at=clock.now(),
                )
            )  # fmt: skip
        yield made


def post(story):
    ((_, facts),) = story.sandboxes["postiz"].ledger.living().items()
    return facts


def licensed(story, asset, until):
    """Add a licence; earlier ones are lifted."""
    for term in story.rooms.rights.terms(ADA, asset):
        if term.lifted_at is None:
            story.rooms.rights.lift_term(ADA, term.id)
    story.rooms.rights.add_term(ADA, asset, source="licence", effect="allow", until_at=until)


def test_a_post_is_scheduled_held_resumed_published_and_recalled(story):
    postiz, placements, clock = story.sandboxes["postiz"], story.rooms.placements, story.clock
    date = clock.now() // SECOND * SECOND + 10 * DAY
    asset, target = story.asset(), story.connect("postiz")
    placed = placements.place(ADA, asset, target.id, publish_at=date).id
    story.run(within_ms=MINUTE)
    assert (placements.copy(ADA, placed).phase, post(story)["state"]) == ("queued", "QUEUE")
    assert datetime.fromisoformat(post(story)["publishDate"]).timestamp() * 1000 == date

    licensed(story, asset, date - DAY)
    story.run(within_ms=MINUTE)
    held = placements.copy(ADA, placed)
    assert (held.phase, held.proof.claim, held.proof.level) == ("held", "held", "read")
    assert (post(story)["state"], postiz.publications) == ("DRAFT", [])

    licensed(story, asset, date + 30 * DAY)
    story.run(within_ms=MINUTE)
    assert (placements.copy(ADA, placed).phase, post(story)["state"]) == ("queued", "QUEUE")

    while clock.now() < date + 2 * MINUTE:
        story.run(within_ms=DAY)
        clock.advance(MINUTE)
    live = placements.copy(ADA, placed)
    assert (live.phase, live.proof.claim, len(postiz.publications)) == ("live", "in_place", 1)
    address = post(story)["releaseURL"]

    recall = placements.recall(ADA, asset, "The client asked")
    story.run(within_ms=HOUR)
    assert (placements.copy(ADA, placed).problem_code, len(postiz.publications)) == ("already_published", 1)
    with story.rooms.database.read() as session:
        told = {one.what: one.body for one in session.scalars(select(Notice))}
    assert told["copy_stopped"]["reason"] == "not_usable: licence_ended"
    assert told["copy_to_remove"]["address"] == address
    placements.attest(ADA, placed, "Deleted it at the network myself.")
    done = placements.recall_report(ADA, recall.id)
    assert (done.complete, done.lines[0].level) == (True, "attested")
    assert postiz.violations == []


def change(story, asset):
    story.rooms.catalogue.edit(ADA, asset, {"alt_text": "Other words"})


def exchange(story, asset):
    story.version(asset, "teal")
    story.run(within_ms=1)
    story.approve(asset)


@pytest.fixture
def deleted_meanwhile(story, monkeypatch):
    """Let somebody delete the post in Postiz in the moment in which the hub writes to it, as often as it does."""

    def arrange():
        postiz = story.sandboxes["postiz"]
        inner = postiz.app.view_functions["POST /posts"]

        def meanwhile():
            for ref, facts in postiz.ledger.living().items():
                postiz.vanish(facts["target"], ref)
            return inner()

        monkeypatch.setitem(postiz.app.view_functions, "POST /posts", meanwhile)

    return arrange


@pytest.mark.parametrize(("act", "how"), [
    (exchange, "seen"), ("resume", "killed"), pytest.param(change, "killed", marks=pytest.mark.again),
    pytest.param(exchange, "killed", marks=pytest.mark.again), pytest.param("resume", "lost", marks=pytest.mark.again),
])  # fmt: skip
def test_a_post_that_somebody_deletes_while_the_hub_writes_to_it_stays_away(
    story, deleted_meanwhile, monkeypatch, act, how
):
    postiz, placements, clock = story.sandboxes["postiz"], story.rooms.placements, story.clock
    date = clock.now() // SECOND * SECOND + 5 * MINUTE
    asset, target = story.asset(), story.connect("postiz")
    placed = placements.place(ADA, asset, target.id, publish_at=date).id
    story.run(within_ms=1)
    if act == "resume":
        licensed(story, asset, date - MINUTE)
        story.run(within_ms=1)
    deleted_meanwhile()
    if act == "resume":
        licensed(story, asset, date + 30 * DAY)
    else:
        act(story, asset)
    with monkeypatch.context() as patch:
        if how == "killed":
            patch.setattr(postiz_connector, "undone", killed)
        if how == "lost":
            postiz.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write"))
        try:
            story.run(within_ms=1)
        except Killed:
            assert how == "killed"
    assert len(postiz.ledger.effects(What.MADE)) == 2
    assert bool(postiz.ledger.living()) is (how != "seen")
    clock.advance(3 * MINUTE)  # as long as a killed worker keeps a copy to itself
    story.run(within_ms=40 * SECOND)
    assert (postiz.ledger.living(), clock.now() < date) == ({}, True)
    story.run(within_ms=DAY)
    there = placements.copy(ADA, placed)
    assert (there.problem_code, there.observed, there.proof.claim) == ("removed_there", "absent", "gone")
    assert (len(postiz.ledger.effects(What.MADE)), postiz.publications, postiz.violations) == (2, [], [])


def killed(*named):
    raise Killed
