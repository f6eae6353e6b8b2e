"""What runs inside the processes that are killed: the real hub, its drains, and a clock that need not be waited for."""

from __future__ import annotations

import io
import json
import os
from functools import partial
from pathlib import Path
from unittest.mock import patch

from argon2 import PasswordHasher
from PIL import Image
from sqlalchemy import event, select

from hub.access.actors import Actor, Role
from hub.access.passwords import Passwords
from hub.access.service import Access
from hub.app import compose
from hub.catalogue.models import Version
from hub.clock import DAY, MINUTE, ManualClock
from hub.media.models import Rendition
from hub.placements.models import Evidence, Placement
from hub.settings import Settings
from tests.faults.process.planted import PLANTED, Planter

LEASE_MS = MINUTE
HORIZON_MS = 10 * MINUTE
"""Nothing due for so long means quiet: the next thing would be an audit."""
MOST_ROUNDS = 120
NOT_QUIET = 3
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
BODIES = ("first", "second", "never approved")


class Stepped(ManualClock):
    """A clock that is moved to what is due next, and whose hand survives the process."""

    def __init__(self, path, now):
        self._path = Path(path)
        super().__init__(now)
        self.advance(0)

    def advance(self, by_ms):
        now = super().advance(by_ms)
        self._path.write_text(str(now))
        return now


def open_hub(place, now):
    settings = Settings(
        home=Path(place["home"]), database_url=place["url"] if place["database"] == "postgres" else "",
        base_url="http://127.0.0.1:9", trusted_origins=place["origins"], media_processes=1,
    )  # fmt: skip
    # Nobody signs in: hashing a password at each of a thousand starts would be most of the time.
    with patch.object(compose, "Access", partial(Access, passwords=CHEAP)):
        return compose.Hub.open(settings, clock=Stepped(place["clock"], now), lease_ms=LEASE_MS)


def seed(place, now, sandboxes, out):
    """Fill an empty hub: an asset of three versions, two of which will be approved, and the places to put it."""
    hub = open_hub(place, now)
    rooms = hub.services
    admin = rooms.access.first_administrator(email="ada@dam.test", name="Ada", password="correct horse battery")
    fields = {
        "title": "Lake", "alt_text": "A lake", "description": "At dawn", "creator": "Ada", "credit": "Ada",
        "copyright": "2026 Ada",
    }  # fmt: skip
    asset_id, versions = None, []
    for number, _ in enumerate(BODIES):
        done = rooms.intake.upload(
            admin, io.BytesIO(picture(number)), filename="lake.jpg", asset_id=asset_id,
            fields=None if asset_id else fields,
        )  # fmt: skip
        asset_id = done.asset_id
        versions.append(done.version_id)
    while rooms.media.drain("seed"):
        pass
    with rooms.database.read() as session:
        hashes = {each.id: each.sha256 for each in session.scalars(select(Version))}
        web = dict(
            session.execute(select(Rendition.version_id, Rendition.sha256).where(Rendition.preset == "web")).all()
        )
    rooms.review.approve(admin, versions[0], sha256=hashes[versions[0]])
    targets = {}
    for name, told in sandboxes.items():
        made = rooms.connections.connect(
            admin, name, auth=told["auth"], settings=told["settings"], secrets=told["secrets"]
        )
        rooms.connections.refresh_targets(admin, made.id)
        places = rooms.connections.targets(admin, made.remote_id)
        targets[name] = min(places, key=lambda each: each.ref).id
    while rooms.placements.plan("seed"):
        pass
    hub.close()
    facts = {
        "actor": [admin.id, admin.name, admin.role.value], "asset": asset_id, "versions": versions, "hashes": hashes,
        "web": [web[version] for version in versions], "targets": targets,
    }  # fmt: skip
    Path(out).write_text(json.dumps(facts))


def picture(number):
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (40 * number, 90, 160)).save(out, "JPEG")
    return out.getvalue()


def prepare(place, facts, case, now):
    """Bring the copy into place, without any fault, for a scenario that begins with one."""
    watch(place)
    hub = open_hub(place, now)
    rooms, actor = hub.services, _actor(facts)
    if case.scenario == "withdraw" and case.end == "licence":
        rooms.rights.add_term(actor, facts["asset"], source="licence", effect="allow", until_at=now + DAY)
    rooms.placements.place(actor, facts["asset"], facts["targets"][case.connector])
    until_quiet(hub, "prepare")
    hub.close()


def work(place, facts, case, now, *, owner, acts, bug=""):
    """Be the worker: do what is due until nothing is, unless something kills this process before."""
    watch(place)
    if bug:
        PLANTED[bug](Planter)
    if acts and case.scenario == "withdraw" and case.end == "licence":
        now += DAY + 1
    hub = open_hub(place, now)
    hub.services.placements._reconciler._chance.seed(case.seed)
    if acts:
        act(hub.services, _actor(facts), facts, case)
    until_quiet(hub, owner)
    hub.close()


def act(rooms, actor, facts, case):
    """Do what a person does: the reason why there is work now."""
    asset = facts["asset"]
    if case.scenario == "publish":
        rooms.placements.place(actor, asset, facts["targets"][case.connector])
    elif case.scenario == "replace":
        second = facts["versions"][1]
        rooms.review.approve(actor, second, sha256=facts["hashes"][second])
    elif case.end == "recall":
        rooms.placements.recall(actor, asset, "The photographer took it back.")
    elif case.end == "taken_back":
        [copy] = rooms.placements.where(actor, asset)
        rooms.placements.take_back(actor, copy.id)


def _actor(facts):
    number, name, role = facts["actor"]
    return Actor(number, name, Role(role))


def until_quiet(hub, owner):
    """Drain and let time pass, from one due row to the next, until nothing is due for long."""
    rooms, clock = hub.services, hub.services.clock
    for _ in range(MOST_ROUNDS):
        if rooms.rights.drain(owner) + rooms.placements.plan(owner) + rooms.placements.reconcile(owner):
            continue
        with rooms.database.read() as session:
            dues = session.scalars(select(Placement.due_at).where(Placement.settled_at.is_(None))).all()
        soon = [due for due in dues if due <= clock.now() + HORIZON_MS]
        if not soon:
            return
        clock.advance(max(1, min(soon) - clock.now()))
    os._exit(NOT_QUIET)


def watch(place):
    """Note beside each claim how far the remote's own ledger had come when it was made."""
    journal = os.open(place["journal"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    ledger = Path(place["ledger"])

    @event.listens_for(Evidence, "before_insert")
    def note(mapper, connection, proof):
        done = ledger.read_bytes().count(b"\n") if ledger.exists() else 0
        os.write(journal, (json.dumps({"id": proof.id, "ledger": done}) + "\n").encode())
