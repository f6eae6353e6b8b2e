"""Scorecards: rules that cannot be flattered, files that are as they would be written now, sandboxes that refuse."""

import re
from dataclasses import replace

import pytest
from flask import request
from pydantic import ValidationError

from connectors.sdk.manifest import Ability, Capability, Carries, Meaning, Write
from connectors.sdk.registry import discover
from connectors.sdk.scorecard import Held, Measured, State, Tier, folder_of, scorecard_of
from connectors.sdk.types import Level
from connectors.testing.conformance import CHECKS
from connectors.testing.contract import Contract
from connectors.testing.pinboard import MANIFEST as PINBOARD
from connectors.testing.quality import RULES, Claim, Claims, facts_of, refuted, score
from connectors.testing.quality.__main__ import ours, standing, written
from connectors.testing.quality.measuring import Tally, held_to
from connectors.testing.quality.pages import block, table, with_block
from connectors.testing.quality.probes import probes, refuses
from connectors.testing.quality.show import sentences
from tests.unit.testing.test_kit import Filed, Strict

NAMES = sorted(ours(discover()))
WRITE = "run: python -m connectors.testing.quality"
GOOD = Measured(contract=Held(operations=3, used=3, requests=10, tried=5, refused=5))


def manifest(name):
    return discover()[name]


def line(card, rule):
    return next(each for each in card.lines if each.rule == rule)


def claiming(rule, state, *tests):
    return Claims(rules={rule: Claim(state=state, why="Because somebody says so.", tests=tests)})


# Every connector of this tree


@pytest.mark.parametrize("name", NAMES)
def test_nobody_claims_what_is_not_so(name):
    facts = facts_of(manifest(name))
    assert (facts.folder / "quality.yaml").is_file(), "each folder says what only a person can know"
    assert refuted(facts) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_longer_folder_has_a_named_reason(name):
    assert line(score(facts_of(manifest(name))), "size").state is State.DONE


@pytest.mark.parametrize("name", NAMES)
def test_a_scorecard_is_as_it_would_be_written_now(name):
    stored = scorecard_of(manifest(name))
    assert stored is not None, f"{WRITE} {name}"
    assert stored == score(facts_of(manifest(name))), WRITE


@pytest.mark.parametrize("name", NAMES)
def test_a_sandbox_refuses_as_much_as_its_scorecard_says(name):
    stored, now = scorecard_of(manifest(name)).measured.contract, held_to(manifest(name), Tally())
    assert (now.operations, now.tried, now.refused, now.let_through) == (
        stored.operations, stored.tried, stored.refused, stored.let_through,
    ), f"{WRITE} {name}"  # fmt: skip


def test_what_is_generated_is_as_it_would_be_written_now():
    stale = [
        str(path) for path, text in written(standing(ours(discover()), set())).items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]  # fmt: skip
    assert stale == [], WRITE


# Rules


def test_every_tier_has_rules_and_every_rule_a_sentence():
    assert {rule.tier for rule in RULES.values()} == set(Tier)
    assert all(rule.says.endswith(".") for rule in RULES.values())


def test_a_tier_is_reached_when_nothing_of_it_and_below_is_to_do():
    facts = facts_of(manifest("trello"), measured=GOOD)
    lines = score(facts).lines
    assert {each.state for each in lines if each.tier is Tier.BRONZE} == {State.DONE}
    bad = facts_of(manifest("trello"), measured=Measured(failed={"look-missing": "it was there"}))
    assert score(bad).tier is None
    assert line(score(bad), "looks").why == "look-missing: it was there"
    assert {each.rule for each in score(bad).next_steps} == {"suite", "looks"}


def test_one_failure_of_the_suite_costs_every_tier_even_where_no_rule_names_the_check():
    named = {"errors-keep-secrets": "told one"}
    assert score(facts_of(manifest("trello"), measured=Measured(failed=named))).tier is None


def test_a_connector_that_was_never_measured_has_no_tier():
    assert score(facts_of(PINBOARD)).tier is None
    assert line(score(facts_of(PINBOARD)), "suite").why == f"{len(CHECKS)} checks fail."


