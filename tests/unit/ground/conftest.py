"""Every service with rows that several people change, on each of the two databases."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
import pytest
from argon2 import PasswordHasher

from connectors.sdk.guard import Guard
from hub.access.keyring import Keyring
from hub.access.passwords import Passwords
from hub.access.service import Access
from hub.connections.service import Connections
from hub.connections.speaking import Speaking
from hub.notify.service import Notify
from hub.settings import Settings
from tests.faults.model.world import World
from tests.unit.connections.fakevendor import TinyVendor, tiny_manifest
from tests.unit.placements.desk import Desk


@pytest.fixture
def rooms(database, clock, tmp_path):
    """The rooms, a person who may do everything, and a vendor and a remote in memory."""
    desk = Desk(World(database, clock))
    keyring, settings = Keyring([b"k" * 32]), Settings(home=tmp_path / "home", base_url="https://hub.example")
    client = httpx.Client(transport=httpx.MockTransport(TinyVendor()))
    registry = {"tiny": tiny_manifest()}
    speaking = Speaking(
        database, clock, keyring, registry, base_url=settings.url, trusted_origins=[], client=client,
        sleep=lambda _: None,
    )  # fmt: skip
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    access = Access(database, clock, keyring, passwords=cheap)
    actor = access.first_administrator(email="ada@dam.test", name="Ada", password="correct horse battery")
    yield SimpleNamespace(
        database=database, clock=clock, keyring=keyring, actor=actor, desk=desk, access=access,
        catalogue=desk.catalogue, review=desk.review, rights=desk.rights, placements=desk.placements,
        connections=Connections(database, clock, keyring, registry, settings, speaking=speaking),
        notify=Notify(database, clock, keyring, settings, guard=Guard(resolver=lambda host, port: ["93.184.216.34"])),
    )  # fmt: skip
    client.close()
