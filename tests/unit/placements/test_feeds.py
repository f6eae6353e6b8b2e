"""Change feeds are read on from where they ended, whatever happens, and what they name is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from connectors.sdk.errors import Unreachable
from connectors.sdk.manifest import Ability, Capability, Limit
from connectors.sdk.types import Change, Changes, Item, ItemKind
from hub.clock import MINUTE, SECOND
from hub.placements.feeds import EVERY_MS, LONGEST_MS, Feeds
from hub.placements.models import Feed, Placement
from hub.placements.neighbours import neighbours


@dataclass
class Teller:
    """A remote's feed: a list of things that changed, told two at a time."""

    told: list = field(default_factory=list)
    forgot: bool = False
    fails: BaseException | None = None
    asked: list = field(default_factory=list)
    before: object = None

    def changes(self, cursor):
        self.asked.append(cursor)
        if self.before is not None:
            self.before()
        if self.fails is not None:
            raise self.fails
        end = len(self.told)
        if cursor is None:
            return Changes((), str(end))
        if self.forgot:
            self.forgot = False
            return Changes((), str(end), lost=True)
        at = int(cursor)
        items = tuple(Change(*one) if isinstance(one, tuple) else Change(one) for one in self.told[at : at + 2])
        return Changes(items, str(at + len(items)), more=at + len(items) < end)


class Board:
    """A switchboard whose remote has a feed."""

    def __init__(self, exchange, teller):
        self._exchange, self._teller = exchange, teller
        declared = exchange.declared
        self.declared = replace(declared, abilities={**declared.abilities, Capability.CHANGES: Ability()})

    def manifest(self, connector):
        return self.declared

    def speak(self, remote_id, *, urgent=False, checking=False):
        return SimpleNamespace(connector=self._teller, manifest=self.declared)

    def report(self, remote_id, error):
        self._exchange.reports.append(error)


@pytest.fixture
def teller():
    return Teller()


@pytest.fixture
def feeds(desk, teller):
    return Feeds(desk.database, desk.clock, Board(desk.world.exchange, teller), desk.world.planner)


@pytest.fixture
def copies(desk):
    """Two copies in place."""
    placed = [desk.place(desk.approved(f"asset {n}".encode()), slot=str(n)) for n in range(2)]
    desk.run()
    return placed


def row(desk, remote_id=None):
    with desk.database.read() as session:
        return session.get(Feed, remote_id or desk.world.remote_id)


def doubted(desk, placement):
    with desk.database.read() as session:
        return session.get_one(Placement, placement).observed == "unknown"


def ref_of(desk, placement):
    return next(part.ref for part in desk.copy(placement).parts if part.kind == "media")


def drain_all(feeds, most=20):
    return sum(feeds.drain("w") for _ in range(most))


def test_a_remote_without_copies_is_not_asked(desk, feeds, teller):
    assert feeds.drain("w") == 0
    assert teller.asked == []


def test_what_a_feed_names_is_looked_at_and_nothing_else(desk, feeds, teller, copies):
    assert drain_all(feeds) == 1  # a beginning; then it is not due
    teller.told += ["elsewhere", ref_of(desk, copies[0])]
    desk.clock.advance(EVERY_MS)
    assert drain_all(feeds) == 1
    assert [doubted(desk, each) for each in copies] == [True, False]
    assert teller.asked == [None, "0"]
    assert row(desk).cursor == "2"


def test_a_copy_is_known_by_its_own_name_where_the_feed_has_another_for_the_thing(desk, feeds, teller, copies):
    drain_all(feeds)
    item = Item("folder/lake", ItemKind.FILE, "lake.jpg", copy_ref=ref_of(desk, copies[0]))
    teller.told += [(item.ref, False, item), ("folder/sea", False, replace(item, copy_ref="a\x00b"))]
    desk.clock.advance(EVERY_MS)
    drain_all(feeds)
    assert [doubted(desk, each) for each in copies] == [True, False]


@pytest.mark.both
def test_a_name_that_no_database_keeps_does_not_stop_a_feed(desk, feeds, teller, copies):
    drain_all(feeds)
    teller.told += ["a\x00b", "a\ud83db", ref_of(desk, copies[0])]
    desk.clock.advance(EVERY_MS)
    assert drain_all(feeds)
    assert [doubted(desk, each) for each in copies] == [True, False]
    assert row(desk).cursor == "3"


def test_a_copy_that_somebody_removed_there_is_noticed(desk, feeds, teller, copies):
    drain_all(feeds)
    ref = ref_of(desk, copies[0])
    desk.remote.remove(ref, by="somebody")
    teller.told.append(ref)
    desk.clock.advance(EVERY_MS)
    drain_all(feeds)
    desk.run()
    assert [desk.copy(each).phase for each in copies] == ["gone", "live"]


