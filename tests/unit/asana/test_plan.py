"""A person says which plan the account has at Asana, and the hub holds to the limit of that plan."""

from __future__ import annotations

from hub.clock import ManualClock
from tests.unit.intake.house import house


def test_the_limit_is_that_of_the_plan_and_follows_the_setting(tmp_path):
    with house(tmp_path, ManualClock(1_800_000_000_000), name="asana") as hub:
        made, room = hub.connect(), hub.rooms.connections

        def told():
            return [(one.scope, one.calls, one.per_s) for one in room.budget_left(hub.ada, made.id).limits]

        assert told() == [("connection", 150, 60.0)]
        room.change_settings(hub.ada, made.id, {"paid_plan": True}, seen=0)
        assert told() == [("connection", 1500, 60.0)]
        asana = room.speak(made.remote_id).connector
        for _ in range(160):
            asana.identify()
        assert 0 < room.budget_left(hub.ada, made.id).limits[0].left <= 1500 - 160
        assert hub.clock.now() == 1_800_000_000_000, "none of them had to wait"
