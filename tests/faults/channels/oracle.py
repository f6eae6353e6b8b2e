"""The promises, held against the sandbox's own books and the hub's tables as they lie in their file."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from contextlib import contextmanager

from sqlalchemy import event

from connectors.sdk.manifest import Capability, Carries
from connectors.sdk.types import PartState
from hub.errors import NotFound
from hub.placements.models import Attempt, Evidence
from tests.faults.channels.stage import SMALL
from tests.unit.intake.house import picture, sha

READ = frozenset({"read", "seen"})
AWAY = frozenset({"withdrawn", "gone"})
RESTING = frozenset({"withdrawn", "settled", "waiting", "gone"})
MOST_CALLS = 400
PICTURES = {sha(picture(number, SMALL)): number for number in range(8)}


class Violated(Exception):
    """A promise did not hold."""


class Oracle:
    """Watches one run."""

    def __init__(self, stage, acts):
        self.stage, self.acts, self.wish = stage, acts, acts.wish
        self.found, self.loose = [], False
        self.seen_at = 0
        self.others = self._others()
        self.masters = self._blobs()

    # The hub's tables, read without the hub

    def rows(self, query, *values):
        connection = sqlite3.connect(f"file:{self.stage.settings.home / 'damhub.sqlite3'}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query, values)]
        finally:
            connection.close()

    def _blobs(self):
        """Return the hash of every file that is kept, as it reads back."""
        home = self.stage.settings.home / "blobs"
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in home.rglob("*") if path.is_file() and len(path.name) == 64
        }  # fmt: skip

    def numbers_by_hash(self):
        """Return which picture bytes were made from, by their hash: masters, and what was made of them."""
        numbers = dict(PICTURES)
        query = "SELECT r.sha256 AS made, v.sha256 AS master FROM renditions r JOIN versions v ON v.id = r.version_id"
        for row in self.rows(query):
            if row["made"]:
                numbers[row["made"]] = PICTURES[row["master"]]
        return numbers

    # What is watched

    @contextmanager
    def watching(self):
        """Hold every effect and every claim against the truth in the moment in which it is made."""
        self.stage.wire.after = self._after
        event.listen(Evidence, "before_insert", self._claimed)
        event.listen(Attempt, "before_insert", self._intended)
        try:
            yield
        finally:
            event.remove(Evidence, "before_insert", self._claimed)
            event.remove(Attempt, "before_insert", self._intended)

    def violated(self, what):
        """Keep it: an exception here would be taken for a failure of the hub's."""
        self.found.append(what)

    def _intended(self, mapper, connection, attempt):
        if attempt.step in {"publish", "replace", "resume"} and not self.wish.may_show(self.stage.clock.now()):
            self.violated(f"I4: '{attempt.step}' was begun although nothing may be shown there")

    def _after(self, writes):
        for hold in self.stage.holders:
            hold(writes)
        effects = self.stage.sandbox.ledger.effects()
        if len(effects) == self.seen_at:
            return
        self.seen_at = len(effects)
        kinds = self.stage.all_fired()
        self.loose |= "call doubled" in kinds or "overtaken before" in kinds
        self._single(self.acts.standing())
        self._allowed(self.acts.standing())

    def _single(self, standing):
        there = Counter((one.marker, one.content_key) for one in standing)
        if there and max(there.values()) > 1 and not self.loose:
            self.violated(f"I1: {max(there.values())} copies of the same bytes stand there")

    def _allowed(self, standing):
        numbers = None
        for one in standing:
            if one.sha256 is None:
                continue
            numbers = numbers if numbers is not None else self.numbers_by_hash()
            if numbers.get(one.sha256) not in self.wish.approved:
                self.violated("I4: bytes left that nobody approved")

    def _claimed(self, mapper, connection, proof):
        standing, level = self.acts.standing(), proof.level
        marker = self.acts.marker_of(proof.placement_id)
        standing = [one for one in standing if one.marker == marker]
        if level not in READ:
            return
        if not self.stage.wire.read_since_write:
            self.violated(f"I3: said {proof.claim} ({level}), and nothing was read since the last write")
        if proof.claim in AWAY:
            if standing:
                self.violated(f"I3: said {proof.claim}, and {len(standing)} stand there")
            return
        if len(standing) != 1 and not (self.loose and standing):
            self.violated(f"I3: said {proof.claim}, and {len(standing)} stand there")
        meant = {"scheduled": PartState.QUEUED, "held": PartState.HELD}.get(proof.claim)
        for one in standing:
            if meant and one.state is not meant:
                self.violated(f"I3: said {proof.claim}, and it is {one.state}")
            if one.sha256 is not None and proof.version_id and not self.loose:
                self._same_bytes(proof, one)

    def _same_bytes(self, proof, one):
        query = "SELECT sha256 FROM renditions WHERE version_id = ? UNION SELECT sha256 FROM versions WHERE id = ?"
        made = {row["sha256"] for row in self.rows(query, proof.version_id, proof.version_id)}
        if one.sha256 not in made:
            self.violated(f"I3: said {proof.claim}, and other bytes stand there")

    # At the end

    def end(self, calls):
        """Check what must hold once faults are off and nothing is due; return what a person was asked, if anything."""
        self._masters()
        self._history()
        self._others_untouched()
        self._forged()
        self._behind_addresses()
        if self.stage.failures and not {"database locked", "disk full"} & set(self.stage.all_fired()):
            self.violated(f"I8: a worker's drain failed: {self.stage.failures[0]}")
        if calls > MOST_CALLS:
            self.violated(f"I6: {calls} calls until quiet")
        asked = self._ended()
        if self.stage.sandbox.violations:
            self.violated(f"requests outside the vendor's contract: {self.stage.sandbox.violations[:2]}")
        return asked

    def _masters(self):
        now = self._blobs()
        if any(now.get(name) != name for name in {*self.masters, *now}):
            self.violated("I5: a stored file is missing or does not read back with its hash")
        versions = [PICTURES[row["sha256"]] for row in self.rows("SELECT sha256 FROM versions ORDER BY number")]
        if versions != self.wish.bodies:
            self.violated(f"I5: the versions are {versions}, not {self.wish.bodies}")
        for row in self.rows("SELECT sha256 FROM versions UNION SELECT sha256 FROM renditions WHERE state = 'ready'"):
            if row["sha256"] not in now:
                self.violated("I2: bytes that are on record are not there")

    def _history(self):
        numbers = [row["seq"] for row in self.rows("SELECT seq FROM events ORDER BY seq")]
        if numbers != list(range(1, len(numbers) + 1)):
            self.violated("I7: the events have a gap")
        if self.rows("SELECT 1 FROM placements WHERE lease_owner IS NOT NULL"):
            self.violated("I7: nothing is due, and a copy is still held by a worker")
        query = "SELECT a.step FROM attempts a JOIN placements p ON p.id = a.placement_id WHERE p.phase != 'blocked'"
        for row in self.rows(f"{query} AND (a.answered_at IS NULL OR a.outcome = 'unknown')"):
            self.violated(f"I7: what became of '{row['step']}' has no end on record")

    def _others(self):
        """Somebody else's things, as they stand there before the hub begins."""
        ref = self.stage.target.ref
        for text in ("theirs", "dhother1-abcdefghijklmnopqrst-0123456789ab"):
            self.stage.sandbox.intrude(ref, text)
        return self._foreign()

    def _foreign(self):
        ref, own = self.stage.target.ref, set(self.acts.markers)
        return {
            one.ref: (one.sha256, str(one.fields)) for one in self.stage.sandbox.copies(ref) if one.marker not in own
        }

    def _others_untouched(self):
        now = self._foreign()
        for ref, there in self.others.items():
            if now.get(ref) != there:
                self.violated(f"I5: somebody else's {ref} was touched: {there} is now {now.get(ref)}")
        if extra := set(now) - set(self.others):
            self.violated(f"I1: {len(extra)} things stand there without a marker of ours")

    def _forged(self):
        if any(status in range(200, 300) for signed, status in self.stage.forged if signed):
            self.violated("a forged webhook was believed")

    def _behind_addresses(self):
        """Open the hub's own address of each copy, as anybody may who holds it: what cards link to."""
        shown, numbers = self.wish.may_show(self.stage.clock.now()), self.numbers_by_hash()
        delivery = self.stage.hub_of("a").services.delivery
        for marker in self.acts.markers:
            try:
                served = delivery.serve_placement(delivery.address_of(marker).rpartition("/")[2])
            except NotFound:
                continue
            if not shown:
                self.violated("I4: the hub's own address gives bytes although nothing may be shown")
            elif numbers.get(served.sha256) != self.wish.number:
                self.violated("I4: the hub's own address gives other bytes than those approved last")

    def _ended(self):
        rows = {row["id"]: row for row in self.rows("SELECT * FROM placements")}
        newest = rows[self.acts.copies[-1]]
        standing = self.acts.standing()
        for one in standing:
            if one.marker != newest["marker"]:
                self.violated("I1: a copy of a wish that is over stands there")
        for row in rows.values():
            if row["phase"] == "blocked":
                if not (row["problem"] and row["problem_code"]):
                    self.violated("I6: a person is needed, and is not told why")
                return self._person(row, standing)
        if self.wish.may_show(self.stage.clock.now()):
            self._shown(newest, standing)
        else:
            self._hidden(newest, standing)
        return ""

    def _shown(self, row, standing):
        if row["phase"] in {"gone", "settled"} and self.wish.removed_there:
            if standing:
                self.violated(f"I3: ended as {row['phase']}, and {len(standing)} stand there")
            return
        if row["phase"] != "live":
            self.violated(f"I6: ended as {row['phase']} ({row['problem_code']}), not live")
            return
        if len(standing) != 1:
            self.violated(f"{'I2' if not standing else 'I1'}: {len(standing)} copies stand there in the end")
            return
        (one,) = standing
        query = "SELECT external_ref FROM parts WHERE placement_id = ? AND kind = 'media' AND state != 'gone'"
        if (known := [part["external_ref"] for part in self.rows(query, row["id"])]) != [one.ref]:
            self.violated(f"I7: the hub knows {known} there, and {one.ref} stands there")
        if one.state is not PartState.SHOWING:
            self.violated(f"I3: ended as live, and it is {one.state}")
        if one.sha256 is not None and self.numbers_by_hash().get(one.sha256) != self.wish.number:
            self.violated("I6: other bytes than those approved last stand there in the end")
        if not self.wish.edited_there and not self._says(one):
            self.violated(f"I6: it says {dict(one.fields)}, not {self.wish.words}")

    def _says(self, one):
        abilities = self.stage.manifest.abilities
        if Capability.UPDATE not in abilities and self.stage.manifest.carries is not Carries.LINK:
            return True
        return self.wish.words in str(dict(one.fields))

    def _hidden(self, row, standing):
        if row["phase"] == "held" and self.wish.at and {one.state for one in standing} == {PartState.HELD}:
            return  # parked where it waited for its time: nobody sees it, and its rights may come back
        if standing:
            self.violated(f"I4: ended as {row['phase']}, and {len(standing)} stand there although they may not")
        elif row["phase"] not in RESTING:
            self.violated(f"I6: ended as {row['phase']} ({row['problem_code']}), not withdrawn")

    def _person(self, row, standing):
        """A person is asked: only where nobody but a person can know, or may decide."""
        code = row["problem_code"]
        manifest = self.stage.manifest
        reasons = {
            "removed_there": self.wish.removed_there, "conflict": self.wish.edited_there,
        }  # fmt: skip
        if not (reasons.get(code) or manifest.by_hand):
            self.violated(f"I6: a person is needed although nobody need act: {code}: {row['problem']}")
        return code
