"""A channel that is told until when it may show something is told the truth, and again when that changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.clock import HOUR
from mappings.spec import parse_spec
from tests.unit.placements import desk as desks

TELLING = parse_spec(
    """
spec: 1
connector: fake
notes: Tells until when it may be shown.
fields:
  - field: title
    remote: title
    owner: dam
    transforms: [line]
  - field: usable_until
    remote: until
    owner: dam
    transforms: [day]
"""
)


@pytest.fixture
def telling(quick_desk, monkeypatch):
    monkeypatch.setattr(desks, "SPEC", TELLING)
    return quick_desk


def day(*date):
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 1000


def told(desk, placed):
    [entry] = desk.remote.living(desk.world.row(placed).marker)
    return entry.fields["until"]


def test_the_end_of_the_licence_at_that_place_is_told_and_told_again_when_it_moves(telling):
    desk, asset = telling, telling.approved()
    placed = [desk.place(asset), desk.place(asset, desk.target("Elsewhere", channel="other"))]
    desk.run()
    assert [told(desk, each) for each in placed] == ["", ""]
    ends = day(2027, 2, 1)
    term = desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", until_at=ends, channels=["fake"])
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", channels=["other"])
    desk.run()
    assert [told(desk, each) for each in placed] == ["2027-01-31", ""], "the last day, at the one place"
    desk.rights.lift_term(desk.actor, term.id)
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", until_at=ends + HOUR, channels=["fake"])
    desk.run()
    assert [told(desk, each) for each in placed] == ["2027-02-01", ""]
    assert [desk.copy(each).phase for each in placed] == ["live", "live"]


def test_what_is_not_told_anywhere_moves_no_copy(quick_desk):
    desk, asset = quick_desk, quick_desk.approved()
    placed = desk.place(asset)
    desk.run()
    before = desk.world.row(placed).desired_generation
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", until_at=day(2027, 2, 1))
    desk.run()
    assert desk.world.row(placed).desired_generation == before
