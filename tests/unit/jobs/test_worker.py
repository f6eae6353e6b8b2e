from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.db.base import new_id
from hub.jobs import worker
from hub.jobs.drains import Drain
from hub.jobs.models import Heartbeat, Slot
from hub.jobs.slots import LEASE_MS
from hub.settings import Settings

ROOT = Path(__file__).parents[3]
PROGRAM = """
    import sys
    from pathlib import Path
    from hub.clock import SystemClock
    from hub.db.unit import Database
    from hub.jobs.drains import Drain
    from hub.jobs.worker import run_worker
    from hub.settings import Settings

    home = Path(sys.argv[1])
    def work(owner):
        print("ran", flush=True)
        return 1
    def hang(owner):
        print("hangs", flush=True)
        import threading
        threading.Event().wait()
    drains = [Drain("work", work, 0.05)] + ([Drain("hang", hang)] if len(sys.argv) > 3 else [])
    run_worker(Settings(home=home), Database(sys.argv[2]), SystemClock(), drains)
    print("ended", flush=True)
"""


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


def start(settings, database, *more):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(settings.home), database.url, *more],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def until(stop, condition, limit_s=20.0):
    """Stop the worker when the condition holds; a limit keeps a broken worker from running for ever."""

    def watch():
        end = time.monotonic() + limit_s
        while time.monotonic() < end and not condition():
            stop.wait(0.02)
        stop.set()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def history(settings, slot=1):
    connection = sqlite3.connect(settings.home / "jobs" / f"worker-{slot}.sqlite3")
    try:
        return connection.execute("SELECT executor_id, application_version, status FROM workflow_status").fetchall()
    finally:
        connection.close()


def pending(settings, slot=1):
    """The shifts that have not ended: DBOS takes those of the dead up in its own time, about a second."""
    connection = sqlite3.connect(settings.home / "jobs" / f"worker-{slot}.sqlite3")
    try:
        rows = connection.execute("SELECT workflow_uuid FROM workflow_status WHERE status != 'SUCCESS'").fetchall()
    finally:
        connection.close()
    return {row[0] for row in rows}


def test_drains_run_side_by_side_and_a_failing_one_harms_no_other(settings, database):
    stop, runs, fails = threading.Event(), [], []

    def bad(_owner):
        fails.append(1)
        raise ValueError("broken")

    watch = until(stop, lambda: len(runs) >= 20 and len(fails) >= 2)
    drains = [Drain("good", lambda owner: runs.append(owner) or 1, 0.02), Drain("bad", bad, 0.02)]
    worker.run_worker(settings, database, SystemClock(), drains, stop=stop)
    watch.join()
    assert len(runs) >= 20
    assert len(fails) >= 2
    with database.read() as session:
        assert session.get(Heartbeat, "good").error == ""
        assert session.get(Heartbeat, "bad").error == "ValueError"
        assert session.get(Slot, 1).lease_until == 0
    assert {row[:2] for row in history(settings)} == {("1", worker.APPLICATION_VERSION)}


def test_shifts_follow_each_other_and_leave_no_history(settings, database, monkeypatch):
    monkeypatch.setattr(worker, "SHIFT_S", 0.1)
    monkeypatch.setattr(worker, "TICK_S", 0.05)
    stop, runs = threading.Event(), []
    watch = until(stop, lambda: len(runs) > 12)
    worker.run_worker(
        settings, database, SystemClock(), [Drain("work", lambda _: runs.append(1) or 1, 0.05)], stop=stop
    )
    watch.join()
    assert len(runs) > 12
    assert len(history(settings)) == 1


def test_a_worker_that_lost_its_slot_sits_down_elsewhere(settings, database, clock, monkeypatch):
    monkeypatch.setattr(worker, "TICK_S", 0.02)
    stop, owners = threading.Event(), set()

    def run(owner):
        if owner not in owners:
            owners.add(owner)
            with database.unit() as session:
                slot = session.get(Slot, 1)
                slot.owner = "another process"
                slot.lease_until = clock.now() + 10 * LEASE_MS
            clock.advance(LEASE_MS // 2)
        return 0

    watch = until(stop, lambda: len(owners) == 2)
    worker.run_worker(settings, database, clock, [Drain("work", run, 0.02)], stop=stop)
    watch.join()
    assert len(owners) == 2
    with database.read() as session:
        assert session.get(Slot, 1).owner == "another process"
        assert session.get(Slot, 2).owner in owners


def test_sigterm_ends_a_worker_cleanly(settings, database):
    process = start(settings, database)
    assert process.stdout.readline() == "ran\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert out.splitlines()[-1] == "ended"
    assert process.returncode == 0


def test_a_killed_worker_harms_nobody_and_its_work_goes_on(settings, database):
    process = start(settings, database, "hang")
    seen = {process.stdout.readline() for _ in range(2)}
    while "hangs\n" not in seen:
        seen.add(process.stdout.readline())
    process.kill()
    process.communicate()
    of_the_dead = pending(settings)
    with database.unit() as session:
        session.get(Slot, 1).lease_until = 0  # as if its lease had ended
    again = start(settings, database)
    assert again.stdout.readline() == "ran\n"
    until(threading.Event(), lambda: not of_the_dead & pending(settings), limit_s=60.0).join()
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=30)
    assert again.returncode == 0
    assert of_the_dead
    assert not pending(settings)


def test_two_workers_sit_in_two_slots(settings, database):
    both = [start(settings, database) for _ in range(2)]
    assert [process.stdout.readline() for process in both] == ["ran\n", "ran\n"]
    for process in both:
        process.send_signal(signal.SIGTERM)
    for process in both:
        process.communicate(timeout=30)
    with database.read() as session:
        assert {slot.number for slot in session.query(Slot)} == {1, 2}


def test_a_shift_of_a_process_that_died_ends_at_once():
    assert worker.shift.__wrapped__(f"work/{new_id()}") is None


def test_only_the_worker_knows_dbos():
    users = [path for path in (ROOT / "hub").rglob("*.py") if "from dbos" in path.read_text()]
    assert users == [ROOT / "hub" / "jobs" / "worker.py"]
