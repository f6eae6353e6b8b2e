"""The installed connectors, connected over loopback to their own sandboxes, webhooks included."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from flask import Flask, Response, request

from connectors.sdk.registry import discover
from connectors.testing.authorization_server import AuthorizationServer
from connectors.testing.sandbox import make_sandbox
from connectors.testing.serve import serve
from connectors.wordpress import events as helper
from hub.clock import DAY, HOUR
from hub.connections.service import Connections
from hub.db.installation import wake
from hub.errors import Invalid
from hub.settings import Settings
from tests.unit.connections.conftest import serving


@pytest.fixture
def door():
    """The hub's address for webhooks; `open` names the service that answers."""
    app = Flask("door")
    app.extensions["room"] = None

    @app.route("/hooks/<subscription>", methods=["GET", "HEAD", "POST"])
    def receive(subscription):
        status, headers, body = app.extensions["room"].receive(
            subscription, method=request.method, headers=dict(request.headers), body=request.get_data()
        )
        return Response(body, status=status, headers=dict(headers))

    with serving(app) as origin:
        yield app, origin


@pytest.fixture
def room(database, clock, keyring, tmp_path, door):
    """Make the service for a sandbox's origin, as the hub would be set up."""
    app, origin = door

    def make(*trusted, registry=None):
        settings = Settings(home=tmp_path / "home", base_url=origin, trusted_origins=list(trusted))
        wake(database, settings, clock)
        app.extensions["room"] = Connections(database, clock, keyring, registry or discover(), settings)
        return app.extensions["room"]

    return make


class Door:
    """One way in to a sandbox: by what is typed in, or by a sign-in at a server that stands in for the vendor's."""

    def __init__(self, manifest, sandbox):
        self.sandbox = sandbox
        self.auth = next(auth for auth in manifest.auths if auth.name == sandbox.auth)
        self.vendor = AuthorizationServer(client_id="hub", client_secret="registered") if self.auth.in_browser else None
        self.manifest = manifest

    def serving(self):
        return serving(self.vendor.app) if self.vendor else nullcontext("")

    def registry(self, vendor_origin):
        if not self.vendor:
            return {self.manifest.name: self.manifest}
        server = replace(
            self.auth.oauth, authorize_url=f"{vendor_origin}/authorize", token_url=f"{vendor_origin}/token"
        )
        self.vendor.pkce = server.pkce
        return {self.manifest.name: replace(self.manifest, auths=(replace(self.auth, oauth=server),))}

    def connect(self, service, admin, origin, secrets):
        way = {"auth": self.auth.name, "settings": self.sandbox.settings(origin)}
        if not self.vendor:
            return service.connect(admin, self.manifest.name, secrets=secrets, **way)
        self.vendor.gives = secrets["access_token"]
        typed = {field.name: secrets.get(field.name, "") for field in self.auth.fields}
        typed |= {"client_id": "hub", "client_secret": "registered"}
        address = service.start_oauth(admin, "session", self.manifest.name, secrets=typed, **way)
        asked = dict(parse_qsl(urlsplit(address).query))
        back = self.vendor.approve(
            redirect_uri=asked["redirect_uri"], state=asked["state"],
            challenge=asked.get("code_challenge", ""), scope=asked.get("scope", ""),
        )  # fmt: skip
        return service.finish_oauth("session", admin, dict(parse_qsl(urlsplit(back).query)))


@pytest.mark.parametrize("name", sorted(discover()))
def test_every_connector_connects_to_its_sandbox_and_lists_its_places(room, admin, name):
    sandbox = make_sandbox(discover()[name])
    door = Door(discover()[name], sandbox)
    with serve(sandbox) as origin, door.serving() as vendor_origin:
        service = room(origin, vendor_origin or origin, registry=door.registry(vendor_origin))
        with pytest.raises(Invalid) as refused:
            door.connect(service, admin, origin, sandbox.wrong_secrets)
        assert refused.value.code == "credentials_refused"
        made = door.connect(service, admin, origin, sandbox.secrets)
        assert service.refresh_targets(admin, made.id) == len(sandbox.targets())
        assert {target.ref for target in service.targets(admin)} == set(sandbox.targets())
        assert service.test(admin, made.id).state == "live"
        service.disconnect(admin, made.id)


def test_an_untrusted_private_address_is_refused_with_a_clear_word(room, admin):
    sandbox = make_sandbox(discover()["trello"])
    with serve(sandbox) as origin, pytest.raises(Invalid) as refused:
        room("https://elsewhere.example").connect(
            admin, "trello", auth=sandbox.auth, settings=sandbox.settings(origin), secrets=sandbox.secrets
        )
    assert refused.value.code == "address_not_allowed"
    assert sandbox.requests == []


