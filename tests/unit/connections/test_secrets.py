"""Secrets stand sealed in two columns and nowhere else: not in logs, errors, events, views, reprs or other rows."""

from __future__ import annotations

import io
import json
import logging
import traceback

import httpx
import pytest
import structlog
from sqlalchemy import select

from connectors.sdk.errors import ConnectorError, Unreachable
from hub.connections.models import OAuthDance
from hub.db.base import Base
from hub.errors import HubError
from tests.unit.connections.fakevendor import APP_SECRET, KEY, sign


@pytest.fixture
def printed():
    """Everything that is logged, through structlog or logging, at any level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream), cache_logger_on_first_use=False)
    yield stream
    structlog.reset_defaults()
    root.removeHandler(handler)
    root.setLevel(level)


def everything_stored(database) -> str:
    with database.read() as session:
        return "\n".join(
            repr(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(select(table))
        )


def failures_of(connections, admin, connected, tiny) -> list[str]:
    """Provoke failures of every kind; return what a person or a log would see of them."""
    seen = []
    answers = (
        httpx.Response(401, text=f"invalid key {KEY}"),
        httpx.Response(403, text=f"no {KEY}"),
        httpx.Response(500, text=f"trace: X-Key: {KEY}"),
        httpx.Response(200, text=f"<html>{KEY}"),
        httpx.ReadTimeout(f"lost {KEY}"),
        httpx.ConnectError(f"refused {KEY}"),
    )
    acts = (
        lambda: connections.refresh_targets(admin, connected.id),
        lambda: connections.test(admin, connected.id),
        lambda: connections.connect(
            admin, "tiny", auth="key", settings={}, secrets={"key": KEY, "app_secret": APP_SECRET}
        ),
        lambda: connections.connect(admin, "tiny", auth="key", settings={"site": 7}, secrets={"key": KEY}),
        lambda: connections.connect(admin, "tiny", auth="key", settings={}, secrets={"key": KEY, "k2": APP_SECRET}),
    )
    for answer in answers:
        tiny.answer = answer
        for act in acts:
            try:
                seen.append(repr(act()))
            except (HubError, ConnectorError) as error:
                seen.append(repr(error) + repr(vars(error)) + "".join(traceback.format_exception(error)))
            connections.report(connected.remote_id, None)
    tiny.answer = None
    return seen


def test_secrets_are_nowhere_to_be_read(connections, connected, admin, tiny, database, printed):
    connections.refresh_targets(admin, connected.id)
    subscribed = connections.subscribe(admin, connections.targets(admin)[0].id)
    body = json.dumps({"id": "d1", "kind": "changed", "refs": ["c1"]}).encode()
    for secret in (APP_SECRET, "wrong"):
        headers = sign(secret, subscribed.callback_url, body)
        connections.receive(subscribed.id, method="POST", headers=headers, body=body)
    connections.drain_inbox("worker")
    speaker = connections.speak(connected.remote_id)
    shown = [
        repr(speaker), repr(connections.list(admin)), repr(subscribed), repr(connected), repr(connections),
        *failures_of(connections, admin, connected, tiny),
    ]  # fmt: skip
    shown += [everything_stored(database), printed.getvalue()]
    assert "webhook_refused" in printed.getvalue(), "the log was listened to"
    for place in shown:
        assert KEY not in place
        assert APP_SECRET not in place


def test_a_report_keeps_the_message_and_not_the_detail(connections, connected, database):
    connections.report(connected.remote_id, Unreachable("The system does not answer.", detail=f"header {KEY}"))
    assert "does not answer" in everything_stored(database)
    assert KEY not in everything_stored(database)


def test_a_sign_in_that_has_begun_is_sealed(connections, database, keyring, admin):
    from hub.connections import dance

    with database.unit() as session:
        state, begun = dance.begin(
            session, keyring, dance.Dancer(admin.id, "h"), connector="tiny", auth="key", settings={},
            secrets={"client_secret": APP_SECRET}, now=1,
        )  # fmt: skip
    stored = everything_stored(database)
    assert APP_SECRET not in stored
    assert begun.verifier not in stored
    assert state not in stored
    assert APP_SECRET not in repr(begun)
    with database.read() as session:
        assert len(list(session.scalars(select(OAuthDance)))) == 1
