"""An asset is taken back from everywhere, and every copy is accounted for."""

from __future__ import annotations

import itertools

import pytest

from connectors.sdk.errors import AuthExpired
from hub.clock import DAY, HOUR, MINUTE
from hub.errors import Conflict, Invalid, NotFound
from hub.placements.recall import Result


def report_of(desk, recall):
    return desk.placements.recall_report(desk.actor, recall.id)


def adds_up(report):
    assert sum(report.counts.values()) == len(report.lines)
    for line in report.lines:
        proven = line.result in {Result.WITHDRAWN, Result.SUBSTITUTED}
        assert (line.level is not None) == (line.evidence_id is not None) == proven
        assert bool(line.reason) == (line.result is Result.UNPROVEN)
        if report.closed_at is None:
            assert (line.next_try_at is not None) == (line.result is Result.UNPROVEN)
    return report.counts


@pytest.mark.both
def test_every_copy_is_withdrawn_substituted_or_named(desk):
    asset = desk.approved()
    stand_in = desk.approved(b"stand-in")
    shown = [desk.place(asset, slot=f"slot-{n}") for n in range(3)]
    desk.run()
    desk.connect()
    never = desk.place(asset, slot="never", version_policy="pin", pinned_version_id=pinned(desk, asset))
    recall = desk.placements.recall(desk.actor, asset, "wrong face", stand_in)
    assert adds_up(recall) == {"unproven": 3, "never_there": 1}
    desk.run()
    done = report_of(desk, recall)
    assert adds_up(done) == {"substituted": 3, "never_there": 1}
    assert {line.level for line in done.lines if line.copy.id in shown} == {"seen"}
    assert done.complete
    assert done.closed_at is not None
    assert [desk.shown(each) for each in shown] == [[b"stand-in"]] * 3
    assert desk.shown(never) == []
    [closed] = desk.events("recall.closed")
    assert closed.body["counts"] == {"substituted": 3, "never_there": 1}


def test_the_whole_account_is_made_only_once_no_copy_is_left_to_work_on(desk, monkeypatch):
    asset = desk.approved()
    desk.place(asset)
    desk.run()
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    with monkeypatch.context() as patch:
        patch.setattr("hub.placements.recall.report", None)
        desk.placements._close_recalls()
    desk.run()
    assert report_of(desk, recall).closed_at is not None


def pinned(desk, asset):
    """A version that was never approved: a copy pinned to it never goes out."""
    desk.world.version(asset, b"draft")
    return desk.world.newest(asset)


def test_without_a_substitute_every_copy_is_withdrawn_with_proof(desk):
    asset = desk.approved()
    copies = [desk.place(asset, slot=f"slot-{n}") for n in range(3)]
    desk.run()
    recall = desk.placements.recall(desk.actor, asset, "licence dispute")
    desk.run()
    done = report_of(desk, recall)
    assert adds_up(done) == {"withdrawn": 3}
    assert all(line.parts_done == line.parts > 0 for line in done.lines)
    assert [desk.shown(each) for each in copies] == [[], [], []]
    assert all(not copy.urgent for copy in map(desk.copy, copies))


