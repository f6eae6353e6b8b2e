"""The conformance suite against a real object store: the same checks that the sandbox passes."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from connectors.object_store import MANIFEST, connector
from connectors.testing.conformance import CHECKS, Outcome, run
from hub.storage.s3 import connect
from tests.conformance import real_object_store

pytestmark = pytest.mark.service("s3")
REAL = replace(MANIFEST, sandbox="tests.conformance.real_object_store:create")
# What only the made-up store can show: these talk about a contract document, or need hundreds of objects each time.
NOT_HERE = {"contract-fits", "find-among-many", "find-whole-or-fail"}


@pytest.fixture(scope="module")
def clients(s3_server):
    """Two ways to the server past the connector: one that knows the protocol, one that passes requests on."""
    direct = connect(s3_server) if s3_server else None
    with httpx.Client(timeout=60) as there:
        yield direct, there
    if direct:
        direct.close()


@pytest.fixture
def store(s3_settings, clients, monkeypatch):
    monkeypatch.setattr(real_object_store, "server", s3_settings.model_copy(update={"prefix": "conformance/"}))
    monkeypatch.setattr(real_object_store, "direct", clients[0])
    monkeypatch.setattr(real_object_store, "there", clients[1])
    monkeypatch.setattr(connector, "PAGE_SIZE", 20)  # so that a few objects are several pages


@pytest.mark.parametrize("check", [check for name, check in CHECKS.items() if name not in NOT_HERE], ids=lambda c: c.id)
def test_the_connector_keeps_its_contract_on_the_real_server(store, check):
    result = run(REAL, check)
    assert result.outcome is not Outcome.FAILED, f"{check.sentence} {result.why}"