def test_a_change_on_a_trello_card_becomes_a_hint(room, admin, events):
    sandbox = make_sandbox(discover()["trello"])
    with serve(sandbox) as origin:
        service = room(origin)
        made = service.connect(
            admin, "trello", auth=sandbox.auth, settings=sandbox.settings(origin), secrets=sandbox.secrets
        )
        service.refresh_targets(admin, made.id)
        target = next(one for one in service.targets(admin) if one.ref == sandbox.targets()[0])
        first, again = service.subscribe(admin, target.id), service.subscribe(admin, target.id)
        assert first == again
        ref = sandbox.intrude(target.ref, "https://elsewhere.example/picture")
        credentials = discover()["trello"].auths[0].headers(sandbox.secrets)
        somebody = {"Authorization": credentials["Authorization"]}
        gone = httpx.delete(f"{origin}/1/cards/{target.ref}/attachments/{ref}", headers=somebody)
        assert gone.is_success
        sandbox.outbox.flush()
    assert [status for _, status in sandbox.outbox.sent] == [200]
    assert service.drain_inbox("worker") == 1
    (hint,) = events("remote.hint")
    assert (hint.subject, hint.body["refs"]) == (made.remote_id, [ref])


def test_a_webhook_that_trello_switched_off_or_lost_works_again_the_next_day(room, admin, clock):
    sandbox = make_sandbox(discover()["trello"])
    with serve(sandbox) as origin:
        service = room(origin)
        made = service.connect(
            admin, "trello", auth=sandbox.auth, settings=sandbox.settings(origin), secrets=sandbox.secrets
        )
        service.refresh_targets(admin, made.id)
        target = next(one for one in service.targets(admin) if one.ref == sandbox.targets()[0])
        service.subscribe(admin, target.id)
        [hook] = sandbox.hooks.values()
        address = hook["callbackURL"]
        hook["active"] = False  # thirty days of failures
        clock.advance(DAY)
        assert service.drain_subscriptions("worker") == 1
        assert [(one["active"], one["callbackURL"]) for one in sandbox.hooks.values()] == [(True, address)]
        sandbox.hooks.clear()
        clock.advance(DAY)
        assert service.drain_subscriptions("worker") == 1
        assert [(one["active"], one["callbackURL"]) for one in sandbox.hooks.values()] == [(True, address)]


def test_a_message_of_the_wordpress_plugin_becomes_a_hint(room, admin, events, clock):
    sandbox = make_sandbox(discover()["wordpress"])
    with serve(sandbox) as origin:
        service = room(origin)
        made = service.connect(
            admin, "wordpress", auth=sandbox.auth, settings=sandbox.settings(origin), secrets=sandbox.secrets
        )
        service.refresh_targets(admin, made.id)
    subscribed = service.subscribe(admin, service.targets(admin)[0].id)
    body = helper.body("attachment.updated", 12, "library")
    headers = helper.headers(subscribed.secret, body, delivery_key="d1", at=clock.now() // 1000)
    for _ in range(2):
        assert service.receive(subscribed.id, method="POST", headers=headers, body=body).status == 200
    assert service.drain_inbox("worker") == 1
    (hint,) = events("remote.hint")
    assert hint.body["refs"] == ["12"]


def test_a_watch_channel_of_google_drive_is_renewed_before_it_ends(room, admin, clock, database):
    sandbox = make_sandbox(discover()["google_drive"])
    door = Door(discover()["google_drive"], sandbox)
    clock.advance(int(time.time() * 1000) - clock.now())  # the sandbox's channels end by its own clock
    with serve(sandbox) as origin, door.serving() as vendor_origin:
        service = room(origin, vendor_origin or origin, registry=door.registry(vendor_origin))
        made = door.connect(service, admin, origin, sandbox.secrets)
        service.refresh_targets(admin, made.id)
        service.subscribe(admin, service.targets(admin)[0].id)
        [channel] = sandbox.channels.live
        (entry,) = [one for one in service.calendar(admin) if one.what == "subscription"]
        assert (entry.ends_at, entry.renewal) == (channel.ends_ms, "itself")
        clock.advance(5 * DAY)
        assert service.drain_subscriptions("worker") == 0
        clock.advance(12 * HOUR)
        assert service.drain_subscriptions("worker") == 1
        [renewed] = sandbox.channels.live
        assert renewed.id != channel.id
        (entry,) = [one for one in service.calendar(admin) if one.what == "subscription"]
        assert entry.ends_at == renewed.ends_ms >= channel.ends_ms
