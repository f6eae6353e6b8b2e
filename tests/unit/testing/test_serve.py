"""A sandbox in a process of its own."""

import json
import signal
import subprocess
import sys

import httpx
import pytest

from connectors.testing.ledger import read_ledger
from connectors.testing.serve import main


def test_a_sandbox_runs_in_its_own_process_until_it_is_told_to_stop(tmp_path):
    path = tmp_path / "ledger.jsonl"
    command = [
        sys.executable,
        "-m",
        "connectors.testing.serve",
        "trello",
        "--ledger",
        str(path),
        "--control-token",
        "t",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        assert told["control_token"] == "t"
        held = told["secrets"]
        headers = {"Authorization": f'OAuth oauth_consumer_key="{held["key"]}", oauth_token="{held["token"]}"'}
        with httpx.Client(base_url=told["origin"], headers=headers, trust_env=False) as client:
            boards = client.get("/1/members/me/boards").json()
            card = client.get(f"/1/boards/{boards[0]['id']}/cards/open").json()[0]["id"]
            url = "https://hub.example/p/x"
            assert client.post(f"/1/cards/{card}/attachments", params={"url": url}).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    effects = read_ledger(path)
    assert [(effect.target, effect.facts["url"]) for effect in effects] == [(card, url)]


def test_an_unknown_connector_is_named_with_those_that_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["nobody"])
    assert "trello" in capsys.readouterr().err
