from __future__ import annotations

import hashlib
import io
from types import SimpleNamespace

import pytest

from hub.access.actors import Actor, Role
from hub.access.keyring import Keyring
from hub.catalogue.assets import add_version, create_asset, get_asset
from hub.catalogue.service import Catalogue
from hub.connections.models import Remote, Target
from hub.db.base import new_id
from hub.delivery.service import Delivery
from hub.media.models import Rendition, Traits
from hub.placements.models import Placement
from hub.review.service import Review
from hub.review.standing import settle, standing_of
from hub.rights.service import Rights
from hub.settings import Settings
from hub.storage.ledger import keep, record
from hub.storage.stores import make_store

OWNER = Actor("owner", "Olga", Role.CONTRIBUTOR)
OTHER = Actor("other", "Otto", Role.CONTRIBUTOR)
EDITOR = Actor("editor", "Edda", Role.EDITOR)
VIEWER = Actor("viewer", "Vito", Role.VIEWER)


class House:
    """A catalogue with bytes, and the rooms that decide about them."""

    def __init__(self, database, clock, tmp_path):
        self.settings = Settings(home=tmp_path, base_url="https://dam.test")
        self.database, self.clock = database, clock
        self.store = make_store(self.settings)
        self.keyring = Keyring([b"k" * 32])
        self.delivery = Delivery(database, self.store, self.keyring, clock, self.settings)
        self.review = Review(database, clock)
        self.rights = Rights(database, clock, "allow")
        self.catalogue = Catalogue(database, clock, judge=standing_of)

    def _bytes(self, session_bytes, media_type):
        stored = self.store.put(io.BytesIO(session_bytes))
        with self.database.unit() as session:
            record(session, stored, sniffed_type=media_type, at=1)
            keep(session, stored.sha256)
        return stored

    def version(self, asset_id, content, media_type="image/png", filename="Lake.png", renditions=True):
        stored = self._bytes(content, media_type)
        small = self._bytes(b"small " + content, "image/webp")
        with self.database.unit() as session:
            asset = get_asset(session, asset_id, lock=True)
            version = add_version(
                session, asset, sha256=stored.sha256, size=stored.size, media_type=media_type, filename=filename,
                by=OWNER.id, at=self.clock.now(),
            )  # fmt: skip
            settle(session, asset_id)
            session.merge(Traits(version_id=version.id, state="ready", embedded={}, due_at=0, has_alpha=False))
            if renditions:
                for preset in ("thumbnail", "web"):
                    session.add(
                        Rendition(
                            version_id=version.id, preset=preset, sha256=small.sha256, size=small.size,
                            media_type="image/webp", width=10, height=10, state="ready",
                        )
                    )  # fmt: skip
        return SimpleNamespace(id=version.id, sha256=stored.sha256, content=content)

    def asset(self, content=b"original bytes", **kwargs):
        with self.database.unit() as session:
            asset = create_asset(session, kind="image", owner_id=OWNER.id, at=self.clock.now())
        version = self.version(asset.id, content, **kwargs)
        return SimpleNamespace(id=asset.id, code=asset.code, version=version)

    def approved(self, *args, **kwargs):
        made = self.asset(*args, **kwargs)
        self.review.approve(EDITOR, made.version.id, sha256=made.version.sha256)
        return made

    def placement(self, asset_id, **columns):
        marker = "dhabcdef-" + hashlib.sha256(asset_id.encode()).hexdigest()[:20]
        with self.database.unit() as session:
            remote = Remote(id=new_id(), connector="trello", account_key=new_id(), label="Team", created_at=1)
            session.add(remote)
            session.flush()
            target = Target(
                id=new_id(), remote_id=remote.id, kind="card", external_ref="c1", label="Card", channel="trello",
                territory="DE",
            )  # fmt: skip
            session.add(target)
            session.flush()
            values = {
                "id": new_id(), "asset_id": asset_id, "target_id": target.id, "marker": marker, "origin": "pushed",
                "version_policy": "follow", "withdraw_policy": "remove", "created_by": EDITOR.id, "created_at": 1,
                "desired": "present", "desired_generation": 1, "observed": "unknown", "observed_generation": 0,
                "phase": "waiting", "due_at": 1, "attempt": 0, **columns,
            }  # fmt: skip
            row = Placement(**values)
            session.add(row)
        return row


@pytest.fixture
def house(database, clock, tmp_path):
    return House(database, clock, tmp_path)


@pytest.fixture
def read():
    def whole(served):
        with served.open(0, None) as stream:
            return stream.read()

    return whole
