"""Counts runs honestly, and prints the matrix: fault x scenario x connector x database, empty cells too."""

from __future__ import annotations

from collections import Counter, defaultdict

from tests.faults.process.cases import DATABASES, OPS

OUTCOMES = ("held", "violated", "never fired", "no verdict")
MARKS = dict(zip(OUTCOMES, ("held", "VIOLATED", "never fired", "NO VERDICT"), strict=True))
COLUMNS = tuple((connector, scenario, database) for connector, scenario in OPS for database in DATABASES)


class Matrix:
    """All results, by cell."""

    def __init__(self, results):
        self.results = list(results)
        self.cells = defaultdict(Counter)
        for result in self.results:
            self.cells[result.case.cell][result.outcome] += 1

    @property
    def totals(self):
        return Counter(result.outcome for result in self.results)

    @property
    def counted(self):
        """Runs in which a fault fired and all promises were checked; a run without a fault is none of them."""
        return [
            result for result in self.results if result.outcome in {"held", "violated"} and result.case.fault != "none"
        ]

    @property
    def good(self):
        return not (self.totals["violated"] or self.totals["no verdict"])

    def bad(self):
        return [result for result in self.results if result.outcome in {"violated", "no verdict"}]

    def unfired(self):
        return [result for result in self.results if result.outcome == "never fired"]

    def lines(self):
        """Return the matrix as text. A cell reads held/fired; what did not fire stands behind it."""
        faults = sorted({cell[0] for cell in self.cells}, key=_order)
        width = max(map(len, faults), default=5)
        heads = [f"{connector[0]}.{scenario[:5]}.{database[:2]}" for connector, scenario, database in COLUMNS]
        yield " " * width + "  " + "  ".join(f"{head:>11}" for head in heads)
        for fault in faults:
            row = [self._cell(fault, scenario, connector, database) for connector, scenario, database in COLUMNS]
            yield f"{fault:<{width}}  " + "  ".join(f"{each:>11}" for each in row)

    def _cell(self, fault, scenario, connector, database):
        count = self.cells.get((fault, scenario, connector, database))
        if not count:
            return "-"
        fired = count["held"] + count["violated"]
        text = f"{count['held']}/{fired}"
        if count["held"] == fired and fired:
            text += f" <{bound(fired)}"
        for outcome, mark in (("violated", "!"), ("never fired", "n"), ("no verdict", "?")):
            if count[outcome]:
                text += f" {count[outcome]}{mark}"
        return text

    def summary(self):
        """Return the totals: loops and mixtures apart, distinct courses of the mixtures, the slowest way to quiet."""
        loops = [result for result in self.counted if not result.case.drawn]
        mixed = [result for result in self.counted if result.case.drawn]
        totals = self.totals
        quiet = [result for result in self.results if result.outcome == "held"]
        yield "  ".join(f"{MARKS[outcome]}: {totals[outcome]}" for outcome in OUTCOMES)
        yield (
            f"{len(self.counted)} runs in which a fault fired and every promise was checked: {len(loops)} of the "
            f"exhaustive loops, {len(mixed)} random mixtures with {len({each.trace for each in mixed})} distinct "
            f"courses; {sum(result.kills for result in self.results)} processes killed."
        )
        for database in DATABASES:
            of = [result for result in self.counted if result.case.database == database]
            yield f"{database}: {len(of)} runs, {sum(result.outcome == 'held' for result in of)} held"
        yield f"Cells: {len(self.cells)} with runs, {self.empty()} empty. '<' is the bound 3/n of a cell (95 %)."
        if quiet:
            calls, minutes = max(result.calls for result in quiet), max(result.minutes for result in quiet)
            yield f"Quiet again after at most {calls} calls and {minutes:.1f} minutes of the hub's time."

    def empty(self):
        faults = {cell[0] for cell in self.cells}
        return len(faults) * len(COLUMNS) - len(self.cells)

    def as_json(self):
        """Return everything as plain values."""
        return {
            "totals": dict(self.totals), "counted": len(self.counted), "cells_empty": self.empty(),
            "cells": [
                {"fault": fault, "scenario": scenario, "connector": connector, "database": database, **count,
                 "below": bound(count["held"]) if count["held"] and not count["violated"] else None}
                for (fault, scenario, connector, database), count in sorted(self.cells.items())
            ],
            "runs": [
                {**result.case.packed(), **{k: v for k, v in vars(result).items() if k != "case"}}
                for result in self.results
            ],
        }  # fmt: skip


def bound(runs):
    """Return below what the rate lies (95 %) when none of so many independent runs failed."""
    return f"{min(100, round(300 / runs))}%"


def _order(fault):
    return (("none", "killed", "write", "read", "random").index(fault.split(":")[0].split()[0]), fault)
