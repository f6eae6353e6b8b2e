"""`damhub serve`: keeps one web and one worker process alive until it is told to end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from hub.errors import Unavailable
from hub.jobs.signals import ending_on_signals

log = structlog.get_logger(__name__)

KINDS = ("web", "worker")
WATCH_S = 0.25
LONGEST_PAUSE_S = 30.0
GRACE_S = 30.0
"""How long a process may take to finish what it does before it is killed."""
SETTLED_S = 10.0
"""A process that lived this long had started well: its next death counts as the first."""
HOPELESS = 5
"""So many deaths at once after the start mean that no further try will help."""


def launch(command: Sequence[str], *, environ: Mapping[str, str], output: int | None = None) -> subprocess.Popen[bytes]:
    """Start a program of ours in a session of its own: Ctrl-C reaches the starter alone, which ends it in order."""
    return subprocess.Popen(  # noqa: S603 - our own programs and no outside words
        list(command), env=dict(environ), start_new_session=True, stdin=subprocess.DEVNULL, stdout=output,
        stderr=output,
    )  # fmt: skip


class Kept:
    """One process that is started again whenever it dies."""

    def __init__(self, kind: str, environ: Mapping[str, str], *, output: int | None = None) -> None:
        """Keep a process; `output` is the file that it writes to instead of our own output."""
        self.kind = kind
        self.deaths = 0
        self._environ = dict(environ)
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        self._since = self._due = 0.0

    @property
    def pid(self) -> int | None:
        """Return the number of the living process."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def watch(self) -> None:
        """Start the process if it does not live and is due.

        Raises:
            Unavailable: `process_does_not_start`.
        """
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            self._bury(now)
        if self._process is None and now >= self._due:
            command = [sys.executable, "-m", "hub.app.main", self.kind]
            self._process = launch(command, environ=self._environ, output=self._output)
            self._since = now

    def end(self) -> None:
        """Ask the process to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, until: float) -> None:
        """Wait for the end; kill what lives on at `until` by the monotonic clock (its leases end by themselves)."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("process_killed", kind=self.kind)
            self._process.kill()
            self._process.wait()

    def _bury(self, now: float) -> None:
        code = self._process.returncode if self._process else None
        self._process = None
        self.deaths = 1 if now - self._since > SETTLED_S else self.deaths + 1
        if self.deaths >= HOPELESS:
            raise Unavailable(
                "process_does_not_start",
                f"The {self.kind} process ended {self.deaths} times right after its start (exit code {code}).",
                next_step="Read its messages above, then run `damhub doctor`.",
            )
        pause = min(2.0 ** (self.deaths - 1), LONGEST_PAUSE_S)
        log.warning("process_ended", kind=self.kind, exit_code=code, starts_again_in_s=pause)
        self._due = now + pause


def keep_running(
    *,
    stop: threading.Event | None = None,
    environ: Mapping[str, str] | None = None,
    started: Callable[[tuple[Kept, ...]], None] | None = None,
    greet: Callable[[], bool] | None = None,
    output: int | None = None,
) -> None:
    """Run the processes until SIGTERM, SIGINT or `stop`, then end them in order.

    Args:
        stop: ends them, too.
        environ: theirs; this process's own by default.
        started: hears of the processes once they run.
        greet: asked again and again until it has said that the hub is there.
        output: the file that they write to instead of our own output.

    Raises:
        Unavailable: `process_does_not_start`; everything was ended.
    """
    stop = stop or threading.Event()
    kept = tuple(Kept(kind, os.environ if environ is None else environ, output=output) for kind in KINDS)
    with ending_on_signals(stop):
        try:
            for each in kept:
                each.watch()
            if started:
                started(kept)
            while not stop.wait(WATCH_S):
                for each in kept:
                    each.watch()
                if greet and greet():
                    greet = None
        finally:
            until = time.monotonic() + GRACE_S  # for all of them together: they end side by side
            for each in kept:
                each.end()
            for each in kept:
                each.wait(until)
