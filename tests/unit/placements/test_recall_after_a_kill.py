"""A worker dies between the last proof of a recall and its closing."""

from __future__ import annotations

import pytest

from hub.clock import MINUTE

pytestmark = pytest.mark.both


def test_the_next_worker_closes_the_recall_within_a_minute(desk, world):
    asset = desk.approved()
    desk.place(asset)
    desk.run()
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    while desk.placements.reconcile("worker-0"):
        pass  # this one has looked at its recalls just now, and lives on
    world.run()  # the one that dies: it takes the copy away, proves it, and is gone before it closes anything
    report = desk.placements.recall_report(desk.actor, recall.id)
    assert (report.complete, report.closed_at) == (True, None)
    desk.clock.advance(MINUTE)
    assert desk.placements.reconcile("worker-2") == 0
    assert desk.placements.recall_report(desk.actor, recall.id).closed_at == desk.clock.now()
