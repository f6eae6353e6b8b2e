"""The life of one copy, from wanted to proven away."""

from __future__ import annotations

import pytest

from tests.faults.model.world import FOREVER

pytestmark = pytest.mark.both


def test_an_approved_asset_appears_and_is_seen(world):
    asset = world.asset()
    placement = world.place(asset)
    world.run()
    assert world.row(placement).phase == "waiting"
    assert world.row(placement).desired_reason == "not_approved"
    assert world.remote.ledger == []

    world.approve(asset)
    world.run()
    row = world.row(placement)
    assert (row.phase, row.desired_reason) == ("live", "wanted")
    [entry] = world.remote.living(row.marker)
    assert world.blobs[entry.sha256] == b"first"
    assert entry.fields["title"] == "Logo"
    assert [(proof.claim, proof.level) for proof in world.evidence(placement)] == [("in_place", "seen")]


def test_the_end_of_a_licence_takes_the_copy_away_by_the_clock_alone(world, clock):
    asset = world.asset()
    now = clock.now()
    world.rights(asset, (0, now + 600_000, True), (now + 600_000, FOREVER, False))
    world.approve(asset)
    placement = world.place(asset)
    world.run(within_ms=1000)
    assert world.row(placement).phase == "live"
    assert world.row(placement).due_at == now + 600_000

    clock.advance(600_000)
    world.run(within_ms=1000)
    row = world.row(placement)
    assert (row.phase, row.desired_reason) == ("withdrawn", "not_usable: the licence ended")
    assert world.remote.living(row.marker) == []
    assert world.evidence(placement)[-1].claim == "withdrawn"
    assert world.evidence(placement)[-1].level == "seen"
