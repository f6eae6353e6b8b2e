"""Which tests of single rooms ask both databases in every run."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What no other writer can disturb is alike on both databases: PostgreSQL is asked by `make faults`."""
    for item in items:
        if HERE in item.path.parents and _on_postgres(item) and not item.get_closest_marker("both"):
            item.add_marker(pytest.mark.again)


def _on_postgres(item):
    return hasattr(item, "callspec") and item.callspec.params.get("database_url") == "postgres"
