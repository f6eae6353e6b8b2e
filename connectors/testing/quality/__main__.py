"""Writes scorecards, the generated block of each connector's README, and docs/connectors.md.

python -m connectors.testing.quality                  everything that needs no run of the suite (a second)
python -m connectors.testing.quality trello           runs the suite for Trello first, and keeps what it found
python -m connectors.testing.quality --measure        runs it for all connectors first
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import connectors
from connectors.sdk.manifest import Manifest
from connectors.sdk.registry import discover
from connectors.sdk.scorecard import FILE, Scorecard, folder_of
from connectors.testing.quality import measure, pages, refuted, score
from connectors.testing.quality.facts import Facts, facts_of

TOP = Path(connectors.__path__[0]).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is known; 1 when a claim is refuted."""
    parser = argparse.ArgumentParser(prog="connectors.testing.quality")
    parser.add_argument("connector", nargs="*", help="run the suite for these first")
    parser.add_argument("--measure", action="store_true", help="run it for all connectors first")
    options = parser.parse_args(arguments)
    found = ours(discover())
    unknown = set(options.connector) - set(found)
    if unknown:
        parser.error(f"no connector of this tree is named {', '.join(sorted(unknown))}")
    fresh = set(found) if options.measure else set(options.connector)
    stood = standing({name: found[name] for name in found}, fresh)
    for path, text in written(stood).items():
        path.write_text(text, encoding="utf-8")
    wrong = [f"{name}: {claim}" for name, (facts, _) in stood.items() for claim in refuted(facts)]
    sys.stdout.writelines(f"{name}: {card.tier or 'none'}\n" for name, (_, card) in stood.items())
    sys.stderr.writelines(f"{one}\n" for one in wrong)
    return 1 if wrong else 0


def ours(found: Mapping[str, Manifest]) -> dict[str, Manifest]:
    """Return the connectors of this tree: those of other packages are their authors' to write about."""
    return {name: one for name, one in sorted(found.items()) if folder_of(one).is_relative_to(TOP / "connectors")}


def standing(found: Mapping[str, Manifest], fresh: set[str]) -> dict[str, tuple[Facts, Scorecard]]:
    """Return how these connectors stand; the suite is run for those in `fresh`."""
    facts = {name: facts_of(one, measured=measure(one) if name in fresh else None) for name, one in found.items()}
    return {name: (each, score(each)) for name, each in facts.items()}


def written(stood: Mapping[str, tuple[Facts, Scorecard]]) -> dict[Path, str]:
    """Return every file that is generated, with what should be in it."""
    files = {TOP / "docs" / "connectors.md": pages.page(stood)}
    for facts, card in stood.values():
        readme = facts.folder / "README.md"
        if readme.is_file():
            files[readme] = pages.with_block(readme.read_text(encoding="utf-8"), facts.manifest)
        if facts.ran:
            files[facts.folder / FILE] = in_lines(card)
    return files


def in_lines(card: Scorecard) -> str:
    """Return a scorecard as JSON with a line for each rule, so that differences can be read."""
    rules = ",\n  ".join(line.model_dump_json() for line in card.lines)
    head = f'"connector": {json.dumps(card.connector)},\n "tier": {json.dumps(card.tier)}'
    return f'{{\n {head},\n "lines": [\n  {rules}\n ],\n "measured": {card.measured.model_dump_json()}\n}}\n'


if __name__ == "__main__":
    sys.exit(main())
