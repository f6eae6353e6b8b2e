"""A copy with several public addresses is seen in place only if none of them shows another version."""

from __future__ import annotations

import pytest

from connectors.sdk.types import Part, PartKind
from hub.placements.ports import Viewed
from tests.faults.model.remote import Fake, manifest
from tests.faults.model.world import World
from tests.unit.placements.desk import Desk
from tests.unit.placements.test_merging import live, looked_at_again

EDGE = "https://edge.example/"


@pytest.fixture
def desk(quick, clock):
    """A remote that replaces bytes where they stand, at the same addresses."""
    return Desk(World(quick, clock, declared=manifest(replace=True)))


@pytest.fixture
def edge(desk, monkeypatch):
    """What a second address of each copy shows: a status and the hash of its bytes."""
    shows, parts, view = {"status": 200, "sha256": ""}, Fake._parts, desk.remote.view

    def both(self, entry):
        return (*parts(self, entry), Part(PartKind.PUBLIC_URL, f"{EDGE}{entry.ref}.jpg"))

    def seen(url):
        return Viewed(shows["status"], shows["sha256"], "image/jpeg") if url.startswith(EDGE) else view(url)

    monkeypatch.setattr(Fake, "_parts", both)
    monkeypatch.setattr(desk.remote, "view", seen)
    return shows


def test_an_edge_that_keeps_the_version_before_is_not_seen_in_place(desk, edge):
    asset, placement, entry = live(desk)
    before = entry.sha256
    edge["sha256"] = before
    desk.approve(asset, desk.world.version(asset, b"the second version"))
    desk.run()
    (entry,) = desk.remote.living(desk.world.row(placement).marker)
    assert entry.sha256 != before
    assert (desk.copy(placement).phase, desk.copy(placement).proof.level) == ("live", "read")
    edge["sha256"] = entry.sha256
    assert looked_at_again(desk, placement).proof.level == "seen"
    edge["sha256"] = before
    assert looked_at_again(desk, placement).proof.level == "read"


def test_smaller_files_that_a_site_makes_of_it_are_no_other_version(desk, edge):
    edge["sha256"] = "5" * 64
    _, placement, _ = live(desk)
    assert desk.copy(placement).proof.level == "seen"
    edge["status"] = 503
    assert looked_at_again(desk, placement).proof.level == "read"
