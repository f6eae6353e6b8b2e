"""A remote that hangs takes no time from another: a real worker's reconcilers, a sandbox that withholds its answers."""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack, contextmanager

import pytest

from connectors.testing.sandbox import Sandbox
from hub.jobs.drains import Round
from hub.placements.seats import ORDINARY, SLOW_MS
from tests.stories.story import ADA, Story

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
IN_TIME_S = 60


class Gate:
    """Holds back whatever reaches a vendor while it is closed."""

    def __init__(self):
        self.closed, self.waiting, self.changed = set(), 0, threading.Condition()

    def close(self, name):
        with self.changed:
            self.closed.add(name)

    def open(self):
        with self.changed:
            self.closed.clear()
            self.changed.notify_all()

    def pass_through(self, name):
        with self.changed:
            if name in self.closed:
                self.waiting += 1
                self.changed.notify_all()
                self.changed.wait_for(lambda: name not in self.closed)
                self.waiting -= 1

    def holds(self, count):
        """Wait until so many requests are held back."""
        with self.changed:
            return self.changed.wait_for(lambda: self.waiting >= count, IN_TIME_S)


@pytest.fixture
def gate(monkeypatch):
    gate, answer = Gate(), Sandbox.wsgi

    def wsgi(self, environ, start_response):
        gate.pass_through(self.name)
        return answer(self, environ, start_response)

    monkeypatch.setattr(Sandbox, "wsgi", wsgi)
    return gate


@pytest.fixture
def story(gate, tmp_path, database_url, clock):
    with ExitStack() as stack:
        stack.callback(gate.open)
        yield Story(stack, tmp_path / "home", database_url, clock)


@contextmanager
def worker(story, gate):
    """Run the drains that work on copies as a worker process does, each in a thread of its own."""
    stop, rooms = threading.Event(), story.rooms
    drains = [drain for name, drain in story.drains.items() if name.startswith(("plan", "reconcile"))]
    rounds = [Round(drain, rooms.database, rooms.clock, owner="worker") for drain in drains]
    threads = [threading.Thread(target=each.run, args=(stop, sys.maxsize)) for each in rounds]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        gate.open()
        for thread in threads:
            thread.join()


def reaches(story, placement, phase):
    """Wait until a copy is as far as this."""
    waits = threading.Event()
    for _ in range(IN_TIME_S * 20):
        if story.rooms.placements.copy(ADA, placement).phase == phase:
            return True
        waits.wait(0.05)
    return False


def test_a_withdrawal_elsewhere_is_not_delayed_by_a_remote_that_hangs(story, gate):
    targets = {"rest": story.connect("rest"), "trello": story.connect("trello")}
    first, *others = [story.asset(colour) for colour in ("navy", "olive", "teal", "plum", "tan", "red")]
    standing = story.place(first, {"rest": targets["rest"]})["rest"]
    story.run()
    assert story.rooms.placements.copy(ADA, standing).phase == "live"
    gate.close("trello")
    with worker(story, gate):
        for count, asset in enumerate(others[:ORDINARY], start=1):
            story.place(asset, {"trello": targets["trello"]})
            assert gate.holds(count), "each of the ordinary seats is kept"
        story.rooms.placements.take_back(ADA, standing)
        story.clock.advance(SLOW_MS)
        assert reaches(story, standing, "withdrawn")
        assert story.standing("rest", story.rooms.placements.copy(ADA, standing)) == []
        assert gate.waiting == ORDINARY, "it was not waited for"


def test_a_remote_that_was_slow_is_left_a_seat_fewer(story, gate):
    targets = {"rest": story.connect("rest"), "trello": story.connect("trello")}
    slow, *others = [story.asset(colour) for colour in ("navy", "olive", "teal", "plum", "tan", "red")]
    story.run()
    gate.close("trello")
    with worker(story, gate):
        copy = story.place(slow, {"trello": targets["trello"]})["trello"]
        assert gate.holds(1)
        story.clock.advance(SLOW_MS)
        gate.open()
        assert reaches(story, copy, "live")
        gate.close("trello")
        for asset in others:
            story.place(asset, {"trello": targets["trello"]})
        assert gate.holds(ORDINARY - 1)
        elsewhere = story.place(slow, {"rest": targets["rest"]})["rest"]
        assert reaches(story, elsewhere, "live"), "without any time going by"
        assert gate.waiting == ORDINARY - 1
