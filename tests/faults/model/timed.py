"""Plays scripts upon copies that have a time: rights come and go, people here and there move it, anything breaks."""

from __future__ import annotations

import random

from connectors.sdk.types import PartState
from hub.access.models import User
from hub.clock import DAY, HOUR, MINUTE
from hub.placements import schedule
from hub.placements.models import Placement
from tests.faults.model.harness import ACTIONS, LEASE_MS, Play
from tests.faults.model.world import FOREVER, USER

TIMED = (
    *(one for one in ACTIONS if one[0] not in {"remote_use", "take_back", "rights_end", "rights_back"}),
    ("rights_end", 4), ("rights_back", 4), ("take_back", 1), ("another_time", 4), ("moved_there", 2),
    ("parked_there", 2), ("let_out_there", 1), ("day", 8),
)  # fmt: skip
FIRST = 5 * DAY


def timed_script(seed, length=36):
    """Return the script of a seed."""
    chance = random.Random(seed)
    names, weights = zip(*TIMED, strict=True)
    drawn = chance.choices(names, weights, k=length)
    return [(name, chance.randrange(1_000_000)) for name in drawn]


class TimedPlay(Play):
    """One run over a remote that keeps a calendar (or does not: then the hub lets the copy out itself)."""

    def __init__(self, database, clock, monkeypatch, *, variant="calendar", **options):
        super().__init__(database, clock, monkeypatch, variant=variant, **options)
        self.outs = []
        self.remote.after_out = self._check_out
        self.by_somebody = False
        with self.world.database.unit() as session:
            session.add(User(id=USER, email="e@hub.example", name="E", role="editor", password_hash="", created_at=0))
        self.world.change(self.placement, publish_at=self._in(FIRST))

    def _in(self, wait):
        return self.clock.now() // 1000 * 1000 + wait

    # The oracle

    def _check_claim(self, account, claim):
        if claim not in {"scheduled", "held"}:
            super()._check_claim(account, claim)
            return
        living = self.remote.living(self.marker)
        meant = PartState.QUEUED if claim == "scheduled" else PartState.HELD
        self._hold(bool(living) and {each.state for each in living} == {meant}, f"I3: said {claim}, and it is not so")

    def _check_bytes(self, name, outgoing):
        """Rights may have been taken away in the very call; what may not be shown is never sent or let go."""
        if name == "resume":
            self._hold(self.usable, "I4: let go although nothing may be used there")
            return
        super()._check_bytes(name, outgoing)

    def _check_out(self, entry):
        self.outs.append(entry.ref)
        self._hold(self.outs.count(entry.ref) == 1, "I1: it went out twice")

    def _check_end(self, ended):
        row, living = self.world.row(self.placement), self.remote.living(self.marker)
        if ended == "held":
            self._hold({each.state for each in living} == {PartState.HELD}, "I3: held, but it is not parked")
            stays = row.desired_reason in {"date_passed", "held_there", "not_approved"} or not self.usable
            self._hold(stays, f"I6: held although it may go out: {row.desired_reason}")
        elif ended == "queued":
            self._hold(self.usable and self.asset in self.approved, "I6: it waits although it may not go out")
            states = [(each.state, each.at) for each in living]
            self._hold(states == [(PartState.QUEUED, row.publish_at)], f"I6: queued, but there stands {states}")
        elif row.out_at is None and ended in {"withdrawn", "waiting"}:
            self._hold(not living, f"I3: {ended}, but a copy stands there")
        else:
            super()._check_end(ended)

    # What happens

    def _day(self, chance):
        self.clock.advance(chance.choice([HOUR, DAY, DAY, 2 * DAY]))
        self._work("worker-1")

    def _another_time(self, chance):
        """A person gives another time, as the service does."""
        wait = chance.choice([MINUTE, HOUR, DAY, 3 * DAY])
        with self.world.database.unit() as session:
            row = session.get_one(Placement, self.placement, with_for_update=True)
            stands = bool(self.remote.living(self.marker))
            if row.settled_at is None and row.out_at is None and (stands or row.observed == "absent"):
                schedule.give_time(session, row, self._in(wait), stands=stands, by=USER)
                self.world.planner.wake(session, row)

    def _waiting(self):
        return [each for each in self.remote.living(self.marker) if each.state is PartState.QUEUED]

    def _moved_there(self, chance):
        for entry in self._waiting():
            entry.at = self._in(chance.choice([HOUR, DAY, 2 * DAY]))

    def _parked_there(self, chance):
        for entry in self._waiting():
            entry.state, entry.at = PartState.HELD, None

    def _let_out_there(self, chance):
        for entry in self.remote.living(self.marker):
            if entry.state is not PartState.SHOWING:
                self.remote.let_out(entry)

    def _rights_end(self, chance):
        self.usable = False
        self.world.rights(self.asset, (0, FOREVER, False), announce=chance.random() < 0.7)
        self.world.change(self.placement)

    def _quiet(self):
        self.remote.faults.clear(), self.remote.read_faults.clear()
        self.clock.advance(LEASE_MS + 1000)
        self.remote.pass_time()
        return super()._quiet()
