"""docs/copies.md says what the last recorded run proved, of the connectors that there are, by tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.copies import table
from tests.copies.proving import Proving, recorded
from tests.copies.rows import PROMISE, ROWS, why_not

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_was_recorded():
    assert table.PAGE.read_text() == table.page(), "run: python -m tests.copies"


def test_every_proof_is_a_test_that_there_is_and_claims_it():
    for row, cells in recorded().items():
        assert row in ROWS
        for name, nodeid in cells.items():
            path, _, test = nodeid.partition("[")[0].rpartition("::")
            source = (ROOT / path).read_text()
            claim = re.search(rf'@(?:each|pytest\.mark\.proves)\("{row}".*\)\n(?:@.*\n)*def {test}\(', source)
            assert claim, f"{nodeid} does not claim {row}"
            assert name in table.connectors()


def test_each_row_has_a_promise_and_says_why_it_cannot_be_in_the_manifests_words():
    assert PROMISE.keys() == ROWS.keys()
    whys = {(row, name): why_not(row, manifest) for row in ROWS for name, manifest in table.connectors().items()}
    assert whys["moved_there", "drupal"] == table.connectors()["drupal"].gaps["moving"]
    assert {row for (row, name), why in whys.items() if why and name != "linkedin_member"} == {"moved_there"}
    unread = {row for (row, name), why in whys.items() if why and name == "linkedin_member"}
    assert unread == {"moved_there", "deleted_there", "edited_there"}


def test_what_fails_or_never_ran_is_not_recorded():
    from types import SimpleNamespace

    proving = Proving()
    marks = [SimpleNamespace(args=("recalled", "trello"))]
    items = [SimpleNamespace(nodeid=name, iter_markers=lambda _: marks) for name in ("a.py::one", "a.py::two")]
    proving.pytest_collection_modifyitems(items)
    assert proving.proven() == {}, "nothing ran"
    for nodeid, passed in (("a.py::one", False), ("a.py::two", True)):
        proving.pytest_runtest_logreport(SimpleNamespace(passed=passed, nodeid=nodeid, when="call"))
    assert proving.proven() == {"recalled": {"trello": "a.py::two"}}
    proving.pytest_runtest_logreport(SimpleNamespace(passed=False, nodeid="a.py::two", when="teardown"))
    assert proving.proven() == {}


@pytest.mark.parametrize("row", sorted(ROWS))
def test_every_row_is_on_the_page(row):
    assert f"| {ROWS[row]} |" in table.PAGE.read_text()
