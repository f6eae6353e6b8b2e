"""A hub for tests of its web door: real rooms, a real database, pictures that are drawn here, and no worker."""

from __future__ import annotations

import hashlib
import io
import math
from functools import cache
from types import SimpleNamespace

from argon2 import PasswordHasher
from PIL import Image, ImageDraw, ImageFilter
from sqlalchemy import select

from connectors.sdk.registry import discover
from hub.access.actors import Actor, Role
from hub.access.keyring import Keyring
from hub.access.passwords import Passwords
from hub.access.service import Access
from hub.catalogue.assets import get_asset
from hub.catalogue.models import Version
from hub.catalogue.service import Catalogue
from hub.clock import DAY, HOUR, MINUTE
from hub.connections.mappings import AccountMappings
from hub.connections.models import Connection, Remote, Target
from hub.connections.replaying import Rereading
from hub.connections.service import Connections
from hub.db.base import new_id
from hub.db.installation import wake
from hub.delivery.handouts import recipients
from hub.delivery.service import Delivery
from hub.intake.proposals.service import Proposals
from hub.intake.service import Intake
from hub.intake.stock.service import Stock
from hub.media.models import Rendition, Traits
from hub.notify.service import Notify
from hub.placements.bindings.service import Bindings
from hub.placements.companions import accompany
from hub.placements.models import Evidence, Part, Placement
from hub.placements.numbers import Numbers
from hub.placements.rehearsal import Rehearsal
from hub.placements.reports.service import Reports
from hub.placements.service import Placements
from hub.placements.uses import Uses
from hub.review.service import Review
from hub.review.standing import standing_of
from hub.rights.service import Rights
from hub.settings import Settings
from hub.storage.ledger import keep, record
from hub.storage.stores import make_store
from hub.web.services import Services
from tests.web_app import app_of
from tests.web_search import PlainSearch

PASSWORD = "correct horse battery"
ROLES = tuple(Role)


