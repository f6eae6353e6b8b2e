"""Which tests begin first where several run side by side.

Each worker is given a part of the tests in their order, and whoever is done takes some from the end of another's part.
A long test at the end of a part was waited for by all; so those that are marked `long` stand where parts begin.
"""

from __future__ import annotations

from itertools import islice

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Spread the long ones over the beginnings of the workers' parts; alike in each worker."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        items[:] = spread(items, workers, lambda item: item.get_closest_marker("long") is not None)


def spread(items, parts, long):
    """Return the items in an order in which each of so many equal parts begins with its share of the long ones."""
    first, others = [item for item in items if long(item)], [item for item in items if not long(item)]
    packed, left, rest = [], len(items), iter(others)
    for part in range(parts):
        size = left // (parts - part)  # as workers' parts are measured
        heads = first[part::parts]
        packed += [*heads, *islice(rest, max(0, size - len(heads)))]
        left -= size
    return [*packed, *rest]
