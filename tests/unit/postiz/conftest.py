"""A made-up Postiz, a connector for it, and a plain client that is no connector."""

import hashlib
import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.postiz import MANIFEST
from connectors.postiz.sandbox import create
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.sdk.types import Outgoing, Target
from connectors.testing.conformance.bench import PNG
from connectors.testing.serve import serve

MARKER = "dhabc123-" + "k" * 20
PAGE = Target("linkedin-page", "chan-linkedin-page", "Müller & Söhne (linkedin-page)")
SITE = Target("wordpress", "chan-wordpress", "Press site (wordpress)")
LATER = 4_000_000_000_000


def outgoing(text="Ready for spring", *, marker=MARKER, data=PNG, at=None, **fields):
    digest = hashlib.sha256(data).hexdigest()
    return Outgoing(
        marker=marker, content_key=digest[:12], filename="logo.png", media_type="image/png", size=len(data),
        sha256=digest, open=lambda: io.BytesIO(data), link=f"https://hub.example/p/{marker}.sig",
        fields={"content": text, **fields}, publish_at=at,
    )  # fmt: skip


def in_ms(**ahead):
    return int((datetime.now(UTC) + timedelta(**ahead)).timestamp() * 1000)


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
            api = Api(sandbox.origin, manifest=MANIFEST, client=client, sleep=lambda seconds: None,
                      headers=lambda: MANIFEST.auths[0].headers(sandbox.secrets),
                      limits=Limits(total_s=5, read_attempts=1))  # fmt: skip
            return MANIFEST.connect(api, MANIFEST.settings(**{**sandbox.settings(sandbox.origin), **settings}))

        yield make


@pytest.fixture
def postiz(connect):
    return connect()


@pytest.fixture
def plain(sandbox):
    """Speak to the sandbox as anybody could."""
    with httpx.Client(
        base_url=f"{sandbox.origin}/public/v1", headers={"Authorization": sandbox.secrets["key"]}, trust_env=False
    ) as client:
        yield client