class WebHub:
    """One hub with a person of each role."""

    def __init__(self, database, clock, home, *, media=None, search=None, **settings):
        values = {"home": home, "base_url": "http://localhost", **settings}
        self.settings = Settings(**values)
        self.database, self.clock = database, clock
        self.store = make_store(self.settings)
        self.keyring = Keyring([b"k" * 32])
        cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        connections = Connections(database, clock, self.keyring, discover(), self.settings)
        catalogue = Catalogue(database, clock, judge=standing_of)
        placements = Placements(database, clock, connections, self.store, self.keyring, self.settings)
        wake(database, self.settings, clock)
        intake = Intake(database, self.store, clock, self.settings)
        bindings = Bindings(database, clock, connections, placements.wake)
        self.services = Services(
            database=database, clock=clock, settings=self.settings, keyring=self.keyring, store=self.store,
            access=Access(database, clock, self.keyring, passwords=cheap),
            catalogue=catalogue, media=media,
            intake=intake,
            stock=Stock(database, clock, connections, intake=intake, placements=placements, pool=None,
                        limit=self.settings.max_upload_bytes),
            proposals=Proposals(database, clock, connections, store=self.store, pool=None, placements=placements,
                                settings=self.settings),
            search=search(database, self.settings, clock) if search else PlainSearch(database, catalogue),
            review=Review(database, clock),
            rights=Rights(database, clock, self.settings.rights_default), connections=connections,
            rereading=Rereading(database), mappings=AccountMappings(database, clock),
            placements=placements,
            bindings=bindings,
            uses=Uses(database, clock, connections),
            numbers=Numbers(database, clock, connections, connections.has_room),
            rehearsal=Rehearsal(database, clock, connections, self.settings.rights_default, bindings),
            delivery=Delivery(database, self.store, self.keyring, clock, self.settings),
            reports=Reports(database, clock, placements, self.keyring, recipients, address=self.settings.url,
                            manifest_of=connections.manifest),
            notify=Notify(database, clock, self.keyring, self.settings),
        )  # fmt: skip
        self.app = app_of(self.services)
        self.people = {}

    def settle_in(self):
        """Add a person of each role."""
        access = self.services.access
        first = access.first_administrator(email="administrator@dam.test", name="Ada Adler", password=PASSWORD)
        self.people[Role.ADMINISTRATOR] = first
        names = {Role.EDITOR: "Edda Ek", Role.CONTRIBUTOR: "Cora Cruz", Role.VIEWER: "Vito Vale"}
        for role, name in names.items():
            made = access.create_user(first, email=f"{role}@dam.test", name=name, role=role, password=PASSWORD)
            self.people[role] = Actor(made.id, made.name, role)
        return self

    def client(self, role=None):
        """Return a test client; with a role it is signed in and sends its CSRF token."""
        client = self.app.test_client()
        client.csrf = ""
        if role is not None:
            answer = client.post("/api/v1/session", json={"email": f"{role}@dam.test", "password": PASSWORD})
            assert answer.status_code == 201, answer.get_data(as_text=True)
            client.csrf = answer.json["csrf"]
            client.environ_base["HTTP_X_CSRF_TOKEN"] = client.csrf
        return client

    def upload(self, content, name="lake.png", role=Role.EDITOR, asset_id=None, **fields):
        """Bring bytes in, with renditions made on the spot."""
        done = self.services.intake.upload(
            self.people[role], io.BytesIO(content), filename=name, asset_id=asset_id, fields=fields or None
        )
        self._render(done.version_id, content)
        self.index()
        return SimpleNamespace(
            id=done.asset_id, code=done.code, version_id=done.version_id, sha256=hashlib.sha256(content).hexdigest()
        )

    def approved(self, content=None, **kwargs):
        """Bring bytes in and approve them."""
        made = self.upload(content or picture(), **kwargs)
        self.services.review.approve(self.people[Role.EDITOR], made.version_id, sha256=made.sha256)
        self.index()
        return made

    def index(self):
        """Let the search catch up."""
        while self.services.search.drain("test"):
            pass

    def target(self, connector="trello", label="Landing page", remote="Team North", state="live", **columns):
        """Add an account with a place in it."""
        with self.database.unit() as session:
            key = f"{connector}:{remote}"
            row = session.scalar(select(Remote).where(Remote.account_key == key))
            if row is None:
                row = Remote(id=new_id(), connector=connector, account_key=key, label=remote, created_at=1)
                session.add(row)
                session.flush()
                session.add(
                    Connection(
                        id=new_id(), remote_id=row.id, owner_id="x", state=state,
                        auth=discover()[connector].auths[0].name, settings={}, granted_scopes=[],
                        expires_at=None, last_ok_at=self.clock.now() - 4 * MINUTE, created_at=self.clock.now() - DAY,
                        **columns,
                    )
                )  # fmt: skip
            target = Target(
                id=new_id(), remote_id=row.id, kind="card" if connector == "trello" else "library",
                external_ref=new_id(), label=label, channel=connector, territory="*",
            )  # fmt: skip
            session.add(target)
        return target

    def copy(self, asset, target, *, phase="live", level="read", age=4 * MINUTE, companions=(), **columns):
        """Add a copy as the ledger would hold it, with its evidence."""
        now = self.clock.now()
        there = phase in {"live", "partial", "blocked", "working"}
        with self.database.unit() as session:
            values = {
                "id": new_id(), "asset_id": asset.id, "target_id": target.id, "marker": f"dhtest00-{new_id()[-12:]}",
                "origin": "pushed", "version_policy": "follow", "withdraw_policy": "remove", "created_by": "x",
                "created_at": now - HOUR, "desired": "present", "desired_asset_id": asset.id,
                "desired_version_id": asset.version_id, "desired_reason": "wanted", "desired_generation": 1,
                "observed": "present" if there else "absent", "observed_at": now - age, "observed_generation": 1,
                "phase": phase, "due_at": now + DAY, "attempt": 0, **columns,
            }  # fmt: skip
            row = Placement(**values)
            session.add(row)
            session.flush()
            accompany(session, row.id, [each.id for each in companions])
            if level:
                claim = "withdrawn" if phase == "withdrawn" else "in_place"
                session.add(
                    Evidence(
                        id=new_id(), placement_id=row.id, generation=1, claim=claim, level=level,
                        version_id=asset.version_id, looks=[{"how": "look", "at": now - age}], by="system",
                        at=now - age,
                    )
                )  # fmt: skip
            if level == "seen":
                session.add(
                    Part(placement_id=row.id, kind="public_url", external_ref="https://press.example.com/lake.jpg",
                         state="showing", looked_at=now - age)
                )  # fmt: skip
        return row

    def _render(self, version_id, content):
        with self.database.read() as session:
            kind = session.get_one(Version, version_id).media_type
        image = Image.open(io.BytesIO(content)).convert("RGB") if kind.startswith("image/") else page_of_text()
        rows = []
        for preset, longest in (("thumbnail", 480), ("web", 1600)):
            small = image.copy()
            small.thumbnail((longest, longest))
            out = io.BytesIO()
            small.save(out, "JPEG", quality=82)
            stored = self.store.put(io.BytesIO(out.getvalue()))
            with self.database.unit() as session:
                record(session, stored, sniffed_type="image/jpeg", at=1)
                keep(session, stored.sha256)
            rows.append(
                Rendition(version_id=version_id, preset=preset, sha256=stored.sha256, size=stored.size, state="ready",
                          media_type="image/jpeg", width=small.width, height=small.height)
            )  # fmt: skip
        red, green, blue = image.resize((1, 1)).getpixel((0, 0))
        with self.database.unit() as session:
            for row in rows:
                session.merge(row)
            session.merge(
                Traits(version_id=version_id, state="ready", width=image.width, height=image.height, embedded={},
                       colour=f"#{red:02x}{green:02x}{blue:02x}", due_at=0, attempt=1, has_alpha=False,
                       pages=None if kind.startswith("image/") else 12)
            )  # fmt: skip

    def current(self, code):
        """Return an asset's row."""
        with self.database.read() as session:
            return get_asset(session, code)


