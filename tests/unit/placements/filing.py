"""A desk with the room that makes signed reports, over the same world."""

from __future__ import annotations

import json

from sqlalchemy import select

from hub.access.keyring import Keyring
from hub.access.models import User
from hub.db.models import Installation, Mode
from hub.placements.ports import Recipient
from hub.placements.reports.checking import check, read_keys
from hub.placements.reports.forms import Form
from hub.placements.reports.service import Reports
from hub.placements.reports.signing import read
from tests.unit.placements.desk import Desk

ADDRESS = "https://hub.example"


class Filing(Desk):
    """A desk whose hub signs."""

    def __init__(self, world):
        super().__init__(world)
        self.handed = []
        self.keyring = Keyring([b"k" * 32])
        self.reports = Reports(
            self.database, self.clock, self.placements, self.keyring, lambda session, asset_id: self.handed,
            address=ADDRESS, manifest_of=self.world.exchange.manifest,
        )  # fmt: skip

    def hand_out(self, asset_id, who):
        """Note that somebody has fetched an asset's bytes."""
        version_id = self.world.newest(asset_id)
        self.handed.insert(0, Recipient(version_id, "web", who, self.clock.now()))

    def name(self, name):
        """Let the person at the desk have an account."""
        with self.database.unit() as session:
            known = session.get(User, self.actor.id)
            if known is None:
                session.add(User(id=self.actor.id, email="e@x.test", name=name, role="administrator",
                                 password_hash="", disabled_at=None, created_at=0))  # fmt: skip
            else:
                known.name = name

    def report(self, recall, form=Form.JSON, actor=None):
        """Make a report and return its bytes."""
        return self.reports.make(actor or self.actor, recall.id, form).data

    def document(self, recall, actor=None):
        """Make a report and return what it says."""
        return read(self.report(recall, actor=actor)).document

    def check(self, data):
        """Check a report with this hub's public keys, as somebody without the hub does."""
        return check(data, read_keys(json.dumps(self.reports.keys())))

    def installation(self):
        """Return who this hub is."""
        with self.database.read() as session:
            return session.scalars(select(Installation)).one()

    def observe(self, mode=Mode.OBSERVE_ONLY):
        """Let the hub be in doubt about who it is, or not any more."""
        with self.database.unit() as session:
            session.scalars(select(Installation)).one().mode = mode