def test_a_copy_that_cannot_be_reached_is_named_with_reason_and_next_try(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.world.exchange.refuse = AuthExpired("Sign in again.")
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    desk.run()
    open_still = report_of(desk, recall)
    [line] = open_still.lines
    assert adds_up(open_still) == {"unproven": 1}
    assert line.reason == "Sign in again."
    assert line.next_try_at > desk.clock.now()
    assert line.copy.proof.claim == "in_place"
    assert not line.copy.proof.current
    assert open_still.closed_at is None

    closed = desk.placements.close_recall(desk.actor, recall.id)
    assert (closed.closed_at, closed.complete) == (desk.clock.now(), False)
    assert [line.copy.id for line in closed.lines] == [placement]
    desk.world.exchange.refuse = None
    desk.placements.retry(desk.actor, placement)
    desk.run()
    assert desk.shown(placement) == []
    assert adds_up(report_of(desk, recall)) == {"unproven": 1}  # as it stood when it was closed


def test_a_recall_closes_when_the_last_copy_is_attested(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.world.exchange.refuse = AuthExpired("Sign in again.")
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    desk.run()
    desk.placements.attest(desk.actor, placement, "Deleted by hand; the page is gone.")
    done = report_of(desk, recall)
    assert adds_up(done) == {"withdrawn": 1}
    assert done.lines[0].level == "attested"
    assert done.closed_at == desk.clock.now()


def test_a_recall_of_an_asset_that_stands_nowhere_closes_at_once(desk):
    asset = desk.approved()
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    assert recall.closed_at == desk.clock.now()
    assert recall.lines == ()
    again = desk.placements.recall(desk.actor, asset, "and again")
    assert again.id != recall.id


def test_a_recall_overtakes_bulk_work(desk):
    asset, others = desk.approved(), [desk.approved(f"other {n}".encode()) for n in range(5)]
    placement = desk.place(asset)
    desk.run()
    for other in others:
        desk.place(other)
    desk.clock.advance(MINUTE)
    desk.placements.recall(desk.actor, asset, "wrong face")
    desk.remote.calls.clear()
    desk.tick()
    assert desk.remote.calls[0] == "withdraw"
    assert desk.copy(placement).phase == "withdrawn"


def test_a_substitute_that_is_recalled_itself_is_replaced_or_withdrawn_too(desk):
    asset, stand_in, last = desk.approved(), desk.approved(b"stand-in"), desk.approved(b"last")
    desk.catalogue.set_successor(desk.actor, asset, stand_in)
    placement = desk.place(asset, withdraw_policy="substitute")
    desk.rights.add_term(desk.actor, asset, source="embargo", effect="deny")
    desk.place(stand_in, slot="own")
    desk.run()
    assert desk.shown(placement) == [b"stand-in"]
    recall = desk.placements.recall(desk.actor, stand_in, "wrong face", last)
    desk.run()
    done = report_of(desk, recall)
    assert adds_up(done) == {"substituted": 2}
    assert desk.shown(placement) == [b"last"]


def test_a_substitute_that_is_just_being_sent_is_counted_when_it_is_recalled(desk):
    asset, stand_in = desk.approved(), desk.approved(b"stand-in")
    desk.catalogue.set_successor(desk.actor, asset, stand_in)
    placement = desk.place(asset, withdraw_policy="substitute")
    desk.run()
    desk.rights.add_term(desk.actor, asset, source="embargo", effect="deny")
    desk.remote.faults.append("lost_after")
    desk.tick()
    assert desk.copy(placement).phase == "unsure"
    recall = desk.placements.recall(desk.actor, stand_in, "wrong face")
    assert [line.copy.id for line in recall.lines] == [placement]
    assert adds_up(recall) == {"unproven": 1}
    desk.run()
    assert adds_up(report_of(desk, recall)) == {"withdrawn": 1}
    assert desk.shown(placement) == []


def test_a_copy_wanted_during_a_recall_is_never_made(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.remote.dead = True
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    desk.run(within_ms=1000)
    late = desk.place(asset, slot="late")
    assert adds_up(report_of(desk, recall)) == {"unproven": 1, "never_there": 1}
    desk.remote.dead = False
    desk.run(within_ms=HOUR // 2)
    assert (desk.shown(placement), desk.shown(late)) == ([], [])
    assert adds_up(report_of(desk, recall)) == {"withdrawn": 1, "never_there": 1}


def test_a_cache_that_goes_on_showing_it_keeps_the_recall_open(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    url = desk.remote.url(entry.ref)
    desk.remote.cached[url] = entry.sha256
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    for _ in range(3):
        desk.tick()
    assert desk.copy(placement).phase == "partial"
    assert adds_up(report_of(desk, recall)) == {"unproven": 1}
    desk.remote.cached.clear()
    desk.clock.advance(HOUR)
    desk.run()
    done = report_of(desk, recall)
    assert adds_up(done) == {"withdrawn": 1}
    assert done.lines[0].level == "seen"


def test_once_lifted_the_take_down_lets_every_copy_return(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.placements.recall(desk.actor, asset, "wrong face")
    desk.run()
    [term] = desk.rights.terms(desk.actor, asset)
    assert term.source == "takedown"
    desk.rights.lift_term(desk.actor, term.id)
    desk.run()
    assert (desk.copy(placement).phase, desk.shown(placement)) == ("live", [b"first"])
    again = desk.placements.recall(desk.actor, asset, "once more")
    assert next(each.id for each in desk.placements.recalls(desk.actor, asset)) == again.id


def test_what_makes_no_sense_is_refused(desk):
    asset, other = desk.approved(), desk.approved(b"other")
    desk.place(asset)
    desk.run()
    with pytest.raises(Invalid) as empty:
        desk.placements.recall(desk.actor, asset, "  ")
    assert empty.value.code == "no_reason"
    desk.catalogue.set_successor(desk.actor, other, asset)
    with pytest.raises(Conflict) as cycle:
        desk.placements.recall(desk.actor, asset, "wrong face", other)
    assert cycle.value.code == "successor_cycle"
    assert desk.copy(desk.placements.where(desk.actor, asset)[0].id).phase == "live"
    desk.remote.dead = True
    desk.placements.recall(desk.actor, asset, "wrong face")
    with pytest.raises(Conflict) as twice:
        desk.placements.recall(desk.actor, asset, "wrong face")
    assert twice.value.code == "recall_open"
    with pytest.raises(NotFound):
        desk.placements.recall_report(desk.actor, "nothing")


def test_a_substitute_far_down_its_own_chain_makes_no_cycle(desk):
    chain = [desk.approved(f"link {n}".encode()) for n in range(12)]
    for each, heir in itertools.pairwise(chain):
        desk.catalogue.set_successor(desk.actor, each, heir)
    with pytest.raises(Conflict) as refused:
        desk.placements.recall(desk.actor, chain[-1], "wrong face", chain[0])
    assert refused.value.code == "successor_cycle"


def test_a_copy_that_vanished_before_counts_as_away(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.clock.advance(5 * DAY)
    [entry] = desk.remote.living(desk.world.row(placement).marker)
    desk.remote.remove(entry.ref, by="somebody")
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    desk.run()
    assert adds_up(report_of(desk, recall)) == {"withdrawn": 1}


def test_a_recall_puts_no_substitute_where_the_asset_itself_never_stood(desk):
    asset, stand_in = desk.approved(), desk.approved(b"stand-in")
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", channels=["elsewhere"])
    waiting = desk.place(asset)
    desk.run()
    assert desk.copy(waiting).phase == "waiting"
    foreseen = desk.placements.impact(desk.actor, asset, "recall", stand_in)
    assert [line.becomes for line in foreseen.lines] == ["nothing_there"]
    recall = desk.placements.recall(desk.actor, asset, "wrong face", stand_in)
    desk.run()
    assert report_of(desk, recall).counts == {"never_there": 1}
    assert (desk.copy(waiting).phase, desk.shown(waiting)) == ("waiting", [])
