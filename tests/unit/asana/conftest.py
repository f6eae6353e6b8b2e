"""A made-up Asana, a connector for it, and the bodies that the vendor printed."""

import hashlib
import io
import json
from pathlib import Path

import pytest

import connectors.asana
from connectors.asana import MANIFEST
from connectors.asana.sandbox import create
from connectors.sdk.types import Outgoing
from connectors.testing.serve import serve
from tests.unit.connecting import connecting

MARKER = "dhabc123-" + "k" * 20
OTHER = "dhabc123-" + "m" * 20


def outgoing(name="DAM-1 Logo", marker=MARKER, link=""):
    return Outgoing(
        marker=marker, content_key="0" * 12, filename="logo.png", media_type="image/png", size=0,
        sha256=hashlib.sha256(b"").hexdigest(), open=io.BytesIO, link=link or f"https://hub.example/p/{marker}.sig",
        fields={"name": name},
    )  # fmt: skip


@pytest.fixture(scope="session")
def samples():
    return json.loads((Path(connectors.asana.__file__).parent / "fixtures" / "samples.json").read_text())


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
def asana(connect):
    return connect()


@pytest.fixture
def target(asana):
    return asana.targets(None).items[0]
