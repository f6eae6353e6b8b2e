"""Real servers for tests: started on free loopback ports in a folder of their own, stopped at the end.

Each server is a script (`<name>.sh start|stop`, which prints KEY=VALUE lines) and a module with a session fixture
built on `running`. pytest loads every module of this folder by itself. Where a server cannot start, the tests that need
it are left out and the closing summary says which and why; `--require-services` turns that into failures.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_gaps: dict[str, str] = {}
_left_out: dict[str, set[str]] = {}


class CannotStart(Exception):
    """The server cannot run on this machine; the text says why."""


def free_ports(count: int = 1) -> int:
    """Return the first of `count` ports in a row that are free now, below those that outgoing connections take."""
    while True:
        port = random.randrange(16_000, 32_000)
        with ExitStack() as bound:
            try:
                for offset in range(count):
                    bound.enter_context(socket.socket()).bind(("127.0.0.1", port + offset))
            except OSError:
                continue
            return port


def call(script: str, command: str, *, timeout: float = 420, **knobs: str) -> dict[str, str]:
    """Run `<script>.sh <command>` and return the KEY=VALUE lines that it printed."""
    # Output goes to files: a server that is left running would keep a pipe open for ever.
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        try:
            ended = subprocess.run(
                [str(HERE / f"{script}.sh"), command],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                timeout=timeout,
                env={**os.environ, "PYTHON": sys.executable, **knobs},
            )
        except subprocess.TimeoutExpired:
            raise CannotStart(f"{script}.sh {command} took over {timeout:.0f} s") from None
        out.seek(0)
        err.seek(0)
        if ended.returncode:
            lines = err.read().strip().splitlines()
            raise CannotStart(lines[-1] if lines else f"{script}.sh ended with {ended.returncode}")
        return dict(line.split("=", 1) for line in out.read().splitlines() if "=" in line)


@contextmanager
def running(script: str, home: Path, **knobs: str) -> Generator[dict[str, str]]:
    """Start a server and stop it at the end; yield what its script printed."""
    knobs["SVC_HOME"] = str(home)
    try:
        yield call(script, "start", **knobs)
    finally:
        with suppress(CannotStart):  # why it did not start says more than why it did not stop
            call(script, "stop", **knobs)


def note_gap(name: str, why: str) -> None:
    """Remember that a service cannot run here."""
    _gaps[name] = why


def need(request: pytest.FixtureRequest, name: str) -> None:
    """Leave the asking test out when the service `name` is known to be unable to run; fail if services are required."""
    why = _gaps.get(name)
    if why is None:
        return
    _left_out.setdefault(name, set()).add(request.node.nodeid.split("::")[0])
    if services_required(request.config):
        pytest.fail(f"{name} is required and cannot run here: {why}", pytrace=False)
    pytest.skip(f"{name} cannot run here: {why}")


def services_required(config: pytest.Config) -> bool:
    """Tell whether a server that cannot start is a failure."""
    return bool(config.getoption("--require-services")) or os.environ.get("DAMHUB_REQUIRE_SERVICES") == "1"


def summary() -> list[str]:
    """Return one line for each suite that was left out."""
    return [f"{suite}: needs {name}: {_gaps[name]}" for name in sorted(_left_out) for suite in sorted(_left_out[name])]
