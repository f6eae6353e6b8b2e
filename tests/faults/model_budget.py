"""Spends a budget of time on layer 1, the seeded model on a virtual clock.

    python -m tests.faults.model_budget SECONDS FIRST-SEED STRIDE

prints one line of JSON: seeds played, steps taken, faults fired, and what broke.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event

from hub.clock import ManualClock
from hub.db.migrate import migrate
from hub.db.unit import Database
from hub.events.log import EventLog
from tests.faults.model.harness import VARIANTS, Broken, Play, script_of


def spend(seconds, first, stride):
    """Play seeds until the time is up."""
    told = {"seeds": 0, "steps": 0, "fired": Counter(), "broken": []}
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.sqlite3"
        made = Database(f"sqlite:///{template}")
        migrate(made)
        made.dispose()
        for seed in count(first, stride):
            if time.monotonic() > deadline:
                break
            play(seed, template, told)
    return told


def play(seed, template, told):
    """Play one seed and count it."""
    variant = sorted(VARIANTS)[seed % len(VARIANTS)]
    path = template.with_name("run.sqlite3")
    for left in ("", "-wal", "-shm"):
        Path(f"{path}{left}").unlink(missing_ok=True)
    shutil.copyfile(template, path)
    database, clock = Database(f"sqlite:///{path}"), ManualClock()
    event.listen(database.engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA synchronous=OFF").close())
    EventLog(database, clock)
    script = script_of(seed)
    with pytest.MonkeyPatch.context() as patch:
        try:
            run = Play(database, clock, patch, variant=variant, lag_ms=(seed % 3) * 1500)
            result = run.play(script)
            told["fired"].update(fault.split(":")[-1] for fault in result.fired)
        except Broken as broken:
            told["broken"].append({"seed": seed, "variant": variant, "what": str(broken)})
        finally:
            database.dispose()
    told["seeds"] += 1
    told["steps"] += len(script)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(spend(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))) + "\n")
