"""Copies that have a time: handed over, held, resumed, let out once, and given back to a person."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from sqlalchemy import select

from connectors.sdk.types import PartState
from hub.access.models import User
from hub.clock import DAY, HOUR, MINUTE
from hub.errors import Conflict, Invalid
from hub.notify.models import Notice
from tests.faults.model.remote import manifest
from tests.faults.model.world import FOREVER, World
from tests.unit.placements.desk import USER, Desk

ENDED = "not_usable: the licence ended"


def calendar(database, clock, **more):
    """A desk over a remote that keeps a calendar of its own."""
    return peopled(Desk(World(database, clock, declared=manifest(replace=True, calendar=True, **more))))


def peopled(desk):
    with desk.database.unit() as session:
        session.add(User(id=USER, email="edda@hub.example", name="Edda", role="editor", password_hash="", created_at=0))
    return desk


@pytest.fixture
def desk(quick, clock):
    return calendar(quick, clock)


@pytest.fixture
def plain(quick_desk):
    """A desk over a remote that keeps no calendar."""
    return peopled(quick_desk)


@pytest.fixture
def date(clock):
    return clock.now() // 1000 * 1000 + 10 * DAY


def entry(desk):
    (found,) = desk.remote.entries.values()
    return found


def ends(desk, asset, at):
    """Let the licence of an asset end."""
    desk.world.rights(asset, (0, at, True), (at, FOREVER, False))


def acts(desk):
    return [deed.act for deed in desk.remote.ledger]


def notices(desk):
    with desk.database.read() as session:
        return [(one.what, one.user_id, one.body) for one in session.scalars(select(Notice).order_by(Notice.id))]


def until(desk, at):
    """Let time pass, working on what is due at its time."""
    while (step := min(at, _next(desk))) < at:
        desk.clock.advance(max(step - desk.clock.now(), 1))
        desk.tick()
    desk.clock.advance(at - desk.clock.now())
    desk.run(within_ms=0)


def _next(desk):
    from hub.placements.models import Placement

    with desk.database.read() as session:
        return min(session.scalars(select(Placement.due_at).where(Placement.settled_at.is_(None))), default=FOREVER)


def scheduled(desk, date, **options):
    asset = desk.approved(b"one")
    placed = desk.place(asset, publish_at=date, **options)
    desk.run()
    return asset, placed


def test_it_waits_there_goes_out_at_its_time_and_is_proven(desk, date):
    _, placed = scheduled(desk, date)
    copy = desk.copy(placed)
    assert (copy.phase, copy.proof.claim, copy.proof.level, copy.publish_at) == ("queued", "scheduled", "read", date)
    assert (entry(desk).state, entry(desk).at) == (PartState.QUEUED, date)
    until(desk, date + 2 * MINUTE)
    copy = desk.copy(placed)
    assert (copy.phase, copy.proof.claim) == ("live", "in_place")
    assert copy.out_at is not None
    assert acts(desk) == ["publish", "out"]
    assert notices(desk) == []


def test_it_is_looked_at_shortly_before_its_time_and_at_least_daily(desk, date):
    _, placed = scheduled(desk, date)
    until(desk, date)
    times = [proof.at for proof in desk.world.evidence(placed) if proof.claim == "scheduled"]
    assert max(later - before for before, later in pairwise(times)) <= DAY
    assert date - 15 * MINUTE in times


def test_it_is_held_when_rights_end_before_it_lived_long_enough_and_resumed_when_they_last(desk, date):
    asset, placed = scheduled(desk, date)
    ends(desk, asset, date + DAY - 1)
    desk.run()
    copy = desk.copy(placed)
    assert (copy.phase, copy.desired_reason, copy.proof.claim) == ("held", "not_usable: ends_before", "held")
    assert entry(desk).state is PartState.HELD
    ((what, reader, body),) = notices(desk)
    assert (what, reader, body["reason"], body["publish_at"]) == ("copy_stopped", USER, copy.desired_reason, date)
    ends(desk, asset, date + DAY)
    desk.run()
    assert (desk.copy(placed).phase, entry(desk).state, entry(desk).at) == ("queued", PartState.QUEUED, date)
    until(desk, date + MINUTE)
    assert acts(desk) == ["publish", "hold", "resume", "out"]


def test_what_is_cured_after_its_date_waits_for_a_person_to_give_another(desk, date):
    asset, placed = scheduled(desk, date)
    ends(desk, asset, date)
    desk.run()
    until(desk, date + HOUR)
    desk.world.rights(asset, (0, FOREVER, True))
    desk.run()
    copy = desk.copy(placed)
    assert (copy.phase, copy.desired_reason, entry(desk).state) == ("held", "date_passed", PartState.HELD)
    assert [body["reason"] for _, _, body in notices(desk)] == [ENDED, "date_passed"]
    again = desk.clock.now() // 1000 * 1000 + 3 * DAY
    desk.placements.schedule(desk.actor, placed, again)
    desk.run()
    assert (desk.copy(placed).phase, entry(desk).at) == ("queued", again)
    until(desk, again + MINUTE)
    assert desk.copy(placed).phase == "live"
    assert acts(desk).count("out") == 1


def test_an_approval_that_is_taken_back_holds_it_and_a_new_version_goes_out_instead(desk, date):
    asset, placed = scheduled(desk, date)
    desk.review.revoke(desk.actor, asset)
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).desired_reason) == ("held", "not_approved")
    desk.world.version(asset, b"two")
    desk.approve(asset)
    desk.run()
    assert (desk.copy(placed).phase, entry(desk).at) == ("queued", date)
    until(desk, date + MINUTE)
    assert desk.shown(placed) == [b"two"]
    assert acts(desk).count("out") == 1


def test_a_stand_in_goes_out_at_its_time_where_the_policy_says_so(desk, date):
    asset, placed = scheduled(desk, date, withdraw_policy="substitute")
    desk.catalogue.set_successor(desk.actor, asset, desk.approved(b"stand-in"))
    ends(desk, asset, date)
    desk.run()
    copy = desk.copy(placed)
    assert (copy.phase, copy.desired, copy.proof.claim, entry(desk).at) == ("queued", "substitute", "scheduled", date)
    until(desk, date + MINUTE)
    assert (desk.copy(placed).proof.claim, desk.shown(placed)) == ("substituted", [b"stand-in"])


def test_a_recall_takes_what_waits_away_and_closes(desk, date):
    asset, placed = scheduled(desk, date)
    recall = desk.placements.recall(desk.actor, asset, "the client asked")
    desk.run()
    assert (desk.copy(placed).phase, desk.remote.entries) == ("withdrawn", {})
    assert desk.placements.recall_report(desk.actor, recall.id).complete


def test_a_recalled_stand_in_is_not_left_parked(desk, date):
    asset, placed = scheduled(desk, date, withdraw_policy="substitute")
    stand_in = desk.approved(b"stand-in")
    desk.catalogue.set_successor(desk.actor, asset, stand_in)
    ends(desk, asset, date)
    desk.run()
    recall = desk.placements.recall(desk.actor, stand_in, "the client asked")
    desk.run()
    assert (desk.copy(placed).phase, desk.remote.entries) == ("withdrawn", {})
    assert desk.placements.recall_report(desk.actor, recall.id).complete


def test_what_is_held_and_let_out_there_is_withdrawn_at_the_next_look(desk, date):
    asset, placed = scheduled(desk, date)
    ends(desk, asset, desk.clock.now() + HOUR)
    until(desk, desk.clock.now() + 2 * HOUR)
    assert desk.copy(placed).phase == "held"
    desk.remote.let_out(entry(desk))
    until(desk, desk.clock.now() + DAY)
    assert (desk.copy(placed).phase, desk.remote.entries) == ("withdrawn", {})


def test_what_cannot_be_taken_back_becomes_a_persons_task_with_the_address(desk, date):
    desk.remote.keeps_what_is_out = True
    asset, placed = scheduled(desk, date)
    until(desk, date + MINUTE)
    recall = desk.placements.recall(desk.actor, asset, "the client asked")
    desk.run()
    copy = desk.copy(placed)
    assert (copy.phase, copy.problem_code) == ("blocked", "already_published")
    ((what, reader, body),) = notices(desk)
    assert (what, reader, body["address"]) == ("copy_to_remove", USER, desk.remote.url(entry(desk).ref))
    assert body["link"].endswith(f"/copies/{placed}/proof")
    desk.placements.attest(desk.actor, placed, "Deleted it at the network myself.")
    assert (desk.copy(placed).phase, desk.copy(placed).proof.level) == ("withdrawn", "attested")
    assert desk.placements.recall_report(desk.actor, recall.id).lines[0].level == "attested"


def test_people_there_have_the_last_word_on_the_time(desk, date):
    _, placed = scheduled(desk, date)
    entry(desk).at = date - 2 * DAY
    until(desk, desk.clock.now() + DAY)
    assert desk.copy(placed).publish_at == date - 2 * DAY
    assert [event.body["publish_at"] for event in desk.events("placement.rescheduled")] == [date - 2 * DAY]
    until(desk, date - 2 * DAY + MINUTE)
    assert desk.copy(placed).phase == "live"
    assert acts(desk) == ["publish", "out"]


def test_another_time_from_here_is_given_there_and_not_sent_twice(desk, date):
    _, placed = scheduled(desk, date)
    desk.placements.schedule(desk.actor, placed, date + DAY)
    assert desk.copy(placed).phase == "working"
    desk.run()
    assert (desk.copy(placed).phase, entry(desk).at, acts(desk)) == ("queued", date + DAY, ["publish", "resume"])


def test_what_somebody_parked_there_stays_parked_until_somebody_lets_it_go(desk, date):
    _, placed = scheduled(desk, date)
    entry(desk).state, entry(desk).at = PartState.HELD, None
    until(desk, desk.clock.now() + DAY)
    copy = desk.copy(placed)
    assert (copy.phase, copy.desired_reason, acts(desk)) == ("held", "held_there", ["publish"])
    desk.placements.schedule(desk.actor, placed, date)
    desk.run()
    assert (desk.copy(placed).phase, entry(desk).at) == ("queued", date)


def test_what_somebody_deleted_there_is_not_made_anew(desk, date):
    _, placed = scheduled(desk, date)
    desk.remote.remove(entry(desk).ref, by="somebody")
    until(desk, date + DAY)
    assert desk.copy(placed).settled_reason == "removed_there"
    assert acts(desk) == ["publish", "removed"]


def test_what_the_remote_gives_up_is_a_persons_matter(desk, date):
    _, placed = scheduled(desk, date)
    entry(desk).state, entry(desk).at = PartState.FAILED, None
    until(desk, date + HOUR)
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code) == ("blocked", "not_published")
    entry(desk).state = PartState.SHOWING
    desk.placements.retry(desk.actor, placed)
    desk.run()
    assert desk.copy(placed).phase == "live"


FAULTS = ("lost_before", "lost_after", "no_effect", "killed_after", "not_sent")
EVERY_RUN = {
    ("publish", "lost_after"), ("publish", "killed_after"), ("hold", "lost_before"), ("hold", "no_effect"),
    ("resume", "lost_after"), ("resume", "not_sent"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("write", "fault"),
    [
        pytest.param(*case, marks=() if case in EVERY_RUN else pytest.mark.again)
        for case in product(("publish", "hold", "resume"), FAULTS)
    ],
)
def test_a_lost_answer_lets_nothing_out_too_early_or_twice(desk, date, fault, write):
    from tests.faults.model.remote import Killed

    def work():
        try:
            desk.run()
        except Killed:
            desk.clock.advance(61_000)
            desk.run()

    def arm(name):
        if name == write:
            desk.remote.faults.append(fault)

    arm("publish")
    asset = desk.approved(b"one")
    placed = desk.place(asset, publish_at=date)
    work()
    arm("hold")
    ends(desk, asset, date)
    work()
    assert (desk.copy(placed).phase, entry(desk).state) == ("held", PartState.HELD)
    arm("resume")
    desk.world.rights(asset, (0, FOREVER, True))
    work()
    assert (desk.copy(placed).phase, entry(desk).state, entry(desk).at) == ("queued", PartState.QUEUED, date)
    until(desk, date + MINUTE)
    assert acts(desk).count("out") == acts(desk).count("publish") == 1


# Where the remote keeps no calendar


def test_the_hub_itself_makes_it_public_at_its_time(plain, date):
    desk = plain
    _, placed = scheduled(desk, date)
    assert (desk.copy(placed).phase, desk.copy(placed).desired_reason, acts(desk)) == ("waiting", "not_due", [])
    until(desk, date - 1)
    assert acts(desk) == []
    until(desk, date)
    desk.run()
    assert (desk.copy(placed).phase, acts(desk), desk.remote.ledger[0].at) == ("live", ["publish"], date)
    until(desk, date + 2 * HOUR)
    assert desk.copy(placed).phase == "live"


def test_the_hub_makes_nothing_public_that_may_not_stand_there_then_and_says_so_before(plain, date):
    desk = plain
    asset, placed = scheduled(desk, date)
    ends(desk, asset, date)
    desk.run()
    assert desk.copy(placed).desired_reason == ENDED
    until(desk, date + 2 * HOUR)
    assert (desk.copy(placed).desired_reason, acts(desk)) == ("date_passed", [])
    assert [body["reason"] for _, _, body in notices(desk)] == [ENDED, "date_passed"]
    desk.world.rights(asset, (0, FOREVER, True))
    again = desk.clock.now() // 1000 * 1000 + DAY
    desk.placements.schedule(desk.actor, placed, again)
    until(desk, again)
    desk.run()
    assert desk.copy(placed).phase == "live"


@pytest.mark.parametrize(("late", "goes_out"), [(HOUR, False), (3 * HOUR, True)])
def test_a_place_says_how_late_something_may_go_out(plain, date, late, goes_out):
    desk = plain
    desk._set(desk.world.target_id, late_s=late // 1000)
    asset, placed = scheduled(desk, date)
    ends(desk, asset, date)
    until(desk, date + 2 * HOUR)
    assert acts(desk) == []
    desk.world.rights(asset, (0, FOREVER, True))
    desk.run()
    assert acts(desk) == (["publish"] if goes_out else [])
    assert desk.copy(placed).desired_reason == ("wanted" if goes_out else "date_passed")


def test_a_place_says_for_how_long_what_goes_out_must_be_usable(desk, date):
    desk._set(desk.world.target_id, life_s=7 * DAY // 1000)
    asset, placed = scheduled(desk, date)
    ends(desk, asset, date + 7 * DAY - 1)
    desk.run()
    assert desk.copy(placed).desired_reason == "not_usable: ends_before"
    ends(desk, asset, date + 7 * DAY)
    desk.run()
    assert desk.copy(placed).phase == "queued"


def test_rights_that_begin_only_before_the_date_are_enough(plain, date):
    desk = plain
    asset = desk.approved(b"one")
    desk.world.rights(asset, (0, date - DAY, False), (date - DAY, FOREVER, True))
    desk.place(asset, publish_at=date)
    until(desk, date)
    desk.run()
    assert acts(desk) == ["publish"]


def test_a_remote_is_not_handed_what_it_may_not_have_yet(desk, date):
    asset = desk.approved(b"one")
    desk.world.rights(asset, (0, date - DAY, False), (date - DAY, FOREVER, True))
    placed = desk.place(asset, publish_at=date)
    desk.run()
    assert (desk.copy(placed).phase, acts(desk)) == ("waiting", [])
    until(desk, date - DAY + MINUTE)
    assert (desk.copy(placed).phase, entry(desk).at) == ("queued", date)


def test_after_it_was_out_it_comes_and_goes_as_any_other_copy(plain, date):
    desk = plain
    asset, placed = scheduled(desk, date)
    until(desk, date)
    desk.run()
    desk.world.rights(asset, (0, FOREVER, False))
    desk.run()
    assert desk.copy(placed).phase == "withdrawn"
    desk.world.rights(asset, (0, FOREVER, True))
    desk.run()
    assert desk.copy(placed).phase == "live"


# What people ask for


def test_only_a_time_to_come_is_taken(desk, clock):
    asset = desk.approved(b"one")
    for wrong in (clock.now(), clock.now() - DAY, clock.now() + 3000 * DAY):
        with pytest.raises(Invalid) as refused:
            desk.place(asset, publish_at=wrong)
        assert (refused.value.code, refused.value.where) == ("time_not_ahead", "publish_at")


def test_what_is_out_is_given_no_time(desk, date):
    placed = desk.place(desk.approved(b"one"))
    desk.run()
    with pytest.raises(Conflict) as refused:
        desk.placements.schedule(desk.actor, placed, date)
    assert refused.value.code == "stands_already"
    desk.placements.take_back(desk.actor, placed)
    with pytest.raises(Conflict) as refused:
        desk.placements.schedule(desk.actor, placed, date)
    assert refused.value.code == "not_wanted"


def test_the_preview_tells_what_is_held_and_what_goes(desk, date):
    asset, placed = scheduled(desk, date)
    assert [line.becomes for line in desk.placements.impact(desk.actor, asset, "revoke").lines] == ["held"]
    assert [line.becomes for line in desk.placements.impact(desk.actor, asset, "recall").lines] == ["withdrawn"]
    assert desk.copy(placed).is_scheduled


@pytest.mark.both
def test_a_person_who_gives_another_time_while_the_old_one_is_sent_is_heard(database, clock, date):
    desk = calendar(database, clock)
    asset, placed = scheduled(desk, date)
    ends(desk, asset, date)
    desk.run()
    later = date + 5 * DAY

    def meanwhile(name, _):
        if name == "resume":
            desk.remote.before_write = None
            desk.placements.schedule(desk.actor, placed, later)

    desk.remote.before_write = meanwhile
    desk.world.rights(asset, (0, FOREVER, True))
    desk.run()
    assert (desk.copy(placed).phase, entry(desk).at, desk.copy(placed).publish_at) == ("queued", later, later)
    until(desk, later + MINUTE)
    assert (acts(desk).count("out"), desk.remote.ledger[-1].at >= later) == (1, True)
