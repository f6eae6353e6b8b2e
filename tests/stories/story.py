"""A whole hub with its web door open, and the vendors it speaks to: sandboxes on loopback, a receiver of webhooks."""

from __future__ import annotations

import io
import json
from contextlib import ExitStack, contextmanager
from threading import Thread

import httpx
from flask import Flask, Response, request
from PIL import Image
from sqlalchemy import select
from werkzeug.serving import make_server

from connectors.sdk.registry import discover
from connectors.testing.sandbox import make_sandbox
from connectors.testing.serve import _Quiet, serve
from hub.access.actors import Actor, Role
from hub.app.compose import Hub
from hub.connections.recognising import Known
from hub.db.base import new_id
from hub.events.models import Event
from hub.media.models import Rendition
from hub.placements.models import Placement
from hub.settings import Settings
from tests.services import free_ports
from tests.web_app import app_of
from webhooks import verify

ADA = Actor(new_id(), "Ada", Role.ADMINISTRATOR)
VENDORS = {"rest": "wordpress", "xmlrpc": "wordpress", "trello": "trello", "asana": "asana"}
"""Sandboxes by the names that stories call them, each with its connector."""
OUT = ("asset.approved", "asset.version_published", "placement.proven", "placement.withdrawn", "rights.ended")


def picture(colour, size=(320, 240)):
    """Draw a JPEG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=80)
    return out.getvalue()


@contextmanager
def served(app, port):
    """Serve a WSGI application from a thread."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Receiver:
    """Somebody else's server: checks each webhook's signature before it believes a word."""

    def __init__(self, clock):
        self.clock, self.secret, self.bodies, self.ids = clock, "", [], []
        self.app = Flask("receiver")
        self.app.add_url_rule("/in", "take", self.take, methods=["POST"])

    def take(self):
        body = request.get_data()
        self.ids.append(verify([self.secret], dict(request.headers), body, now_s=self.clock.now() // 1000))
        self.bodies.append(json.loads(body))
        return Response(status=204)

    def of(self, kind):
        return [body["data"] for body in self.bodies if body["type"] == kind]


class Story:
    """One hub, one clock, and whatever was connected."""

    def __init__(self, stack: ExitStack, home, database_url, clock, *, vendors=VENDORS, trusted=()):
        self.clock, self.stack, self.receiver = clock, stack, Receiver(clock)
        self.port, receiver_port = free_ports(), free_ports()
        self.receiver_url = stack.enter_context(served(self.receiver.app, receiver_port)) + "/in"
        self.sandboxes, self.origins = {}, {}
        self.manifests = discover()
        for name, connector in vendors.items():
            sandbox = make_sandbox(self.manifests[connector])
            self.origins[name] = stack.enter_context(serve(sandbox))
            self.sandboxes[name] = sandbox
        self.settings = Settings(
            home=home, database_url=database_url, port=self.port, media_processes=1,
            trusted_origins=[*trusted, *self.origins.values(), self.receiver_url.removesuffix("/in")],
        )  # fmt: skip
        self.open()

    def open(self):
        self.hub = Hub.open(self.settings, clock=self.clock, registry=self.manifests)
        self.stack.callback(self.hub.close)
        self.rooms = self.hub.services
        self.drains = {drain.name: drain for drain in self.hub.drains()}
        self.url = self.stack.enter_context(served(app_of(self.rooms), self.port))

    # Connecting

    def connect(self, name, known=Known.ASK, **settings):
        """Connect a sandbox; return its first place that is not taken by anything else."""
        sandbox = self.sandboxes[name]
        chosen = {**sandbox.settings(self.origins[name]), **settings}
        made = self.rooms.connections.connect(
            ADA, sandbox.name, auth=sandbox.auth, settings=chosen, secrets=sandbox.secrets, known=known
        )
        return self.place_in(made, sandbox.targets()[0])

    def place_in(self, connection, ref):
        self.rooms.connections.refresh_targets(ADA, connection.id)
        return next(t for t in self.rooms.connections.targets(ADA, connection.remote_id) if t.ref == ref)

    def everywhere(self):
        """Connect WordPress over both of its interfaces, and Trello."""
        return {
            "rest": self.connect("rest"), "xmlrpc": self.connect("xmlrpc", protocol="xmlrpc"),
            "trello": self.connect("trello"),
        }  # fmt: skip

    def listen(self):
        made, secret = self.rooms.notify.add_endpoint(ADA, self.receiver_url, OUT)
        self.receiver.secret = secret
        return made

    # The catalogue

    def asset(self, colour="navy", *, approve=True, **fields):
        """Bring a picture in, let it be decoded, and approve it."""
        made = self.rooms.intake.upload(
            ADA,
            io.BytesIO(picture(colour)),
            filename=f"{colour}.jpg",
            fields={"title": f"A {colour} picture", "alt_text": f"A plain field of {colour}", **fields},
        )
        if approve:
            self.approve(made.asset_id)
        return made.asset_id

    def version(self, asset_id, colour):
        self.rooms.intake.upload(ADA, io.BytesIO(picture(colour)), filename=f"{colour}.jpg", asset_id=asset_id)

    def approve(self, asset_id):
        newest = self.newest(asset_id)
        self.rooms.review.approve(ADA, newest.id, sha256=newest.sha256)

    def newest(self, asset_id):
        return max(self.rooms.catalogue.view(ADA, asset_id).versions, key=lambda version: version.number)

    def sent(self, asset_id, preset="web"):
        """Return the hash of the bytes that a channel should show for the newest version."""
        version = self.newest(asset_id)
        with self.rooms.database.read() as session:
            return session.get_one(Rendition, (version.id, preset)).sha256

    # Working

    def run(self, within_ms=30_000, most=60):
        """Work as a worker does until nothing is due within a while; the clock moves to what is due."""
        for _ in range(most):
            while sum(drain.run("worker") for drain in self.drains.values()):
                pass
            with self.rooms.database.read() as session:
                ahead = session.scalars(select(Placement.due_at).where(Placement.settled_at.is_(None))).all()
            soon = [due for due in ahead if due <= self.clock.now() + within_ms]
            if not soon:
                return
            self.clock.advance(max(1, min(soon) - self.clock.now()))
        raise AssertionError("still not quiet")

    def place(self, asset_id, targets, **options):
        return {
            name: self.rooms.placements.place(ADA, asset_id, target.id, **options).id
            for name, target in targets.items()
        }

    def copies(self, placed):
        return {name: self.rooms.placements.copy(ADA, placement) for name, placement in placed.items()}

    def standing(self, name, copy):
        """Return what stands at a vendor in truth under a copy's marker."""
        ref = self.sandboxes[name].targets()[0]
        return [each for each in self.sandboxes[name].copies(ref) if each.marker == copy.marker]

    def link_shows(self, copy):
        """Return the hash of what anybody gets at the address that a card carries; None when nothing is shown."""
        (attachment,) = self.sandboxes["trello"].ledger.living().values()
        import hashlib

        answer = httpx.get(attachment["url"], trust_env=False, follow_redirects=False)
        assert copy.marker in attachment["url"]
        return hashlib.sha256(answer.content).hexdigest() if answer.is_success else None

    def events(self, kind):
        with self.rooms.database.read() as session:
            return list(session.scalars(select(Event).where(Event.kind == kind).order_by(Event.seq)))
