"""Every check can fail: each is run against a connector that is broken on purpose, and must find it."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from connectors.sdk.manifest import Capability, Write
from connectors.sdk.registry import discover
from connectors.testing.conformance import CHECKS, Outcome, run
from connectors.testing.conformance.__main__ import main
from connectors.testing.conformance.planted import BUGS, PLANTED
from connectors.testing.pinboard import MANIFEST as PINBOARD

MANIFESTS = discover()


def test_every_check_has_exactly_one_planted_bug():
    assert set(BUGS) == set(CHECKS)
    assert len(PLANTED) == len(BUGS)
    assert all(bug.sentence for bug in PLANTED)


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.check)
def test_a_check_fails_with_its_planted_bug(bug):
    result = run(PINBOARD, CHECKS[bug.check], bug=bug)
    assert result.outcome is Outcome.FAILED, f"{bug.sentence} was not caught"
    assert result.why


def test_a_connector_that_makes_a_second_copy_cannot_call_its_publish_keyed():
    keyed = replace(PINBOARD.abilities[Capability.PUBLISH], write=Write.KEYED)
    flattering = replace(PINBOARD, abilities={**PINBOARD.abilities, Capability.PUBLISH: keyed})
    result = run(flattering, CHECKS["publish-again"])
    assert (result.outcome, result.why) == (Outcome.FAILED, "2 copies stand there")


# These need what not every remote has: a second page, a change of kind, or more than one target.
ONLY_WHERE_IT_SHOWS = {
    "update-leaves-others",
    "find-whole-or-fail",
    "unknown-keys",
    "unknown-values",
    "find-among-many",
    "targets-stable",
}


def pytest_generate_tests(metafunc):
    """Plant each bug in some connectors, whose turn it is, or in every one of them."""
    if "planted" in metafunc.fixturenames:
        names, every = sorted(MANIFESTS), metafunc.config.getoption("--every")
        turns = [
            (name, bug)
            for place, bug in enumerate(PLANTED)
            for name in (names if every else sorted({names[place % len(names)], names[(3 * place + 1) % len(names)]}))
        ]
        metafunc.parametrize("planted", turns, ids=lambda turn: f"{turn[0]}-{turn[1].check}")


def test_a_real_connector_with_the_bug_fails_too(planted):
    name, bug = planted
    result = run(MANIFESTS[name], CHECKS[bug.check], bug=bug)
    allowed = {Outcome.FAILED, Outcome.NOT_APPLICABLE}
    publish = MANIFESTS[name].abilities.get(Capability.PUBLISH)
    keyed = publish is not None and publish.write is Write.KEYED  # twice is as once there
    if bug.check in ONLY_WHERE_IT_SHOWS or (keyed and bug.check == "publish-once"):
        allowed.add(Outcome.PASSED)
    assert result.outcome in allowed, f"{bug.sentence} was not caught"


def test_the_list_names_each_check_with_its_bug():
    shown = Console(file=io.StringIO(), width=240)
    assert main(["--list"], shown) == 0
    text = shown.file.getvalue()
    assert all(name in text for name in CHECKS)
    assert "the last letter is not compared" in text


def test_the_scorecard_tells_how_a_connector_stands():
    shown = Console(file=io.StringIO(), width=240)
    assert main(["trello"], shown) == 0
    text = shown.file.getvalue()
    assert "connectors run: 1, failures: 0" in text
    assert "passed" in text
    assert "Trello: " in text
    assert "22 operations known, 18 of them called" in text
    assert "connector.py" in text


def test_an_unknown_connector_is_an_error():
    with pytest.raises(SystemExit):
        main(["nobody"])
