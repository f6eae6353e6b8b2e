"""A hub in processes of its own, spoken to as a program speaks to it: over its JSON API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx

from hub.access.service import Access
from hub.app.compose import Hub
from hub.settings import Settings
from tests.services import free_ports

PASSWORD = "correct horse battery"
PATIENCE_S = 60.0


class RunningHub:
    """`damhub serve` on a free port, and an administrator who is signed in."""

    def __init__(self, settings, process):
        self.settings, self.process = settings, process
        self.http = httpx.Client(base_url=settings.url, timeout=30)

    def sign_in(self):
        answer = self.http.post("/api/v1/session", json={"email": "ada@dam.test", "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.http.headers["X-CSRF-Token"] = answer.json()["csrf"]

    def ask(self, method, path, status, **more):
        """Make one call and return what it answered."""
        answer = self.http.request(method, f"/api/v1{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def until(self, what, *, within_s=PATIENCE_S):
        """Wait until `what()` is true and return it."""
        return until(what, within_s=within_s, alive=lambda: self.process.poll() is None)


def until(what, *, within_s=PATIENCE_S, alive=lambda: True):
    """Ask again and again until the answer is true, and return it."""
    pause, ends = threading.Event(), time.monotonic() + within_s
    while time.monotonic() < ends:
        assert alive(), "the process ended"
        if found := what():
            return found
        pause.wait(0.1)
    raise AssertionError(f"not within {within_s} s")


@contextmanager
def running_hub(home, environ=None, **settings):
    """Serve a hub with these settings (as an operator would give them: in the environment) and end it in order."""
    port = free_ports()
    given = {"DAMHUB_HOME": str(home), "DAMHUB_PORT": str(port), **(environ or {})}
    given |= {f"DAMHUB_{name.upper()}": value for name, value in settings.items()}
    with _environment(given):
        read = Settings()
    _make_administrator(read)
    log = home / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.app.main", "serve"], env={**os.environ, **given}, cwd=home, stdout=out,
            stderr=out,
        )  # fmt: skip
    hub = RunningHub(read, process)
    try:
        hub.until(lambda: _answers(hub.http))
        hub.sign_in()
        yield hub
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()[-3000:]
        hub.http.close()


@contextmanager
def running_sandbox(connector, home):
    """Serve a connector's sandbox in a process of its own; yield what it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "connectors.testing.serve", connector, "--ledger", str(home / f"{connector}.ledger")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def _answers(http):
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _make_administrator(settings):
    hub = Hub.open(settings)
    access: Access = hub.services.access
    if not access.has_users():
        access.first_administrator(email="ada@dam.test", name="Ada Adler", password=PASSWORD)
    hub.close()


@contextmanager
def _environment(values):
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
