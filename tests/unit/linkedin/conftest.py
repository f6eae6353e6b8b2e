"""A made-up LinkedIn behind its two true addresses: what is sent where can be seen, and nothing leaves the machine."""

import hashlib
import io
from dataclasses import replace

import httpx
import pytest

from connectors.linkedin import MANIFEST
from connectors.linkedin.sandbox import APP, create, create_counted, create_member
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.sdk.types import Outgoing

MARKER = "dhtest42-abcdefghijklmnopqrst"
OTHER = "dhtest42-bbbbbbbbbbbbbbbbbbbb"
WWW = "https://www.linkedin.com"


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
        return [(request.method, request.url.host, request.url.path) for request in self.sent]

    def creates(self):
        return [one for one in self.sent if (one.method, one.url.path) == ("POST", "/rest/posts")]


class Desk:
    """A connector, its sandbox and the wire between them."""

    def __init__(self, sandbox, **settings):
        sandbox.origin = WWW
        self.sandbox, self.wire = sandbox, Wire(sandbox)
        app = {"app": APP} if sandbox.pages else {}
        told = {"pages": sandbox.pages, "insights": sandbox.reviewed, **app, **settings}
        self.settings = MANIFEST.settings(**told)
        api = Api(
            MANIFEST.origin(self.settings), manifest=MANIFEST, client=guarded_client(Guard(), transport=self.wire),
            further=MANIFEST.further_origins(self.settings), sleep=lambda seconds: None,
            headers=lambda: MANIFEST.auths[-1].headers(sandbox.secrets), limits=Limits(total_s=20.0, read_attempts=1),
        )  # fmt: skip
        self.connector = MANIFEST.connect(api, self.settings)
        self.notes = []

    @property
    def target(self):
        found = self.connector.targets(None).items[0]
        self.wire.sent.clear()
        return found

    def publish(self, outgoing, target=None):
        return self.connector.publish(target or self.target, replace(outgoing, keep=self.notes.append))

    def again(self, outgoing, target=None):
        """Publish as the hub does after a try that did not end well: with the last note."""
        return self.publish(replace(outgoing, kept=self.notes[-1]), target)

    def truth(self, ref):
        return self.sandbox.ledger.living()[ref]


@pytest.fixture
def pages():
    return Desk(create())


@pytest.fixture
def member():
    return Desk(create_member())


@pytest.fixture
def counted():
    """A member whose app was reviewed."""
    return Desk(create_counted())


def outgoing(data=b"a picture", *, marker=MARKER, media_type="image/png", **fields):
    digest = hashlib.sha256(data).hexdigest()
    said = {"commentary": "Our new logo", "title": "Logo", "alt_text": "A blue circle", **fields}
    return Outgoing(
        marker, digest[:12], "logo.png", media_type, len(data), digest, lambda: io.BytesIO(data),
        f"https://hub.example/p/{marker}/logo.png", said,
    )  # fmt: skip


def answered(status, *, json=None, text=None, headers=None):
    return (
        httpx.Response(status, json=json, text=text, headers=headers)
        if json is not None
        else httpx.Response(status, text=text or "", headers=headers)
    )
