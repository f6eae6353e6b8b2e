"""How a rule is judged: each function looks at the facts and says what it found, and what a person may add to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from connectors.sdk.manifest import Capability
from connectors.sdk.scorecard import State
from connectors.testing.quality.claims import What
from connectors.testing.quality.facts import Facts
from connectors.testing.quality.settings import servers

NOT_YET: Final = "Not offered yet"
LONGEST: Final[Mapping[What, int]] = {"connector": 300, "folder": 700}
SECTIONS: Final = {
    "how to connect": r"^(##+ |\*\*)(Connect|What you need)",
    "what works": r"^##+ What (works|it does)",
    "what cannot be done": r"^(##+ |\*\*)(Cannot|What cannot)",
    "limits": r"^##+ Limits",
    "troubleshooting": r"^##+ (Troubleshooting|When something)",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a machine can tell; `may` is what a person may say instead."""

    state: State
    why: str
    may: frozenset[State] = frozenset()


Judge = Callable[[Facts], Found]
EXEMPT: Final = frozenset({State.EXEMPT})
PERSON: Final = frozenset({State.DONE})


def done(why: str) -> Found:
    """Return that it is so."""
    return Found(State.DONE, why)


def todo(why: str, may: frozenset[State] = frozenset()) -> Found:
    """Return that it is not so."""
    return Found(State.TODO, why, may)


def passing(*patterns: str, needs: tuple[Capability, ...] = ()) -> Judge:
    """Judge by checks of the suite; where none of the abilities in `needs` is declared, by their gaps."""

    def judge(facts: Facts) -> Found:
        names = list(facts.checks(*patterns))
        failed = [name for name in names if name in facts.measured.failed]
        if failed:
            return todo(f"{failed[0]}: {facts.measured.failed[failed[0]]}")
        if names:
            return done("The checks of the suite pass.")
        return missing(facts, needs)

    return judge


def missing(facts: Facts, needs: tuple[Capability, ...]) -> Found:
    """Say why an ability is not there: the vendor has none, or the connector does not offer it yet."""
    gaps = [facts.manifest.gaps.get(one.value, "") for one in needs if one not in facts.manifest.abilities]
    gap = next((gap for gap in gaps if gap.startswith(NOT_YET)), "") or next(filter(None, gaps), "")
    if not gap or gap.startswith(NOT_YET):
        return todo(gap or "No check of the suite applies.")
    return Found(State.EXEMPT, gap, frozenset({State.TODO}))  # a person may know better


def whole_suite(facts: Facts) -> Found:
    """Judge the suite as a whole."""
    failed = facts.measured.failed
    return todo(f"{len(failed)} checks fail.") if failed else done("No check fails.")


def connect_described(facts: Facts) -> Found:
    """Look whether the README says how to connect."""
    lacks = _lacking(facts, "how to connect", "what cannot be done")
    return todo(f"The README does not say {', '.join(lacks)}.") if lacks else done("The README says so.")


def documented(facts: Facts) -> Found:
    """Look whether the README has every part, and names each scope that is asked for."""
    lacks = _lacking(facts, *SECTIONS)
    if lacks:
        return todo(f"The README has no part on {', '.join(lacks)}.")
    unnamed = [scope for scope in _scopes(facts) if scope.rpartition("/")[2] not in facts.readme]
    if unnamed:
        return todo(f"The README does not name the scope {unnamed[0]}.")
    return done("The README has every part, and names every scope.")


def _lacking(facts: Facts, *parts: str) -> list[str]:
    return [part for part in parts if not re.search(SECTIONS[part], facts.readme, flags=re.MULTILINE)]


def _scopes(facts: Facts) -> list[str]:
    return [scope for _, server in servers(facts.manifest) if server for scope in server.scopes]


def limited(facts: Facts) -> Found:
    """Look for the vendor's limits in the manifest; whether there are none, only a person knows."""
    if facts.manifest.limits:
        return done("Declared, and kept by the hub before the vendor has to say no.")
    return todo("No limit is declared.", EXEMPT)


def sized(facts: Facts) -> Found:
    """Look for a reason where a folder is longer than others."""
    unexplained: list[What] = [what for what in _longer(facts) if what not in facts.claims.longer]
    if unexplained:
        return todo(f"{' and '.join(unexplained)}: longer than {LONGEST[unexplained[0]]} lines, without a reason.")
    reasons = " ".join(facts.claims.longer[what] for what in _longer(facts))
    return done(reasons or "As short as they should be.")


def short(facts: Facts) -> Found:
    """Measure against the limits, whatever the reason."""
    longer = _longer(facts)
    return todo(f"Longer: {' and '.join(longer)}.") if longer else done("Within 300 and 700 lines.")


def _longer(facts: Facts) -> list[What]:
    lengths: dict[What, int] = {"connector": facts.connector_lines, "folder": facts.folder_lines}
    return [what for what, lines in lengths.items() if lines > LONGEST[what]]


def own_tests(facts: Facts) -> Found:
    """Look for tests of what the suite cannot know."""
    return done("They are there.") if facts.own_tests else todo("There are no tests of this connector alone.")


def codes_tried(facts: Facts) -> Found:
    """Look whether each error code that is declared is made to happen somewhere."""
    idle = [code for code in facts.manifest.error_codes if not all(part in facts.tried for part in code.split("/"))]
    if idle:
        why = f"Never made to happen: {', '.join(idle[:3])}{' and others' if idle[3:] else ''}."
        return todo(why, _shown(facts, "codes"))
    return done("Each of them happens in the sandbox or in a test.")


def contracted(facts: Facts) -> Found:
    """Look whether the sandbox refuses what the vendor's contract does not have."""
    held = facts.measured.contract
    if not held.operations:
        return todo("The sandbox knows no contract.")
    if held.let_through:
        return todo(f"Let through: {held.let_through[0]}{' and others' if held.let_through[1:] else ''}.")
    return done("Everything that was sent wrongly on purpose was refused.")


def ran_for_real(facts: Facts) -> Found:
    """Look for a run of the whole suite against a real server. Nobody's word replaces it."""
    file = facts.top / "tests" / "conformance" / f"test_{facts.manifest.name}_real.py"
    if file.is_file() and {"CHECKS", "service"} <= set(re.findall(r"\w+", file.read_text(encoding="utf-8"))):
        return done("The suite runs against a real server in `make test`.")
    return todo("The suite never ran against the real thing.")


def measured_answers(facts: Facts) -> Found:
    """Ask a person whether recorded answers are replayed; the tests that do so must be named, and be there."""
    return todo("No test is named that replays answers of the real thing.", _shown(facts, "measured"))


def _shown(facts: Facts, rule: str) -> frozenset[State]:
    """A person may say that it is done where a test is named that shows it."""
    claim = facts.claims.rules.get(rule)
    return PERSON if claim and claim.tests else frozenset()


def all_it_can(facts: Facts) -> Found:
    """Look for what is left out; whether the list of gaps is whole, only a person knows."""
    left_out = [gap for gap in facts.manifest.gaps.values() if gap.startswith(NOT_YET)]
    if left_out:
        return todo(left_out[0])
    return todo("Nobody compared it with all that the vendor offers.", PERSON)


def person(question: str) -> Judge:
    """Leave a question to a person."""

    def judge(_: Facts) -> Found:
        return todo(question, PERSON)

    return judge
