"""A hub with rooms, a clock by hand, and a sandbox of one vendor on loopback: what stands there is taken stock of."""

from __future__ import annotations

import hashlib
import io
from contextlib import ExitStack, contextmanager

from PIL import Image, ImageDraw
from sqlalchemy import select

from connectors.google_drive.sandbox_uploads import Taken
from connectors.sdk.registry import discover
from connectors.testing.ledger import What
from connectors.testing.sandbox import make_sandbox
from connectors.testing.serve import serve
from hub.access.actors import Actor, Role
from hub.app.compose import Hub
from hub.catalogue.models import Asset
from hub.connections import accounts
from hub.intake.models import FoundItem
from hub.intake.stock import acting as acting_room
from hub.placements.models import Placement
from hub.settings import Settings
from tests.tables import lay

WORK = ("media", "likeness", "rights", "plan", "reconcile-1", "leaving", "bindings", "feeds", "stock")
"""What a worker does that is of interest here."""


def sha(data):
    """Return the hash of bytes."""
    return hashlib.sha256(data).hexdigest()


def picture(seed, size=(320, 240), quality=85, form="JPEG"):
    """Draw a picture that differs by its seed in what people see."""
    image = Image.new("RGB", (320, 240), (240, 240, 235))
    draw = ImageDraw.Draw(image)
    for step in range(12):
        value = (seed * 7919 + step * 104729) % 9973
        x, y = value % 280, (value // 7) % 200
        draw.rectangle((x, y, x + 60 + value % 50, y + 40 + value % 30), fill=(value % 256, value % 199, value % 151))
    out = io.BytesIO()
    image.resize(size).save(out, form, quality=quality)
    return out.getvalue()


class House:
    """One hub and one vendor."""

    def __init__(self, stack, home, clock, *, database_url="", sandbox=None, origin="", name="folder", **settings):
        self.clock, self.stack, self.name = clock, stack, name
        self.sandbox = sandbox or make_sandbox(discover()[name])
        self.origin = origin or stack.enter_context(serve(self.sandbox))
        self.settings = Settings(
            home=home, database_url=database_url, media_processes=1, trusted_origins=[self.origin], **settings
        )
        if not database_url:
            lay(home)
        self.open()

    def open(self):
        self.hub = Hub.open(self.settings, clock=self.clock)
        self.stack.callback(self.hub.close)
        self.rooms = self.hub.services
        self.drains = {drain.name: drain for drain in self.hub.drains() if drain.name in WORK}
        rooms = self.rooms
        if not rooms.access.has_users():
            rooms.access.first_administrator(email="ada@dam.test", name="Ada", password="correct horse battery")
        from hub.access.models import User

        with rooms.database.read() as session:
            user = session.scalars(select(User)).first()
        self.ada = Actor(user.id, user.name, Role.ADMINISTRATOR)

    def connect(self):
        """Connect as a person who has signed in: where that is done in a browser, with what comes of it."""
        sandbox, room, manifest = self.sandbox, self.rooms.connections, discover()[self.name]
        settings = dict(sandbox.settings(self.origin))
        auth = next(one for one in manifest.auths if one.name == sandbox.auth)
        if set(sandbox.secrets) <= {field.name for field in auth.fields}:
            made = room.connect(self.ada, self.name, auth=auth.name, settings=settings, secrets=dict(sandbox.secrets))
        else:
            way = accounts.Way(auth, accounts.check_settings(manifest, settings), sandbox.secrets)
            account, now = room._speaking.unproven(manifest, way).identify(), self.clock.now()
            with self.rooms.database.unit() as session:
                remote = accounts.find_or_make(session, self.name, account, now)
                granted = accounts.Granted(way, accounts.Ends())
                row = accounts.add(session, self.rooms.keyring, remote, granted, account, owner_id=self.ada.id, now=now)
            made = room.view(self.ada, row.id)
        self.rooms.connections.refresh_targets(self.ada, made.id)
        self.resume()
        return made

    def resume(self):
        """Find the connection and its first place, as they are in the database."""
        (self.connection,) = self.rooms.connections.list(self.ada)
        places = self.rooms.connections.targets(self.ada, self.connection.remote_id)
        self.target = next(one for one in places if one.ref == self.sandbox.targets()[0])

    def asset(self, data, *, title="Lake", approve=True, **fields):
        made = self.rooms.intake.upload(
            self.ada, io.BytesIO(data), filename="lake.jpg", fields={"title": title, "alt_text": "A lake", **fields}
        )
        if approve:
            self.approve(made.asset_id)
        return made.asset_id

    def version(self, asset_id, data):
        self.rooms.intake.upload(self.ada, io.BytesIO(data), filename="lake.jpg", asset_id=asset_id)

    def approve(self, asset_id):
        newest = max(self.rooms.catalogue.view(self.ada, asset_id).versions, key=lambda one: one.number)
        self.rooms.review.approve(self.ada, newest.id, sha256=newest.sha256)

    def place(self, asset_id, **options):
        return self.rooms.placements.place(self.ada, asset_id, self.target.id, **options).id

    def copy(self, placement_id):
        return self.rooms.placements.copy(self.ada, placement_id)

    def run(self, within_ms=30_000, most=60):
        """Work as a worker does until nothing is due within a while."""
        for _ in range(most):
            while sum(drain.run("worker") for drain in self.drains.values()):
                pass
            ahead = self._ahead()
            soon = [due for due in ahead if due <= self.clock.now() + within_ms]
            if not soon:
                return
            self.clock.advance(max(1, min(soon) - self.clock.now()))
        raise AssertionError("still not quiet")

    def _ahead(self):
        from hub.intake.models import StockTaking

        with self.rooms.database.read() as session:
            copies = session.scalars(select(Placement.due_at).where(Placement.settled_at.is_(None))).all()
            listings = session.scalars(select(StockTaking.due_at).where(StockTaking.state == "listing")).all()
            matches = session.scalars(select(FoundItem.match_due_at).where(FoundItem.match_due_at.is_not(None))).all()
            acts = session.scalars(select(FoundItem.act_due_at).where(FoundItem.act_state == "wanted")).all()
        return [*copies, *listings, *matches, *acts]

    def take_stock(self):
        self.rooms.stock.take(self.ada, self.connection.id)
        self.run()

    def found(self, show="all"):
        """Return what was found, by name."""
        page = self.rooms.stock.items(self.ada, self.connection.id, show)
        return {one.name: one for one in page.items}

    def decide(self, act, *items, **more):
        refused = self.rooms.stock.decide(self.ada, self.connection.id, act, [one.id for one in items], **more)
        self.run()
        return refused

    def every(self):
        """Return the ids of all that was found, page by page."""
        cursor, ids = None, []
        while True:
            page = self.rooms.stock.items(self.ada, self.connection.id, "all", cursor=cursor)
            ids += [one.id for one in page.items]
            if (cursor := page.cursor) is None:
                return ids

    def urgent(self, placement_id):
        """Let a copy be part of a recall, and due."""
        with self.rooms.database.unit() as session:
            row = session.get_one(Placement, placement_id)
            row.urgent, row.due_at = True, self.clock.now()

    @contextmanager
    def killed_before_recording(self):
        """Let the worker die after the bytes were taken in, before it writes that down."""
        acting, still = self.rooms.stock._acting, acting_room._still_ours

        def die(*_):
            raise KeyboardInterrupt

        acting_room._still_ours = die
        try:
            yield acting
        except KeyboardInterrupt:
            pass
        finally:
            acting_room._still_ours = still

    def assets(self):
        with self.rooms.database.read() as session:
            ids = list(session.scalars(select(Asset.id).order_by(Asset.id)))
        return [self.rooms.catalogue.view(self.ada, one) for one in ids]

    def fetches(self):
        """Return the requests for bytes, as Drive writes them."""
        return [one for one in self.sandbox.requests if "alt=media" in one.query]

    def ref_of(self, name):
        return next(one.ref for one in self.sandbox.everything() if one.name == name)

    def hash_of(self, ref):
        """Return the hash of the bytes that stand there in truth; None where nothing does."""
        return self.sandbox.ledger.living().get(ref, {}).get("sha256")

    def write(self, ref, data):
        """Let somebody at Drive put other bytes in a file's place."""
        taken = Taken()
        taken.add(data)
        facts = taken.facts()
        self.sandbox._bytes[facts["sha256"]] = data
        there = self.sandbox.ledger.living()[ref]
        self.sandbox.ledger.add(What.CHANGED, ref, there["target"], **facts, headRevisionId="r2")

    def standing(self):
        return list(self.sandbox.copies(self.target.ref))


@contextmanager
def house(tmp_path, clock, **options):
    with ExitStack() as stack:
        yield House(stack, tmp_path / "home", clock, **options)
