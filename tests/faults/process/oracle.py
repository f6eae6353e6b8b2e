"""What must hold, checked from outside: the remote's ledger, the hub's rows as they lie in its database, the files."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from connectors.testing.ledger import What, living

PROOFS = {"placement.proven", "placement.substituted", "placement.withdrawn"}
MOST_CALLS = 160
MOST_MINUTES = 5
"""How much one worker may need, after the last fault, until desired and observed agree (I6)."""

TABLES = ("placements", "parts", "attempts", "evidence", "events", "versions", "cursors", "recalls", "recall_items")
ORDER = {"attempts": "id", "evidence": "id", "events": "seq"}


class Violated(Exception):
    """A promise did not hold."""


@dataclass
class Rows:
    """The hub's rows, read without the hub."""

    tables: dict = field(default_factory=dict)

    @classmethod
    def read(cls, url):
        engine = create_engine(url, poolclass=NullPool)
        rows = cls()
        with engine.connect() as connection:
            for table in TABLES:
                order = f" ORDER BY {ORDER[table]}" if table in ORDER else ""
                found = connection.execute(text(f"SELECT * FROM {table}{order}"))
                rows.tables[table] = [dict(row) for row in found.mappings()]
        engine.dispose()
        return rows

    def __getattr__(self, table):
        return self.__dict__["tables"][table]

    @property
    def placement(self):
        return self.placements[0] if self.placements else None


def plain(value):
    """Return a JSON column's value: SQLite gives its text."""
    return json.loads(value) if isinstance(value, str) else value


