"""Prints the checks, each with the planted bug that proves it, and how every connector stands.

python -m connectors.testing.conformance              all connectors, each with its scorecard at the end
python -m connectors.testing.conformance trello       one
python -m connectors.testing.conformance --json       the scorecards alone, for programs
python -m connectors.testing.conformance --list       the checks and their bugs, nothing is run
python -m connectors.testing.conformance --prove      runs every check against its planted bug, too
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from connectors.sdk.manifest import Manifest
from connectors.sdk.registry import discover
from connectors.testing.conformance import CHECKS, Outcome, Result, run
from connectors.testing.conformance.planted import BUGS
from connectors.testing.pinboard import MANIFEST as PINBOARD
from connectors.testing.quality import facts_of, refuted, score
from connectors.testing.quality.measuring import Tally, summed
from connectors.testing.quality.show import as_data, show

MARKS = {Outcome.PASSED: "passed", Outcome.FAILED: "FAILED", Outcome.NOT_APPLICABLE: "-"}


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Print the table; 1 when a check failed or a planted bug was not caught."""
    parser = argparse.ArgumentParser(prog="connectors.testing.conformance")
    parser.add_argument("connector", nargs="*")
    parser.add_argument("--list", action="store_true", help="only list checks and planted bugs")
    parser.add_argument("--prove", action="store_true", help="also run every check against its planted bug")
    parser.add_argument("--json", action="store_true", help="print the scorecards alone, as JSON")
    options = parser.parse_args(arguments)
    found = {**discover(), PINBOARD.name: PINBOARD}
    unknown = set(options.connector) - set(found)
    if unknown:
        parser.error(f"no connector is named {', '.join(sorted(unknown))}")
    chosen: dict[str, Manifest] = {} if options.list else {name: found[name] for name in options.connector or found}
    screen = console or Console()
    runs = {name: Run(manifest) for name, manifest in chosen.items()}
    if options.json:
        screen.print_json(json.dumps({name: each.as_data() for name, each in runs.items()}))
        return 1 if any(each.bad for each in runs.values()) else 0
    table, missed = _table(runs, prove=options.prove)
    screen.print(table)
    for each in runs.values():
        each.show(screen)
    bad = missed + sum(each.bad for each in runs.values())
    screen.print(f"{len(CHECKS)} checks, {len(BUGS)} planted bugs, connectors run: {len(chosen)}, failures: {bad}")
    return 1 if bad else 0


class Run:
    """One connector, run."""

    def __init__(self, manifest: Manifest) -> None:
        """Carry every check out."""
        tally = Tally()
        self.results: dict[str, Result] = {name: run(manifest, check, told=tally.add) for name, check in CHECKS.items()}
        self.facts = facts_of(manifest, measured=summed(manifest, self.results, tally))
        self.card = score(self.facts)
        self.refuted = refuted(self.facts)

    @property
    def bad(self) -> int:
        """How many checks failed, and how many claims are not so."""
        return len(self.facts.measured.failed) + len(self.refuted)

    def as_data(self) -> dict[str, Any]:
        """Return the scorecard for a program."""
        return {**as_data(self.card, self.facts), "refuted": self.refuted}

    def show(self, screen: Console) -> None:
        """Print the scorecard, and what its author claims and is not so."""
        show(self.card, self.facts, screen)
        for claim in self.refuted:
            screen.print(f"REFUTED {claim}", highlight=False)


def _table(runs: Mapping[str, Run], *, prove: bool) -> tuple[Table, int]:
    table = Table("check", "sentence", "planted bug that proves it", *(["caught"] if prove else []), *runs)
    missed = 0
    for name, check in CHECKS.items():
        cells: list[str] = []
        if prove:
            caught = run(PINBOARD, check, bug=BUGS[name]).outcome is Outcome.FAILED
            missed += not caught
            cells.append("caught" if caught else "NOT CAUGHT")
        results = [each.results[name] for each in runs.values()]
        cells.extend(
            f"{MARKS[one.outcome]} {one.why if one.outcome is Outcome.FAILED else ''}".strip() for one in results
        )
        table.add_row(name, check.sentence, BUGS[name].sentence, *cells)
    return table, missed


if __name__ == "__main__":
    sys.exit(main())
