"""The next step: pure rules about what may be written, repeated, and when a person is asked instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.sdk.manifest import Capability, Carries, Write
from hub.placements.desired import Want
from hub.placements.phase import Observed
from hub.placements.steps import MAX_REPEATS, Block, Known, Op, Open, ReadBack, Rest, Send, Standing, next_step

ALL = frozenset(Capability)
LIVE = Known(
    now=100, desired=Want.PRESENT, content_key="k2", fields_agree=True, standing=(Standing("2", "k2"),), vanished=False,
    sent=True, observed=Observed.PRESENT, looked=True, looked_now=False, audit_due=False, may_write=True,
    carries=Carries.BYTES, abilities=ALL - {Capability.REPLACE}, settles_ms=5000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({}, Rest()),
        ({"audit_due": True}, ReadBack()),
        ({"audit_due": True, "looked_now": True}, Rest()),
        ({"observed": Observed.MIXED}, ReadBack()),  # halfway there is looked at again each time
        ({"observed": Observed.UNKNOWN}, ReadBack()),
        ({"looked": False}, ReadBack()),
        ({"standing": (Standing("1", "k1"),)}, ReadBack()),
        ({"standing": (Standing("1", "k1"),), "looked_now": True}, Send(Op.PUBLISH)),
        # Before bytes are overwritten they are looked at: somebody may have exchanged them.
        ({"standing": (Standing("1", "k1"),), "abilities": ALL}, ReadBack()),
        ({"standing": (Standing("1", "k1"),), "abilities": ALL - {Capability.IMPORT}}, Send(Op.REPLACE, "1")),
        ({"standing": (Standing("1", "k1"),), "abilities": ALL, "looked_now": True}, Send(Op.REPLACE, "1")),
        ({"standing": (Standing("1", "k1"), Standing("2", "k2"))}, Send(Op.REPOINT, "1", "2")),
        (
            {"standing": (Standing("1", "k1"), Standing("2", "k2")), "repointed": frozenset({("1", "2")})},
            Send(Op.WITHDRAW, "1"),
        ),
        ({"fields_agree": False}, ReadBack()),
        ({"fields_agree": False, "looked_now": True}, Send(Op.UPDATE, "2")),
        ({"desired": Want.ABSENT}, Send(Op.WITHDRAW, "2")),
        ({"desired": Want.ABSENT, "standing": (), "sent": False}, Rest()),
        ({"desired": Want.ABSENT, "standing": (), "observed": Observed.MIXED}, ReadBack()),
        # Taken away by half: whoever did it died between two calls, and an address still shows it.
        ({"desired": Want.ABSENT, "standing": (), "half_away": "2"}, Send(Op.WITHDRAW, "2")),
        ({"half_replaced": "2", "abilities": ALL}, Send(Op.REPLACE, "2")),
        ({"vanished": True, "standing": ()}, Rest()),  # never brought back by itself
        ({"content_key": ""}, Rest()),  # its bytes are still being made
    ],
)
def test_the_next_step(change, step):
    assert next_step(replace(LIVE, **change)) == step


@pytest.mark.parametrize(
    "due",
    [
        {"standing": (), "sent": False, "observed": Observed.ABSENT},
        {"standing": (Standing("1", "k1"),), "looked_now": True},
        {"standing": (Standing("1", "k1"),), "looked_now": True, "abilities": ALL},
        {"fields_agree": False, "looked_now": True},
    ],
)
def test_nothing_is_sent_while_a_text_is_missing_that_the_channel_needs(due):
    lacking = replace(LIVE, missing=("alt_text",), **due)
    stopped = next_step(lacking)
    assert isinstance(stopped, Block)
    assert (stopped.code, "needs its alt text" in stopped.what) == ("field_missing", True)
    assert isinstance(next_step(replace(lacking, missing=())), Send)
    # What stands in for another asset is not kept waiting, and neither is what has to go.
    assert isinstance(next_step(replace(lacking, desired=Want.SUBSTITUTE)), Send)
    gone = next_step(replace(lacking, desired=Want.ABSENT))
    assert not isinstance(gone, Block)


def test_other_bytes_are_left_where_they_stand_until_a_person_decides_unless_the_copy_is_to_go():
    strange = replace(LIVE, exchanged=True, standing=(Standing("2", "others"),), abilities=ALL)
    assert next_step(strange) == ReadBack()
    for want in (Want.PRESENT, Want.SUBSTITUTE):
        stopped = next_step(replace(strange, desired=want, looked_now=True))
        assert isinstance(stopped, Block)
        assert stopped.code == "bytes_exchanged"
    assert next_step(replace(strange, desired=Want.ABSENT)) == Send(Op.WITHDRAW, "2")
    assert next_step(replace(strange, vanished=True, standing=(), looked_now=True)) == Rest()


def test_nothing_is_taken_away_beside_a_copy_that_may_be_gone_itself():
    """Somebody took the hub's own copy away just after it was made, and put another one there."""
    both = replace(LIVE, standing=(Standing("1", "k2", missed=True), Standing("2", "k2")))
    assert next_step(both) == ReadBack()
    assert next_step(replace(both, looked_now=True)) == Rest()
    found = replace(both, standing=(Standing("1", "k2"), Standing("2", "k2")))
    assert next_step(found) == Send(Op.REPOINT, "2", "1")
    assert next_step(replace(both, desired=Want.ABSENT)) == Send(Op.WITHDRAW, "1")


