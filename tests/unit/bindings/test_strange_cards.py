"""A card that makes no sense holds up none of the others that were heard of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.sdk.types import Target
from tests.unit.bindings.test_bindings import _hint


@pytest.mark.parametrize("ref", ["", "a\x00b"])
def test_one_whose_name_cannot_be_kept_is_passed_over(quick_room, ref):
    desk = quick_room
    asset_id = desk.of_campaign(b"one")
    for name in ("c1", "c2"):
        desk.wall.deal(name)
    desk.bind()
    desk.work()
    strange, card = desk.wall.lying["c1"], desk.wall.card

    def told(asked):
        found = card(asked)
        return replace(strange, target=Target("library", ref, "Board / strange")) if asked == "c1" else found

    desk.wall.card = told
    desk.wall.change("c2", labels=())
    _hint(desk, cards=["c1", "c2"])
    desk.work()
    assert ("card", "c2") in desk.wall.asked
    assert asset_id not in desk.links("c2"), "it was read, and is not taken any more"
