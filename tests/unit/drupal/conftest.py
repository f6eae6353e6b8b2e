"""A made-up Drupal whose every answer is held to JSON:API, a connector for it, and a plain client."""

import hashlib
import io

import httpx
import pytest

from connectors.drupal import MANIFEST
from connectors.drupal.sandbox import create
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.sdk.types import Outgoing
from connectors.testing.serve import serve
from tests.unit.drupal.shape import faults_of

MARKER = "dhabc123-" + "k" * 20
OTHER = "dhabc123-" + "m" * 20
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JSONAPI = "application/vnd.api+json"


def outgoing(data=PNG, marker=MARKER, name="logo.png", **fields):
    sha256 = hashlib.sha256(data).hexdigest()
    return Outgoing(
        marker=marker, content_key=sha256[:12], filename=name, media_type="image/png", size=len(data), sha256=sha256,
        open=lambda: io.BytesIO(data), link="https://hub.example/p", fields=fields or {"name": "Logo", "alt": "Red"},
    )  # fmt: skip


@pytest.fixture
def sandbox():
    sandbox = create()
    wrong = []

    @sandbox.app.after_request
    def check(answer):
        if answer.mimetype == JSONAPI and answer.status_code != 204:
            wrong.extend(faults_of(answer.get_json(force=True)))
        return answer

    with serve(sandbox):
        yield sandbox
    assert wrong == []


@pytest.fixture
def http(sandbox):
    with guarded_client(Guard(trusted_origins=[sandbox.origin])) as client:
        yield client


@pytest.fixture
def connect(sandbox, http):
    """Connect with other settings or secrets than the usual ones."""

    def make(secrets=None, headers=None, **settings):
        sent = headers or MANIFEST.auths[0].headers(secrets or sandbox.secrets)
        api = Api(sandbox.origin, manifest=MANIFEST, client=http, headers=lambda: sent,
                  limits=Limits(total_s=5, read_attempts=1), sleep=lambda seconds: None)  # fmt: skip
        return MANIFEST.connect(api, MANIFEST.settings(**{**sandbox.settings(sandbox.origin), **settings}))

    return make


@pytest.fixture
def drupal(connect):
    return connect()


@pytest.fixture
def target(drupal):
    return drupal.targets(None).items[0]


@pytest.fixture
def raw(sandbox):
    """Ask in the hub's name, without the connector."""
    auth = (sandbox.secrets["username"], sandbox.secrets["password"])
    with httpx.Client(base_url=sandbox.origin, auth=auth, trust_env=False) as client:
        yield client


@pytest.fixture
def upload(raw):
    def send(data=PNG, *, field="field_media_image", bundle="image", kind="application/octet-stream", header=None,
             name="x.png"):  # fmt: skip
        headers = {"Content-Type": kind, "Content-Disposition": header or f'file; filename="{name}"'}
        if header == "":
            del headers["Content-Disposition"]
        encoded = [(key.encode(), value.encode()) for key, value in headers.items()]
        return raw.post(f"/jsonapi/media/{bundle}/{field}", content=data, headers=encoded)

    return send


@pytest.fixture
def write(raw):
    """Send a document about an image."""

    def send(method, path, ref=None, *, file=None, meta=None, kind="media--image", **attributes):
        data = {"type": kind, **({"id": ref} if ref else {}), "attributes": attributes}
        if file:
            shown = {"type": "file--file", "id": file, **({"meta": meta} if meta is not None else {})}
            data["relationships"] = {"field_media_image": {"data": shown}}
        return raw.request(method, f"/jsonapi/media{path}", json={"data": data}, headers={"Content-Type": JSONAPI})

    return send
