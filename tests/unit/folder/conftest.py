"""A folder that the operator named `press`, spoken to as the hub speaks to it: no network, no server."""

import hashlib
import io
import json

import pytest

from connectors.folder import MANIFEST
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.sdk.tree import KEY_FILE
from connectors.sdk.types import Outgoing

MARKER = "dhtest42-abcdefghijklmnopqrst"
KEY = "correct horse battery staple 42"


def outgoing(data=b"picture", *, marker=MARKER, title="Logo", filename="logo.png", source=None, **fields):
    sha256 = hashlib.sha256(data).hexdigest()
    return Outgoing(
        marker=marker, content_key=sha256[:12], filename=filename, media_type="image/png", size=len(data),
        sha256=sha256, open=source or (lambda: io.BytesIO(data)), link=f"https://hub.example/p/{marker}/logo.png",
        fields={"title": title, **fields},
    )  # fmt: skip


@pytest.fixture
def press(tmp_path):
    top = tmp_path / "press"
    (top / "Messe Köln").mkdir(parents=True)
    (top / KEY_FILE).write_text(hashlib.sha256(KEY.encode()).hexdigest() + "  -\n")  # as sha256sum writes it
    return top


@pytest.fixture
def client(press):
    with guarded_client(Guard(), folders={"press": press}) as client:
        yield client


@pytest.fixture
def connect(client):
    def make(key=KEY, **settings):
        chosen = MANIFEST.settings(**{"folder": "press", **settings})
        api = Api(
            MANIFEST.origin(chosen), manifest=MANIFEST, client=client, sleep=lambda seconds: None,
            headers=lambda: MANIFEST.auths[0].headers({"key": key}), limits=Limits(total_s=20.0, read_attempts=2),
        )  # fmt: skip
        return MANIFEST.connect(api, chosen)

    return make


@pytest.fixture
def calls(client):
    """What is asked of the folder."""
    asked = []
    client.event_hooks["request"].append(asked.append)
    return asked


@pytest.fixture
def folder(connect):
    return connect()


@pytest.fixture
def top(folder):
    return folder.targets(None).items[0]


def names(press):
    """What people see in the folder."""
    return sorted(one.name for one in press.iterdir() if one.is_file() and not one.name.startswith("."))


def beside(press, name):
    return json.loads((press / f"{name}.damhub.json").read_bytes())
