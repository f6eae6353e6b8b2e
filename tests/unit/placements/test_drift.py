"""The drift list: what is not as it should be, since when, and what nobody can vouch for."""

from __future__ import annotations

import pytest

from hub.access.actors import Actor, Role
from hub.clock import DAY, HOUR, MINUTE
from hub.connections.models import Connection
from hub.errors import Forbidden
from hub.placements.drift import Drift
from tests.unit.placements.test_conflicts import disputed
from tests.unit.placements.test_merging import live, looked_at_again
from tests.unit.placements.test_restoring import removed


def report(desk, **asked):
    return desk.placements.drift.report(desk.actor, **asked)


def lines(desk, **asked):
    return [(line.drift, line.copy.id) for line in report(desk, **asked).lines]


def test_what_is_as_it_should_be_is_not_listed(quick_desk):
    live(quick_desk)
    found = report(quick_desk)
    assert (found.lines, found.counts, found.unvouched, found.more) == ((), {}, (), False)
    with pytest.raises(Forbidden):
        quick_desk.placements.drift.report(Actor("x", "V", Role.VIEWER))


def test_each_kind_is_listed_once_the_longest_first(desk):
    _, gone = removed(desk)
    desk.clock.advance(HOUR)
    _, conflict, *_ = disputed(desk)
    desk.clock.advance(HOUR)
    _, unsure, _ = live(desk)
    desk.clock.advance(MINUTE)
    _, altered, _ = live(desk)
    desk.world.change(unsure, phase="unsure")
    desk.world.change(altered, phase="working", observed="altered")
    assert lines(desk) == [
        (Drift.GONE, gone), (Drift.CONFLICT, conflict), (Drift.UNSURE, unsure), (Drift.ALTERED, altered),
    ]  # fmt: skip
    found = report(desk)
    assert found.counts == {Drift.GONE: 1, Drift.CONFLICT: 1, Drift.UNSURE: 1, Drift.ALTERED: 1}
    assert [line.since for line in found.lines] == sorted(line.since for line in found.lines)
    assert lines(desk, drift="conflict") == [(Drift.CONFLICT, conflict)]
    assert lines(desk, skip=3) == [(Drift.ALTERED, altered)]
    assert lines(desk, remote_id=desk.world.remote_id) == lines(desk)
    assert lines(desk, remote_id="another") == []


def test_a_removed_copy_leaves_the_list_once_it_is_put_back(quick_desk):
    desk = quick_desk
    _, gone = removed(desk)
    assert lines(desk) == [(Drift.GONE, gone)]
    desk.placements.restoring.restore(desk.actor, gone)
    desk.run()
    assert lines(desk) == []


def test_a_copy_whose_look_is_late_is_vouched_for_by_nobody(quick_desk):
    desk = quick_desk
    _, placement, _ = live(desk)
    desk.clock.advance(DAY)  # the first audit was due after an hour: no worker runs
    assert lines(desk) == []
    desk.clock.advance(2 * HOUR)
    assert lines(desk) == [(Drift.UNSEEN, placement)]
    desk.run()
    assert lines(desk) == []


def test_a_dead_connection_is_one_line_however_many_copies_stand_there(quick_desk):
    desk = quick_desk
    live(desk)
    live(desk)
    with desk.database.unit() as session:
        connection = session.query(Connection).one()
        connection.state, connection.last_ok_at = "needs_person", desk.clock.now() - MINUTE
    [found] = report(desk).unvouched
    assert (found.remote_id, found.copies, found.why) == (desk.world.remote_id, 2, "connection_needs_person")
    assert found.since == desk.clock.now() - MINUTE
    assert report(desk, remote_id="another").unvouched == ()


def test_silent_drift_is_found_by_the_sweep(quick_desk):
    desk = quick_desk
    _, placement, entry = live(desk)
    entry.fields["alt"] = "their own words"
    desk.remote.faults.extend(["rejected"] * 3)
    entry.fields["title"] = "another title"  # no webhook tells
    desk.clock.advance(HOUR + MINUTE)
    desk.tick()
    assert [drift for drift, _ in lines(desk)] == [Drift.BLOCKED]
    desk.remote.faults.clear()
    desk.placements.retry(desk.actor, placement)
    desk.run()
    assert lines(desk) == []
    assert entry.fields["title"] == "Logo"
    assert looked_at_again(desk, placement).phase == "live"


def test_looks_at_what_is_in_order_are_told_from_work(quick_desk):
    desk = quick_desk
    asset, placement, _ = live(desk)
    assert desk.world.exchange.checks == 0
    desk.clock.advance(HOUR + MINUTE)  # the first audit
    desk.run()
    assert desk.world.exchange.checks == 1
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", until_at=desk.clock.now() + HOUR)
    desk.run()
    before = desk.world.exchange.checks
    desk.clock.advance(HOUR + MINUTE)  # nothing but the clock says that its rights are over
    desk.run()
    assert desk.copy(placement).phase == "withdrawn"
    assert desk.world.exchange.checks == before