class Oracle:
    """Watches one run."""

    def __init__(self, case, facts, remote, home):
        self.case, self.facts, self.remote = case, facts, remote
        self.first = len(remote.effects())
        self.acted = None  # how far the ledger had come when the people acted; None: not yet
        self.blobs = blobs(home)
        self.home = home
        self.before = None
        self.doubled = False
        self.web = dict(zip(facts["versions"], facts["web"], strict=True))

    def effects(self):
        return self.remote.effects(self.first)

    # After each death and at the end

    def look(self, rows, journal):
        """Check what must hold at every instant; `rows` are the hub's as they lie there now."""
        effects = self.effects()
        self._single(effects)
        self._bytes(effects)
        self._masters(rows)
        self._history(rows)
        self._claims(rows, journal)
        self._said(rows.placement, effects)
        self.before = rows

    def _single(self, effects):
        for end in range(1, len(effects) + 1):
            there = Counter(_key(facts) for facts in living(tuple(effects[:end])).values())
            if there and max(there.values()) > 1 and not self.doubled:
                raise Violated(f"I1: after effect {end} {max(there.values())} copies of the same bytes stand there")

    def _bytes(self, effects):
        for effect in effects:
            if effect.what is not What.MADE or "sha256" not in effect.facts:
                continue
            if effect.facts["sha256"] not in self.facts["web"][:2]:
                raise Violated("I4: bytes left that nobody approved")
            late = self.acted is not None and effect.seq > self.acted
            if not (late and self.case.scenario == "replace") and effect.facts["sha256"] != self.facts["web"][0]:
                raise Violated("I4: bytes left before they were approved")
        if self.case.scenario == "withdraw" and self.acted is not None:
            late = [effect for effect in effects if effect.seq > self.acted]
            if any(effect.what is What.MADE for effect in late):
                raise Violated("I4: a copy was made although nothing may be shown there")

    def _masters(self, rows):
        if {row["id"]: row["sha256"] for row in rows.versions} != self.facts["hashes"]:
            raise Violated("I5: versions changed")
        now = blobs(self.home)
        if any(now.get(name) != name for name in self.blobs):
            raise Violated("I2/I5: a stored file is missing or does not read back with its hash")

    def _history(self, rows):
        numbers = [event["seq"] for event in rows.events]
        if numbers != list(range(1, len(numbers) + 1)):
            raise Violated("I7: the events have a gap")
        for table in ("events", "evidence"):
            before = self.before.tables[table] if self.before else []
            if rows.tables[table][: len(before)] != before:
                raise Violated(f"I7: {table} were changed or removed")

    def _claims(self, rows, journal):
        """Hold each claim against the ledger as it was when the claim was made."""
        every = tuple(self.remote.effects())
        for proof in rows.evidence:
            if self.case.real:
                continue  # nothing of ours is inside that worker
            there = living(tuple(effect for effect in every[: journal[proof["id"]]] if effect.seq > self.first))
            self._claim(proof["claim"], proof["version_id"], there)

    def _said(self, row, effects):
        """Hold what the phase says against the ledger."""
        if row is None or row["phase"] not in {"live", "withdrawn", "gone"}:
            return
        claim = "in_place" if row["phase"] == "live" else row["phase"]
        self._claim(claim, row["observed_version_id"], living(tuple(effects)))

    def _claim(self, claim, version_id, there):
        if claim in {"withdrawn", "gone"}:
            if there:
                raise Violated(f"I3: said {claim}, and {len(there)} stand there")
            return
        if len(there) != 1 and not (self.doubled and there):
            raise Violated(f"I3: said {claim}, and {len(there)} stand there")
        for facts in there.values():
            if "sha256" in facts and facts["sha256"] != self.web[version_id]:
                raise Violated(f"I3: said {claim}, and other bytes stand there")

    # At the end alone

    def end(self, rows, journal, *, calls, minutes):
        """Check what must hold once faults are off and nothing is due."""
        self.look(rows, journal)
        effects, row = self.effects(), rows.placement
        there = living(tuple(effects))
        wanted = "withdrawn" if self.case.scenario == "withdraw" else "live"
        if row["phase"] == "blocked" and row["problem"]:
            raise Violated(f"I6: a person is needed although nobody need act: {row['problem_code']} {row['problem']}")
        if row["phase"] != wanted:
            raise Violated(f"I6: ended as {row['phase']} ({row['problem_code']}), not {wanted}")
        if len(there) != (wanted == "live"):
            raise Violated(f"I1: {len(there)} copies stand there in the end")
        if calls > MOST_CALLS or minutes > MOST_MINUTES:
            raise Violated(f"I6: {calls} calls and {minutes:.1f} minutes until quiet")
        self._ended(there)
        self._explained(rows, effects)
        self._recalled(rows)

    def _ended(self, there):
        newest = self.facts["web"][1 if self.case.scenario == "replace" else 0]
        for facts in there.values():
            if facts.get("sha256", newest) != newest:
                raise Violated("I6: other bytes than the approved ones stand there in the end")
        if self.case.scenario != "publish" and (left := self.remote.shown() - set(there)):
            raise Violated(f"I6: a post still shows {sorted(left)}")
        if self.case.scenario == "replace" and self.remote.shown() != set(there):
            raise Violated("I6: the post does not show the new version")

    def _explained(self, rows, effects):
        row, attempts = rows.placement, rows.attempts
        if any(one["answered_at"] is None or one["outcome"] in {None, "unknown"} for one in attempts):
            raise Violated("I7: a write has no end on record")
        if row["lease_owner"] is not None or row["op"] is not None:
            raise Violated("I7: nothing is due, and the row is still held")
        steps = Counter(one["step"] for one in attempts)
        done = Counter(effect.what for effect in effects)
        if done[What.MADE] > steps["publish"] + self.doubled:
            raise Violated("I7: more copies were made than writes are on record")
        meant = {plain(one["detail"])["ref"] for one in attempts if one["step"] == "withdraw"}
        if any(effect.ref not in meant for effect in effects if effect.what is What.REMOVED):
            raise Violated("I7: a copy was removed without a write on record")
        proof = rows.evidence[-1]
        if (proof["generation"], proof["claim"]) != (row["desired_generation"], _claim_of(row)):
            raise Violated("I7: the last proof does not fit the state")
        told = [event for event in rows.events if event["kind"] in PROOFS]
        if not told or plain(told[-1]["body"])["claim"] != proof["claim"]:
            raise Violated("I7: no event tells of the last proof")

    def _recalled(self, rows):
        """Hold a recall's account against what its one copy came to."""
        for recall in rows.recalls:
            results = [item["result"] for item in rows.recall_items if item["recall_id"] == recall["id"]]
            if recall["closed_at"] is None or results != ["withdrawn"]:
                raise Violated(f"I6: the copy is away, and the recall stands at {results}")


def _claim_of(row):
    return {"present": "in_place", "absent": "withdrawn"}.get(row["desired"])


def _key(facts):
    return facts.get("content_key") or facts.get("url")


def blobs(home):
    """Return the hash of every stored file by its name."""
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in (Path(home) / "blobs").rglob("*")
        if path.is_file() and len(path.name) == 64
    }
