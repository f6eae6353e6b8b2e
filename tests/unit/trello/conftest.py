"""A made-up Trello and a connector for it."""

import pytest

from connectors.testing.serve import serve
from connectors.trello import MANIFEST
from connectors.trello.sandbox import create
from tests.unit.connecting import connecting


@pytest.fixture
def sandbox():
    sandbox = create()
    with serve(sandbox):
        yield sandbox


@pytest.fixture
def connect(sandbox):
    """Connect with other settings than the usual ones."""
    with connecting(MANIFEST, sandbox) as make:
        yield make


@pytest.fixture
def trello(connect):
    return connect()
