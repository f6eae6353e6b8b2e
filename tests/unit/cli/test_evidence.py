"""`damhub evidence`: reports, keys and checks, with their exit codes."""

from __future__ import annotations

import io
import json
import sys
from contextlib import contextmanager

import pytest

from hub.app.commands import toolbox
from hub.cli.app import run
from hub.errors import Conflict
from tests.faults.model.world import World
from tests.unit.placements.filing import Filing


@pytest.fixture
def desk(sqlite_url, clock):
    from hub.db.unit import Database
    from hub.events.log import EventLog

    database = Database(sqlite_url)
    EventLog(database, clock)
    yield Filing(World(database, clock))
    database.dispose()


@pytest.fixture
def damhub(desk, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments, reports=None):
        import dataclasses

        @contextmanager
        def lend(_settings):
            yield desk.reports

        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        code = run(dataclasses.replace(toolbox(), reports=reports or lend), ["evidence", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def recall(desk):
    desk.name("Edda Ek")
    return desk.placements.recall(desk.actor, desk.approved(), "wrong face")


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_a_report_is_written_and_found_genuine(damhub, recall, tmp_path, form):
    code, out, _ = damhub("report", recall.id, "--form", form, "--json")
    made = json.loads(out)
    assert (code, made["number"]) == (0, 1)
    code, out, _ = damhub("verify", made["file"])
    assert (code, out.splitlines()[0]) == (0, "Genuine.")
    assert made["sha256"] in out
    code, _, err = damhub("report", recall.id, "--output", made["file"])
    assert code == 2
    assert "[report_there]" in err


def test_exit_codes_tell_changed_reports_from_those_that_cannot_be_checked(damhub, recall, tmp_path):
    damhub("report", recall.id, "--form", "json", "--output", "report.json")
    data = (tmp_path / "report.json").read_bytes()
    (tmp_path / "changed.json").write_bytes(data.replace(b"wrong face", b"right face"))
    code, out, _ = damhub("verify", "changed.json", "--json")
    assert (code, json.loads(out)["verdict"]) == (1, "altered")
    _, keys, _ = damhub("key", "--json")
    (tmp_path / "keys.json").write_text(keys)
    assert damhub("verify", "report.json", "--key", "keys.json")[0] == 0
    (tmp_path / "none.json").write_text('{"keys": []}')
    code, out, _ = damhub("verify", "report.json", "--key", "none.json")
    assert (code, out.splitlines()[0]) == (1, "NOT GENUINE.")
    assert damhub("verify", "nothing.json")[0] == 2
    assert damhub("verify", "/dev/zero")[0] == 2
    assert damhub("verify", "report.json", "--key", "report.json")[0] == 2
    assert damhub("verify", "report.json", "--key", "keys.json", "--hub", "https://hub.example")[0] == 2


def test_without_a_hub_somebody_must_name_the_keys(damhub, recall, tmp_path):
    damhub("report", recall.id, "--form", "json", "--output", "report.json")

    def nothing(_settings):
        raise Conflict("never_woken", "There is no hub in this data folder.")

    code, _, err = damhub("verify", "report.json", reports=nothing)
    assert code == 2
    assert "[no_key_to_check]" in err


def test_keys_are_shown_and_changed(damhub, recall):
    assert "No report was signed yet" in damhub("key")[1]
    damhub("report", recall.id, "--form", "json")
    code, out, _ = damhub("rotate-key", "--json")
    assert code == 0
    assert json.loads(out)["key_id"] in damhub("key")[1]
