"""A story for each test; every request of the hub is watched.

`make faults` tells each story on both databases. So do, in every run, the widest ones (`test_life`) and those of rows
that several threads take (`test_slow_remotes`).
"""

from __future__ import annotations

from contextlib import ExitStack

import httpx
import pytest

from hub.db.unit import transaction_open
from tests.decoder import one_decoder
from tests.stories.story import Story


@pytest.fixture(autouse=True, scope="package")
def decoding():
    with one_decoder():
        yield


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.again)])
def database_url(request):
    return request.getfixturevalue(f"{request.param}_url")


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