def test_what_the_vendor_lacks_is_exempt_and_what_is_not_offered_yet_is_to_do():
    without = {one: each for one, each in PINBOARD.abilities.items() if one is not Capability.IMPORT}
    none = dict.fromkeys(
        facts_of(PINBOARD, measured=GOOD).checks("inventory-*", "fetch-*"), "it does not declare import"
    )
    measured = GOOD.model_copy(update={"not_applicable": none})
    for gap, state in (
        ("Pinboard keeps no files.", State.EXEMPT), ("Not offered yet: nobody asked.", State.TODO), ("", State.TODO),
    ):  # fmt: skip
        broken = replace(PINBOARD, abilities=without, gaps={"import": gap} if gap else {})
        assert line(score(facts_of(broken, measured=measured)), "brings-in").state is state


def test_a_sandbox_that_lets_something_through_is_no_gold():
    leaky = GOOD.model_copy(update={"contract": Held(operations=3, tried=5, refused=4, let_through=("GET /x with y",))})
    assert line(score(facts_of(PINBOARD, measured=leaky)), "contract").why == "Let through: GET /x with y."
    assert line(score(facts_of(PINBOARD, measured=Measured())), "contract").state is State.TODO


def test_an_error_code_that_never_happens_is_told():
    broken = replace(PINBOARD, error_codes={"never_heard_of": Meaning.REJECTED})
    assert "never_heard_of" in line(score(facts_of(broken, measured=GOOD)), "codes").why


# Claims


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ("real-server", State.DONE), ("real-server", State.EXEMPT), ("suite", State.TODO), ("documented", State.DONE),
        ("limits", State.DONE), ("all-it-can", State.EXEMPT), ("measured", State.DONE), ("nonsense", State.DONE),
    ],
)  # fmt: skip
def test_a_claim_that_the_machine_refutes_is_told_and_changes_nothing(rule, state):
    claims = claiming(rule, state)
    honest, flattering = facts_of(PINBOARD, measured=GOOD), facts_of(PINBOARD, measured=GOOD, claims=claims)
    assert [one.partition(":")[0] for one in refuted(flattering)] == [rule]
    assert [each.state for each in score(flattering).lines] == [each.state for each in score(honest).lines]


def test_what_is_not_offered_yet_cannot_be_claimed_as_everything():
    lacking = replace(PINBOARD, gaps={"widget": "Not offered yet: the panel."})
    claims = claiming("all-it-can", State.DONE)
    assert refuted(facts_of(PINBOARD, measured=GOOD, claims=claims)) == []
    assert refuted(facts_of(lacking, measured=GOOD, claims=claims))


def test_a_person_answers_what_a_machine_cannot_know():
    claims = claiming("limits", State.EXEMPT)
    facts = facts_of(PINBOARD, measured=GOOD, claims=claims)
    assert refuted(facts) == []
    assert line(score(facts), "limits").why == "Because somebody says so."
    known = facts_of(PINBOARD, measured=GOOD, claims=claiming("ways-in", State.TODO))
    assert line(score(known), "ways-in").why == "Because somebody says so."


def test_tests_that_are_named_must_be_there():
    real = "tests/unit/drupal/test_measured.py"
    for tests, wrong in (((real,), 0), (("tests/nothing.py",), 1), (("README.md",), 1), (("../../etc/passwd",), 1)):
        facts = facts_of(manifest("drupal"), claims=claiming("measured", State.DONE, *tests))
        assert len(refuted(facts)) == wrong, tests


def test_a_reason_for_a_length_that_is_not_there_is_refuted():
    claims = Claims(longer={"folder": "It speaks two languages."})
    assert len(refuted(facts_of(manifest("folder"), claims=claims))) == 1
    with pytest.raises(ValidationError):
        Claims.model_validate({"longer": {"everything": "It speaks two languages."}})
    with pytest.raises(ValidationError):
        Claim(state=State.DONE, why="yes")


def test_a_longer_folder_without_a_reason_is_to_do():
    facts = facts_of(manifest("dropbox"), claims=Claims())
    assert line(score(facts), "size").why == "folder: longer than 700 lines, without a reason."


# Probes


def test_everything_that_breaks_a_contract_is_sent_and_refused():
    sandbox = Strict()
    tried = list(probes(sandbox.contract))
    assert sorted(probe.says for probe in tried) == [
        "GET /notes with an unknown parameter", "GET of a path that does not exist",
        "POST /notes with an unknown parameter", "POST /notes with text left out", "POST /notes with text unfit",
        "POST of a path that does not exist",
    ]  # fmt: skip
    assert all(refuses(sandbox, probe) for probe in tried)
    assert sandbox.ledger.effects() == ()


