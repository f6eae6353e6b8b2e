"""`damhub listen`: what it takes, what it refuses, what it shows, and how it follows a hub's feed."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection

import pytest
from werkzeug.serving import make_server

from connectors.sdk.errors import Unreachable
from connectors.sdk.push import Answer
from hub.access.actors import Role
from hub.app.commands import toolbox
from hub.cli import listening
from hub.cli.app import REFUSED, run
from hub.cli.following import Follower
from hub.cli.listening import Hearing, asking, forwarder, show_json, show_line
from hub.cli.receiving import MOST_BYTES, Heard, Receiver, serving
from hub.db.installation import wake
from hub.db.models import Installation
from hub.db.unit import Database
from hub.errors import Unavailable
from hub.events.log import EventLog, emit
from tests.web_hub import WebHub
from webhooks import new_secret, sign, verify

NOW = 1_790_000_000
BODY = b'{"data":{"asset_id":"a","fields":["title","alt_text"]},"timestamp":"2026","type":"asset.metadata_changed"}'
SECRET = new_secret()


def signed(message_id="m1", secret=SECRET, body=BODY):
    return sign([secret], message_id=message_id, now_s=NOW, body=body)


@pytest.fixture
def told():
    return []


@pytest.fixture
def heard():
    return []


@pytest.fixture
def receiver(heard, told):
    return Receiver([SECRET], lambda one: heard.append(one) or True, told.append)


def test_a_genuine_message_is_taken_once(receiver, heard, told):
    headers = signed() | {"Content-Type": "application/json"}
    assert receiver.take(headers, BODY, now_s=NOW) == 204
    assert receiver.take(headers, BODY, now_s=NOW + 5) == 204
    assert [(one.id, one.body, one.headers) for one in heard] == [("m1", BODY, signed())]
    assert told == ["Again, and dropped: m1."]


@pytest.mark.parametrize(
    ("headers", "body", "now_s"),
    [
        (signed(secret=new_secret()), BODY, NOW),
        (signed(), BODY + b" ", NOW),
        (signed(), BODY, NOW + 301),
        ({}, BODY, NOW),
    ],
)
def test_what_is_not_genuine_is_refused_and_not_shown(receiver, heard, told, headers, body, now_s):
    assert receiver.take(headers, body, now_s=now_s) == 401
    assert heard == []
    assert told[0].startswith("Refused: ")


def test_without_a_secret_everything_with_an_id_is_taken(heard, told):
    receiver = Receiver([], lambda one: heard.append(one) or True, told.append)
    assert receiver.take({"Webhook-Id": "x"}, b"{}", now_s=NOW) == 204
    assert receiver.take({}, b"{}", now_s=NOW) == 400
    assert [one.id for one in heard] == ["x"]


def test_what_could_not_be_handed_on_is_asked_for_again(heard, told):
    answers = iter([False, True])
    receiver = Receiver([SECRET], lambda one: heard.append(one) or next(answers), told.append)
    assert receiver.take(signed(), BODY, now_s=NOW) == 502
    assert receiver.take(signed(), BODY, now_s=NOW) == 204
    assert len(heard) == 2


def test_over_a_socket_messages_are_handed_on_as_they_came(receiver, heard, told):
    with serving(receiver, port=0, now_s=lambda: NOW) as inner:
        onward = Receiver([], Hearing(show_json, forwarder(inner, SECRET), told.append).hear, told.append)
        with serving(onward, port=0, now_s=lambda: NOW) as outer:
            send = forwarder(outer, SECRET)
            assert send(Heard("m1", BODY, signed())) == ""
            assert send(Heard("m2", BODY, signed("m2", new_secret()))) == f"{outer} answered 502."
    assert [(one.id, one.headers) for one in heard] == [("m1", signed())]
    assert told[-1] == f"Not handed on: {inner} answered 401."
    assert "does not answer" in send(Heard("m3", BODY, {}))


def test_over_a_socket_only_posts_of_a_sane_size_are_taken(receiver, heard):
    import httpx

    with serving(receiver, port=0, now_s=lambda: NOW) as address:
        assert httpx.get(address).status_code == 501
        connection = HTTPConnection(address.removeprefix("http://"))
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", str(MOST_BYTES + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
        assert httpx.post(address, content=BODY, headers=signed()).status_code == 204
    assert len(heard) == 1


def test_messages_are_shown_to_people_and_to_programs(capsys):
    show_line(Heard("m1", BODY, {}))
    show_line(Heard("m2", b"[1, 2]", {}))
    show_line(Heard("m3", b"\x1b[2Jnothing", {}))
    people = capsys.readouterr().out.splitlines()
    assert people[0] == "2026  asset.metadata_changed  asset_id a  fields title, alt_text"
    assert people[1:] == ["m2  no message of a hub: [1, 2]", "m3  no message of a hub:  [2Jnothing"]
    show_json(Heard("m1", BODY, {}, "1-7"))
    show_json(Heard("m3", b"nothing", {}))
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"id": "m1", "cursor": "1-7", "message": json.loads(BODY)}
    assert second == {"id": "m3", "message": "nothing"}


# A hub's feed


@pytest.fixture
def hub(sqlite_url, clock, tmp_path):
    """A hub behind a real socket, with an administrator's token for its events."""
    database = Database(sqlite_url)
    EventLog(database, clock)
    made = WebHub(database, clock, tmp_path).settle_in()
    wake(database, made.settings, clock)
    _, made.token = made.services.access.issue_token(
        made.people[Role.ADMINISTRATOR], label="listens", scopes=["events"], days=1
    )
    server = make_server("127.0.0.1", 0, made.app, threaded=True)
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    database.dispose()


