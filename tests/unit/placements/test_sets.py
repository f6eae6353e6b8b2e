"""Several assets in one copy: it stands as a whole or not at all, whatever happens to any of them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from connectors.sdk.marker import content_key
from connectors.sdk.types import COMPANIONS
from hub.clock import DAY, HOUR
from hub.errors import Conflict, Invalid, NotFound
from hub.placements.models import Attempt, Companion, Placement
from hub.placements.phase import Phase
from tests.faults.model.remote import manifest
from tests.faults.model.world import World
from tests.unit.placements.desk import Desk

NAMES = ("one", "two", "three")


@pytest.fixture
def desk(quick_desk):
    return quick_desk


def members(desk, names=NAMES, *, approve=True):
    make = desk.approved if approve else desk.world.asset
    return [make(name.encode(), title=name.title()) for name in names]


def placed(desk, assets, **options):
    first, *others = assets
    return desk.place(first, companions=others, **options)


def shown(desk, placement):
    """Return the bytes of every picture that stands at the remote in truth, copy by copy."""
    living = desk.remote.living(desk.world.row(placement).marker)
    return [[desk.world.blobs[sha256].decode() for sha256 in (entry.sha256, *entry.more)] for entry in living]


def said(desk, placement):
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    return [entry.fields["alt"], *(words["alt"] for words in entry.fields[COMPANIONS])]


def code_of(desk, asset):
    return desk.catalogue.view(desk.actor, asset).code


# It stands as a whole


def test_a_set_stands_as_one_copy_in_its_order_with_the_words_of_each(desk):
    one, two, three = members(desk)
    desk.world.edit(three, alt_text="The third")
    placement = placed(desk, [two, one, three])
    desk.run()
    assert shown(desk, placement) == [["two", "one", "three"]]
    assert said(desk, placement) == ["A logo", "A logo", "The third"]
    copy = desk.copy(placement)
    assert (copy.phase, copy.proof.claim, copy.proof.level) == ("live", "in_place", "read")
    assert [each.asset_id for each in copy.companions] == [one, three]
    assert copy.slot == f"with {code_of(desk, one)}, {code_of(desk, three)}"
    [attempt] = desk.world.attempts(placement)
    sent = [desk.sha256_of(desk.world.newest(asset)) for asset in (two, one, three)]
    assert attempt.detail["content_key"] == content_key(sent)
    assert attempt.detail["companions"] == [desk.world.newest(one), desk.world.newest(three)]


def test_a_set_waits_for_the_last_of_its_assets_and_names_it(desk):
    one, two = members(desk, ("one", "two"))
    late = desk.world.asset(b"late")
    placement = placed(desk, [one, two, late])
    desk.run()
    copy = desk.copy(placement)
    assert (copy.phase, copy.desired_reason) == ("waiting", f"in_set: {code_of(desk, late)}: not_approved")
    assert desk.remote.ledger == []
    desk.approve(late)
    desk.run()
    assert shown(desk, placement) == [["one", "two", "late"]]


@pytest.mark.parametrize("replace", [True, False])
def test_a_new_version_of_a_companion_follows_as_the_leaders_does(quick, clock, replace):
    desk = Desk(World(quick, clock, declared=manifest(replace=replace)))
    assets = members(desk)
    placement = placed(desk, assets)
    desk.run()
    desk.world.version(assets[1], b"two, anew")
    desk.run()
    assert shown(desk, placement) == [list(NAMES)], "nobody approved it yet"
    desk.approve(assets[1])
    desk.run()
    assert shown(desk, placement) == [["one", "two, anew", "three"]]
    assert desk.copy(placement).phase == "live"


def test_new_words_of_a_companion_follow_without_a_new_copy(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    desk.run()
    before = [entry.ref for entry in desk.remote.living(desk.world.row(placement).marker)]
    desk.world.edit(assets[2], alt_text="Three dots")
    desk.run()
    assert said(desk, placement) == ["A logo", "A logo", "Three dots"]
    assert [entry.ref for entry in desk.remote.living(desk.world.row(placement).marker)] == before
    assert [attempt.step for attempt in desk.world.attempts(placement)] == ["publish", "update"]


def test_what_is_said_of_a_companion_in_no_picture_field_changes_nothing(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    desk.run()
    desk.world.edit(assets[1], title="Another title")
    desk.run()
    assert [attempt.step for attempt in desk.world.attempts(placement)] == ["publish"]


def test_words_that_somebody_changed_there_are_put_right(desk):
    placement = placed(desk, members(desk))
    desk.run()
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    entry.fields[COMPANIONS] = [{"alt": "Theirs"}, {"alt": "A logo"}]
    desk.placements.retry(desk.actor, placement)
    desk.run()
    assert said(desk, placement) == ["A logo"] * 3


def test_a_picture_that_somebody_took_out_there_is_put_back(desk):
    placement = placed(desk, members(desk))
    desk.run()
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    entry.more.pop()
    entry.key = content_key([entry.sha256, *entry.more])
    desk.placements.retry(desk.actor, placement)
    desk.run()
    assert shown(desk, placement) == [list(NAMES)]
    assert desk.copy(placement).phase == "live"


def test_a_lost_answer_leaves_one_copy(desk):
    placement = placed(desk, members(desk))
    desk.remote.faults.append("lost_after")
    desk.run()
    assert shown(desk, placement) == [list(NAMES)]
    assert [deed.act for deed in desk.remote.ledger] == ["publish"]
    assert [attempt.outcome for attempt in desk.world.attempts(placement)] == ["found"]


# It goes as a whole


ENDS = {
    "archived": lambda desk, asset: desk.catalogue.archive(desk.actor, asset),
    "deleted": lambda desk, asset: desk.catalogue.delete(desk.actor, asset),
    "not_approved": lambda desk, asset: desk.review.revoke(desk.actor, asset, "Not ours"),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("which", [0, 2])
def test_what_ends_any_of_its_assets_takes_the_whole_set_away(desk, end, which):
    assets = members(desk)
    placement = placed(desk, assets)
    desk.run()
    ENDS[end](desk, assets[which])
    desk.run()
    assert shown(desk, placement) == []
    copy = desk.copy(placement)
    assert (copy.phase, copy.proof.claim) == ("withdrawn", "withdrawn")
    assert copy.desired_reason == f"in_set: {code_of(desk, assets[which])}: {end}"


def test_the_clock_alone_ends_a_set_when_the_rights_of_a_companion_end(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    ends = desk.clock.now() + 10 * DAY
    desk.world.rights(assets[1], (0, ends, True), (ends, 9_000_000_000_000, False), announce=False)
    desk.placements.retry(desk.actor, placement)
    desk.run()
    assert shown(desk, placement) == [list(NAMES)]
    assert desk.world.row(placement).due_at <= ends
    desk.clock.advance(ends - desk.clock.now())
    desk.run()
    assert shown(desk, placement) == []
    assert desk.copy(placement).desired_reason.endswith(": not_usable: the licence ended")


def test_a_set_comes_back_when_the_last_obstacle_is_gone(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    desk.run()
    desk.catalogue.archive(desk.actor, assets[0])
    desk.catalogue.archive(desk.actor, assets[1])
    desk.run()
    desk.catalogue.unarchive(desk.actor, assets[0])
    desk.run()
    assert shown(desk, placement) == []
    desk.catalogue.unarchive(desk.actor, assets[1])
    desk.run()
    assert shown(desk, placement) == [list(NAMES)]


@pytest.mark.parametrize(("which", "stand_in"), [(0, True), (1, False), (2, True), (2, False)])
def test_recalling_any_of_its_assets_empties_every_set_with_it_and_adds_up(desk, which, stand_in):
    assets = members(desk)
    sets = {placed(desk, assets), placed(desk, assets[::-1])}
    other_set, alone = placed(desk, [desk.approved(b"a"), desk.approved(b"b")]), desk.place(assets[2])
    desk.run()
    other = desk.approved(b"stand-in") if stand_in else None
    desk.placements.recall(desk.actor, assets[which], "The client asked", other)
    desk.run()
    [report] = desk.placements.recalls(desk.actor, assets[which])
    assert report.complete
    assert report.closed_at is not None
    assert sum(report.counts.values()) == len(report.lines)
    withdrawn = {line.copy.id for line in report.lines if line.result == "withdrawn" and line.evidence_id}
    touched = which == 2
    assert withdrawn == sets | ({alone} if touched and not stand_in else set())
    assert [shown(desk, each) for each in sets] == [[], []]
    assert shown(desk, alone) == ([["three"]] if not touched else [["stand-in"]] if stand_in else [])
    assert shown(desk, other_set) == [["a", "b"]]


def test_a_recall_that_cannot_reach_a_set_names_it_as_unproven(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    desk.run()
    desk.remote.dead = True
    desk.placements.recall(desk.actor, assets[1], "The client asked")
    desk.run(within_ms=0)
    [report] = desk.placements.recalls(desk.actor, assets[1])
    assert [(line.copy.id, line.result) for line in report.lines] == [(placement, "unproven")]
    assert report.closed_at is None


def test_a_set_that_shows_the_recalled_asset_again_is_not_called_substituted(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    desk.run()
    desk.remote.dead = True
    desk.placements.recall(desk.actor, assets[1], "The client asked")
    [term] = desk.rights.terms(desk.actor, assets[1])
    desk.rights.lift_term(desk.actor, term.id)
    desk.remote.dead = False
    desk.clock.advance(HOUR)
    desk.run()
    assert desk.copy(placement).phase == "live"
    [report] = desk.placements.recalls(desk.actor, assets[1])
    assert [line.result for line in report.lines] == ["unproven"]


def test_what_an_act_on_a_companion_would_do_is_foreseen(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    alone = desk.place(assets[1])
    desk.run()
    other = desk.approved(b"stand-in")
    for act in ("recall", "archive", "delete", "revoke"):
        foreseen = desk.placements.impact(desk.actor, assets[1], act, other if act == "recall" else None)
        becomes = {line.copy.id: line.becomes for line in foreseen.lines}
        assert becomes == {placement: "withdrawn", alone: "substituted" if act == "recall" else "withdrawn"}
    kept = desk.placements.impact(desk.actor, other, "archive")
    assert kept.lines == ()


# Where it is, and what may be wanted


def test_every_asset_of_a_set_lists_the_copy(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    for asset in assets:
        assert [copy.id for copy in desk.placements.where(desk.actor, asset)] == [placement]


def test_each_set_is_a_copy_of_its_own_beside_the_assets_alone(desk):
    one, two, three = members(desk)
    copies = [placed(desk, each) for each in ([one], [one, two], [one, three], [one, two, three], [one, three, two])]
    assert len(set(copies)) == 5
    assert placed(desk, [one, two]) == copies[1], "wanting it again changes nothing"
    desk.run()
    assert [shown(desk, copy) for copy in copies[1:3]] == [[["one", "two"]], [["one", "three"]]]


def test_a_set_that_was_taken_back_can_be_wanted_again(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    desk.run()
    desk.placements.take_back(desk.actor, placement)
    desk.run()
    assert shown(desk, placement) == []
    assert placed(desk, assets) == placement
    desk.run()
    assert shown(desk, placement) == [list(NAMES)]


@pytest.mark.parametrize(
    ("code", "companions", "options"),
    [
        ("too_many_pictures", [1, 2, 3, 4], {}),
        ("twice_in_a_set", [1, 1], {}),
        ("twice_in_a_set", [0], {}),
        ("set_of_pictures", [5], {}),
        ("set_as_a_whole", [1], {"withdraw_policy": "substitute"}),
        ("set_as_a_whole", [1], {"version_policy": "pin"}),
    ],
)
def test_what_cannot_be_a_set_is_refused(desk, code, companions, options):
    assets = members(desk, ("a", "b", "c", "d", "e", "film"))
    with desk.database.unit() as session:
        from hub.catalogue.models import Asset

        session.get_one(Asset, assets[5]).kind = "video"
    with pytest.raises(Invalid) as refused:
        desk.place(assets[0], companions=[assets[each] for each in companions], **options)
    assert (refused.value.code, refused.value.where) == (code, "companions")
    with desk.database.read() as session:
        assert session.scalars(select(Companion)).all() == []


def test_a_slot_keeps_the_set_that_it_was_made_with(desk):
    one, two, three = members(desk)
    placed(desk, [one, two], slot="front")
    for other in ([one, three], [one], [one, two, three]):
        with pytest.raises(Conflict) as refused:
            placed(desk, other, slot="front")
        assert refused.value.code == "set_differs"
    with desk.database.read() as session:
        assert len(session.scalars(select(Placement)).all()) == 1


def test_a_set_of_what_nobody_knows_is_not_found(desk):
    one, _, _ = members(desk)
    with pytest.raises(NotFound):
        desk.place(one, companions=["00000000-0000-7000-8000-00000000dead"])


def test_pictures_of_which_one_is_not_made_yet_are_waited_for(desk):
    from hub.media.models import Traits

    one, two, _ = members(desk)
    with desk.database.unit() as session:
        session.add(Traits(version_id=desk.world.newest(two), state="pending", embedded={}, due_at=0, attempt=0))
    placement = placed(desk, [one, two])
    desk.run()
    assert (desk.copy(placement).phase, desk.remote.ledger) == (Phase.WORKING.value, [])
    with desk.database.unit() as session:
        session.get_one(Traits, desk.world.newest(two)).state = "ready"
    desk.placements.retry(desk.actor, placement)
    desk.run()
    assert shown(desk, placement) == [["one", "two"]]


def test_the_record_of_a_set_stays_when_it_has_come_to_its_end(desk):
    assets = members(desk)
    placement = placed(desk, assets)
    desk.run()
    desk.placements.take_back(desk.actor, placement)
    for _ in range(4):
        desk.run()
        desk.clock.advance(31 * DAY)
    [copy] = desk.placements.where(desk.actor, assets[2])
    assert (copy.id, copy.phase) == (placement, "settled")
    assert [each.asset_id for each in copy.companions] == assets[1:]
    with desk.database.read() as session:
        assert len(session.scalars(select(Attempt).where(Attempt.placement_id == placement)).all()) == 2