@pytest.mark.parametrize("lost", [False, True])
def test_a_copy_that_was_withdrawn_and_that_somebody_puts_back_is_withdrawn_again(desk, feeds, teller, copies, lost):
    drain_all(feeds)
    ref = ref_of(desk, copies[0])
    entry = desk.remote.entries[ref]
    waiting = desk.place(desk.world.asset(b"not approved"), slot="3")
    desk.placements.take_back(desk.actor, copies[0])
    desk.run()
    desk.remote.entries[ref] = entry  # out of the bin
    teller.told.append(ref)
    teller.forgot = lost
    desk.clock.advance(EVERY_MS)
    drain_all(feeds)
    desk.run()
    assert ref not in desk.remote.entries
    assert [desk.copy(each).phase for each in (*copies, waiting)] == ["withdrawn", "live", "waiting"]


def test_a_long_feed_is_read_to_its_end_at_once(desk, feeds, teller, copies):
    drain_all(feeds)
    teller.told += [f"thing {n}" for n in range(5)] + [ref_of(desk, copies[1])]
    desk.clock.advance(EVERY_MS)
    assert drain_all(feeds) == 3
    assert doubted(desk, copies[1])
    assert row(desk).due_at - desk.clock.now() == 3 * EVERY_MS  # three reads at once: three times the wait


def test_a_lost_place_has_everything_looked_at(desk, feeds, teller, copies):
    drain_all(feeds)
    teller.forgot = True
    desk.clock.advance(EVERY_MS)
    drain_all(feeds)
    assert all(doubted(desk, each) for each in copies)


def test_a_feed_that_fails_is_asked_more_seldom_and_misses_nothing(desk, feeds, teller, copies):
    drain_all(feeds)
    teller.told.append(ref_of(desk, copies[0]))
    teller.fails = Unreachable("no answer")
    waits = []
    for _ in range(9):
        before = desk.clock.now()
        desk.clock.advance(row(desk).due_at - before)
        assert drain_all(feeds) == 1
        waits.append(row(desk).due_at - desk.clock.now())
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_MS
    assert row(desk).problem == "remote_unreachable"
    assert desk.world.exchange.reports[-1] is teller.fails
    teller.fails = KeyError("a defect")
    desk.clock.advance(LONGEST_MS)
    drain_all(feeds)
    assert row(desk).problem == "connector_failed"
    teller.fails = None
    desk.clock.advance(LONGEST_MS)
    drain_all(feeds)
    assert doubted(desk, copies[0])
    assert (row(desk).failures, row(desk).problem) == (0, "")


@pytest.mark.both
def test_a_reader_that_was_overtaken_moves_nothing(desk, feeds, teller, copies):
    drain_all(feeds)
    teller.told.append(ref_of(desk, copies[0]))
    desk.clock.advance(EVERY_MS)

    def overtake():
        teller.before = None
        desk.clock.advance(10 * MINUTE)  # the lease ends while the answer is on its way
        assert feeds.drain("other") == 1
        teller.told.append("later")

    teller.before = overtake
    feeds.drain("w")
    assert row(desk).cursor == "1"
    assert doubted(desk, copies[0])


@pytest.mark.both
def test_what_was_read_and_not_kept_is_read_again(desk, feeds, teller, copies):
    drain_all(feeds)
    teller.told.append(ref_of(desk, copies[0]))
    desk.clock.advance(EVERY_MS)

    class Killed(BaseException):
        pass

    teller.fails = Killed()
    with pytest.raises(Killed):
        feeds.drain("w")
    teller.fails = None
    assert feeds.drain("w") == 0  # leased by the dead one
    desk.clock.advance(6 * MINUTE)
    drain_all(feeds)
    assert doubted(desk, copies[0])


def test_tight_limits_make_a_feed_patient(desk, feeds, teller, copies):
    board = feeds._switchboard
    board.declared = replace(board.declared, limits=(Limit(30, 3600.0), Limit(10, 1.0)))
    drain_all(feeds)
    assert row(desk).due_at - desk.clock.now() == 20 * 120 * SECOND


def test_another_hub_that_keeps_copies_there_is_met_once_and_our_own_are_not_strangers(desk, feeds, teller, copies):
    def named(marker):
        return (marker, False, Item(marker, ItemKind.FILE, f"lake-{marker}-0123456789ab.jpg"))

    def read():
        desk.clock.advance(2 * EVERY_MS)
        feeds.drain("w")

    read()  # a feed begins where it ends
    ours, theirs = desk.copy(copies[0]).marker, "dhabc123-" + "a2" * 10
    teller.told += [named(ours), named(theirs)]
    read()
    teller.told += [named("dhabc123-" + "b3" * 10), "no name"]
    read()
    (event,) = desk.events("remote.shared")
    with desk.database.read() as session:
        (met,) = neighbours(session, event.subject)
    assert (met.begins, met.met_at) == ("dhabc123", event.at)
