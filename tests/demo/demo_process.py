"""`damhub demo` in a process of its own, and whatever it starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.running.hub_process import until


class Demo:
    """One demo: its output, and what it leaves behind."""

    def __init__(self, folder, *options, **environ):
        self.folder = folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self._out = (folder / "out").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.app.main", "demo", *options], cwd=folder, stdout=self._out, stderr=self._out,
            env={**os.environ, "TMPDIR": str(self.temporary), "COLUMNS": "150", **environ},
        )  # fmt: skip

    @property
    def printed(self):
        return (self.folder / "out").read_text()

    def until_it_says(self, text, *, within_s=150):
        until(lambda: text in self.printed, within_s=within_s, alive=lambda: self.process.poll() is None)

    def wait(self, within_s=180):
        """Wait for the end; return the exit code."""
        return self.process.wait(within_s)

    def family(self):
        """Return every living process that carries this demo's folder in its environment, so however deep."""
        mark = f"TMPDIR={self.temporary}".encode()
        return {
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/environ")
            if mark in _read(path).split(b"\0") and not _is_dead(path.parent)
        }

    @property
    def left_behind(self):
        return sorted(self.family()), sorted(path.name for path in self.temporary.iterdir())

    def cells(self):
        """Return the rows of the final table, a list of cells each."""
        lines = iter(self.printed.splitlines())
        rows = []
        for line in lines:
            if line.startswith("Copy "):
                for row in lines:
                    if row.startswith("seen:"):
                        return rows
                    rows.append(re.split(r"\s{2,}", row.strip()))
        raise AssertionError("no table was printed")

    def close(self):
        """End it whatever state it is in; only what this demo started."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        for pid in self.family():
            os.kill(pid, signal.SIGKILL)
        self._out.close()


def _read(path):
    try:
        return path.read_bytes()
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return b""


def _is_dead(process):
    return b"\nState:\tZ" in _read(process / "status")