@cache
def picture(seed=1, size=(900, 600)):
    """Draw a landscape: a sky, a sun and hills, each seed another one."""
    width, height = size
    hue = (seed * 47) % 360
    image = Image.new("HSV", size)
    draw = ImageDraw.Draw(image)
    for y in range(height):
        t = y / height
        draw.line(
            [(0, y), (width, y)], fill=(int((hue + 60 * t) % 360 * 255 / 360), int(90 + 60 * t), int(235 - 60 * t))
        )
    sun = (width * (0.2 + 0.6 * ((seed * 31) % 100) / 100), height * 0.35)
    radius = height * 0.08
    draw.ellipse([sun[0] - radius, sun[1] - radius, sun[0] + radius, sun[1] + radius], fill=(30, 60, 250))
    for layer in range(4):
        base = height * (0.48 + 0.13 * layer)
        points = [
            (x, base + math.sin(x / width * 6 + seed * 1.7 + layer * 2.1) * height * 0.07
             + math.sin(x / width * 17 + seed + layer) * height * 0.025)
            for x in range(0, width + 1, 6)
        ]  # fmt: skip
        shade = (int(((hue + 190 + 12 * layer) % 360) * 255 / 360), 110 + 18 * layer, 190 - 42 * layer)
        draw.polygon([*points, (width, height), (0, height)], fill=shade)
    out = io.BytesIO()
    image.convert("RGB").filter(ImageFilter.GaussianBlur(0.8)).save(out, "PNG")
    return out.getvalue()


def page_of_text():
    """Draw something that looks like the first page of a brochure."""
    image = Image.new("RGB", (420, 594), "#fdfdfb")
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, 420, 190], fill="#2f6f73")
    draw.polygon([(0, 190), (150, 70), (260, 150), (330, 95), (420, 190)], fill="#8fb3ac")
    for line in range(14):
        draw.rectangle([40, 230 + 22 * line, 380 - (line * 37) % 120, 238 + 22 * line], fill="#c9ced2")
    return image
