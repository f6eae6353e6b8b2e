"""The running hub: real threads, the real clock. What the clock alone begins is acted on within a minute."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from hub.clock import MINUTE, SECOND, SystemClock
from hub.jobs.drains import Round
from tests.stories.story import ADA, Story

PATIENCE_S = 50


@pytest.fixture
def running(tmp_path, sqlite_url):
    """A hub at work: one thread for each drain, as in a worker process."""
    with ExitStack() as stack:
        story = Story(stack, tmp_path / "home", sqlite_url, SystemClock())
        stop = threading.Event()
        threads = [
            threading.Thread(
                target=Round(drain, story.rooms.database, story.clock, owner="worker").run, args=(stop, 10_000)
            )
            for drain in story.drains.values()
        ]
        for thread in threads:
            thread.start()
        try:
            yield story
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)


def until(true, within_s=PATIENCE_S):
    """Wait until something is true; return how long that took."""
    ask_again, begun = threading.Event(), SystemClock().now()
    while not true():
        took = SystemClock().now() - begun
        assert took < within_s * SECOND, "it did not become true in time"
        ask_again.wait(0.05)
    return SystemClock().now() - begun


def test_the_end_of_a_window_is_acted_on_within_a_minute(running):
    target = running.connect("rest")
    asset = running.asset("navy")
    placement = running.rooms.placements.place(ADA, asset, target.id).id

    def phase():
        return running.rooms.placements.copy(ADA, placement).phase

    until(lambda: phase() == "live")
    end = running.clock.now() + 2 * SECOND
    running.rooms.rights.add_term(ADA, asset, source="embargo", effect="deny", from_at=end)
    until(lambda: phase() == "withdrawn")
    copy = running.rooms.placements.copy(ADA, placement)
    assert running.standing("rest", copy) == []
    assert end <= copy.proof.at < end + MINUTE


def test_no_drain_sleeps_longer_than_a_minute_and_each_does_its_work_by_itself(running):
    assert {"plan", "rights", "reconcile-1", "inbox", "webhook-events", "webhook-deliveries", "media", "search"} <= set(
        running.drains
    )
    # The end of a window is acted on within a minute, by drains that follow one upon the other.
    follow = [drain.every_s for name, drain in running.drains.items() if name in {"plan", "rights", "reconcile-1"}]
    assert sum(follow) <= 30
    assert max(drain.every_s for drain in running.drains.values()) <= 60
