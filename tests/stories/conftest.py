"""A story for each test, on each of the two databases; every request of the hub is watched."""

from __future__ import annotations

from contextlib import ExitStack

import httpx
import pytest

from hub.db.unit import transaction_open
from hub.media.pool import MediaPool
from tests.stories.story import Story


@pytest.fixture(autouse=True, scope="session")
def one_decoder():
    """Let hubs, one after another, have their pictures decoded by the same child process: it is started once."""
    with pytest.MonkeyPatch.context() as patch, MediaPool(processes=1) as pool:
        patch.setattr("hub.app.compose.MediaPool", lambda *, processes: Lent(pool))
        yield


class Lent:
    """A pool that outlives the hub which closes it."""

    def __init__(self, pool):
        self._pool = pool

    def __getattr__(self, name):
        return getattr(self._pool, name)

    def close(self):
        """Leave it to the next hub."""


@pytest.fixture
def story(tmp_path, database_url, clock):
    with ExitStack() as stack:
        yield Story(stack, tmp_path / "home", database_url, clock)


@pytest.fixture(autouse=True)
def no_unit_open_across_the_network(monkeypatch):
    """Whatever is sent in a story is sent while no unit of work is open in that thread."""
    broken, send = [], httpx.Client.send

    def watched(client, request, **options):
        if transaction_open():
            broken.append(f"{request.method} {request.url}")
        return send(client, request, **options)

    monkeypatch.setattr(httpx.Client, "send", watched)
    yield broken
    assert broken == []