def test_a_missing_text_keeps_nobody_from_looking():
    assert next_step(replace(LIVE, missing=("alt_text",), audit_due=True)) == ReadBack()
    assert next_step(replace(LIVE, missing=("alt_text",))) == Rest()


def test_a_link_whose_words_cannot_be_changed_is_made_anew():
    card = replace(LIVE, carries=Carries.LINK, fields_agree=False, abilities=LIVE.abilities - {Capability.UPDATE})
    assert next_step(card) == ReadBack()
    looked = replace(card, looked_now=True)
    assert next_step(looked) == Send(Op.WITHDRAW, "2")
    tired = next_step(replace(looked, done={Send(Op.PUBLISH): MAX_REPEATS}))
    assert isinstance(tired, Block)
    assert tired.code == "not_kept"


def test_bytes_whose_words_cannot_be_changed_stay_where_they_are():
    fixed = replace(LIVE, fields_agree=False, abilities=LIVE.abilities - {Capability.UPDATE})
    assert next_step(fixed) == Rest()


@pytest.mark.parametrize("op", Op)
def test_while_a_write_is_in_doubt_nothing_else_is_written(op):
    doubt = replace(LIVE, open=Open(op, Write.FINDABLE, since=90), desired=Want.ABSENT)
    assert next_step(doubt) == Rest(5090)
    assert next_step(replace(doubt, now=5090)) == ReadBack()
    blind = next_step(replace(doubt, now=10**9, abilities=frozenset()))
    assert isinstance(blind, Block)
    assert blind.code == "unanswerable"


def test_an_unanswerable_write_is_never_decided_by_time():
    for now in (100, 10**9, 10**15):
        step = next_step(replace(LIVE, now=now, open=Open(Op.PUBLISH, Write.UNANSWERABLE, since=90)))
        assert isinstance(step, Block)


@pytest.mark.parametrize("looked_now", [False, True])
def test_a_hub_that_only_observes_writes_nothing(looked_now):
    watching = replace(LIVE, may_write=False, desired=Want.ABSENT, looked_now=looked_now)
    assert next_step(watching) == (Rest() if looked_now else ReadBack())


def test_what_a_channel_cannot_do_and_what_it_does_not_keep_is_a_persons_matter():
    unable = next_step(replace(LIVE, desired=Want.ABSENT, abilities=LIVE.abilities - {Capability.WITHDRAW}))
    assert isinstance(unable, Block)
    assert unable.code == "cannot_withdraw"
    forgetful = replace(LIVE, desired=Want.ABSENT, done={Send(Op.WITHDRAW, "2"): MAX_REPEATS})
    step = next_step(forgetful)
    assert isinstance(step, Block)
    assert step.code == "not_kept"


BLIND = replace(LIVE, abilities=ALL - {Capability.FIND, Capability.LOOK, Capability.REPLACE})
ASKED = Open(Op.PUBLISH, Write.KEYED, since=90, first=50, repeatable_ms=10_000, same=True)


def test_where_nothing_can_be_read_the_very_same_write_again_is_the_question():
    doubt = replace(BLIND, open=ASKED)
    assert next_step(doubt) == Rest(5090)  # it may still be under way
    assert next_step(replace(doubt, now=5090)) == Send(Op.PUBLISH)
    assert next_step(replace(doubt, now=5090, may_write=False)) == Rest()


@pytest.mark.parametrize(
    ("change", "now"),
    [
        ({"same": False}, 5090),  # other words, or not wanted any more
        ({}, 10_050),  # the remote may have forgotten the first one
        ({"repeatable_ms": 0}, 5090),
        ({"write": Write.FINDABLE}, 5090),
        ({"write": Write.HARMLESS}, 5090),  # a publication is never repeated on that ground
    ],
)
def test_any_other_repeat_is_a_persons_matter(change, now):
    step = next_step(replace(BLIND, now=now, open=replace(ASKED, **change)))
    assert isinstance(step, Block)
    assert step.code == "unanswerable"


