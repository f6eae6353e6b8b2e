"""What somebody removed in the channel is put back with one act, into the same place, wanted as it was."""

from __future__ import annotations

import pytest

from hub.access.actors import Actor, Role
from hub.clock import DAY, HOUR
from hub.errors import Conflict, Forbidden, NotFound
from tests.unit.placements.test_merging import live, looked_at_again

VIEWER = Actor("00000000-0000-7000-8000-000000000009", "Vera", Role.VIEWER)


def removed(desk, *, settled=True):
    """Return an asset and its copy that somebody removed there."""
    asset, placement, entry = live(desk)
    desk.remote.remove(entry.ref, by="them")
    looked_at_again(desk, placement)
    if settled:
        desk.clock.advance(2 * HOUR)
        desk.run()
    return asset, placement


def test_a_removal_settles_with_its_reason_and_leaves_the_master_alone(quick_desk):
    desk = quick_desk
    asset, placement = removed(desk)
    copy = desk.copy(placement)
    assert (copy.phase, copy.settled_reason, copy.proof.claim) == ("settled", "removed_there", "gone")
    view = desk.catalogue.view(desk.actor, asset)
    assert (len(view.versions), view.deleted_at, view.lifecycle.value) == (1, None, "approved")
    desk.clock.advance(30 * DAY)
    desk.run()
    assert desk.remote.calls.count("publish") == 1  # nothing puts it back by itself


def test_a_settled_copy_is_put_back_into_its_place_with_one_act(desk):
    asset, placement = removed(desk)
    copy = desk.placements.restoring.restore(desk.actor, placement)
    assert copy.id != placement
    desk.run()
    old, now = desk.copy(placement), desk.copy(copy.id)
    assert (old.phase, now.phase) == ("settled", "live")
    assert (now.target_id, now.slot, now.asset_id) == (old.target_id, old.slot, asset)
    assert desk.shown(copy.id) == [b"first"]
    assert desk.placements.restoring.restore(desk.actor, placement).id == copy.id  # twice makes no second one
    desk.run()
    assert desk.remote.calls.count("publish") == 2
    [planned, *_] = desk.events("placement.restored")
    assert (planned.actor, planned.subject, planned.body["restores"]) == (desk.actor.id, copy.id, placement)


def test_one_whose_end_is_not_confirmed_yet_comes_back_itself(quick_desk):
    desk = quick_desk
    _, placement = removed(desk, settled=False)
    assert desk.copy(placement).phase == "gone"
    assert desk.placements.restoring.restore(desk.actor, placement).id == placement
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("live", [b"first"])


def test_policies_pin_slot_and_set_are_as_they_were(quick_desk):
    desk = quick_desk
    asset = desk.approved()
    pinned = desk.world.newest(asset)
    alone = desk.place(asset, slot="hero", version_policy="pin", pinned_version_id=pinned, withdraw_policy="substitute")
    other = desk.approved(b"second")
    together = desk.place(asset, companions=[other])
    desk.run()
    for placement in (alone, together):
        for entry in desk.remote.living(desk.world.row(placement).marker):
            desk.remote.remove(entry.ref, by="them")
        looked_at_again(desk, placement)
    desk.clock.advance(2 * HOUR)
    desk.run()
    made = [desk.placements.restoring.restore(desk.actor, placement) for placement in (alone, together)]
    desk.run()
    assert [desk.copy(copy.id).phase for copy in made] == ["live", "live"]
    assert (made[0].slot, made[0].version_policy, made[0].withdraw_policy) == ("hero", "pin", "substitute")
    assert desk.world.row(made[0].id).pinned_version_id == pinned
    assert [one.asset_id for one in made[1].companions] == [other]


def test_nothing_is_published_before_it_may_be_shown(quick_desk):
    desk = quick_desk
    asset, placement = removed(desk)
    desk.review.revoke(desk.actor, asset, note="Not now.")
    copy = desk.placements.restoring.restore(desk.actor, placement)
    desk.run()
    assert desk.copy(copy.id).phase == "waiting"
    assert desk.remote.calls.count("publish") == 1
    desk.approve(asset)
    desk.run()
    assert desk.copy(copy.id).phase == "live"


def test_what_was_not_removed_there_or_is_deleted_here_is_not_put_back(quick_desk):
    desk = quick_desk
    asset, placement, _ = live(desk)
    with pytest.raises(Conflict) as refused:
        desk.placements.restoring.restore(desk.actor, placement)
    assert refused.value.code == "not_removed"
    with pytest.raises(NotFound):
        desk.placements.restoring.restore(desk.actor, "nothing")
    with pytest.raises(Forbidden):
        desk.placements.restoring.restore(VIEWER, placement)
    _, gone = removed(desk)
    desk.catalogue.delete(desk.actor, desk.copy(gone).asset_id)
    with pytest.raises(Conflict) as refused:
        desk.placements.restoring.restore(desk.actor, gone)
    assert refused.value.code == "asset_deleted"
    assert desk.catalogue.view(desk.actor, asset).deleted_at is None
