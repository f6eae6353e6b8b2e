"""Every installed distribution is permissive, or LGPL used as a library, or has a decision record."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|Unlicense|ZPL|Zlib|HPND|CC0|Public Domain"
    r"|WTFPL|LGPL|Lesser General Public)\b",
    re.IGNORECASE,
)
COPYLEFT = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public License", re.IGNORECASE)

EXCEPTIONS = {
    # distribution -> the decision record that allows it
    "av": "0004",
}


def licence_of(distribution):
    metadata = distribution.metadata
    classifiers = [c for c in metadata.get_all("Classifier") or [] if c.startswith("License")]
    expression = metadata.get("License-Expression") or ""
    text = (metadata.get("License") or "").splitlines()[:1]
    return " ".join([expression, *classifiers, *text]).strip()


INSTALLED = sorted({d.metadata["Name"].lower(): d for d in distributions() if d.metadata["Name"]}.items())


@pytest.mark.parametrize(("name", "distribution"), INSTALLED, ids=[name for name, _ in INSTALLED])
def test_licence_is_one_that_we_may_use(name, distribution):
    if name in EXCEPTIONS:
        assert list((ROOT / "docs" / "decisions").glob(f"{EXCEPTIONS[name]}-*.md"))
        return
    licence = licence_of(distribution)
    assert PERMISSIVE.search(licence), f"{name}: {licence or 'no licence named'}"
    assert not COPYLEFT.search(licence) or "OR" in licence.split(), f"{name}: {licence}"


def test_locks_name_no_index_host():
    for lock in (ROOT / "locks").glob("*.lock"):
        assert "://" not in lock.read_text(), lock.name
        requirements = [line for line in lock.read_text().splitlines() if re.match(r"[a-z0-9]", line)]
        assert requirements
        assert lock.read_text().count("--hash=sha256:") >= len(requirements)