def test_where_it_can_be_searched_nothing_is_repeated_before_a_look():
    assert next_step(replace(LIVE, now=5090, open=ASKED)) == ReadBack()


@pytest.mark.parametrize("op", [Op.UPDATE, Op.REPLACE, Op.WITHDRAW])
def test_what_is_harmless_is_done_again_where_nothing_can_be_read(op):
    doubt = replace(BLIND, now=5090, open=Open(op, Write.HARMLESS, since=90, ref="2"))
    assert next_step(doubt) == Send(op, "2")
    assert next_step(replace(doubt, desired=Want.ABSENT)) == Send(Op.WITHDRAW, "2")  # a recall waits for no doubt


def test_what_was_published_by_hand_is_published_anew_by_nobody_else():
    spent = replace(LIVE, standing=(), looked_now=True, spent=True)
    step = next_step(spent)
    assert isinstance(step, Block)
    assert step.code == "by_hand"
    assert next_step(replace(spent, spent=False)) == Send(Op.PUBLISH)
    assert next_step(replace(LIVE, spent=True, desired=Want.ABSENT)) == Send(Op.WITHDRAW, "2")
    assert next_step(replace(LIVE, spent=True, fields_agree=False, looked_now=True)) == Send(Op.UPDATE, "2")


QUEUED = replace(LIVE, observed=Observed.QUEUED, abilities=ALL)
PARKED = replace(QUEUED, standing=(Standing("2", "k2", held=True),), observed=Observed.HELD, desired=Want.HELD)


@pytest.mark.parametrize(
    ("known", "change", "step"),
    [
        (QUEUED, {}, Rest()),
        (QUEUED, {"audit_due": True}, ReadBack()),
        (QUEUED, {"desired": Want.HELD}, Send(Op.HOLD, "2")),
        (QUEUED, {"desired": Want.ABSENT}, Send(Op.WITHDRAW, "2")),
        (QUEUED, {"other_time": True}, Send(Op.RESUME, "2")),
        # What was asked for last is read back before it is asked for again.
        (QUEUED, {"other_time": True, "observed": Observed.UNKNOWN}, ReadBack()),
        (QUEUED, {"other_time": True, "observed": Observed.UNKNOWN, "looked_now": True}, Send(Op.RESUME, "2")),
        (PARKED, {}, Rest()),
        (PARKED, {"audit_due": True}, ReadBack()),
        (PARKED, {"observed": Observed.UNKNOWN}, ReadBack()),
        (PARKED, {"desired": Want.PRESENT}, Send(Op.RESUME, "2")),
        (PARKED, {"desired": Want.ABSENT}, Send(Op.WITHDRAW, "2")),
        # Other bytes first, then its time: nothing goes out with the wrong ones.
        (PARKED, {"desired": Want.PRESENT, "content_key": "k3"}, ReadBack()),
        (PARKED, {"desired": Want.PRESENT, "content_key": "k3", "looked_now": True}, Send(Op.REPLACE, "2")),
        (PARKED, {"standing": (Standing("1", "k1"), Standing("2", "k2", held=True))}, Send(Op.HOLD, "1")),
        (PARKED, {"may_write": False, "standing": (Standing("2", "k2"),)}, ReadBack()),
    ],
)
def test_what_has_a_time_is_held_let_go_and_moved(known, change, step):
    assert next_step(replace(known, **change)) == step


def test_what_the_channel_gave_up_is_looked_at_and_then_left_to_a_person():
    failed = replace(QUEUED, failed=True, observed=Observed.ALTERED)
    assert next_step(failed) == ReadBack()
    step = next_step(replace(failed, looked_now=True))
    assert isinstance(step, Block)
    assert step.code == "not_published"
    assert next_step(replace(failed, desired=Want.ABSENT)) == Send(Op.WITHDRAW, "2")


def test_nothing_is_let_go_while_a_text_is_missing_and_holding_waits_for_none():
    lacking = replace(PARKED, missing=("alt_text",))
    stopped = next_step(replace(lacking, desired=Want.PRESENT))
    assert isinstance(stopped, Block)
    assert stopped.code == "field_missing"
    assert next_step(replace(QUEUED, missing=("alt_text",), desired=Want.HELD)) == Send(Op.HOLD, "2")
