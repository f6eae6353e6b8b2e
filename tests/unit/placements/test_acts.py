"""What people do with copies: place, take back, place again, retry, attest, pin; and what a channel does to them."""

from __future__ import annotations

import itertools

import pytest

from connectors.sdk.errors import AuthExpired
from hub.clock import DAY, HOUR, MINUTE
from hub.errors import Conflict, Invalid
from tests.faults.model.remote import manifest


@pytest.fixture
def desk(quick_desk):
    """One database: recalls and the seeded rehearsals go through the same doors on both."""
    return quick_desk


def test_wanting_it_twice_makes_one_copy(desk):
    asset = desk.approved()
    first = desk.place(asset)
    assert desk.place(asset) == first
    desk.run()
    assert desk.place(asset) == first
    desk.run()
    assert desk.remote.calls.count("publish") == 1


def test_two_slots_of_a_place_are_two_copies(desk):
    asset = desk.approved()
    one, other = desk.place(asset, slot="header"), desk.place(asset, slot="footer")
    assert one != other
    desk.run()
    assert (desk.shown(one), desk.shown(other)) == ([b"first"], [b"first"])


def test_taken_back_and_placed_again_it_stands_there_once(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.placements.take_back(desk.actor, placement)
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("withdrawn", [])
    assert desk.place(asset) == placement
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("live", [b"first"])


def test_taken_back_before_anything_was_sent_it_is_dropped(desk):
    placement = desk.place(desk.world.asset())
    desk.placements.take_back(desk.actor, placement)
    desk.run()
    copy = desk.copy(placement)
    assert (copy.phase, copy.settled_reason) == ("settled", "dropped")
    assert desk.remote.calls == []


def test_taken_back_for_good_it_settles_after_the_last_audit_and_frees_its_slot(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.placements.take_back(desk.actor, placement)
    desk.run(within_ms=40 * DAY)
    copy = desk.copy(placement)
    assert (copy.phase, copy.settled_reason) == ("settled", "withdrawn")
    again = desk.place(asset)
    assert again != placement
    desk.run()
    assert (desk.shown(again), desk.shown(placement)) == ([b"first"], [])


@pytest.mark.parametrize("act", ["retry", "attest", "take_back"])
def test_what_is_settled_stays_as_it_ended(desk, act):
    placement = desk.place(desk.approved())
    desk.run()
    desk.placements.take_back(desk.actor, placement)
    desk.run(within_ms=40 * DAY)
    before = desk.copy(placement)
    assert before.phase == "settled"
    with pytest.raises(Conflict) as refused:
        getattr(desk.placements, act)(desk.actor, placement, *(["I looked"] if act == "attest" else []))
    assert refused.value.code == "copy_settled"
    assert desk.copy(placement) == before


def test_a_copy_that_follows_shows_the_newest_approved_version_and_a_pinned_one_stays(desk):
    asset = desk.approved(b"one")
    version = desk.world.newest(asset)
    following = desk.place(asset)
    pinned = desk.place(asset, slot="archive", version_policy="pin", pinned_version_id=version)
    desk.run()
    desk.world.version(asset, b"two")
    desk.run()
    assert (desk.shown(following), desk.shown(pinned)) == ([b"one"], [b"one"])
    desk.approve(asset)
    desk.run()
    assert (desk.shown(following), desk.shown(pinned)) == ([b"two"], [b"one"])


def test_approving_an_old_version_again_rolls_every_copy_back(desk):
    asset = desk.approved(b"one")
    first = desk.world.newest(asset)
    placement = desk.place(asset)
    desk.run()
    desk.world.version(asset, b"two")
    desk.approve(asset)
    desk.run()
    assert desk.shown(placement) == [b"two"]
    desk.approve(asset, first)
    desk.run()
    copy = desk.copy(placement)
    assert (desk.shown(placement), copy.shown_version, copy.phase) == ([b"one"], 1, "live")


def test_a_revoked_approval_takes_pinned_copies_away_too(desk):
    asset = desk.approved(b"one")
    first = desk.world.newest(asset)
    placement = desk.place(asset, version_policy="pin", pinned_version_id=first)
    desk.world.version(asset, b"two")
    desk.approve(asset)
    desk.run()
    assert desk.shown(placement) == [b"one"]
    desk.review.revoke(desk.actor, asset)
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("withdrawn", [])


def test_a_deleted_asset_is_withdrawn_and_comes_back_when_that_is_undone(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.catalogue.delete(desk.actor, asset)
    desk.run()
    copy = desk.copy(placement)
    assert (copy.phase, copy.desired_reason, desk.shown(placement)) == ("withdrawn", "deleted", [])
    desk.catalogue.restore(desk.actor, asset)
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("live", [b"first"])


def test_an_archived_asset_is_withdrawn_and_no_substitute_stands_in(desk):
    asset, stand_in = desk.approved(), desk.approved(b"stand-in")
    desk.catalogue.set_successor(desk.actor, asset, stand_in)
    placement = desk.place(asset, withdraw_policy="substitute")
    desk.run()
    desk.catalogue.archive(desk.actor, asset)
    desk.run()
    assert (desk.copy(placement).desired_reason, desk.shown(placement)) == ("archived", [])


def test_the_original_returns_by_itself_when_its_rights_return(desk):
    asset, stand_in = desk.approved(), desk.approved(b"stand-in")
    desk.catalogue.set_successor(desk.actor, asset, stand_in)
    placement = desk.place(asset, withdraw_policy="substitute")
    desk.run()
    gap = (desk.clock.now() + 10 * MINUTE, desk.clock.now() + 20 * MINUTE)
    desk.rights.add_term(desk.actor, asset, source="embargo", effect="deny", from_at=gap[0], until_at=gap[1])
    desk.run(within_ms=1000)
    shown = []
    for at in gap:
        desk.clock.advance(at - desk.clock.now())
        desk.run(within_ms=1000)
        shown.append((desk.shown(placement), desk.copy(placement).proof.claim))
        assert desk.copy(placement).phase == "live"
    assert shown == [([b"stand-in"], "substituted"), ([b"first"], "in_place")]


def test_a_chain_of_substitutes_is_followed_to_the_first_that_may_stand_there(desk):
    asset = desk.approved()
    chain = [asset, *(desk.approved(f"stand-in {n}".encode()) for n in range(3))]
    for each, heir in itertools.pairwise(chain):
        desk.catalogue.set_successor(desk.actor, each, heir)
    placement = desk.place(asset, withdraw_policy="substitute")
    desk.run()
    for number, each in enumerate(chain[:3]):
        desk.rights.add_term(desk.actor, each, source="takedown", effect="deny")
        desk.run()
        assert desk.shown(placement) == [f"stand-in {number}".encode()]
    desk.rights.add_term(desk.actor, chain[3], source="takedown", effect="deny")
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("withdrawn", [])


def test_a_cycle_of_substitutes_is_refused(desk):
    one, two, three = (desk.approved(name) for name in (b"1", b"2", b"3"))
    desk.catalogue.set_successor(desk.actor, one, two)
    desk.catalogue.set_successor(desk.actor, two, three)
    for asset, heir in ((three, one), (two, one), (one, one)):
        with pytest.raises(Conflict) as refused:
            desk.catalogue.set_successor(desk.actor, asset, heir)
        assert refused.value.code == "successor_cycle"


def test_vanished_in_the_channel_it_settles_within_hours_and_the_master_is_untouched(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.clock.advance(5 * DAY)
    desk.run()
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    desk.remote.remove(entry.ref, by="somebody")
    desk.world.change(placement, observed="unknown")
    desk.tick()
    copy = desk.copy(placement)
    assert (copy.phase, copy.problem_code, copy.proof.claim) == ("gone", "removed_there", "gone")
    assert copy.due_at <= desk.clock.now() + HOUR
    desk.clock.advance(HOUR)
    desk.run()
    settled = desk.copy(placement)
    assert (settled.phase, settled.settled_reason) == ("settled", "removed_there")
    assert desk.remote.calls.count("publish") == 1
    view = desk.catalogue.view(desk.actor, asset)
    assert (view.lifecycle, view.deleted_at) == ("approved", None)
    assert len(desk.world.blobs) == 1


def test_a_person_has_a_vanished_copy_put_there_again(desk):
    placement = desk.place(desk.approved())
    desk.run()
    desk.clock.advance(MINUTE)
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    desk.remote.remove(entry.ref, by="somebody")
    desk.world.change(placement, observed="unknown")
    desk.tick()
    assert desk.copy(placement).phase == "gone"
    desk.placements.retry(desk.actor, placement)
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("live", [b"first"])


def test_vanished_right_after_it_was_made_it_is_neither_believed_nor_made_again(desk):
    placement = desk.place(desk.approved())
    desk.tick()
    assert desk.copy(placement).phase == "live"
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    desk.remote.remove(entry.ref, by="somebody")
    desk.world.change(placement, observed="unknown")
    desk.tick()
    assert desk.copy(placement).phase == "working"
    desk.run()
    assert desk.copy(placement).phase == "gone"
    assert desk.remote.calls.count("publish") == 1


def test_a_dead_connection_blocks_what_has_work_and_a_live_one_goes_on(desk):
    asset = desk.approved(b"one")
    placement, idle = desk.place(asset), desk.place(desk.approved(b"other"))
    desk.run()
    desk.refuse(AuthExpired("sign in again"))
    desk.world.version(asset, b"two")
    desk.approve(asset)
    desk.run()
    assert (desk.copy(placement).phase, desk.copy(idle).phase) == ("blocked", "live")
    assert desk.copy(placement).problem_code == "auth_expired"
    assert desk.copy(placement).stale_since is not None
    desk.world.exchange.refuse = None
    from hub.events.log import emit

    with desk.database.unit() as session:
        emit(session, "connection.live", "x", actor="system", body={"remote_id": desk.world.remote_id})
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("live", [b"two"])


def unanswerable(desk):
    """Make the remote one that cannot be searched, and lose the answer to a publication."""
    from connectors.sdk.manifest import Capability, Write

    declared = manifest(without=(Capability.FIND,), publish=Write.UNANSWERABLE)
    desk.world.exchange.declared = declared
    return declared


def test_an_unanswerable_write_waits_for_a_person_and_retry_means_it_was_not_made(desk):
    unanswerable(desk)
    placement = desk.place(desk.approved())
    desk.remote.faults.append("lost_before")
    desk.run()
    for _ in range(3):
        desk.clock.advance(DAY)
        desk.run()
        assert (desk.copy(placement).phase, desk.copy(placement).problem_code) == ("blocked", "unanswerable")
    assert desk.remote.calls.count("publish") == 1
    desk.placements.retry(desk.actor, placement)
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("live", [b"first"])


def test_attesting_is_a_level_of_its_own_with_a_name_and_a_note(desk):
    unanswerable(desk)
    placement = desk.place(desk.approved())
    with pytest.raises(Conflict, match="Nothing was ever sent"):
        desk.placements.attest(desk.actor, placement, "I looked")
    desk.remote.faults.append("lost_after")
    desk.run()
    with pytest.raises(Invalid) as empty:
        desk.placements.attest(desk.actor, placement, "  ")
    assert empty.value.code == "no_note"
    copy = desk.placements.attest(desk.actor, placement, "Opened the page: it is there. ")
    assert (copy.phase, copy.proof.level, copy.proof.by) == ("live", "attested", desk.actor.id)
    assert copy.proof.note == "Opened the page: it is there."
    assert copy.proof.looks == ()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"withdraw_policy": "burn"}, "policy_unknown"),
        ({"version_policy": "drift"}, "policy_unknown"),
        ({"slot": "x" * 256}, "slot_too_long"),
        ({"version_policy": "pin"}, "pin_what"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(quick_desk, options, code):
    asset = quick_desk.approved()
    with pytest.raises(Invalid) as refused:
        quick_desk.place(asset, **options)
    assert refused.value.code == code


def test_a_version_of_another_asset_cannot_be_pinned(quick_desk):
    asset, other = quick_desk.approved(), quick_desk.approved(b"other")
    with pytest.raises(Invalid) as refused:
        quick_desk.place(asset, version_policy="pin", pinned_version_id=quick_desk.world.newest(other))
    assert refused.value.code == "pin_what"
