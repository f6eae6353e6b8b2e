"""What should be true of a copy: properties of the one pure function that decides it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hub.placements.desired import MAX_SUBSTITUTES, Candidate, Desired, Facts, Waits, Want, desired, fits

RANK = {Want.ABSENT: 0, Want.SUBSTITUTE: 1, Want.PRESENT: 2}
FLAGS = ("usable", "deleted", "archived", "ready")


@st.composite
def facts(draw, longest=12):
    length = draw(st.integers(1, longest))
    chain = tuple(
        Candidate(
            f"asset-{number}", draw(st.sampled_from([None, f"version-{number}"])), draw(st.booleans()), "licence_ended",
            deleted=draw(st.booleans()), archived=draw(st.booleans()), ready=draw(st.booleans()),
        )
        for number in range(length)
    )  # fmt: skip
    return Facts(draw(st.booleans()), draw(st.booleans()), chain)


@st.composite
def likely_facts(draw):
    """Facts in which most things are in order, so that long chains are followed."""
    known = draw(facts())
    keep = draw(st.lists(st.booleans(), min_size=len(known.chain), max_size=len(known.chain)))
    chain = tuple(
        replace(each, version_id=f"version-{number}", deleted=False, archived=False) if kept else each
        for number, (each, kept) in enumerate(zip(known.chain, keep, strict=True))
    )
    return replace(known, wanted=True, substitutes=True, chain=chain)


ANY_FACTS = facts() | likely_facts()


@given(ANY_FACTS)
def test_an_asset_stands_there_only_when_everything_allows_it(known):
    asset = known.chain[0]
    allowed = (
        known.wanted and asset.usable and asset.version_id is not None and not asset.deleted and not asset.archived
    )
    answer = desired(known)
    assert (answer.want is Want.PRESENT) == allowed
    if allowed:
        assert (answer.asset_id, answer.version_id) == (asset.asset_id, asset.version_id)


@given(ANY_FACTS)
def test_a_substitute_is_the_first_that_fits_and_only_where_rights_alone_forbid_the_asset(known):
    asset, answer = known.chain[0], desired(known)
    only_rights = (
        known.wanted and asset.version_id is not None and not asset.deleted and not asset.archived and not asset.usable
    )
    fitting = [each for each in known.chain[1 : MAX_SUBSTITUTES + 1] if fits(each)]
    stands_in = only_rights and known.substitutes and bool(fitting)
    assert (answer.want is Want.SUBSTITUTE) == stands_in
    if stands_in:
        assert (answer.asset_id, answer.version_id) == (fitting[0].asset_id, fitting[0].version_id)
        assert answer.reason == "not_usable: licence_ended"


@given(ANY_FACTS)
def test_whatever_is_shown_is_approved_usable_and_not_put_away(known):
    answer = desired(known)
    if answer.want is Want.ABSENT:
        assert (answer.asset_id, answer.version_id) == (None, None)
        assert answer.reason
        return
    shown = next(each for each in known.chain if each.asset_id == answer.asset_id)
    assert shown.usable
    assert not shown.deleted
    assert not shown.archived
    assert answer.version_id == shown.version_id is not None


@given(ANY_FACTS)
def test_the_same_facts_give_the_same_answer(known):
    again = Facts(known.wanted, known.substitutes, tuple(replace(each) for each in known.chain))
    assert desired(known) == desired(again)


@given(ANY_FACTS, st.data())
def test_taking_a_right_away_never_brings_anything_back(known, data):
    number = data.draw(st.integers(0, len(known.chain) - 1))
    taken = data.draw(
        st.sampled_from([
            {"usable": False}, {"deleted": True}, {"archived": True}, {"version_id": None}, {"ready": False},
        ])
    )  # fmt: skip
    chain = list(known.chain)
    chain[number] = replace(chain[number], **taken)
    less = replace(known, chain=tuple(chain))
    before, after = desired(known), desired(less)
    assert RANK[after.want] <= RANK[before.want]
    order = [each.asset_id for each in known.chain]
    if after.asset_id is not None:
        assert order.index(after.asset_id) >= order.index(before.asset_id)


@given(ANY_FACTS)
def test_a_copy_that_a_person_took_back_is_absent_whatever_else_holds(known):
    answer = desired(replace(known, wanted=False))
    assert (answer.want, answer.reason) == (Want.ABSENT, "taken_back")


SOUND = Candidate("asset", "version", usable=True, code="DAM-1")
OBSTACLES = (
    ({"usable": False, "reason": "takedown"}, "not_usable: takedown"), ({"deleted": True}, "deleted"),
    ({"archived": True}, "archived"), ({"version_id": None}, "not_approved"),
)  # fmt: skip


@given(st.integers(2, 6), st.data())
def test_a_set_stands_whole_in_its_order_and_any_of_its_assets_that_may_not_stand_there_takes_it_away(size, data):
    first, *others = assets = [
        replace(SOUND, asset_id=f"asset-{n}", version_id=f"v-{n}", code=f"DAM-{n}") for n in range(size)
    ]
    whole = Facts(wanted=True, substitutes=True, chain=(first,), companions=tuple(others))
    answer = desired(whole)
    assert (answer.want, answer.shown) == (Want.PRESENT, tuple((each.asset_id, each.version_id) for each in assets))
    which = data.draw(st.integers(0, size - 1))
    changes, why = data.draw(st.sampled_from(OBSTACLES))
    assets[which] = replace(assets[which], **changes)
    fit = replace(SOUND, asset_id="fit", version_id="v-fit")
    hindered = replace(whole, chain=(assets[0], fit), companions=tuple(assets[1:]))
    assert desired(hindered) == Desired(Want.ABSENT, None, None, f"in_set: DAM-{which}: {why}")
    assert desired(replace(hindered, wanted=False)).reason == "taken_back"


def test_a_substitute_beyond_the_eighth_is_not_followed():
    no = Candidate("asset-0", "version-0", usable=False, reason="takedown")
    refused = [Candidate(f"asset-{n}", f"version-{n}", usable=False) for n in range(1, MAX_SUBSTITUTES)]
    good = Candidate("good", "version-good", usable=True)
    eighth = Facts(wanted=True, substitutes=True, chain=(no, *refused, good))
    ninth = Facts(wanted=True, substitutes=True, chain=(no, *refused, replace(no, asset_id="asset-8"), good))
    assert desired(eighth).asset_id == "good"
    assert desired(ninth).want is Want.ABSENT


WAITS = st.builds(
    Waits, there=st.booleans(), held=st.booleans(), due=st.booleans(), late=st.booleans(), parked=st.booleans(),
    moved=st.booleans(), by_hub=st.booleans(), shows=st.sampled_from(["", "asset-0", "asset-1", "asset-2"]),
)  # fmt: skip
ORDER = {Want.ABSENT: 0, Want.HELD: 1, Want.SUBSTITUTE: 2, Want.PRESENT: 2}


@given(ANY_FACTS, WAITS)
def test_a_time_never_shows_what_could_not_be_shown_without_one(known, waits):
    plain, timed = desired(known), desired(replace(known, waits=waits))
    if timed.want in {Want.PRESENT, Want.SUBSTITUTE}:
        assert timed == plain
    assert timed.want is not Want.HELD or (waits.there and timed.asset_id is None and timed.reason)


@given(ANY_FACTS, WAITS)
def test_only_what_stands_there_is_held_and_nothing_is_published_late(known, waits):
    timed = desired(replace(known, waits=waits))
    if not waits.there:
        assert timed.want is not Want.HELD
        assert not waits.late or timed.want is Want.ABSENT
    if waits.there and waits.held and waits.due:
        assert timed.want not in {Want.PRESENT, Want.SUBSTITUTE}
    if waits.by_hub and not waits.there and not waits.due:
        assert timed.want is Want.ABSENT


@given(ANY_FACTS, WAITS)
def test_what_is_recalled_deleted_or_taken_back_is_never_left_parked(known, waits):
    gone = replace(known.chain[0], usable=False, reason="takedown", deleted=False, archived=False)
    for facts in (
        replace(known, wanted=False, waits=waits),
        replace(known, substitutes=False, chain=(gone, *known.chain[1:]), waits=replace(waits, shows="asset-0")),
        replace(known, chain=(replace(known.chain[0], deleted=True), *known.chain[1:]), waits=waits),
    ):
        answer = desired(facts)
        assert answer.want is Want.ABSENT


@given(ANY_FACTS, WAITS, st.data())
def test_taking_a_right_away_never_lets_anything_go_that_waits(known, waits, data):
    number = data.draw(st.integers(0, len(known.chain) - 1))
    taken = data.draw(st.sampled_from([{"usable": False}, {"deleted": True}, {"archived": True}, {"version_id": None}]))
    chain = list(known.chain)
    chain[number] = replace(chain[number], **taken)
    before = desired(replace(known, waits=waits))
    after = desired(replace(known, chain=tuple(chain), waits=waits))
    assert ORDER[after.want] <= ORDER[before.want]
