"""What the demo runs: a folder that is removed at the end, a hub on loopback as it really runs, sandboxes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from connectors.sdk.errors import ConnectorError
from connectors.sdk.guard import Guard
from connectors.sdk.http import guarded_client
from connectors.sdk.public import fetch_public
from hub.app.compose import Hub
from hub.app.demo.ports import HOST, Claim
from hub.app.demo.screen import Screen
from hub.app.serve import keep_running, launch
from hub.errors import Unavailable
from hub.placements.ports import Viewer
from hub.placements.visitor import Visitor
from hub.settings import PREFIX, Settings
from hub.web.services import Services

START_S: Final = 120.0
GRACE_S: Final = 10.0
TAIL: Final = 12
SAID: Final = '{"origin"'
"""How the line begins in which a sandbox says where it is."""
OK: Final = 200


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox or a real server, and what to connect with."""

    name: str
    connector: str
    origin: str
    auth: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    ledger: Path | None = None  # where a sandbox writes down what really happened
    control_token: str = field(default="", repr=False)


class Stage:
    """Everything that must be ended, in the order in which it began."""

    def __init__(self, screen: Screen) -> None:
        """Make the folder."""
        self.screen = screen
        self.home = Path(tempfile.mkdtemp(prefix="damhub-demo-"))
        self._stack = ExitStack()
        self._stack.callback(shutil.rmtree, self.home, ignore_errors=True)
        self._failed: list[Unavailable] = []
        self.logs = self.home / "logs"
        self.logs.mkdir()

    def close(self) -> None:
        """End the processes, last begun first, and remove the folder."""
        self._stack.close()

    def on_close(self, act: Callable[[], None]) -> None:
        """Have something done at the end, before what began earlier is ended."""
        self._stack.callback(act)

    def explain(self) -> None:
        """Print the last lines that each process wrote down: they are removed with the folder."""
        for log in sorted(self.logs.glob("*.log")):
            for line in log.read_text(errors="replace").splitlines()[-TAIL:]:
                if "_PASSWORD=" not in line and not line.startswith(SAID):  # what is said at the start holds secrets
                    self.screen.last_words(f"{log.stem}: {line}", style="dim")

    # Sandboxes

    def sandboxes(self, wanted: Mapping[str, str], titles: Mapping[str, str]) -> dict[str, Served]:
        """Start a sandbox process for each name with its connector, and wait until all of them serve."""
        running = {name: self._sandbox(name, connector, titles.get(name, "")) for name, connector in wanted.items()}
        served: dict[str, Served] = {}
        with self.screen.waiting("Starting the sandboxes", of=len(running)) as done:
            for name, (process, ledger) in running.items():
                log = self.logs / f"{name}.log"
                if not self.screen.watch(lambda p=process, f=log: self._said(p, f) != {}, within_s=START_S):
                    raise _not_started(name)
                said = self._said(process, log)
                served[name] = Served(
                    name, wanted[name], said["origin"], said["auth"], said["settings"], said["secrets"], ledger,
                    said["control_token"],
                )  # fmt: skip
                done(len(served))
        return served

    def _sandbox(self, name: str, connector: str, title: str) -> tuple[subprocess.Popen[bytes], Path]:
        ledger = self.home / f"{name}.ledger"
        options = ["--ledger", str(ledger), "--title", title]
        command = [sys.executable, "-m", "connectors.testing.serve", connector, *options]
        process = self.run(name, command)
        ledger.touch()
        return process, ledger

    def run(self, name: str, command: Sequence[str], **environ: str) -> subprocess.Popen[bytes]:
        """Start a program that writes to a log of its own and is ended with the demo."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = launch(command, environ={**os.environ, **environ}, output=log.fileno())
        self._stack.callback(_end, process)
        return process

    @staticmethod
    def _said(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
        """Return what a sandbox said of itself, or nothing yet."""
        lines = [line for line in log.read_text().splitlines(keepends=True) if line.startswith(SAID)]
        if not lines and process.poll() is not None:
            raise _not_started(log.stem)
        return json.loads(lines[0]) if lines and lines[0].endswith("\n") else {}

    # The hub

    def hub(self, trusted: Sequence[str], sandboxes: Path) -> Services:
        """Open the hub in this process, on the next free port; its own processes begin with `serve`."""
        claim = Claim()
        self._stack.callback(claim.release)
        self.settings = Settings(**values(self.home / "hub", claim.port, trusted, sandboxes))
        hub = Hub.open(self.settings)
        self._stack.callback(hub.close)
        return hub.services

    def serve(self) -> None:
        """Start the web and the worker process; they run until the end."""
        stop = threading.Event()
        thread = threading.Thread(target=self._keep, args=(stop,), name="hub")
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(stop.set)

    def await_web(self) -> bool:
        """Wait until the web process answers."""
        client = guarded_client(Guard(trusted_origins=[self.settings.url]))
        with client:

            def ready() -> bool:
                self.check()
                with suppress(ConnectorError):
                    return fetch_public(f"{self.settings.url}/readyz", client=client, total_s=5).status == OK
                return False

            return self.screen.until("Starting the hub", ready, within_s=START_S)

    def visitor(self) -> Viewer:
        """Return somebody who opens public addresses without signing in."""
        client = guarded_client(Guard(trusted_origins=[*self.settings.trusted_origins, self.settings.url]))
        self._stack.callback(client.close)
        return Visitor(self.settings, client=client)

    def check(self) -> None:
        """Raise what made the hub's processes end for good.

        Raises:
            Unavailable: `process_does_not_start`.
        """
        if self._failed:
            raise self._failed[0]

    def _keep(self, stop: threading.Event) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
        given = values(
            self.settings.home, self.settings.port, self.settings.trusted_origins, self.settings.sandboxes or ""
        )
        environ |= {f"{PREFIX}{name}".upper(): _as_text(value) for name, value in given.items()}
        with (self.logs / "hub.log").open("ab") as log:
            try:
                keep_running(stop=stop, environ=environ, output=log.fileno())
            except Unavailable as failure:
                self._failed.append(failure)


def values(home: Path, port: int, trusted: Sequence[str], sandboxes: Path | str = "") -> dict[str, Any]:
    """Return every setting of the demo's hub: none is left to the environment or the file of a real one."""
    return {
        "home": home, "database_url": "", "storage": "folder", "host": HOST, "port": port, "base_url": "",
        "web_workers": 1, "web_threads": 8, "secret_key": "", "trusted_origins": list(trusted),
        "rights_default": "allow", "max_upload_bytes": 1024**3, "media_processes": 2, "clock_shift_s": 0,
        "deletion_grace_days": 30, "log_level": "WARNING", "secure_cookies": False, "folders": {},
        "sandboxes": sandboxes, "language": "en",
    }  # fmt: skip


def _as_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, list | dict | bool) else str(value)


def _not_started(name: str) -> Unavailable:
    return Unavailable(
        "process_does_not_start", f"The sandbox {name} did not start.",
        next_step="Read its messages below; `damhub sandbox NAME` starts one alone.",
    )  # fmt: skip


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end; kill what does not end in time."""
    process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
