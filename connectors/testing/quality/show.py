"""Prints a scorecard for a person, or as data for a program."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.sdk.scorecard import Scorecard, State
from connectors.testing.conformance import CHECKS
from connectors.testing.quality.facts import Facts
from connectors.testing.quality.judges import LONGEST

STYLES = {State.DONE: "green", State.EXEMPT: "dim", State.TODO: "yellow"}
NO_TIER = "none"


def counts(facts: Facts) -> dict[str, Any]:
    """Return the figures beside the rules."""
    measured, held = facts.measured, facts.measured.contract
    return {
        "checks": {
            "all": len(CHECKS), "passed": facts.passed, "failed": len(measured.failed),
            "not_applicable": len(measured.not_applicable),
        },
        "contract": {
            "operations": held.operations, "used": held.used, "requests_checked": held.requests,
            "sent_wrongly": held.tried, "refused": held.refused,
        },
        "lines": {"connector.py": facts.connector_lines, "folder": facts.folder_lines},
    }  # fmt: skip


def as_data(card: Scorecard, facts: Facts) -> dict[str, Any]:
    """Return all of it for a program."""
    return {**card.model_dump(mode="json", exclude={"measured"}), **counts(facts),
            "failed": facts.measured.failed, "not_applicable": facts.measured.not_applicable}  # fmt: skip


def show(card: Scorecard, facts: Facts, screen: Console) -> None:
    """Print it."""
    table = Table(
        "tier", "rule", "", "why", title=f"{facts.manifest.title}: {card.tier or NO_TIER}", title_justify="left"
    )
    for line in card.lines:
        table.add_row(line.tier, line.says, Text(line.state, style=STYLES[line.state]), line.why)
    screen.print(table)
    for sentence in sentences(facts):
        screen.print(sentence, highlight=False, soft_wrap=True)


def sentences(facts: Facts) -> list[str]:
    """Say the figures in words."""
    measured, held = facts.measured, facts.measured.contract
    reasons = sorted(set(measured.not_applicable.values()))
    grouped = [
        f"{sum(why == reason for why in measured.not_applicable.values())} because {reason}" for reason in reasons
    ]
    checks = (
        f"Checks: {facts.passed} of {len(CHECKS)} passed, {len(measured.failed)} failed, "
        f"{len(measured.not_applicable)} not applicable{': ' if grouped else ''}{'; '.join(grouped)}."
    )
    contract = (
        f"Contract: {held.operations} operations known, {held.used} of them called; {held.requests} requests checked; "
        f"{held.tried} sent wrongly on purpose, {held.refused} of them refused."
    )
    lines = (
        f"Lines: connector.py {facts.connector_lines} of {LONGEST['connector']}, "
        f"folder {facts.folder_lines} of {LONGEST['folder']} (without sandbox, companion and fixtures)."
    )
    return [checks, contract, lines]
