"""A made-up Trello and a connector for it."""

import pytest

from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.testing.serve import serve
from connectors.trello import MANIFEST
from connectors.trello.sandbox import create


@pytest.fixture
def sandbox():
    sandbox = create()
    with serve(sandbox):
        yield sandbox


@pytest.fixture
def connect(sandbox):
    """Connect with other settings than the usual ones."""
    with guarded_client(Guard(trusted_origins=[sandbox.origin])) as client:

        def make(**settings):
            headers = MANIFEST.auths[0].headers(sandbox.secrets)
            api = Api(sandbox.origin, manifest=MANIFEST, client=client, headers=lambda: headers,
                      limits=Limits(total_s=5, read_attempts=1), sleep=lambda seconds: None)  # fmt: skip
            return MANIFEST.connect(api, MANIFEST.settings(origin=sandbox.origin, **settings))

        yield make


@pytest.fixture
def trello(connect):
    return connect()
