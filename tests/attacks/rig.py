"""A complete hub as an attacker meets it: every room wired by the composition root, its drains run by hand."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import shutil
from pathlib import Path
from types import SimpleNamespace

from argon2 import PasswordHasher
from sqlalchemy import func, select

from hub.access.actors import Actor, Role
from hub.access.passwords import Passwords
from hub.access.service import Access
from hub.app.compose import Hub
from hub.catalogue.models import Asset, Version
from hub.media.models import Rendition, Traits
from hub.settings import Settings
from hub.storage.models import Blob
from tests import media_samples
from tests.web_app import app_of

PASSWORD = "correct horse battery"
API = "/api/v1"
ROOT = Path(__file__).parents[2]
STEPS = frozenset({"Add", "Ask", "Check", "Choose", "Correct", "Enter", "Export", "Load", "Send", "Split", "Start"}) | {
    "Try", "Upload", "Use", "Wait",
}  # fmt: skip
"""How a sentence begins that says what to do now."""


class Rig:
    """One hub with a person of each role, one worker and a web door."""

    def __init__(self, stack, home, template, clock, **settings):
        home.mkdir(mode=0o700)
        shutil.copyfile(template, home / "damhub.sqlite3")
        values = {"home": home, "base_url": "http://localhost", "media_processes": 1, **settings}
        self.settings, self.clock = Settings(**values), clock
        self.hub = Hub.open(self.settings, clock=clock)
        stack.callback(self.hub.close)
        cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        rooms = self.hub.services
        access = Access(rooms.database, clock, rooms.keyring, passwords=cheap)
        self.rooms = dataclasses.replace(rooms, access=access)
        self.drains = {drain.name: drain for drain in self.hub.drains()}
        self.app = app_of(self.rooms)
        self._settle_in()

    def _settle_in(self):
        access = self.rooms.access
        first = access.first_administrator(email="administrator@dam.test", name="Ada", password=PASSWORD)
        self.people = {Role.ADMINISTRATOR: first}
        for role in (Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER):
            made = access.create_user(first, email=f"{role}@dam.test", name=role.title(), role=role, password=PASSWORD)
            self.people[role] = Actor(made.id, made.name, role)
        self.admin = first
        self._clients = {}

    def client(self, role=Role.ADMINISTRATOR):
        """Return a client that is signed in; None: nobody."""
        if role is None:
            return self.app.test_client()
        if role not in self._clients:
            client = self.app.test_client()
            answer = client.post(f"{API}/session", json={"email": f"{role}@dam.test", "password": PASSWORD})
            assert answer.status_code == 201, answer.get_data(as_text=True)
            client.environ_base["HTTP_X_CSRF_TOKEN"] = answer.json["csrf"]
            self._clients[role] = client
        return self._clients[role]

    # Bringing in

    def send(self, content, name="file", role=Role.EDITOR, asset_id=None, *, length=None, **query):
        """Upload over the API, announcing another length if so wished; return the answer."""
        path = f"{API}/assets/{asset_id}/versions" if asset_id else f"{API}/assets"
        return self.client(role).post(
            path,
            data=content,
            query_string={"filename": name, **query},
            content_type="application/octet-stream",
            environ_overrides={"CONTENT_LENGTH": str(len(content) if length is None else length)},
        )

    def bring(self, content, name="lake.png", role=Role.EDITOR, *, approve=False, asset_id=None, title="A lake"):
        """Upload, let the worker look at it, and approve it if so wished."""
        answer = self.send(content, name, role, asset_id, **({} if asset_id else {"title": title}))
        assert answer.status_code == 201, answer.get_data(as_text=True)
        made = SimpleNamespace(
            id=answer.json["asset_id"], code=answer.json["code"], version_id=answer.json["version_id"],
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        if not asset_id:
            self.rooms.catalogue.edit(self.people[Role.EDITOR], made.id, {"alt_text": "A picture"})
        if approve:
            self.rooms.review.approve(self.people[Role.EDITOR], made.version_id, sha256=made.sha256)
        self.work()
        return made

    # Working

    def work(self, *names):
        """Run drains until nothing is left to do; all of them unless some are named."""
        chosen = [self.drains[name] for name in names] or list(self.drains.values())
        for _ in range(50):
            if not sum(drain.run("worker") for drain in chosen):
                return
        raise AssertionError("the work does not end")

    def pass_time(self, ms):
        """Let time pass; sessions end by it, so everybody signs in anew."""
        self.clock.advance(ms)
        self._clients.clear()

    # What is there

    def read(self, query):
        with self.rooms.database.read() as session:
            return list(session.scalars(query))

    def count(self):
        """Return how many assets, versions, blobs (rows), and files in the store there are."""
        with self.rooms.database.read() as session:
            rows = tuple(session.scalar(select(func.count()).select_from(each)) for each in (Asset, Version, Blob))
        return (*rows, sum(path.is_file() for path in (self.settings.home / "blobs").rglob("*")))

    def traits(self, version_id):
        with self.rooms.database.read() as session:
            return session.get(Traits, version_id)

    def rendition(self, version_id, preset="web"):
        with self.rooms.database.read() as session:
            return session.get(Rendition, (version_id, preset))

    def bytes_of(self, sha256):
        with self.rooms.store.open(sha256) as stream:
            return stream.read()

    def well(self):
        """Show that work goes on: a good file is rendered by the same worker."""
        Rig._shade = getattr(Rig, "_shade", 0) + 1
        shade = (Rig._shade % 256, Rig._shade // 256 % 256, 90)
        good = self.bring(media_samples.picture(colour=shade), "good.png")
        assert self.traits(good.version_id).state == "ready"
        answer = self.client(Role.EDITOR).get(f"{API}/assets/{good.id}/renditions/web")
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert self.client(Role.EDITOR).get("/").status_code == 200
        return good


def problem(answer, status, code, *, step="next"):
    """Check a refusal and return it: a stable code, what happened, and in the member `step` what to do."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    told = answer.json
    assert told["code"] == code, told
    assert told["detail"]
    assert told[step].rstrip(".").split(". ")[-1].split()[0] in STEPS, told
    return told


def as_upload(content):
    """Return bytes as a stream, for services that are called without a door."""
    return io.BytesIO(content)
