"""Counts runs honestly: connector x fault, and only runs in which a fault fired and every promise was checked."""

from __future__ import annotations

from collections import Counter, defaultdict

from tests.faults.channels.plan import FAULTS
from tests.faults.channels.stage import CONNECTORS

OUTCOMES = ("held", "violated", "never fired", "no verdict")


class Table:
    """All results, by cell; a run in which several faults fired stands in several rows."""

    def __init__(self, results):
        self.results = list(results)
        self.cells = defaultdict(Counter)
        for result in self.counted:
            for kind in result.fired:
                self.cells[kind, result.connector][result.outcome] += 1

    @property
    def counted(self):
        """Runs in which a fault fired and that came to a verdict."""
        return [one for one in self.results if one.fired and one.outcome in {"held", "violated"}]

    @property
    def totals(self):
        return Counter(one.outcome for one in self.results)

    @property
    def bad(self):
        return [one for one in self.results if one.outcome in {"violated", "no verdict"}]

    def lines(self):
        """Return the table as text: a cell reads held/fired, and how many were violated."""
        names, width = sorted(CONNECTORS), max(map(len, FAULTS))
        yield " " * width + "".join(f"{name[:12]:>13}" for name in names) + f"{'all':>10}"
        for kind in FAULTS:
            row = [self.cells.get((kind, name), Counter()) for name in names]
            yield f"{kind:<{width}}" + "".join(f"{_cell(one):>13}" for one in row) + f"{_cell(sum(row, Counter())):>10}"
        held = [Counter(one.outcome for one in self.counted if one.connector == name) for name in names]
        yield f"{'runs':<{width}}" + "".join(f"{_cell(one):>13}" for one in held) + f"{len(self.counted):>10}"

    def summary(self):
        """Return the totals."""
        totals, traces = self.totals, {one.trace for one in self.counted}
        yield "  ".join(f"{outcome}: {totals[outcome]}" for outcome in OUTCOMES)
        empty = len(FAULTS) * len(CONNECTORS) - len(self.cells)
        yield (
            f"{len(self.counted)} runs over {len({one.connector for one in self.counted})} connectors in which a fault "
            f"fired and every promise was checked, {len(traces)} distinct courses; {empty} cells empty."
        )
        asked = Counter((one.connector, one.asked) for one in self.counted if one.asked)
        yield "A person was asked in the end: " + (
            ", ".join(f"{name} {code} {count}" for (name, code), count in sorted(asked.items())) or "never"
        )
        yield f"Processor time: {sum(one.seconds for one in self.results):.0f} s."

    def as_json(self):
        """Return everything as plain values."""
        return {
            "totals": dict(self.totals), "counted": len(self.counted),
            "cells": [
                {"fault": kind, "connector": name, **count} for (kind, name), count in sorted(self.cells.items())
            ],
            "runs": [one.packed() for one in self.results],
        }  # fmt: skip


def again(result):
    """Return a bad run, and the command that plays it again."""
    return (
        f"{result.outcome}: {result.connector} seed {result.seed}: {result.detail}\n"
        f"  steps {' '.join(result.steps)}; fired {', '.join(result.fired) or 'nothing'}\n"
        f"  python -m tests.faults.channels --connector {result.connector} --seed {result.seed}"
    )


def _cell(count):
    fired = count["held"] + count["violated"]
    if not fired:
        return "-"
    return f"{count['held']}/{fired}" + (f" {count['violated']}!" if count["violated"] else "")
