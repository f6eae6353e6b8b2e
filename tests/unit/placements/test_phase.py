"""Where a copy stands: the definition, held against rules that no row may break, and against rows that were lived."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import select

from hub.clock import DAY, HOUR, MINUTE
from hub.placements.desired import Want
from hub.placements.models import Attempt, Evidence, Placement
from hub.placements.phase import Observed, Phase, phase
from tests.faults.model.harness import LEASE_MS, Broken, Play, script_of

EVERY_ROW = list(
    itertools.product((None, 5), (False, True), (None, "publish"), (0, 1), Want, Observed, (None, 3), (1, 2))
)


def row_of(settled, blocked, op, want, observed, observed_at, observed_generation):
    return Placement(
        settled_at=settled, blocked=blocked, op=op, desired=want.value, desired_generation=2, observed=observed.value,
        observed_at=observed_at, observed_generation=observed_generation,
    )  # fmt: skip


def every_row():
    for settled, blocked, op, pending, want, observed, observed_at, generation in EVERY_ROW:
        row = row_of(settled, blocked, op, want, observed, observed_at, generation)
        yield row, pending, phase(row, open_attempts=pending)


def test_the_end_is_the_end_and_a_persons_matter_comes_next():
    for row, _, found in every_row():
        assert (found is Phase.SETTLED) == (row.settled_at is not None)
        if row.settled_at is None:
            assert (found is Phase.BLOCKED) == row.blocked


def test_a_write_whose_outcome_is_not_known_is_never_shown_as_anything_else():
    for row, pending, found in every_row():
        if pending and row.settled_at is None and not row.blocked:
            assert found in ({Phase.WORKING, Phase.WAITING} if row.op else {Phase.UNSURE})


def test_what_is_said_to_be_seen_was_observed_for_the_present_aim():
    meant = {
        Phase.LIVE: ({Want.PRESENT, Want.SUBSTITUTE}, {Observed.PRESENT}),
        Phase.QUEUED: ({Want.PRESENT, Want.SUBSTITUTE}, {Observed.QUEUED}),
        Phase.HELD: ({Want.HELD}, {Observed.HELD}),
        Phase.GONE: ({Want.PRESENT, Want.SUBSTITUTE, Want.HELD}, {Observed.ABSENT}),
        Phase.WITHDRAWN: ({Want.ABSENT}, {Observed.ABSENT}),
        Phase.PARTIAL: (set(Want), {Observed.MIXED}),
    }
    reached = set()
    for row, pending, found in every_row():
        if found not in meant:
            continue
        reached.add(found)
        wants, seen = meant[found]
        assert Want(row.desired) in wants
        assert Observed(row.observed) in seen
        assert row.observed_generation == row.desired_generation
        assert row.op is None
        assert not pending
        assert found not in {Phase.GONE, Phase.WITHDRAWN} or row.observed_at is not None
    assert reached == set(meant)


def test_waiting_means_that_nothing_ever_was_sent():
    for row, _, found in every_row():
        if found is Phase.WAITING:
            assert (row.desired, row.observed, row.observed_at) == ("absent", "absent", None)


@pytest.mark.parametrize(
    ("publish_at", "queued_for", "out_at", "expected"),
    [
        (5, 5, None, Phase.QUEUED), (5, None, None, Phase.QUEUED), (None, 5, None, Phase.QUEUED),
        (6, 5, None, Phase.WORKING), (6, 5, 7, Phase.QUEUED),
    ],
)  # fmt: skip
def test_what_waits_for_another_time_than_it_should_is_not_there_yet(publish_at, queued_for, out_at, expected):
    row = row_of(
        None, blocked=False, op=None, want=Want.PRESENT, observed=Observed.QUEUED, observed_at=3, observed_generation=2
    )
    row.publish_at, row.queued_for, row.out_at = publish_at, queued_for, out_at
    assert phase(row, open_attempts=0) is expected


class Witness(Play):
    """A rehearsal that holds every row, after every action, against what its phase says."""

    def _check_phases(self):
        super()._check_phases()
        with self.world.database.read() as session:
            for row in session.scalars(select(Placement)):
                self._check_proof(session, row)

    def _check_proof(self, session, row):
        claims = {
            "live": {"in_place", "substituted"}, "withdrawn": {"withdrawn"}, "gone": {"gone"},
            "queued": {"scheduled"}, "held": {"held"},
        }.get(row.phase)  # fmt: skip
        if claims is None:
            return
        query = select(Evidence).where(Evidence.placement_id == row.id, Evidence.generation == row.desired_generation)
        proof = session.scalar(query.order_by(Evidence.id.desc()).limit(1))
        if proof is None or proof.claim not in claims:
            raise Broken(f"{row.phase} without evidence of this generation")
        written = session.scalars(select(Attempt.answered_at).where(Attempt.placement_id == row.id)).all()
        if proof.level != "attested" and proof.looks and proof.looks[0]["at"] < max(written, default=0):
            raise Broken(f"{row.phase} by looks that began before the last write was answered")


@pytest.mark.parametrize("seed", [7001, 7002])
@pytest.mark.parametrize("variant", ["composed", "in_place", "link", "unfindable"])
def test_stored_phases_are_the_defined_ones_and_rest_on_evidence(quick, clock, monkeypatch, variant, seed):
    result = Witness(quick, clock, monkeypatch, variant=variant).play(script_of(seed))
    assert result.phase in {"live", "withdrawn", "waiting", "blocked", "gone", "settled"}


def test_unsure_is_not_left_by_time_alone(world, clock):
    asset = world.asset()
    world.approve(asset)
    placement = world.place(asset)
    world.remote.faults.append("lost_after")
    world.tick()
    assert world.row(placement).phase == "unsure"
    world.remote.dead = True
    for wait in (MINUTE, HOUR, DAY, 40 * DAY):
        clock.advance(wait)
        world.tick()
        assert world.row(placement).phase == "unsure"
    assert world.remote.calls.count("publish") == 1

    world.remote.dead = False
    world.run()
    assert world.row(placement).phase == "live"
    assert world.remote.calls.count("publish") == 1
    [attempt] = [each for each in world.attempts(placement) if each.step == "publish"]
    assert attempt.outcome == "found"


def test_a_lost_answer_is_not_looked_for_before_the_remote_has_settled(world, clock):
    asset = world.asset()
    world.approve(asset)
    placement = world.place(asset)
    world.remote.faults.append("lost_before")
    world.tick()
    assert world.row(placement).due_at == clock.now() + 5000
    clock.advance(4999)
    assert world.tick() == 0
    clock.advance(1)
    world.tick()
    assert world.remote.calls[1] == "find"


@pytest.mark.parametrize("fault", ["down", "page", "refused"])
def test_gone_never_comes_from_a_read_that_failed(world, clock, fault):
    asset = world.asset()
    world.approve(asset)
    placement = world.place(asset)
    world.run()
    for _ in range(6):
        world.remote.read_faults.append(fault)
        clock.advance(31 * DAY)
        world.tick()
        assert world.row(placement).phase in {"live", "blocked"}
        assert {part.state for part in world.parts(placement) if part.kind == "media"} == {"showing"}
    assert {proof.claim for proof in world.evidence(placement)} == {"in_place"}
    world.remote.read_faults.clear()
    clock.advance(31 * DAY)
    world.run()
    assert world.row(placement).phase == "live"


@pytest.mark.both
def test_a_withdrawal_that_cannot_be_read_back_is_not_said(world, clock):
    asset = world.asset()
    world.approve(asset)
    placement = world.place(asset)
    world.run()
    world.change(placement, wanted=False)
    world.remote.read_faults.extend(["down"] * 3)
    for _ in range(3):
        world.tick()
        assert world.row(placement).phase != "withdrawn"
        assert "withdrawn" not in {proof.claim for proof in world.evidence(placement)}
        clock.advance(LEASE_MS)
    world.run()
    assert world.row(placement).phase == "withdrawn"


def test_an_old_proof_of_absence_does_not_count_for_a_new_aim(world):
    asset = world.asset()
    world.approve(asset)
    placement = world.place(asset)
    world.run()
    world.change(placement, wanted=False)
    world.run()
    proven = world.row(placement)
    assert proven.phase == "withdrawn"
    world.change(placement, wanted=True)
    world.remote.faults.append("not_sent")
    world.tick()
    assert world.row(placement).phase == "working"
    world.change(placement, wanted=False)
    world.planner.drain("planner")
    world.remote.dead = True
    world.tick()
    now = world.row(placement)
    assert now.desired_generation > proven.desired_generation
    assert now.phase == "working"
