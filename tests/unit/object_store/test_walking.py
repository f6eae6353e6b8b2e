"""Going through a whole bucket ends, whatever a store says."""

from __future__ import annotations

from itertools import count

import pytest

from connectors.object_store.types import Listing
from connectors.object_store.walking import through
from connectors.sdk.errors import BadAnswer


@pytest.mark.parametrize(("cursors", "most"), [(lambda _: "again", 3), (lambda number: f"c{number}", 10_000)])
def test_a_store_that_always_names_a_cursor_is_not_asked_for_ever(cursors, most):
    calls = count(1)

    def read(_cursor, *, behind="", folders=False):
        return Listing(objects=(), folders=(), cursor=cursors(next(calls)))

    with pytest.raises(BadAnswer):
        list(through(read, ""))
    assert next(calls) - 1 <= most
