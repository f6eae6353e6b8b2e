"""The page about threats names tests and modules that there are."""

from __future__ import annotations

import re

from tests.attacks.rig import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_test_on_the_page_is_there():
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", PAGE)
    assert len(named) > 30
    assert [name for name in named if f"def {name}(" not in written] == []


def test_every_module_on_the_page_is_there():
    named = re.findall(r"`((?:hub|connectors|mappings)/[\w/]+\.py)`", PAGE)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).is_file()] == []
