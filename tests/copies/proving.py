"""Notes which test proved which cell of docs/copies.md: a plugin for the run that fills the table.

python -m tests.copies     runs every test that is marked `proves`, writes proven.json and docs/copies.md anew
"""

from __future__ import annotations

import json
from pathlib import Path

RECORD = Path(__file__).with_name("proven.json")


class Proving:
    """Listens to a run of pytest."""

    def __init__(self):
        self.claims, self.passed, self.broken = {}, set(), set()

    def pytest_collection_modifyitems(self, items):
        for item in items:
            for mark in item.iter_markers("proves"):
                row, *connectors = mark.args
                self.claims.setdefault(item.nodeid, []).extend((row, each) for each in connectors)

    def pytest_runtest_logreport(self, report):
        if not report.passed:
            self.broken.add(report.nodeid)
        elif report.when == "call":
            self.passed.add(report.nodeid)

    def proven(self):
        """Return the proof of each cell, by row and connector: the first test by name."""
        cells = {}
        for nodeid in sorted(self.passed - self.broken):
            for row, connector in self.claims.get(nodeid, ()):
                cells.setdefault(row, {}).setdefault(connector, nodeid)
        return {row: dict(sorted(cells[row].items())) for row in sorted(cells)}

    def write(self):
        """Keep what was proven; what tests proved that are not part of this run stays."""
        cells = self.proven()
        for row, others in recorded().items() if RECORD.exists() else ():
            for connector, nodeid in others.items():
                if nodeid not in self.claims:
                    cells.setdefault(row, {}).setdefault(connector, nodeid)
        RECORD.write_text(json.dumps(cells, indent=1, sort_keys=True) + "\n")


def recorded():
    """Return what the last such run proved."""
    return json.loads(RECORD.read_text())
