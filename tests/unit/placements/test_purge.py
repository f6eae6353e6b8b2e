"""What was deleted is let go of for good: after its grace, when every copy is proven away and nobody holds it."""

from __future__ import annotations

import pytest

from hub.access.actors import Actor, Role
from hub.catalogue.models import Asset, Version
from hub.clock import DAY, HOUR
from hub.db.models import Installation, Mode
from hub.errors import Conflict, Forbidden, Invalid
from hub.placements.models import Evidence
from hub.storage.models import Blob
from tests.unit.placements.test_merging import live

VIEWER = Actor("00000000-0000-7000-8000-000000000009", "Vera", Role.VIEWER)


def purge(desk, days=31):
    desk.clock.advance(days * DAY)
    desk.run()
    return desk.placements.purge.drain("w")


def states(desk):
    with desk.database.read() as session:
        return {blob.sha256: blob.state for blob in session.query(Blob)}


def state_of(desk, asset_id):
    with desk.database.read() as session:
        [version] = session.query(Version).where(Version.asset_id == asset_id)
        return states(desk)[version.sha256]


def purged(desk, asset_id):
    with desk.database.read() as session:
        return session.get_one(Asset, asset_id).purged_at is not None


def test_a_deleted_asset_is_withdrawn_and_let_go_of_after_its_grace(desk):
    asset, placement, entry = live(desk)
    desk.catalogue.delete(desk.actor, asset)
    desk.run()
    assert desk.copy(placement).phase == "withdrawn"
    assert entry.ref not in desk.remote.entries
    assert purge(desk, 29) == 0
    assert purge(desk, 2) == 1
    assert purge(desk, 1) == 0
    assert (purged(desk, asset), state_of(desk, asset)) == (True, "condemned")
    with desk.database.read() as session:  # what proves it stays
        assert session.query(Evidence).where(Evidence.placement_id == placement).count() >= 2
        [version] = session.query(Version).where(Version.asset_id == asset)
        assert len(version.sha256) == 64
    assert [event.subject for event in desk.events("asset.purged")] == [asset]
    view = desk.catalogue.view(desk.actor, asset)
    assert (view.title, "alt_text" in view.fields) == ("Logo", False)
    with pytest.raises(Conflict, match="grace_over"):
        desk.catalogue.restore(desk.actor, asset)


def test_within_the_grace_everything_comes_back(quick_desk):
    desk = quick_desk
    asset, placement, _ = live(desk)
    desk.catalogue.delete(desk.actor, asset)
    desk.run()
    desk.clock.advance(29 * DAY)
    assert [one.id for one in desk.catalogue.deleted(desk.actor)] == [asset]
    assert desk.catalogue.deleted(VIEWER) == []
    desk.catalogue.restore(desk.actor, asset)
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("live", [b"first"])
    assert purge(desk) == 0
    assert state_of(desk, asset) == "kept"


def test_a_copy_that_is_not_proven_away_keeps_the_bytes(quick_desk):
    desk = quick_desk
    asset, placement, _ = live(desk)
    desk.remote.dead = True
    desk.catalogue.delete(desk.actor, asset)
    assert purge(desk) == 0
    assert not purged(desk, asset)
    desk.remote.dead = False
    desk.clock.advance(HOUR)
    desk.run()
    assert desk.copy(placement).phase == "withdrawn"
    assert purge(desk, 1) == 1


def test_a_legal_hold_stops_the_purge_and_nothing_else(quick_desk):
    desk = quick_desk
    asset, placement, _ = live(desk)
    room = desk.rights.preservations
    with pytest.raises(Forbidden):
        room.hold(VIEWER, asset, "Mine.")
    with pytest.raises(Invalid):
        room.hold(desk.actor, asset, "  ")
    first, second = room.hold(desk.actor, asset, "Lawsuit 12."), room.hold(desk.actor, asset, "Tax.")
    assert desk.copy(placement).phase == "live"
    desk.catalogue.delete(desk.actor, asset)
    assert purge(desk) == 0
    assert desk.copy(placement).phase in {"withdrawn", "settled"}  # withdrawn everywhere, kept inside
    room.lift(desk.actor, first.id)
    assert purge(desk, 1) == 0
    assert room.lift(desk.actor, second.id).lifted_by == desk.actor.id
    assert purge(desk, 1) == 1
    with pytest.raises(Conflict) as refused:
        room.hold(desk.actor, asset, "Too late.")
    assert refused.value.code == "asset_purged"
    assert [hold.reason for hold in room.of_asset(desk.actor, asset)] == ["Lawsuit 12.", "Tax."]


def test_bytes_that_another_asset_shares_stay(quick_desk):
    desk = quick_desk
    one, other = desk.world.asset(b"shared"), desk.world.asset(b"shared")
    desk.catalogue.delete(desk.actor, one)
    assert purge(desk) == 1
    assert state_of(desk, other) == "kept"
    desk.catalogue.delete(desk.actor, other)
    assert purge(desk) == 1
    assert state_of(desk, other) == "condemned"


def test_a_stand_in_that_is_deleted_waits_until_it_is_proven_away_elsewhere(quick_desk):
    desk = quick_desk
    asset, stand_in = desk.approved(b"asked for"), desk.approved(b"stand-in")
    placement = desk.place(asset)
    desk.run()
    desk.placements.recall(desk.actor, asset, "It must go.", stand_in)
    desk.run()
    assert desk.shown(placement) == [b"stand-in"]
    desk.remote.dead = True
    desk.catalogue.delete(desk.actor, stand_in)
    assert purge(desk) == 0
    desk.remote.dead = False
    desk.clock.advance(HOUR)
    desk.run()
    assert desk.shown(placement) == []
    assert purge(desk, 1) == 1


def test_what_stands_out_there_of_others_keeps_nothing(quick_desk):
    desk = quick_desk
    live(desk)
    desk.place(desk.approved(b"leading"), companions=[desk.approved(b"behind")])
    desk.run()
    asset = desk.world.asset(b"alone")
    desk.catalogue.delete(desk.actor, asset)
    assert purge(desk) == 1


def test_a_picture_in_a_set_that_is_not_proven_away_stays(quick_desk):
    desk = quick_desk
    behind = desk.approved(b"behind")
    desk.place(desk.approved(b"leading"), companions=[behind])
    desk.run()
    desk.remote.dead = True
    desk.catalogue.delete(desk.actor, behind)
    assert purge(desk) == 0
    desk.remote.dead = False
    desk.clock.advance(HOUR)
    desk.run()
    assert purge(desk, 1) == 1


def test_a_copy_of_the_hub_lets_go_of_nothing(quick_desk):
    desk = quick_desk
    asset = desk.world.asset()
    desk.catalogue.delete(desk.actor, asset)
    with desk.database.unit() as session:
        session.query(Installation).one().mode = Mode.OBSERVE_ONLY.value
    assert purge(desk) == 0
    assert not purged(desk, asset)
