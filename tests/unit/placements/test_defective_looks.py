"""What fails at one copy in a way nobody foresaw holds up no other copy, and no recall."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy.exc import OperationalError

from hub.clock import HOUR, MINUTE, SECOND
from tests.faults.model import remote as model

DEFECT = KeyError("connector defect")
DATABASE = OperationalError("SELECT", {}, Exception("gone"))


def break_looks_at(ref, error, monkeypatch):
    look = model.Fake.look

    def fails(self, target, asked):
        if asked == ref:
            raise error
        return look(self, target, asked)

    monkeypatch.setattr(model.Fake, "look", fails)


@pytest.mark.parametrize("error", [DEFECT, DATABASE], ids=["defect", "database"])
def test_a_failure_at_one_copy_holds_up_no_other(desk, monkeypatch, error):
    placed = [desk.place(desk.approved(f"asset {n}".encode()), slot=str(n)) for n in range(3)]
    desk.run()
    assets = [desk.copy(each).asset_id for each in placed]
    ref = next(part.ref for part in desk.copy(placed[0]).parts if part.kind == "media")
    break_looks_at(ref, error, monkeypatch)
    for asset in assets:
        desk.catalogue.edit(desk.actor, asset, {"title": "Another"})
    desk.placements.take_back(desk.actor, placed[1])
    began = desk.clock.now()
    while desk.copy(placed[1]).phase != "withdrawn" or desk.copy(placed[2]).phase != "live":
        assert desk.clock.now() - began < MINUTE // 2, [desk.copy(each).phase for each in placed]
        with suppress(OperationalError):
            desk.tick()
        desk.clock.advance(SECOND)
    assert desk.copy(placed[0]).phase == "working"
    monkeypatch.undo()
    desk.run(within_ms=HOUR)
    assert desk.copy(placed[0]).phase == "live"


def test_a_defect_is_told_where_the_copy_is_shown(desk, monkeypatch):
    placed = desk.place(desk.approved(b"one"))
    desk.run()
    break_looks_at(desk.copy(placed).parts[0].ref, DEFECT, monkeypatch)
    desk.catalogue.edit(desk.actor, desk.copy(placed).asset_id, {"title": "Another"})
    desk.tick()
    assert (desk.copy(placed).problem_code, "looks again" in desk.copy(placed).problem) == ("connector_failed", True)
