"""Plays scripts of actions and faults upon the real reconciler, runs to quiet, and checks the promises from outside."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field

from sqlalchemy import func, select

import hub.placements.observe
import hub.placements.reconcile
from connectors.sdk.errors import AuthExpired
from connectors.sdk.manifest import Capability, Carries, Write
from hub.catalogue.metadata import fields_of
from hub.catalogue.models import Version
from hub.events.log import emit
from hub.placements.models import Attempt, Placement
from hub.placements.phase import phase
from tests.faults.model.remote import Killed, manifest
from tests.faults.model.world import FOREVER, World

WRITE_FAULTS = (
    "not_sent", "limited", "lost_before", "lost_after", "doubled", "no_effect", "expired", "killed_before",
    "killed_after", "defect", "overtaken_before", "overtaken_after", "senseless", "senseless_after",
)  # fmt: skip
READ_FAULTS = ("down", "page", "refused", "overtaken", "meanwhile")
POINTS = ("intent_not_committed", "committed_not_sent", "answered_not_recorded", "recorded_not_acknowledged")
ACTIONS = (
    ("tick", 10), ("advance", 6), ("version", 3), ("edit", 2), ("rights_end", 3), ("rights_back", 2), ("revoke", 1),
    ("take_back", 2), ("want", 2), ("write_fault", 9), ("read_fault", 4), ("kill", 4), ("remote_edit", 2),
    ("remote_delete", 1), ("remote_use", 2), ("outage", 1), ("hint", 1),
)  # fmt: skip
LEASE_MS = 60_000


class Broken(AssertionError):
    """A promise did not hold."""


def script_of(seed, length=30):
    """Return the script of a seed: names of actions, each with a number that its choices are made from."""
    chance = random.Random(seed)
    names, weights = zip(*ACTIONS, strict=True)
    drawn = chance.choices(names, weights, k=length)
    if chance.random() < 0.6:  # let the copy be wanted again towards the end
        drawn += ["want", "rights_back", "version", "tick", "write_fault", "edit", "tick"]
    return [(name, chance.randrange(1_000_000)) for name in drawn]


VARIANTS = {
    "composed": {"repoint": True},
    "in_place": {"replace": True},
    "unfindable": {"without": (Capability.FIND,), "publish": Write.UNANSWERABLE},
    "link": {"carries": Carries.LINK, "repoint": False},
    "calendar": {"replace": True, "repoint": False, "calendar": True},
    "fixed_link": {"carries": Carries.LINK, "repoint": False, "without": (Capability.UPDATE,)},
}


@dataclass
class Result:
    """How a run ended."""

    fired: list = field(default_factory=list)
    phase: str = ""
    calls: int = 0


class Play:
    """One run: a world, a script, and the oracle that watches."""

    def __init__(self, database, clock, monkeypatch, *, variant="composed", lag_ms=0, phases=True):
        self.world = World(database, clock, declared=manifest(**VARIANTS[variant]), lease_ms=LEASE_MS)
        self.clock, self.remote, self.lag_ms = clock, self.world.remote, lag_ms
        self.remote.lag_ms, self.phases = lag_ms, phases
        self.count, self.kill_at, self.inside, self.doubled = 0, None, False, False
        self.usable, self.title = True, "Logo"
        self.approved = {}  # version id -> hash, while it is the approved one
        self.bodies = []
        self.asset = self.world.asset(b"v0", title=self.title)
        self.stand_in = self.world.asset(b"stand-in", title="Stand-in")
        self._learn(self.asset), self._learn(self.stand_in)
        self.world.approve(self.asset)
        self.world.approve(self.stand_in)
        self.placement = self.world.place(self.asset)
        self.marker = self.world.row(self.placement).marker
        self.remote.before_write = self._check_bytes
        self.remote.interrupt = self._overtake
        self.remote.meanwhile = self._meanwhile
        self.remote.after_publish = self._check_single
        self.remote.served = self._served
        self._watch(monkeypatch)

    def _learn(self, asset_id):
        version_id = self.world.newest(asset_id)
        with self.world.database.read() as session:
            sha256 = session.get_one(Version, version_id).sha256
        self.bodies.append((asset_id, version_id, sha256))
        self.approved[asset_id] = sha256

    def _watch(self, monkeypatch):
        """Hold every claim against the remote's truth in the moment in which it is made."""
        original = hub.placements.observe.add_evidence

        def checked(session, account, claim, level, **rest):
            self._check_claim(account, claim.value)
            return original(session, account, claim, level, **rest)

        monkeypatch.setattr(hub.placements.observe, "add_evidence", checked)

        def reach(name):
            if name == self.kill_at:
                self.kill_at = None
                self.remote.fired.append(f"kill:{name}")
                raise Killed

        monkeypatch.setattr(hub.placements.reconcile, "reach", reach)

    # The oracle

    def _check_claim(self, account, claim):
        living = self.remote.living(self.marker)
        if claim in {"withdrawn", "gone"}:
            if living:
                raise Broken(f"I3: said {claim}, but {len(living)} stand there")
            return
        if len(living) != 1 and not self.doubled:  # a doubled one turns up at a later look
            raise Broken(f"I3: said {claim}, but {len(living)} stand there")
        if self.remote.carries is Carries.BYTES:
            wanted = next(sha for _, version, sha in self.bodies if version == account.row.desired_version_id)
            if living[0].sha256 != wanted:
                raise Broken(f"I3: said {claim}, but other bytes stand there")
            if wanted != self.approved.get(account.row.desired_asset_id):
                raise Broken(f"I3: said {claim} of a version that is not the approved one")

    def _check_single(self, made, fault):
        same = [entry for entry in self.remote.living(self.marker) if entry.key == made.key]
        if len(same) > 1 and not self.doubled:
            raise Broken("I1: a second copy of the same bytes was made")
        self.doubled |= fault == "doubled"

    def _check_bytes(self, name, outgoing):
        if self.remote.carries is Carries.LINK:
            return
        if not self.usable:
            raise Broken(f"I4: {name} although nothing may be used there")
        if outgoing.sha256 not in self.approved.values():
            raise Broken(f"I4: {name} of bytes that are not approved")

    def _served(self, marker):
        """What our own delivery would serve at this instant."""
        with self.world.database.read() as session:
            row = session.scalar(select(Placement).where(Placement.marker == marker))
        if row is None or not self.usable or not row.wanted:
            return None
        return self.approved.get(self.asset)

    def _check_master(self):
        with self.world.database.read() as session:
            versions = dict(session.execute(select(Version.id, Version.sha256)).all())
            title = fields_of(session, self.asset)["title"]
        if versions != {version: sha for _, version, sha in self.bodies}:
            raise Broken("I5: versions changed")
        if title != self.title:
            raise Broken(f"I5: the channel changed a field that is ours: {title}")

    def _check_phases(self):
        if not self.phases:
            return
        with self.world.database.read() as session:
            for row in session.scalars(select(Placement)):
                open_attempts = session.scalar(
                    select(func.count())
                    .select_from(Attempt)
                    .where(
                        Attempt.placement_id == row.id,
                        (Attempt.answered_at.is_(None)) | (Attempt.outcome == "unknown"),
                    )
                )
                defined = phase(row, open_attempts=open_attempts).value
                if row.phase != defined:
                    raise Broken(f"the stored phase {row.phase} is not the defined one {defined}")

    # The actions

    def play(self, script):
        """Play a script, then run to quiet with all faults off, and check."""
        for name, number in script:
            getattr(self, f"_{name}")(number if isinstance(number, str) else random.Random(number))
            self._check_master()
            self._check_phases()
        return self._quiet()

    def _work(self, owner):
        try:
            self.world.tick(owner)
        except Killed:
            self.remote.fired.append("killed")

    def _tick(self, chance):
        self._work(chance.choice(["worker-1", "worker-2"]))

    def _advance(self, chance):
        self.clock.advance(chance.choice([1000, 6000, 30_000, LEASE_MS + 1000, 3_600_000, 90_000_000]))
        self._work("worker-1")

    def _version(self, chance):
        self.count += 1
        self.world.version(self.asset, f"v{self.count}".encode())
        if chance.random() < 0.8:
            self._learn(self.asset)
            self.world.approve(self.asset)
        else:  # uploaded, never approved: must not be seen anywhere
            version_id = self.world.newest(self.asset)
            sha256 = hashlib.sha256(f"v{self.count}".encode()).hexdigest()
            self.bodies.append((self.asset, version_id, sha256))

    def _edit(self, chance):
        self.title = f"Logo {chance.randrange(100)}"
        self.world.edit(self.asset, title=self.title)

    def _rights_end(self, chance):
        self.usable = False
        self.world.rights(self.asset, (0, FOREVER, False), announce=chance.random() < 0.7)
        self.world.change(self.placement) if chance.random() < 0.5 else None

    def _rights_back(self, chance):
        self.usable = True
        self.world.rights(self.asset, (0, FOREVER, True))

    def _revoke(self, chance):
        self.approved.pop(self.asset, None)
        self.world.revoke(self.asset)

    def _take_back(self, chance):
        if self.world.row(self.placement).settled_at is None:
            self.world.change(self.placement, wanted=False)

    def _want(self, chance):
        if self.world.row(self.placement).settled_at is None:
            self.world.change(self.placement, wanted=True)

    def _write_fault(self, chance):
        fault = chance if isinstance(chance, str) else chance.choice(WRITE_FAULTS)
        if fault != "doubled" or Capability.FIND in self.world.declared.abilities:  # nothing could ever show it
            self.remote.faults.append(fault)

    def _read_fault(self, chance):
        self.remote.read_faults.append(chance if isinstance(chance, str) else chance.choice(READ_FAULTS))

    def _kill(self, chance):
        self.kill_at = chance if isinstance(chance, str) else chance.choice(POINTS)

    def _remote_edit(self, chance):
        for entry in self.remote.living(self.marker):
            entry.fields[chance.choice(["title", "alt", "credit"])] = f"edited {chance.randrange(100)}"

    def _remote_delete(self, chance):
        for entry in self.remote.living(self.marker)[:1]:
            self.remote.remove(entry.ref, by="somebody")

    def _remote_use(self, chance):
        for entry in self.remote.living(self.marker)[:1]:
            self.remote.uses[f"post-{chance.randrange(5)}"] = entry.ref

    def _outage(self, chance):
        self.remote.dead = not self.remote.dead
        self.world.exchange.refuse = AuthExpired("sign in again") if chance.random() < 0.3 else None

    def _hint(self, chance):
        with self.world.database.unit() as session:
            emit(session, "remote.hint", self.world.remote_id, actor="connector:fake", body={"refs": [], "kind": "any"})

    def _overtake(self):
        """The lease ends in the middle of a call, and another worker takes over."""
        if self.inside:
            return
        self.inside = True
        try:
            self.clock.advance(LEASE_MS + 1000)
            if self.count % 2:
                self._version(random.Random(self.count))
            self._work("overtaker")
        finally:
            self.inside = False

    def _meanwhile(self):
        """Something changes in the middle of a look."""
        chance = random.Random(self.count)
        chance.choice([self._version, self._edit, self._rights_end])(chance)
        self.world.planner.drain("planner")

    # The end

    def _quiet(self):
        remote, world = self.remote, self.world
        remote.faults.clear(), remote.read_faults.clear()
        remote.dead, world.exchange.refuse, self.kill_at = False, None, None
        self.clock.advance(LEASE_MS + 1000)
        self._hint(None)  # instead of waiting for the next audit
        before = len(remote.calls)
        rounds = world.run(most=80, within_ms=3_000_000)
        result = Result(remote.fired, world.row(self.placement).phase, len(remote.calls) - before)
        if rounds >= 80:
            raise Broken(f"I6: still not quiet: {result.phase}")
        if result.calls > 120:
            raise Broken(f"I6: {result.calls} calls until quiet")
        self._check_master()
        self._check_phases()
        self._check_end(result.phase)
        return result

    def _check_end(self, ended):
        row, living = self.world.row(self.placement), self.remote.living(self.marker)
        may_show = row.wanted and self.usable and self.asset in self.approved
        if ended == "blocked":
            self._hold(row.problem_code and row.problem, "I6: blocked, and nobody is told why")
        elif ended in {"withdrawn", "waiting", "gone", "settled"}:
            self._hold(not living, f"I3: {ended}, but a copy stands there")
            self._hold(not may_show or ended in {"gone", "settled"}, f"I6: {ended}, although it should be shown")
        else:
            self._hold(ended == "live", f"I6: ended as {ended} ({row.problem_code} {row.problem})")
            self._hold(may_show, "I6: live, although it should not be shown")
            self._hold(len(living) == 1, f"I1: {len(living)} copies stand there in the end")
            self._check_live(row, living[0])

    def _check_live(self, row, entry):
        proof = self.world.evidence(self.placement)[-1]
        current = (proof.generation, proof.claim) == (row.desired_generation, "in_place")
        self._hold(current, f"I3: live by evidence of an older aim: {proof.claim}")
        if self.remote.carries is Carries.BYTES:
            self._hold(entry.sha256 == self.approved[self.asset], "I6: live with other bytes than the approved ones")
        self._hold(entry.fields.get("title") == self.title, "I6: live with a stale title")

    @staticmethod
    def _hold(promise, otherwise):
        if not promise:
            raise Broken(otherwise)
