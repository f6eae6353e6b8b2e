"""A made-up Dropbox behind its two true addresses: what is sent where can be seen, and nothing leaves the machine."""

import hashlib
import io
from dataclasses import replace

import httpx
import pytest

from connectors.dropbox import MANIFEST
from connectors.dropbox.sandbox import create
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.sdk.types import Outgoing

MARKER = "dhtest42-abcdefghijklmnopqrst"
MEGA = 1024 * 1024


class Wire(httpx.BaseTransport):
    """Carries every call to the sandbox and remembers which host it was for."""

    def __init__(self, sandbox):
        self._inner = httpx.WSGITransport(app=sandbox.wsgi)
        self.sent = []
        self.spoil = lambda request, answer: answer

    def handle_request(self, request):
        request.read()
        self.sent.append(request)
        answer = self._inner.handle_request(request)
        answer.read()
        return self.spoil(request, answer)

    def paths(self):
        return [(request.url.host.split(".")[0], request.url.path.removeprefix("/2/")) for request in self.sent]


@pytest.fixture
def sandbox():
    return create()


@pytest.fixture
def wire(sandbox):
    return Wire(sandbox)


@pytest.fixture
def connect(sandbox, wire):
    def make(**settings):
        chosen = MANIFEST.settings(**settings)
        api = Api(
            MANIFEST.origin(chosen), manifest=MANIFEST, client=guarded_client(Guard(), transport=wire),
            further=MANIFEST.further_origins(chosen), sleep=lambda seconds: None,
            headers=lambda: MANIFEST.auths[-1].headers(sandbox.secrets), limits=Limits(total_s=20.0, read_attempts=1),
        )  # fmt: skip
        return MANIFEST.connect(api, chosen)

    return make


@pytest.fixture
def dropbox(connect):
    return connect()


@pytest.fixture
def top(dropbox, wire):
    target = dropbox.targets(None).items[0]
    wire.sent.clear()
    return target


def outgoing(data=b"a picture", *, marker=MARKER, **fields):
    digest = hashlib.sha256(data).hexdigest()
    return Outgoing(
        marker, digest[:12], "logo.png", "image/png", len(data), digest, lambda: io.BytesIO(data),
        f"https://hub.example/p/{marker}/logo.png", fields or {"title": "Logo"},
    )  # fmt: skip


def lying(about, **more):
    """Something to send whose description is not true."""
    return replace(about, **more)


def answered(status, *, json=None, text=None, headers=None):
    return (
        httpx.Response(status, json=json, text=text, headers=headers)
        if json is not None
        else httpx.Response(status, text=text or "", headers=headers)
    )
