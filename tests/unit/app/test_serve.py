"""`damhub serve` as an operator runs it: in processes of its own, on a free port, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from hub.app import serve
from hub.app.announce import announce, begin
from hub.app.ports import refuse_taken_port
from hub.app.serve import HOPELESS, KINDS, keep_running
from hub.errors import Unavailable
from hub.settings import Settings
from tests.running.hub_process import until
from tests.services import free_ports

PASSWORD = "correct horse battery"


class Served:
    """A hub that runs, its log, and the processes that belong to it."""

    def __init__(self, home, port, **environ):
        self.home, self.url = home, f"http://127.0.0.1:{port}"
        home.mkdir()
        self.environ = {**os.environ, "DAMHUB_HOME": str(home), "DAMHUB_PORT": str(port), **environ}
        self._log = (home / "serve.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.app.main", "serve"], cwd=home, env=self.environ,
            stdout=self._log, stderr=self._log,
        )  # fmt: skip

    @property
    def log(self):
        return (self.home / "serve.log").read_text()

    def children(self):
        """Return the living processes that `serve` started, by kind; theirs are not among them."""
        return {_command(pid)[-1]: pid for pid in _children(self.process.pid)}

    def family(self):
        """Return everything that `serve` started, however deep."""
        found, todo = set(), [self.process.pid]
        while todo:
            new = set(_children(todo.pop())) - found
            found |= new
            todo += new
        return found

    def answers(self, path):
        try:
            return httpx.get(self.url + path).status_code
        except httpx.TransportError:
            return 0

    def fill_in(self, path, **typed):
        """Fill the form of the first run in, in a new browser that has seen the page at `path`."""
        with httpx.Client(base_url=self.url, follow_redirects=True, headers={"Origin": self.url}) as browser:
            hidden = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', browser.get(path).text))
            person = {"email": "ada@dam.test", "name": "Ada Adler", "password": PASSWORD}
            return browser.post("/first-run", data={**hidden, **person, **typed}).status_code

    def until(self, what):
        return until(what, alive=lambda: self.process.poll() is None)

    def close(self):
        """End it whatever state it is in; only what this test started."""
        started = self.family() | {self.process.pid}
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        for pid in started:
            if _lives(pid):
                os.kill(pid, signal.SIGKILL)
        self._log.close()


@pytest.fixture
def served(tmp_path):
    hub = Served(tmp_path / "home", free_ports())
    yield hub
    hub.close()


@pytest.mark.long
def test_a_new_hub_answers_gets_its_administrator_heals_itself_and_ends_in_order(served):
    # Whoever opens the address at the moment when it is printed finds the hub.
    served.until(lambda: f"damhub: {served.url}" in served.log)
    assert (served.answers("/healthz"), served.answers("/readyz")) == (200, 200)
    served.until(lambda: "Ctrl-C ends it" in served.log)
    assert set(served.children()) == set(KINDS)

    # The administrator is made at the address that was printed, once, and nowhere else.
    first_run = re.search(rf"{served.url}(/first-run\?code=\S+)", served.log)[1]
    code = first_run.partition("=")[2]
    assert served.fill_in(first_run, code="wrong") == 403
    assert served.fill_in(first_run, code=code) == 200
    assert served.fill_in("/sign-in", code=code, email="eve@dam.test") == 409
    signed_in = httpx.post(served.url + "/api/v1/session", json={"email": "ada@dam.test", "password": PASSWORD})
    assert signed_in.status_code == 201

    # Whichever process is killed is started again; the other goes on.
    for kind in KINDS:
        before = served.children()
        os.kill(before[kind], signal.SIGKILL)
        after = served.until(lambda kind=kind, before=before: _replaced(served.children(), before, kind))
        assert {k: pid for k, pid in after.items() if k != kind} == {k: p for k, p in before.items() if k != kind}
    served.until(lambda: served.answers("/readyz") == 200)

    # The doctor, asked as an operator asks, finds nothing bad.
    asked = subprocess.run(
        [sys.executable, "-m", "hub.app.main", "doctor", "--json"], cwd=served.home, env=served.environ,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    bad = [each for each in json.loads(asked.stdout)["findings"] if each["verdict"] == "bad"]
    assert (asked.returncode, bad) == (0, [])

    # SIGTERM ends everything in order and leaves nothing behind.
    family = served.family()
    assert len(family) >= len(KINDS)
    served.process.terminate()
    assert served.process.wait(60) == 0, served.log[-2000:]
    assert [pid for pid in family if _lives(pid)] == []
    assert "Traceback" not in served.log


def test_a_taken_port_is_told_at_once_with_what_to_do(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        hub = Served(tmp_path / "home", taken.getsockname()[1])
        try:
            assert hub.process.wait(60) == 1
            assert "[port_taken]" in hub.log
            assert "set DAMHUB_PORT to a free port" in hub.log
            assert "Traceback" not in hub.log
            assert not (hub.home / "damhub.sqlite3").exists()
        finally:
            hub.close()


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_an_address_that_is_not_of_this_machine_is_told_apart_from_a_taken_port(host):
    with pytest.raises(Unavailable) as refused:
        refuse_taken_port(Settings(host=host))
    assert (refused.value.code, refused.value.where) == ("address_not_usable", "DAMHUB_HOST")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_port_is_noticed_on_both_kinds_of_addresses(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken, pytest.raises(Unavailable) as refused:
        refuse_taken_port(Settings(host=host, port=taken.getsockname()[1]))
    assert refused.value.code == "port_taken"


def test_a_process_that_cannot_start_is_given_up_and_the_other_is_ended(monkeypatch, tmp_path):
    # `web` is a program that fails at once, `worker` one that lives until it is told to end.
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\n[ "$3" = web ] && exit 3\nexec sleep 600\n')
    program.chmod(0o700)
    monkeypatch.setattr(serve.sys, "executable", str(program))
    monkeypatch.setattr(serve, "WATCH_S", 0.01)
    monkeypatch.setattr(serve, "LONGEST_PAUSE_S", 0.0)
    kept = []
    with pytest.raises(Unavailable) as refused:
        keep_running(environ={"PATH": os.environ["PATH"]}, started=kept.extend)
    assert refused.value.code == "process_does_not_start"
    assert f"The web process ended {HOPELESS} times" in refused.value.what
    assert "exit code 3" in refused.value.what
    assert [each.pid for each in kept] == [None, None]
    assert kept[1]._process.returncode == -signal.SIGTERM


def test_a_death_after_a_good_start_counts_as_the_first(monkeypatch):
    kept = serve.Kept("web", {})
    lengths = iter([1.0, 1.0, 1.0, 60.0, 1.0, 1.0, 1.0, 1.0])
    now = [100.0]
    monkeypatch.setattr(serve.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(serve.subprocess, "Popen", lambda *_given, **_named: _Dead())
    deaths = []

    def live_and_die():
        for length in lengths:
            now[0] += serve.LONGEST_PAUSE_S
            kept.watch()  # starts
            now[0] += length
            kept.watch()  # buries
            deaths.append(kept.deaths)

    with pytest.raises(Unavailable):
        live_and_die()
    assert deaths == [1, 2, 3, 1, 2, 3, 4]


def test_a_process_that_does_not_end_in_time_is_killed():
    kept = serve.Kept("web", os.environ)
    stubborn = subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.signal(15, 1); print(1, flush=True); signal.pause()"],
        stdout=subprocess.PIPE,
    )
    assert stubborn.stdout.readline()
    kept._process = stubborn
    kept.end()
    kept.wait(time.monotonic() + 0.2)
    stubborn.stdout.close()
    assert stubborn.returncode == -signal.SIGKILL
    assert kept.pid is None


def test_serve_says_where_the_hub_is_once_it_answers_and_which_settings_are_misspelt(tmp_path):
    from rich.console import Console

    settings = Settings(home=tmp_path / "home", port=free_ports())
    said = Console(record=True, width=200, file=(tmp_path / "said").open("w"))
    begin(said, environ={"DAMHUB_HOEM": "x"})
    assert not announce(settings, "one-time", said)  # nobody listens there
    assert settings.url not in said.export_text(clear=False)
    assert announce(settings, "one-time", said, up=lambda _: True)
    first = said.export_text()
    assert announce(settings, None, said, up=lambda _: True)
    said.file.close()
    assert "DAMHUB_HOEM is no setting and has no effect. Did you mean DAMHUB_HOME?" in first
    assert f"{settings.url}/first-run?code=one-time" in first
    then = said.export_text()
    assert f"damhub: {settings.url}" in then
    assert "first-run" not in then


def test_the_greeting_is_asked_for_until_it_was_said(monkeypatch):
    monkeypatch.setattr(serve.subprocess, "Popen", lambda *_given, **_named: _Living())
    asked = []

    def greet():
        asked.append(len(asked))
        return len(asked) == 3

    keep_running(stop=_Rounds(6), environ={}, greet=greet)
    assert asked == [0, 1, 2], "not yet, not yet, said; and never again"


class _Rounds(threading.Event):
    """A stop that comes after so many rounds, without waiting in between."""

    def __init__(self, left):
        super().__init__()
        self.left = left

    def wait(self, timeout=None):
        self.left -= 1
        return self.left < 0


class _Living:
    """A process that lives until it is told to end."""

    pid = 0
    returncode = 0

    def poll(self):
        return None

    def terminate(self):
        pass

    def wait(self, timeout=None):
        return 0


class _Dead:
    """A process that has ended."""

    pid = 0
    returncode = 1

    def poll(self):
        return self.returncode


def _replaced(now, before, kind):
    return now if set(now) == set(KINDS) and now[kind] != before[kind] else None


def _children(pid):
    return [int(each) for each in _proc(f"{pid}/task/{pid}/children").split() if _lives(each)]


def _command(pid):
    return _proc(f"{pid}/cmdline").strip("\0").split("\0")


def _lives(pid):
    return _proc(f"{pid}/stat").rpartition(")")[2].split()[:1] not in ([], ["Z"])


def _proc(name):
    """Read a file about a process; nothing when it is not there any more."""
    try:
        return (Path("/proc") / name).read_text()
    except OSError:
        return ""
