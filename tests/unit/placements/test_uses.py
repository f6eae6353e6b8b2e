"""Where copies are used: asked for by itself and on demand, a few calls at a time, and kept when it ends."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from connectors.sdk.errors import AuthExpired, RateLimited, Rejected
from connectors.sdk.manifest import Ability, Capability
from connectors.sdk.types import Page, Use
from hub.access.actors import Actor, Role
from hub.clock import DAY, HOUR, MINUTE
from hub.connections.problems import no_such_connector
from hub.errors import Forbidden, Invalid, NotFound
from hub.placements.models import UseRound
from hub.placements.reports.document import ReportDocument
from hub.placements.uses import PAGES, Uses
from tests.faults.model.world import World
from tests.unit.placements.filing import Filing


@dataclass
class Site:
    """A switchboard to one remote that tells uses, one on each page."""

    usable: bool = True
    uses: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    failure: Exception | None = None
    reports: list = field(default_factory=list)

    def manifest(self, connector):
        abilities = {Capability.USAGE: Ability()} if self.usable else {}
        declared = SimpleNamespace(abilities=abilities, limits=())
        declared.at = lambda kind: declared
        return declared

    def speak(self, remote_id, *, urgent=False, checking=False):
        assert not urgent

        def uses(target, ref, cursor):
            self.calls.append((ref, cursor))
            if self.failure is not None:
                raise self.failure
            at = int(cursor or 0)
            later = str(at + 1) if at + 1 < len(self.uses) else None
            return Page(tuple(self.uses[at : at + 1]), later)

        return SimpleNamespace(connector=SimpleNamespace(uses=uses))

    def report(self, remote_id, error):
        self.reports.append(error)


def post(number, *, public=True):
    return Use("post", f"/posts/{number}", f"Post {number}", f"https://lake.example/{number}", public=public)


@pytest.fixture
def desk(quick, clock):
    return Filing(World(quick, clock))


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def uses(desk, site):
    return Uses(desk.database, desk.clock, site)


@pytest.fixture
def placed(desk):
    """An asset, and its one copy, which stands."""
    asset = desk.approved()
    copy = desk.place(asset)
    desk.run()
    return asset, copy


def drained(desk, uses, *, most=50):
    """Let turns follow each other until there is nothing to ask."""
    turns = 0
    while uses.drain("worker") and turns < most:
        turns += 1
        desk.clock.advance(2 * MINUTE)
    return turns


def test_a_copy_is_asked_about_after_it_was_made_and_every_day(desk, site, uses, placed):
    asset, copy = placed
    site.uses = [post(1), post(2, public=False)]
    assert drained(desk, uses) == 1
    told = uses.of_asset(desk.actor, asset)[copy]
    assert [(use.label, use.public) for use in told.now] == [("Post 1", True), ("Post 2", False)]
    assert (told.able, told.under_way) == (True, False)
    assert told.told_at is not None
    assert drained(desk, uses) == 0
    site.uses = [post(2)]
    desk.clock.advance(DAY)
    assert drained(desk, uses) == 1
    told = uses.of_copy(desk.actor, copy)
    assert [use.label for use in told.now] == ["Post 2"]
    assert [(use.label, use.gone_at is not None) for use in told.uses] == [("Post 2", False), ("Post 1", True)]


def test_a_long_round_goes_on_where_it_was_and_ends_uses_only_when_it_is_whole(desk, site, uses, placed):
    _, copy = placed
    site.uses = [post(n) for n in range(PAGES * 2 + 1)]
    drained(desk, uses)
    assert len(uses.of_copy(desk.actor, copy).now) == PAGES * 2 + 1
    desk.clock.advance(DAY)
    site.uses = [post(0), *(post(n) for n in range(100, 100 + PAGES))]
    assert uses.drain("worker") == 1
    half = uses.of_copy(desk.actor, copy)
    assert half.under_way
    assert {f"Post {n}" for n in range(PAGES * 2 + 1)} <= {use.label for use in half.now}
    desk.clock.advance(MINUTE)
    again = Uses(desk.database, desk.clock, site)  # another process goes on
    assert again.drain("worker-2") == 1
    assert [use.label for use in again.of_copy(desk.actor, copy).now] == [
        "Post 0", *(f"Post {n}" for n in range(100, 100 + PAGES)),
    ]  # fmt: skip
    assert site.calls[-1][1] == str(PAGES)


def test_a_connector_that_is_not_installed_any_more_holds_up_no_other(desk, site, uses, placed, monkeypatch):
    desk.place(desk.approved(b"other"), slot="second")
    desk.run()
    site.uses = [post(1)]
    drained(desk, uses)
    desk.clock.advance(DAY)

    def gone(connector):
        raise no_such_connector(connector)

    with monkeypatch.context() as away:
        away.setattr(site, "manifest", gone)
        assert [uses.drain("worker") for _ in range(2)] == [0, 0]
    with desk.database.read() as session:
        assert all(row.due_at > desk.clock.now() for row in session.scalars(select(UseRound))), "each had its turn"
    site.calls.clear()
    desk.clock.advance(DAY + MINUTE)
    drained(desk, uses)
    assert len(site.calls) == 2


def test_what_no_database_keeps_is_kept_plainly(desk, site, uses, placed):
    site.uses = [Use("po\x00st", "/a\ud83db", "A\x00\u202e\ud83d post", "https://lake.example/\ud83d", public=True)]
    drained(desk, uses)
    (use,) = uses.of_copy(desk.actor, placed[1]).now
    assert (use.kind, use.ref, use.label, use.url) == ("po st", "/a?b", "A    post", "https://lake.example/?")


def test_a_person_can_have_it_asked_at_once(desk, site, uses, placed):
    asset, copy = placed
    drained(desk, uses)
    site.uses = [post(7)]
    assert uses.ask_now(desk.actor, copy).under_way
    assert drained(desk, uses) == 1
    assert [use.label for use in uses.of_copy(desk.actor, copy).now] == ["Post 7"]
    viewer = Actor("v", "Vito Vale", Role.VIEWER)
    with pytest.raises(Forbidden):
        uses.ask_now(viewer, copy)
    with pytest.raises(NotFound):
        uses.of_copy(viewer, "nothing")
    desk.catalogue.archive(desk.actor, asset)
    with pytest.raises(NotFound):
        uses.of_copy(viewer, copy)


def test_where_nobody_can_tell_that_is_said(desk, site, uses, placed):
    asset, copy = placed
    site.usable = False
    assert drained(desk, uses) == 0
    assert not uses.of_asset(desk.actor, asset)[copy].able
    with pytest.raises(Invalid) as refused:
        uses.ask_now(desk.actor, copy)
    assert refused.value.code == "uses_not_told"


@pytest.mark.parametrize(
    ("failure", "wait"), [(RateLimited("Slow down.", after_s=None), HOUR), (Rejected("You may not list posts."), DAY)]
)
def test_a_remote_that_does_not_tell_loses_nothing_and_is_asked_later(desk, site, uses, placed, failure, wait):
    _, copy = placed
    site.uses = [post(1)]
    drained(desk, uses)
    desk.clock.advance(DAY)
    site.failure = failure
    assert uses.drain("worker") == 1
    told = uses.of_copy(desk.actor, copy)
    assert told.problem == failure.message
    assert [use.label for use in told.now] == ["Post 1"]
    assert site.reports[-1] is failure
    site.failure = None
    desk.clock.advance(wait)
    assert drained(desk, uses) == 1
    assert uses.of_copy(desk.actor, copy).problem == ""


def test_a_remote_that_goes_round_in_circles_is_left(desk, site, uses, placed):
    _, copy = placed
    site.speak = lambda remote_id, **_: SimpleNamespace(
        connector=SimpleNamespace(uses=lambda target, ref, cursor: Page((post(1),), "again"))
    )
    assert uses.drain("worker") == 1
    assert "circles" in uses.of_copy(desk.actor, copy).problem


def test_copies_that_do_not_stand_or_cannot_be_reached_are_not_asked_about(desk, site, uses, placed):
    asset, copy = placed
    site.uses = [post(1)]
    drained(desk, uses)
    desk.placements.take_back(desk.actor, copy)
    desk.run()
    desk.clock.advance(DAY)
    before = len(site.calls)
    assert drained(desk, uses) == 0
    assert len(site.calls) == before
    assert [use.label for use in uses.of_asset(desk.actor, asset)[copy].uses] == ["Post 1"]


def test_what_another_took_over_meanwhile_does_not_count(desk, site, uses, placed):
    _, copy = placed

    def speak(remote_id, **_):
        desk.clock.advance(DAY)  # this process was asleep; its lease has ended
        other = Uses(desk.database, desk.clock, Site(uses=[post(2)]))
        assert other.drain("other") == 1
        return SimpleNamespace(connector=SimpleNamespace(uses=lambda *_: Page((post(1),), None)))

    site.speak = speak
    assert uses.drain("worker") == 1
    assert [use.label for use in uses.of_copy(desk.actor, copy).now] == ["Post 2"]


def test_a_new_version_is_asked_about_anew(desk, site, uses, placed):
    asset, copy = placed
    drained(desk, uses)
    desk.world.version(asset, b"second")
    desk.approve(asset)
    desk.run()
    assert drained(desk, uses) == 1
    with desk.database.read() as session:
        row = session.scalars(select(UseRound)).one()
    assert row.generation == desk.world.row(copy).desired_generation


def test_uses_stand_in_the_report_of_a_recall(desk, site, uses, placed):
    asset, _ = placed
    site.uses = [post(1)]
    drained(desk, uses)
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    desk.run()
    [copy] = ReportDocument.model_validate(desk.document(recall)).copies
    assert [(use.label, use.address) for use in copy.uses] == [("Post 1", "https://lake.example/1")]


def test_a_remote_is_left_in_peace_between_turns(desk, site, uses, placed):
    asset, _ = placed
    desk.place(asset, slot="another")
    desk.run()
    assert uses.drain("worker") == 1
    assert uses.drain("worker") == 0
    desk.clock.advance(random.Random(1).randint(2_000, 3_000))
    assert uses.drain("worker") == 1


def test_a_connection_that_needs_a_person_is_not_tried(desk, site, uses, placed):
    site.failure = AuthExpired("Sign in again.")
    desk.world.exchange.refuse = site.failure
    from hub.connections.models import Connection

    with desk.database.unit() as session:
        for row in session.scalars(select(Connection)):
            row.state = "needs_person"
    assert uses.drain("worker") == 0
