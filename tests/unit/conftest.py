"""Which tests of single rooms ask both databases in every run."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
COSTLY = tuple(HERE / room for room in ("connections", "placements"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """All do but those of the two rooms with the most of them: there `both` names what others write too."""
    for item in items:
        costly = any(room in item.path.parents for room in COSTLY)
        if costly and _on_postgres(item) and not item.get_closest_marker("both"):
            item.add_marker(pytest.mark.again)


def _on_postgres(item):
    return hasattr(item, "callspec") and item.callspec.params.get("database_url") == "postgres"
