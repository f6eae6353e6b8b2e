"""`damhub inbound replay`: counts by itself, acts with --yes."""

from __future__ import annotations

import dataclasses
import io
import json
import sys

import pytest
from sqlalchemy import select

from hub.app.commands import toolbox
from hub.cli.app import run
from hub.clock import DAY
from hub.connections.models import Inbox, Remote
from hub.db.unit import Database
from hub.settings import Settings

DAY_ONE = 1_767_225_600_000
"""1 January 2026, UTC."""


@pytest.fixture
def database(sqlite_url):
    database = Database(sqlite_url)
    with database.unit() as session:
        session.add(Remote(id="r", connector="trello", account_key="k", label="Our board", created_at=1))
        session.flush()
        session.add_all(
            Inbox(remote_id="r", delivery_key=f"d{number}", at=DAY_ONE + number * DAY, headers={}, body="", state=state)
            for number, state in enumerate(("worked", "ignored", "worked", "new"))
        )
    yield database
    database.dispose()


@pytest.fixture
def damhub(database, sqlite_url, capsys, monkeypatch, tmp_path):
    def call(*arguments):
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        tools = dataclasses.replace(toolbox(), settings=lambda: Settings(home=tmp_path, database_url=sqlite_url))
        code = run(tools, ["inbound", "replay", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def waiting(database):
    with database.read() as session:
        return sorted(session.scalars(select(Inbox.delivery_key).where(Inbox.state == "new")))


def test_without_yes_it_only_counts_by_account(damhub, database):
    code, out, _ = damhub()
    assert code == 0
    assert "Our board" in out
    assert "3 deliveries would be read again. Add --yes" in out
    assert waiting(database) == ["d3"]


def test_with_yes_what_fits_is_read_again(damhub, database):
    code, out, _ = damhub("--since", "2026-01-02", "--until", "2026-01-03T00:00:00Z", "--yes", "--json")
    told = json.loads(out)
    assert (code, told["deliveries"], told["replayed"]) == (0, 1, True)
    assert told["accounts"] == [{"remote_id": "r", "connector": "trello", "label": "Our board", "deliveries": 1}]
    assert waiting(database) == ["d1", "d3"]
    assert "2 deliveries: a running worker" in damhub("--state", "worked", "--yes")[1]
    assert "0 deliveries would" in damhub()[1]


def test_a_connection_that_is_not_there_is_said(damhub):
    code, _, err = damhub("--connection", "nobody")
    assert code != 0
    assert "[no_such_connection]" in err
