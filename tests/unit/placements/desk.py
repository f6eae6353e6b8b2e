"""The placements service as doors use it, over a world with a remote in memory."""

from __future__ import annotations

import random
from types import SimpleNamespace

from sqlalchemy import select, update

from hub.access.actors import Actor, Role
from hub.catalogue.service import Catalogue
from hub.connections.models import Connection, Target
from hub.db.base import new_id
from hub.events.models import Event
from hub.placements.models import Placement
from hub.placements.service import Placements
from hub.review.service import Review
from hub.review.standing import standing_of
from hub.rights.service import Rights
from hub.settings import Settings
from tests.faults.model.remote import SPEC
from tests.faults.model.world import USER, PlainSigner

EDITOR = Actor(USER, "Edda Ek", Role.ADMINISTRATOR)


class Desk:
    """The real rooms, a remote in memory, and a person who may do everything."""

    def __init__(self, world):
        self.world, self.clock, self.database = world, world.clock, world.database
        self.remote, self.actor = world.remote, EDITOR
        self.placements = Placements(
            self.database, self.clock, world.exchange, SimpleNamespace(open=world.open_blob), PlainSigner(),
            Settings(base_url="https://hub.example"), viewer=world.remote, specs=lambda *_: SPEC,
            chance=random.Random(1), lease_ms=60_000,
        )  # fmt: skip
        self.catalogue = Catalogue(self.database, self.clock, judge=standing_of)
        self.review, self.rights = Review(self.database, self.clock), Rights(self.database, self.clock, "allow")
        self.connect()

    def connect(self, remote_id=None, state="live"):
        """Let there be a connection to the remote, as the connections room would keep it."""
        with self.database.unit() as session:
            row = Connection(
                id=new_id(), remote_id=remote_id or self.world.remote_id, owner_id=USER, state=state, auth="token",
                problem_code="", problem="", settings={}, granted_scopes=[], not_before=0, expires_at=None,
                last_ok_at=self.clock.now(), created_at=self.clock.now(),
            )  # fmt: skip
            session.add(row)
        return row.id

    def refuse(self, error):
        """Let nobody speak to the remote, and its connections say that somebody must sign in."""
        self.world.exchange.refuse = error
        with self.database.unit() as session:
            session.execute(update(Connection).values(state="needs_person"))

    def target(self, label="Second place", **columns):
        """Add another place of the remote."""
        with self.database.unit() as session:
            values = {"kind": "library", "external_ref": label, "channel": "fake", "territory": "*", "lead_s": 0}
            row = Target(id=new_id(), remote_id=self.world.remote_id, label=label, **{**values, **columns})
            session.add(row)
        return row.id

    def approved(self, body=b"first", **values):
        """Make an approved asset."""
        asset_id = self.world.asset(body, **values)
        self.approve(asset_id)
        return asset_id

    def approve(self, asset_id, version_id=None):
        """Approve a version as the review room does it: by the hash of its bytes."""
        version_id = version_id or self.world.newest(asset_id)
        sha256 = self.sha256_of(version_id)
        self.review.approve(self.actor, version_id, sha256=sha256)
        return version_id

    def sha256_of(self, version_id):
        from hub.catalogue.models import Version

        with self.database.read() as session:
            return session.get_one(Version, version_id).sha256

    def place(self, asset_id, target_id=None, **options):
        """Want a copy and return its id."""
        return self.placements.place(self.actor, asset_id, target_id or self.world.target_id, **options).id

    def copy(self, placement_id):
        """Return a copy as it is shown."""
        return self.placements.copy(self.actor, placement_id)

    def tick(self, owner="worker-1"):
        """Plan, then work on what is due, once; the service's own drains."""
        self.placements.plan(owner)
        return self.placements.reconcile(owner)

    def run(self, *, within_ms=60_000, most=60):
        """Let time pass until nothing is due within the next while."""
        for _ in range(most):
            while self.tick():
                pass
            with self.database.read() as session:
                ahead = session.scalars(select(Placement.due_at).where(Placement.settled_at.is_(None))).all()
            soon = [due for due in ahead if due <= self.clock.now() + within_ms]
            if not soon:
                return
            self.clock.advance(max(1, min(soon) - self.clock.now()))
        raise AssertionError("still not quiet")

    def shown(self, placement_id):
        """Return the bytes that stand at the remote in truth under a copy's marker."""
        return [self.world.blobs[entry.sha256] for entry in self.remote.living(self.world.row(placement_id).marker)]

    def events(self, kind):
        """Return the events of a kind, oldest first."""
        with self.database.read() as session:
            return list(session.scalars(select(Event).where(Event.kind == kind).order_by(Event.seq)))

    def move(self, target_id=None, *, channel="fake", territory="*"):
        """Say that a place stands for another channel or territory, as the connections page does."""
        self._set(target_id or self.world.target_id, channel=channel, territory=territory, lead_s=0)

    def keeps(self, target_id=None, **times):
        """Say how long before, how late and for how long copies with a time count at a place."""
        self._set(target_id or self.world.target_id, **times)

    def speaks(self, language, target_id):
        """Say in which language a place is told, as the connections page does."""
        self._set(target_id, language=language)

    def _set(self, target_id, **values):
        from hub.access.keyring import Keyring
        from hub.connections.service import Connections

        room = Connections(self.database, self.clock, Keyring([b"k" * 32]), {}, Settings())
        room.set_target(self.actor, target_id, **values)
