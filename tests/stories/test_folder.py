"""A folder on a disk before a whole hub: what people see in it follows every decision, and outlives outages."""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack

import pytest

from connectors.sdk.tree import KEY_FILE
from hub.clock import HOUR
from tests.stories.story import ADA, Story

KEY = "correct horse battery staple 42"
END = ".damhub.json"


class WithFolder(Story):
    """A hub whose operator named a folder."""

    def open(self):
        self.press = self.settings.home.parent / "press"
        self.press.mkdir()
        (self.press / KEY_FILE).write_text(hashlib.sha256(KEY.encode()).hexdigest())
        self.settings = self.settings.model_copy(update={"folders": {"press": self.press}})
        super().open()

    def shown(self):
        """What people see: the one picture with its name, hash, and what is said of it; None when there is none."""
        files = sorted(one for one in self.press.iterdir() if not one.name.startswith(".damhub"))
        if not files:
            return None
        picture, beside = files
        assert beside.name == picture.name + END
        said = json.loads(beside.read_bytes())
        sha256 = hashlib.sha256(picture.read_bytes()).hexdigest()
        assert said["sha256"] == sha256
        return picture.name, sha256, said["fields"]


@pytest.fixture
def story(tmp_path, sqlite_url, clock):
    with ExitStack() as stack:
        yield WithFolder(stack, tmp_path / "home", sqlite_url, clock)


@pytest.fixture
def asset(story):
    return story.asset("navy", title="Grüße aus Köln", copyright="© Ada")


@pytest.fixture
def copy_of(story, asset):
    made = story.rooms.connections.connect(
        ADA, "folder", auth="key", settings={"folder": "press"}, secrets={"key": KEY}
    )
    placement = story.rooms.placements.place(ADA, asset, story.place_in(made, "/").id).id
    story.run()
    return lambda: story.rooms.placements.copy(ADA, placement)


def test_a_folder_follows_versions_texts_and_a_recall(story, asset, copy_of):
    name, first, said = story.shown()
    assert (copy_of().phase, copy_of().proof.level) == ("live", "read")
    assert name.startswith("Grüße aus Köln ")
    assert (first, said["copyright"], said["asset"] != "") == (story.sent(asset, "original"), "© Ada", True)

    story.version(asset, "teal")
    story.run()
    assert story.shown()[1] == first  # not approved: nothing moved
    story.approve(asset)
    story.run()
    again, second, _ = story.shown()
    assert (again, second) == (name, story.sent(asset, "original"))
    assert second != first

    story.rooms.placements.recall(ADA, asset, "The licence was bought for another country.")
    story.run()
    assert story.shown() is None
    assert copy_of().phase == "withdrawn"


def test_what_people_change_there_is_asked_about_and_what_is_not_mounted_is_left_alone(story, asset, copy_of):
    name, right, said = story.shown()
    (story.press / name).write_bytes(b"somebody's own picture")
    (story.press / (name + END)).write_text("{")
    away = story.press.with_name("unmounted")
    story.press.rename(away)
    story.press.mkdir()  # an empty mount point
    work_for(story, 24)
    assert copy_of().phase != "gone"
    assert list(story.press.iterdir()) == []  # nothing was written beside the share

    story.press.rmdir()
    away.rename(story.press)
    work_for(story, 48)
    assert (copy_of().phase, copy_of().problem_code) == ("blocked", "bytes_exchanged")
    assert (story.press / name).read_bytes() == b"somebody's own picture", "a person decides what becomes of it"
    (theirs,) = story.rooms.proposals.list(ADA)
    story.rooms.proposals.decide(ADA, theirs.id, "ours")
    work_for(story, 24)
    assert copy_of().phase == "live"
    assert story.shown() == (name, right, said)


def work_for(story, hours):
    """Let the worker look in every six hours: what cannot be reached is due again and again."""
    for _ in range(hours // 6):
        story.clock.advance(6 * HOUR)
        for drain in story.drains.values():
            drain.run("worker")
