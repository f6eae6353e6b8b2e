"""The whole `damhub worker` as the process that is killed: its own start, DBOS, the machine's clock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

from hub.clock import DAY, MINUTE, SECOND
from tests.faults.process import worker

LONGEST_S = 90.0
POLL_S = 0.2
LEASE_MS = 4 * MINUTE  # longer than what a dead worker may hold
QUIET = {"live", "withdrawn", "blocked"}


def work(run, env, *, acts):
    """Run the worker until nothing is due, or until it dies; return how it ended."""
    now = run._now() + (0 if acts else LEASE_MS)
    if acts:
        run.lane._finish(run.lane._fork(people, run.place, run.facts, run.case, now))
        now += DAY if _by_the_clock(run.case) else 0
    shift_s = (now - _machine()) // SECOND + 1
    settings = {
        "DAMHUB_HOME": run.place["home"], "DAMHUB_TRUSTED_ORIGINS": json.dumps(run.place["origins"]),
        "DAMHUB_DATABASE_URL": run.place["url"] if run.place["database"] == "postgres" else "",
        "DAMHUB_BASE_URL": "http://127.0.0.1:9", "DAMHUB_CLOCK_SHIFT_S": str(shift_s),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.app.main", "worker"], env={**os.environ, **settings, **env}, stdout=sys.stderr
    )
    try:
        code = _wait(run, process, doomed=bool(env))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    worker.Stepped(run.place["clock"], _machine() + shift_s * SECOND)
    return code


def _machine():
    return time.time_ns() // 1_000_000


def _by_the_clock(case):
    return case.scenario == "withdraw" and case.end == "licence"


def people(place, facts, case, now):
    """Act as the people do, in a process that is no worker."""
    if _by_the_clock(case):
        return  # nobody acts
    hub = worker.open_hub(place, now)
    worker.act(hub.services, worker._actor(facts), facts, case)
    hub.close()


def _wait(run, process, *, doomed):
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return process.returncode
        if not doomed and _quiet(run._rows(), run):
            process.send_signal(signal.SIGTERM)
            return process.wait(timeout=60)
        threading.Event().wait(POLL_S)
    raise TimeoutError(f"damhub worker was not done after {LONGEST_S:.0f} s")


def _quiet(rows, run):
    """Tell whether all events were planned and nothing is due soon."""
    row = rows.placement
    planned = next((cursor["seq"] for cursor in rows.cursors if cursor["consumer"] == "placements"), 0)
    asked = {"publish": "present", "replace": "present", "withdraw": "absent"}[run.case.scenario]
    return (
        row["phase"] in QUIET and row["desired"] == asked and row["lease_owner"] is None
        and planned >= rows.events[-1]["seq"] and rows.evidence and row["due_at"] > run._now() + worker.HORIZON_MS
    )  # fmt: skip