def test_a_sandbox_that_looks_away_is_found_out():
    class Lax(Strict):
        def _check_contract(self):
            super()._check_contract()

        def add(self):
            return "kept"

        def all(self):
            return "kept"

    sandbox = Lax()
    through = {probe.says for probe in probes(sandbox.contract) if not refuses(sandbox, probe)}
    assert {"GET /notes with an unknown parameter", "POST /notes with text unfit"} <= through


def test_what_is_sent_as_a_form_is_probed_as_one():
    class Blind(Filed):
        def sent(self):
            return request.args.to_dict() | (request.get_json(silent=True) or {})

    form = {probe.says for probe in probes(Filed.contract) if probe.form}
    assert form == {"POST /notes with an unknown parameter", "POST /notes with text unfit"}
    assert all(refuses(Filed(), probe) for probe in probes(Filed.contract))
    assert {probe.says for probe in probes(Blind.contract) if not refuses(Blind(), probe)} == form


def test_each_kind_of_parameter_is_sent_wrongly():
    kinds = {"a": {"type": "integer"}, "b": {"enum": ["x"]}, "c": {"type": "any"}, "d": {}, "e": {"type": "array"}}
    operation = {"method": "GET", "path": "/x/{y}", "parameters": kinds, "open": True}
    contract = Contract.model_validate({"source": "made up", "operations": [operation]})
    wrong = {name: value for probe in probes(contract) for name, value in probe.sent.items()}
    assert set(wrong) == {"a", "b", "e"}
    assert {probe.path for probe in probes(contract)} == {"/x/1", "/never/heard/of/it"}


# Pages


def test_a_block_is_added_once_and_then_kept_fresh():
    first = with_block("# Pinboard\n\nWords.\n", PINBOARD)
    assert first.startswith("# Pinboard\n\nWords.\n\n## In short\n")
    assert with_block(first, PINBOARD) == first
    grown = replace(PINBOARD, abilities={**PINBOARD.abilities, Capability.PUBLISH: Ability(Write.KEYED)})
    second = with_block(first + "\nMore words.\n", grown)
    assert "keyed: a repeat is refused" in second
    assert "findable" not in second
    assert second.endswith("\nMore words.\n")


def test_codes_that_differ_in_their_place_alone_are_named_once():
    places = {f"{place}/full": Meaning.MISCONFIGURED for place in ("path", "to")}
    text = block(replace(PINBOARD, error_codes={**places, "path/odd": Meaning.REJECTED}))
    assert "| `.../full` |" in text
    assert "| `path/odd` |" in text
    assert "path/full" not in text


def test_tables_hold_any_text():
    assert table(("a", "b"), [("x|y", "z")]) == "| a | b |\n|---|---|\n| x\\|y | z |\n"


def test_figures_are_told_with_what_does_not_apply_and_why():
    reasons = {"fetch-cut": "it does not declare import", "update-sets": "it does not declare update"}
    told = sentences(facts_of(PINBOARD, measured=GOOD.model_copy(update={"not_applicable": reasons})))
    assert told[0] == (
        f"Checks: {len(CHECKS) - 2} of {len(CHECKS)} passed, 0 failed, 2 not applicable: "
        "1 because it does not declare import; 1 because it does not declare update."
    )
    assert "10 requests checked; 5 sent wrongly on purpose, 5 of them refused" in told[1]


@pytest.mark.parametrize("name", sorted(n for n, m in discover().items() if m.carries is Carries.LINK))
def test_links_lead_to_the_hub_where_anybody_can_look_and_say_that_they_can_be_seen(name):
    abilities = discover()[name].abilities
    assert {abilities[one].best for one in (Capability.PUBLISH, Capability.WITHDRAW)} == {Level.SEEN}


@pytest.mark.parametrize("name", NAMES)
def test_what_only_developers_want_to_know_stands_last_in_the_page_that_people_read_in_the_hub(name):
    readme = (folder_of(manifest(name)) / "README.md").read_text()
    parts = [part.partition("\n") for part in readme.split("\n## ")[1:]]
    made = [heading for heading, _, text in parts if re.search(r"`(sandbox|types|calls)\.py`|fixtures/", text)]
    assert made in ([], ["How it is made"])
    assert not made or parts[-1][0] == "How it is made"
    assert {"Connect", "Limits", "In short"} <= {heading for heading, *_ in parts}
