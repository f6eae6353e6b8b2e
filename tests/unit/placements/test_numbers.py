"""What is counted of copies: asked for when nobody is in a hurry, kept by day, never made up."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from connectors.sdk.errors import AuthExpired, Misconfigured, RateLimited, Rejected
from connectors.sdk.manifest import Ability, Capability
from hub.access.actors import Actor, Role
from hub.clock import DAY, HOUR, MINUTE
from hub.connections.models import Connection
from hub.errors import Forbidden, Invalid, NotFound
from hub.placements.models import NumberOfDay, Part
from hub.placements.numbers import KEPT_MS, YOUNG_MS, Numbers

VIEWER = Actor("v", "Vito Vale", Role.VIEWER)


@dataclass
class Network:
    """A switchboard to one remote that counts; it is as free as a test says."""

    counts: dict = field(default_factory=dict)
    able: bool = True
    free: bool = True
    failure: Exception | None = None
    calls: list = field(default_factory=list)
    reports: list = field(default_factory=list)

    def manifest(self, connector):
        declared = SimpleNamespace(abilities={Capability.NUMBERS: Ability()} if self.able else {})
        declared.at = lambda kind: declared
        return declared

    def speak(self, remote_id, *, urgent=False, checking=False):
        assert not urgent

        def numbers(target, ref):
            self.calls.append(ref)
            if self.failure is not None:
                raise self.failure
            return self.counts

        return SimpleNamespace(connector=SimpleNamespace(numbers=numbers))

    def report(self, remote_id, error):
        self.reports.append(error)


@pytest.fixture
def network():
    return Network()


def asking(desk, network):
    return Numbers(desk.database, desk.clock, network, lambda remote_id: network.free)


@pytest.fixture
def numbers(quick_desk, network):
    return asking(quick_desk, network)


def placed(desk):
    """An asset, and its one copy, which stands and was found by this room an hour ago."""
    asset = desk.approved()
    copy = desk.place(asset)
    desk.run()
    return asset, copy


def first_turn(desk, numbers):
    assert numbers.drain("worker") == 0
    desk.clock.advance(HOUR)
    return numbers.drain("worker")


def seen(view):
    return {one.name: (one.value, len(one.days)) for one in view.numbers}


def test_numbers_are_asked_for_an_hour_after_and_every_day(desk, network):
    numbers = asking(desk, network)
    asset, copy = placed(desk)
    network.counts = {"impressionCount": 12, "likeCount": 0}
    assert first_turn(desk, numbers) == 1
    view = numbers.of_asset(desk.actor, asset)[copy]
    assert seen(view) == {"impressionCount": (12, 1), "likeCount": (0, 1)}
    assert (view.able, view.told_at, view.under_way, view.problem) == (True, desk.clock.now(), False, "")
    desk.clock.advance(DAY - 1)
    assert numbers.drain("worker") == 0
    network.counts = {"impressionCount": 40}
    desk.clock.advance(1)
    assert numbers.drain("worker") == 1
    view = numbers.of_copy(desk.actor, copy)
    assert seen(view) == {"impressionCount": (40, 2), "likeCount": (0, 1)}, (
        "what was not told again stays, with its day"
    )
    likes = view.numbers[1]
    assert likes.told_at == desk.clock.now() - DAY
    assert [one.value for one in view.numbers[0].days] == [12, 40]
    assert network.reports == [None, None]


def test_nothing_told_is_not_zero(quick_desk, network, numbers):
    _, copy = placed(quick_desk)
    assert first_turn(quick_desk, numbers) == 1
    view = numbers.of_copy(quick_desk.actor, copy)
    assert (view.told_at, view.numbers) == (quick_desk.clock.now(), ())


def test_what_is_no_count_is_left_out(quick_desk, network, numbers):
    _, copy = placed(quick_desk)
    network.counts = {"": 3, "rate": 0.5, "lost": -1, "huge": 2**63, "n" * 80: 4, **{f"x{n:02}": n for n in range(60)}}
    assert first_turn(quick_desk, numbers) == 1
    view = numbers.of_copy(quick_desk.actor, copy)
    assert [one.name for one in view.numbers] == ["n" * 64, *(f"x{n:02}" for n in range(39))]


def test_of_several_objects_the_sum_is_told_and_of_what_is_gone_nothing(quick_desk, network, numbers):
    _, copy = placed(quick_desk)
    with quick_desk.database.unit() as session:
        session.add(Part(placement_id=copy, kind="media", external_ref="more", state="showing", looked_at=1))
        session.add(Part(placement_id=copy, kind="media", external_ref="old", state="gone", looked_at=1))
    network.counts = {"views": 5}
    assert first_turn(quick_desk, numbers) == 1
    assert seen(numbers.of_copy(quick_desk.actor, copy)) == {"views": (10, 1)}
    assert "old" not in network.calls


def test_numbers_give_way_to_everything_else(quick_desk, network, numbers):
    _, copy = placed(quick_desk)
    network.free = False
    assert first_turn(quick_desk, numbers) == 0
    assert network.calls == []
    assert numbers.of_copy(quick_desk.actor, copy).under_way
    network.free = True
    assert numbers.drain("worker") == 1


def test_a_remote_is_left_in_peace_between_two_copies(quick_desk, network, numbers):
    asset, _ = placed(quick_desk)
    quick_desk.place(asset, slot="another")
    quick_desk.run()
    assert first_turn(quick_desk, numbers) == 1
    assert numbers.drain("worker") == 0
    quick_desk.clock.advance(6_000)
    assert numbers.drain("worker") == 1


def test_old_copies_are_asked_about_once_a_week_and_old_days_are_forgotten(quick_desk, network, numbers):
    _, copy = placed(quick_desk)
    network.counts = {"views": 5}
    first_turn(quick_desk, numbers)
    quick_desk.clock.advance(YOUNG_MS)
    assert numbers.drain("worker") == 1
    quick_desk.clock.advance(6 * DAY)
    assert numbers.drain("worker") == 0
    quick_desk.clock.advance(DAY)
    assert numbers.drain("worker") == 1
    assert seen(numbers.of_copy(quick_desk.actor, copy)) == {"views": (5, 3)}
    quick_desk.clock.advance(KEPT_MS)
    assert numbers.drain("worker") == 1
    with quick_desk.database.read() as session:
        assert all(row.day >= quick_desk.clock.now() - KEPT_MS for row in session.scalars(select(NumberOfDay)))


@pytest.mark.parametrize(
    ("failure", "wait", "told"),
    [
        (RateLimited("Slow down.", after_s=None), 10 * MINUTE, True),
        (Rejected("You may not read statistics."), DAY, True),
        (Misconfigured("The permission to read statistics is missing."), DAY, False),
        (AuthExpired("Sign in again."), DAY, True),
        (TypeError("a defect"), DAY, False),
    ],
)
def test_a_failure_keeps_what_was_told_and_stops_no_publishing(quick_desk, network, numbers, failure, wait, told):
    _, copy = placed(quick_desk)
    network.counts = {"views": 5}
    first_turn(quick_desk, numbers)
    quick_desk.clock.advance(DAY)
    network.failure, network.reports = failure, []
    assert numbers.drain("worker") == 1
    view = numbers.of_copy(quick_desk.actor, copy)
    assert view.problem == getattr(failure, "message", "The connector failed while it asked.")
    assert seen(view) == {"views": (5, 1)}
    assert network.reports == ([failure] if told else [])
    network.failure = None
    quick_desk.clock.advance(wait - 1)
    assert numbers.drain("worker") == 0
    quick_desk.clock.advance(1)
    assert numbers.drain("worker") == 1
    assert numbers.of_copy(quick_desk.actor, copy).problem == ""


def test_a_person_can_have_them_asked_at_once(quick_desk, network, numbers):
    asset, copy = placed(quick_desk)
    network.counts = {"views": 5}
    assert numbers.ask_now(quick_desk.actor, copy).under_way
    assert numbers.drain("worker") == 1
    quick_desk.clock.advance(MINUTE)
    assert numbers.ask_now(quick_desk.actor, copy).under_way
    assert numbers.drain("worker") == 1
    with pytest.raises(Forbidden):
        numbers.ask_now(VIEWER, copy)
    assert seen(numbers.of_copy(VIEWER, copy)) == {"views": (5, 1)}
    with pytest.raises(NotFound):
        numbers.of_copy(VIEWER, "nothing")
    quick_desk.catalogue.archive(quick_desk.actor, asset)
    for ask in (lambda: numbers.of_copy(VIEWER, copy), lambda: numbers.of_asset(VIEWER, asset)):
        with pytest.raises(NotFound):
            ask()


def test_where_nothing_is_counted_that_is_said(quick_desk, network, numbers):
    _, copy = placed(quick_desk)
    network.able = False
    assert first_turn(quick_desk, numbers) == 0
    assert not numbers.of_copy(quick_desk.actor, copy).able
    with pytest.raises(Invalid) as refused:
        numbers.ask_now(quick_desk.actor, copy)
    assert refused.value.code == "numbers_not_told"


def test_copies_that_do_not_stand_or_cannot_be_reached_are_not_asked_about(quick_desk, network, numbers):
    _, copy = placed(quick_desk)
    network.counts = {"views": 5}
    first_turn(quick_desk, numbers)
    with quick_desk.database.unit() as session:
        for row in session.scalars(select(Connection)):
            row.state = "needs_person"
    quick_desk.clock.advance(DAY)
    assert numbers.drain("worker") == 0
    with quick_desk.database.unit() as session:
        for row in session.scalars(select(Connection)):
            row.state = "live"
    quick_desk.placements.take_back(quick_desk.actor, copy)
    quick_desk.run()
    assert numbers.drain("worker") == 0
    assert seen(numbers.of_copy(quick_desk.actor, copy)) == {"views": (5, 1)}


@pytest.mark.both
def test_what_another_took_over_meanwhile_does_not_count(desk, network):
    numbers = asking(desk, network)
    _, copy = placed(desk)

    def speak(remote_id, **_):
        desk.clock.advance(DAY)  # this process was asleep; its lease has ended
        other = asking(desk, Network(counts={"views": 2}))
        assert other.drain("other") == 1
        return SimpleNamespace(connector=SimpleNamespace(numbers=lambda *_: {"views": 1}))

    network.speak = speak
    assert first_turn(desk, numbers) == 1
    assert seen(numbers.of_copy(desk.actor, copy)) == {"views": (2, 1)}
