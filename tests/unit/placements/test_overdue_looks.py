"""A look that is overdue and cannot be made is tried again after a while, never at once: no worker spins over it."""

from __future__ import annotations

import pytest

from hub.clock import DAY, HOUR, MINUTE
from hub.connections.models import Connection
from hub.connections.problems import not_usable
from hub.placements.due import LAST_RETRY


@pytest.fixture
def overdue(quick_desk):
    """Two copies whose first audit is over due."""
    desk = quick_desk
    placed = [desk.place(desk.approved(name)) for name in (b"one", b"two")]
    desk.run()
    desk.clock.advance(HOUR + MINUTE)
    return desk, placed


def looks_in(desk, milliseconds):
    """Let time pass by seconds; return how often a worker took a copy up."""
    taken, end = 0, desk.clock.now() + milliseconds
    while desk.clock.now() < end:
        while worked := desk.tick():
            taken += worked
            desk.clock.advance(100)  # what an attempt takes
        desk.clock.advance(1000)
    return taken


def test_where_nobody_answers_it_is_looked_for_ever_less_often(overdue):
    desk, placed = overdue
    desk.remote.dead = True
    assert 10 <= looks_in(desk, 10 * MINUTE) <= 30
    due = [desk.world.row(each).due_at - desk.clock.now() for each in placed]
    desk.remote.dead = False
    desk.run(within_ms=LAST_RETRY)
    assert max(due) <= LAST_RETRY
    assert [desk.copy(each).phase for each in placed] == ["live", "live"]
    assert all(desk.copy(each).proof.at > desk.clock.now() - LAST_RETRY for each in placed)


def test_where_no_connection_leads_it_is_asked_for_once_an_hour_and_rights_end_in_time(overdue):
    desk, placed = overdue
    with desk.database.unit() as session:
        session.query(Connection).one().state = "needs_person"
    desk.world.exchange.refuse = not_usable("connection_needs_person", "Fake")
    assert looks_in(desk, 10 * MINUTE) == 2
    ends = desk.clock.now() + 5 * MINUTE
    asset = desk.copy(placed[0]).asset_id
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", until_at=ends)
    looks_in(desk, 6 * MINUTE)
    assert (desk.copy(placed[0]).phase, desk.copy(placed[1]).phase) == ("blocked", "live")
    assert desk.world.row(placed[1]).due_at <= desk.clock.now() + DAY
