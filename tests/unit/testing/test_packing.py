from __future__ import annotations

import pytest

from tests.packing import spread

LONG = str.isupper


@pytest.mark.parametrize(("items", "parts", "packed"), [
    ("abcdefAB", 2, "AabcBdef"),
    ("abcABCdef", 2, "ACabBcdef"),
    ("aAbBc", 2, "AaBbc"),
    ("ABC", 4, "ABC"),
    ("abc", 2, "abc"),
    ("", 2, ""),
])  # fmt: skip
def test_each_part_begins_with_its_share_of_the_long_ones(items, parts, packed):
    assert "".join(spread(items, parts, LONG)) == packed
