"""The example is a pip package of its own: it installs, it is found, and it passes the suite; nothing else changes."""

from __future__ import annotations

import json
import re

import pytest

from tests.examples.shell import ROOT, make_place, run

EXAMPLE = ROOT / "examples" / "noticeboard"
PYTHON = "PYTHONPATH=plugins .venv/bin/python"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = make_place(tmp_path_factory.mktemp("example"))
    run(f".venv/bin/python -m pip install -q --no-deps --no-build-isolation --target plugins {EXAMPLE}", place)
    return place


def test_it_holds_all_that_it_needs_and_nothing_of_the_house_names_it(place):
    assert {one.name for one in (place / "plugins" / "noticeboard").iterdir()} >= {
        "__init__.py", "connector.py", "sandbox.py", "mapping.yaml", "README.md",
    }  # fmt: skip
    sources = [one for room in ("hub", "connectors", "mappings", "webhooks") for one in (ROOT / room).rglob("*.py")]
    assert [one for one in sources if "noticeboard" in one.read_text().lower()] == []


def test_it_is_found_beside_the_others(place):
    told = "import json; from connectors.sdk.registry import discover; print(json.dumps(sorted(discover())))"
    names = json.loads(run(f"{PYTHON} -c '{told}'", place))
    assert "noticeboard" in names
    assert {"trello", "wordpress"} <= set(names)
    assert "noticeboard" not in run(f".venv/bin/python -c '{told}'", place)


def test_the_hub_lists_it_and_reads_its_mapping(place):
    damhub = "PYTHONPATH=plugins .venv/bin/damhub"
    assert "noticeboard: can be used" in run(f"{damhub} mapping check noticeboard", place)
    assert re.search(r"connectors\s.*noticeboard", run(f"{damhub} doctor || true", place))


def test_its_sandbox_is_served_alone(place):
    line = run("PYTHONPATH=plugins timeout 10 .venv/bin/damhub sandbox noticeboard | head -1", place)
    assert json.loads(line)["secrets"]


def test_it_passes_every_check_that_concerns_it(place):
    told = run(f"{PYTHON} -m connectors.testing.conformance noticeboard", place)
    passed, failed = map(int, re.search(r"(\d+) of \d+ passed, (\d+) failed", told).groups())
    assert (passed >= 60, failed) == (True, 0)
