"""How much of the code ran while it was tested: said in one line, held to a floor, and what is missing in a file.

SlipCover counts in each process of a run side by side (`make test`) and puts their counts together where
`SLIPCOVER_COVERAGE_DIR` says; without it, nothing is counted and nothing is said.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import slipcover

FLOOR = 96.5
"""Per cent of lines and branches together. It only rises."""
MISSING = Path("build/missing.txt")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Fail a run that was good and too small, or whose counts were lost."""
    folder = _folder()
    if folder is None:
        return
    counted = _counted(folder)
    session.config.stash[_KEY] = counted
    if session.exitstatus == pytest.ExitCode.OK and (counted is None or percent(counted) < FLOOR):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """Say how much ran, and where the rest is listed."""
    if _KEY not in config.stash:
        return
    counted = config.stash[_KEY]
    if counted is None:
        terminalreporter.section("coverage")
        terminalreporter.line("Nothing was counted: the processes of this run left no counts behind.", red=True)
        return
    MISSING.parent.mkdir(exist_ok=True)
    with MISSING.open("w") as out:
        slipcover.print_coverage(counted, outfile=out, skip_covered=True)
    short = percent(counted) < FLOOR
    terminalreporter.section("coverage")
    terminalreporter.line(
        f"{percent(counted):.2f} % of {size(counted)} lines and branches; the floor is {FLOOR:g} %. "
        f"What did not run stands in {MISSING}.",
        red=short,
    )


def percent(counted):
    """Return how much ran, of lines and branches together."""
    return counted["summary"]["percent_covered"]


def size(counted):
    """Return how many lines and branches there are."""
    told = counted["summary"]
    return sum(told[name] for name in ("covered_lines", "missing_lines", "covered_branches", "missing_branches"))


def _folder():
    """Return where the counts of a run side by side are put; None in its workers, and where nothing is counted."""
    folder = os.environ.get("SLIPCOVER_COVERAGE_DIR")
    return Path(folder) if folder and "PYTEST_XDIST_WORKER" not in os.environ else None


def _counted(folder):
    merged = folder / "merged.json"
    return json.loads(merged.read_text()) if merged.exists() else None


_KEY = pytest.StashKey[dict | None]()