def happen(hub, *subjects):
    with hub.database.unit() as unit:
        for subject in subjects:
            emit(unit, "asset.archived", subject, actor="u")


def test_a_hubs_feed_is_followed_from_now_on_and_every_page_is_read(hub, heard, told, monkeypatch):
    monkeypatch.setattr("hub.cli.following.PAGE", 2)
    happen(hub, "before")
    follower = Follower(asking(hub.address + "/", hub.token), told.append, kinds=("asset.*",))
    waits = []

    def pause(seconds):
        waits.append(seconds)
        if len(waits) == 1:
            happen(hub, *"abcde")
        return len(waits) < 3

    follower.follow(lambda one: heard.append(one) or True, pause)
    assert [json.loads(one.body)["data"]["asset_id"] for one in heard] == list("abcde")
    assert len(waits) == 3
    assert told == []
    again = []
    Follower(asking(hub.address, hub.token), told.append, heard[2].cursor).follow(
        lambda one: again.append(one) or True, lambda _: False
    )
    assert again == heard[3:]


def test_after_a_restore_of_the_hub_reading_goes_on_from_now_on_and_says_so(hub, heard, told):
    happen(hub, "before")
    follower = Follower(asking(hub.address, hub.token), told.append)
    follower.follow(lambda one: True, lambda _: False)
    with hub.database.unit() as unit:
        unit.query(Installation).one().epoch += 1
    rounds = []

    def pause(_):
        rounds.append(1)
        if len(rounds) == 2:
            happen(hub, "after")
        return len(rounds) < 3

    follower.follow(lambda one: heard.append(one) or True, pause)
    assert [json.loads(one.body)["data"]["asset_id"] for one in heard] == ["after"]
    assert len(told) == 1
    assert "restored" in told[0]


def test_a_token_that_may_not_read_is_told_with_what_the_hub_says(hub, told):
    editor = hub.people[Role.EDITOR]
    _, narrow = hub.services.access.issue_token(editor, label="n", scopes=["upload"], days=1)
    for token in (narrow, "dh_wrong"):
        with pytest.raises(Unavailable) as refused:
            Follower(asking(hub.address, token), told.append).follow(lambda one: True, lambda _: False)
        assert refused.value.code == "feed_refused"
        assert "token" in refused.value.what


def test_a_hub_that_is_silent_is_asked_again_and_said_so_once(told):
    answers = [Unreachable("no answer"), Unreachable("no answer"), Answer(200, b'{"items":[],"cursor":"1-1","more":0}')]

    def ask(_):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    Follower(ask, told.append).follow(lambda one: True, lambda _: bool(answers))
    assert told == ["no answer Trying on."]


@pytest.mark.parametrize("answer", [Answer(200, b"<html>"), Answer(200, b"{}"), Answer(502, b"bad gateway")])
def test_what_is_no_hub_is_told(answer, told):
    with pytest.raises(Unavailable):
        Follower(lambda _: answer, told.append).follow(lambda one: True, lambda _: False)


# The command


def test_the_command_reads_a_feed_hands_messages_on_signed_and_ends_by_ctrl_c(hub, heard, monkeypatch, capsys):
    waits = []

    def wait(_):
        waits.append(1)
        if len(waits) == 2:
            raise KeyboardInterrupt
        happen(hub, "a")
        return True

    monkeypatch.setattr(listening, "_wait", wait)
    receiver = Receiver([SECRET], lambda one: heard.append(one) or True, print)
    import time

    with serving(receiver, port=0, now_s=lambda: int(time.time())) as inner:
        monkeypatch.setenv("HUB_TOKEN", hub.token)
        monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
        code = run(toolbox(), ["listen", "--hub", hub.address, "--json", "--forward", inner])
    assert code == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["message"]["data"] == {"asset_id": "a"}
    ((one,)) = heard
    assert verify([SECRET], one.headers, one.body, now_s=int(one.headers["webhook-timestamp"])) == one.id


def test_the_command_takes_webhooks(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    class Event:
        wait = staticmethod(interrupted)

    monkeypatch.setattr(listening.threading, "Event", Event)
    monkeypatch.setattr(listening, "serving", _at_once)
    assert run(toolbox(), ["listen", "--port", "0"]) == 0
    told = capsys.readouterr()
    assert "type asset.archived" not in told.out
    assert "asset.metadata_changed" in told.out
    assert "no signature is checked" in told.err


def _at_once(receiver, *, port, now_s):
    """Stand in for the socket: one message comes at once."""
    from contextlib import nullcontext

    assert receiver.take(signed(), BODY, now_s=NOW) == 204
    return nullcontext("http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("arguments", "token"),
    [
        (["--hub", "https://hub.example"], ""),
        (["--hub", "ftp://x"], "t"),
        (["--forward", "nowhere"], ""),
    ],
)
def test_what_cannot_be_done_is_refused(arguments, token, monkeypatch, capsys):
    monkeypatch.setenv("HUB_TOKEN", token)
    assert run(toolbox(), ["listen", *arguments]) == REFUSED
    assert capsys.readouterr().err
