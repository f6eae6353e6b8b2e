from __future__ import annotations

import json

import pytest
from argon2 import PasswordHasher

from connectors.sdk.errors import Unreachable
from connectors.sdk.guard import Guard
from connectors.sdk.push import Answer
from hub.access.keyring import Keyring
from hub.access.passwords import Passwords
from hub.access.service import Access
from hub.clock import SECOND
from hub.db.models import Installation, Mode
from hub.events.log import emit
from hub.notify.service import Notify
from hub.settings import Settings
from webhooks import verify

PUBLIC = {"hooks.example.org": "93.184.216.34", "other.example.org": "93.184.216.35", "inside.example.org": "10.0.0.1"}


PATIENCE_S = 30.0
"""Longer than any answer here takes: a drain returns when all is written down."""


class Receiver:
    """An outside receiver: verifies what it gets, as a careful one would, and keeps it."""

    def __init__(self, clock):
        self._clock = clock
        self.answers = {}  # url -> status, or an exception
        self.secrets = {}  # url -> secrets that it knows
        self.got = []  # (url, id, body)
        self.says = b""

    def __call__(self, url, body, headers):
        answer = self.answers.get(url, 204)
        now_s = self._clock.now() // SECOND
        self.got.append((url, verify(self.secrets[url], headers, body, now_s=now_s), body))
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, self.says)

    def bodies(self, url):
        return [json.loads(body) for got, _, body in self.got if got == url]


@pytest.fixture
def receiver(clock):
    return Receiver(clock)


@pytest.fixture
def guard():
    def resolve(host, port):
        if host not in PUBLIC:
            raise OSError("unknown")
        return [PUBLIC[host]]

    return Guard(resolver=resolve, trusted_origins=["http://trusted.example.org:8080", "http://inside.example.org"])


@pytest.fixture
def keyring():
    return Keyring([b"k" * 32])


@pytest.fixture(autouse=True)
def awake(database):
    """Let this hub be one that may speak to the outside."""
    with database.unit() as unit:
        unit.add(Installation(id="i", epoch=1, home_fingerprint="f", mode=Mode.NORMAL, mode_reason="", created_at=1))


@pytest.fixture
def notify(database, clock, keyring, guard, receiver):
    return Notify(database, clock, keyring, Settings(), guard=guard, send=receiver, patience_s=PATIENCE_S)


@pytest.fixture
def administrator(database, clock, keyring):
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    access = Access(database, clock, keyring, passwords=Passwords(hasher))
    return access.first_administrator(email="a@example.org", name="Ada", password="correct horse battery")


@pytest.fixture
def endpoint(notify, administrator, receiver):
    """Add an endpoint that the receiver knows the secret of; return its view."""

    def add(url="https://hooks.example.org/in", kinds=("asset.approved", "placement.proven"), actor=None, **wishes):
        made, secret = notify.add_endpoint(actor or administrator, url, kinds, **wishes)
        receiver.secrets[url] = [secret]
        return made

    return add


@pytest.fixture
def happen(database):
    """Let an event happen; return its id."""

    def do(kind="asset.approved", subject="asset-1", **body):
        with database.unit() as unit:
            return emit(unit, kind, subject, actor="editor", body=body)

    return do


@pytest.fixture
def drain(notify):
    """Run both drains once, as a worker does."""

    def run(owner="w1"):
        notify.drain_events(owner)
        return notify.drain_deliveries(owner)

    return run


@pytest.fixture
def silence():
    return Unreachable("no answer")
