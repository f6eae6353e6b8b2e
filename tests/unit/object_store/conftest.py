"""A made-up store, and connections to it."""

import pytest

from connectors.object_store import MANIFEST
from connectors.object_store.sandbox import create
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.testing.serve import serve


@pytest.fixture
def sandbox():
    sandbox = create()
    with serve(sandbox):
        yield sandbox


@pytest.fixture
def connect(sandbox):
    with guarded_client(Guard(trusted_origins=[sandbox.origin])) as client:

        def make(secrets=None, **settings):
            typed, auth = secrets or sandbox.secrets, MANIFEST.auths[0]
            api = Api(
                sandbox.origin, manifest=MANIFEST, client=client, limits=Limits(total_s=20.0, read_attempts=1),
                sign=lambda method, url, headers: auth.sign(typed, method, url, headers),
                presign=lambda url, seconds: auth.presign(typed, url, seconds),
            )  # fmt: skip
            return MANIFEST.connect(api, MANIFEST.settings(**sandbox.settings(sandbox.origin), **settings))

        yield make


@pytest.fixture
def store(connect):
    return connect()


@pytest.fixture
def top(store):
    return store.targets(None).items[0]
