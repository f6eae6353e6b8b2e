"""Adds rules, facts and claims up to a scorecard; tells which claims the machine refutes."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.sdk.scorecard import Line, Scorecard, State, Tier
from connectors.testing.quality.claims import What
from connectors.testing.quality.facts import Facts
from connectors.testing.quality.rules import LONGEST, RULES, Rule


def score(facts: Facts) -> Scorecard:
    """Return how a connector stands."""
    lines = tuple(_line(rule, facts) for rule in RULES.values())
    return Scorecard(connector=facts.manifest.name, tier=tier_of(lines), lines=lines, measured=facts.measured)


def tier_of(lines: Iterable[Line]) -> Tier | None:
    """Return the highest tier of which, and of all below it, nothing is to do."""
    open_tiers = {line.tier for line in lines if line.state is State.TODO}
    reached = None
    for tier in Tier:
        if tier in open_tiers:
            return reached
        reached = tier
    return reached


def _line(rule: Rule, facts: Facts) -> Line:
    found, claim = rule.judge(facts), facts.claims.rules.get(rule.id)
    agreed = claim is not None and claim.state is State.TODO is found.state  # a person says better what is missing
    if claim is not None and (agreed or claim.state in found.may):
        return Line(rule=rule.id, tier=rule.tier, says=rule.says, state=claim.state, why=claim.why)
    return Line(rule=rule.id, tier=rule.tier, says=rule.says, state=found.state, why=found.why)


def refuted(facts: Facts) -> list[str]:
    """Say which of a person's claims are not so; empty when the file can be believed."""
    return [*_wrong_rules(facts), *_wrong_sizes(facts)]


def _wrong_rules(facts: Facts) -> Iterable[str]:
    for name, claim in facts.claims.rules.items():
        rule = RULES.get(name)
        if rule is None:
            yield f"{name}: there is no such rule"
            continue
        found = rule.judge(facts)
        if claim.state is not found.state and claim.state not in found.may:
            yield f"{name}: said to be {claim.state}, and is {found.state}: {found.why}"
        yield from (f"{name}: {test} holds no tests" for test in claim.tests if not _tests(facts, test))


def _wrong_sizes(facts: Facts) -> Iterable[str]:
    lengths: dict[What, int] = {"connector": facts.connector_lines, "folder": facts.folder_lines}
    for what in facts.claims.longer:
        if lengths[what] <= LONGEST[what]:
            yield f"longer: {what} is said to be longer, and has {lengths[what]} lines"


def _tests(facts: Facts, path: str) -> bool:
    file = (facts.top / path).resolve()
    return file.is_relative_to(facts.top) and file.is_file() and "def test_" in file.read_text(encoding="utf-8")
