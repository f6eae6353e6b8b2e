"""A small world around the reconciler: assets with approvals and rights as rows, one remote, one clock."""

from __future__ import annotations

import hashlib
import io
import random

from sqlalchemy import delete, select

from hub.catalogue.assets import add_version, create_asset
from hub.catalogue.metadata import set_fields
from hub.catalogue.models import Asset
from hub.connections.models import Remote as RemoteRow
from hub.connections.models import Target
from hub.db.base import new_id
from hub.db.models import Installation, Mode
from hub.events.log import emit
from hub.placements.ledger import Surroundings
from hub.placements.models import Attempt, Evidence, Part, Placement
from hub.placements.plan import Planner
from hub.placements.reconcile import Reconciler
from hub.placements.rows import new_row
from hub.review.models import Approved, Decision
from hub.rights.models import Usability
from hub.storage.models import Blob
from tests.faults.model.remote import SPEC, Exchange, Remote, manifest

FOREVER = 9_000_000_000_000
USER = "00000000-0000-7000-8000-000000000001"


class PlainSigner:
    """Signs so that tests can read it."""

    def sign(self, message, *, purpose):
        return hashlib.sha256(purpose.encode() + message).hexdigest()[:16]

    def verify(self, message, signature, *, purpose):
        return signature == self.sign(message, purpose=purpose)


class World:
    """Everything that a rehearsal needs."""

    def __init__(self, database, clock, *, seed=0, declared=None, lease_ms=60_000):
        self.database, self.clock = database, clock
        self.declared = declared or manifest()
        self.remote = Remote(clock, carries=self.declared.carries)
        self.exchange = Exchange(self.remote, self.declared)
        self.blobs = {}
        self.around = Surroundings(lambda *_: SPEC, PlainSigner(), "https://hub.example", "allow")
        self.reconciler = Reconciler(
            database, clock, self.exchange, viewer=self.remote, around=self.around, opener=self.open_blob,
            chance=random.Random(seed), lease_ms=lease_ms,
        )  # fmt: skip
        self.planner = Planner(database, clock, self.exchange, self.around)
        self.remote_id, self.target_id = new_id(), new_id()
        with database.unit() as session:
            session.add(
                Installation(
                    id=new_id(), epoch=1, home_fingerprint="here", mode=Mode.NORMAL.value, created_at=clock.now()
                )
            )  # fmt: skip
            session.add(
                RemoteRow(id=self.remote_id, connector="fake", account_key="fake", label="Fake", created_at=clock.now())
            )
            session.flush()
            session.add(
                Target(
                    id=self.target_id, remote_id=self.remote_id, kind="library", external_ref="1", label="Library",
                    channel="fake", territory="*", lead_s=0,
                )
            )  # fmt: skip

    def open_blob(self, sha256):
        return io.BytesIO(self.blobs[sha256])

    def asset(self, body=b"first", title="Logo"):
        with self.database.unit() as session:
            asset = create_asset(session, kind="image", owner_id=USER, at=self.clock.now())
            set_fields(
                session, asset.id, {"title": title, "alt_text": "A logo"}, author="person", author_ref=USER,
                at=self.clock.now(), actor_id=USER,
            )  # fmt: skip
        self.version(asset.id, body)
        return asset.id

    def version(self, asset_id, body):
        sha256 = hashlib.sha256(body).hexdigest()
        self.blobs[sha256] = body
        with self.database.unit() as session:
            if session.get(Blob, sha256) is None:
                session.add(Blob(sha256=sha256, size=len(body), sniffed_type="image/jpeg", state="kept", created_at=0))
                session.flush()
            asset = session.get_one(Asset, asset_id)
            version = add_version(
                session, asset, sha256=sha256, size=len(body), media_type="image/jpeg", filename="logo.jpg", by=USER,
                at=self.clock.now(),
            )  # fmt: skip
            return version.id

    def newest(self, asset_id):
        with self.database.read() as session:
            return session.get_one(Asset, asset_id).current_version_id

    def approve(self, asset_id, version_id=None):
        version_id = version_id or self.newest(asset_id)
        with self.database.unit() as session:
            from hub.catalogue.models import Version

            version = session.get_one(Version, version_id)
            decision = Decision(
                id=new_id(), asset_id=asset_id, version_id=version_id, sha256=version.sha256, verdict="approved",
                note="", by=USER, at=self.clock.now(),
            )  # fmt: skip
            session.add(decision)
            session.flush()
            row = session.get(Approved, asset_id)
            if row is None:
                row = Approved(asset_id=asset_id)
                session.add(row)
            row.version_id, row.sha256, row.decision_id, row.at = (
                version_id,
                version.sha256,
                decision.id,
                self.clock.now(),
            )
            emit(session, "asset.version_published", asset_id, actor=USER, body={"version_id": version_id})

    def revoke(self, asset_id):
        with self.database.unit() as session:
            session.execute(delete(Approved).where(Approved.asset_id == asset_id))
            emit(session, "asset.approval_revoked", asset_id, actor=USER)

    def edit(self, asset_id, **values):
        with self.database.unit() as session:
            set_fields(session, asset_id, values, author="person", author_ref=USER, at=self.clock.now(), actor_id=USER)

    def rights(self, asset_id, *spans, announce=True):
        """Spans are (from, until, verdict); they replace what was there."""
        with self.database.unit() as session:
            session.execute(delete(Usability).where(Usability.asset_id == asset_id))
            for start, end, verdict in spans:
                for use in ("new", "existing"):
                    session.add(
                        Usability(
                            asset_id=asset_id, channel="*", territory="*", use=use, from_at=start, until_at=end,
                            verdict=verdict, reason="licence" if verdict else "the licence ended",
                        )
                    )  # fmt: skip
            if announce:
                emit(session, "rights.changed", asset_id, actor=USER)

    def place(self, asset_id, *, policy="remove", version_policy="follow", pinned=None, slot="", companions=()):
        with self.database.unit() as session:
            row = new_row(
                session, asset_id=asset_id, target_id=self.target_id, slot=slot, withdraw_policy=policy,
                version_policy=version_policy, pinned_version_id=pinned, by=USER, at=self.clock.now(),
                companions=companions,
            )  # fmt: skip
            return row.id

    def change(self, placement_id, **values):
        with self.database.unit() as session:
            row = session.get_one(Placement, placement_id)
            for name, value in values.items():
                setattr(row, name, value)
            row.due_at = self.clock.now()

    def row(self, placement_id):
        with self.database.read() as session:
            return session.get_one(Placement, placement_id)

    def rows(self, table, placement_id):
        with self.database.read() as session:
            query = select(table).where(table.placement_id == placement_id)
            return list(session.scalars(query.order_by(table.id) if hasattr(table, "id") else query))

    def attempts(self, placement_id):
        return self.rows(Attempt, placement_id)

    def evidence(self, placement_id):
        return self.rows(Evidence, placement_id)

    def parts(self, placement_id):
        return self.rows(Part, placement_id)

    def tick(self, owner="worker-1"):
        """Plan, then work on what is due."""
        self.planner.drain(owner)
        return self.reconciler.drain(owner)

    def run(self, *, most=60, within_ms=3_000_000):
        """Let time pass until nothing is due within the next while; return how many rounds it took."""
        for round_number in range(most):
            while self.tick():
                pass
            with self.database.read() as session:
                ahead = session.scalars(select(Placement.due_at).where(Placement.settled_at.is_(None))).all()
            soon = [due for due in ahead if due <= self.clock.now() + within_ms]
            if not soon:
                return round_number
            self.clock.advance(max(1, min(soon) - self.clock.now()))
        return most
