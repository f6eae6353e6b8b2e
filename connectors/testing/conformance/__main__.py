"""Prints the checks, each with the planted bug that proves it, and how every connector stands.

python -m connectors.testing.conformance              the scorecard of all connectors
python -m connectors.testing.conformance trello       of one
python -m connectors.testing.conformance --list       the checks and their bugs, nothing is run
python -m connectors.testing.conformance --prove      runs every check against its planted bug, too
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from connectors.sdk.manifest import Manifest
from connectors.sdk.registry import discover
from connectors.testing.conformance import CHECKS, Outcome, run
from connectors.testing.conformance.planted import BUGS
from connectors.testing.pinboard import MANIFEST as PINBOARD

MARKS = {Outcome.PASSED: "passed", Outcome.FAILED: "FAILED", Outcome.NOT_APPLICABLE: "-"}


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Print the table; 1 when a check failed or a planted bug was not caught."""
    parser = argparse.ArgumentParser(prog="connectors.testing.conformance")
    parser.add_argument("connector", nargs="*")
    parser.add_argument("--list", action="store_true", help="only list checks and planted bugs")
    parser.add_argument("--prove", action="store_true", help="also run every check against its planted bug")
    options = parser.parse_args(arguments)
    found = {**discover(), PINBOARD.name: PINBOARD}
    unknown = set(options.connector) - set(found)
    if unknown:
        parser.error(f"no connector is named {', '.join(sorted(unknown))}")
    chosen: dict[str, Manifest] = {} if options.list else {name: found[name] for name in options.connector or found}
    table, bad = _table(chosen, prove=options.prove)
    screen = console or Console()
    screen.print(table)
    screen.print(f"{len(CHECKS)} checks, {len(BUGS)} planted bugs, {len(chosen)} connectors run, {bad} failures")
    return 1 if bad else 0


def _table(chosen: Mapping[str, Manifest], *, prove: bool) -> tuple[Table, int]:
    table = Table("check", "sentence", "planted bug that proves it", *(["caught"] if prove else []), *chosen)
    bad = 0
    for name, check in CHECKS.items():
        cells: list[str] = []
        if prove:
            caught = run(PINBOARD, check, bug=BUGS[name]).outcome is Outcome.FAILED
            bad += not caught
            cells.append("caught" if caught else "NOT CAUGHT")
        for manifest in chosen.values():
            result = run(manifest, check)
            bad += result.outcome is Outcome.FAILED
            cells.append(f"{MARKS[result.outcome]} {result.why if result.outcome is Outcome.FAILED else ''}".strip())
        table.add_row(name, check.sentence, BUGS[name].sentence, *cells)
    return table, bad


if __name__ == "__main__":
    sys.exit(main())
