"""A card that makes no sense holds up none of the others, whether the board is read or it was heard of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.sdk.types import Target
from hub.connections.models import Target as TargetRow
from hub.placements.models import Card
from tests.unit.bindings.test_bindings import _hint

pytestmark = pytest.mark.both


@pytest.fixture
def desk(room):
    return room


@pytest.mark.parametrize("heard", [False, True], ids=["read", "heard of"])
@pytest.mark.parametrize("ref", ["", "a\x00b"])
def test_one_whose_name_cannot_be_kept_is_passed_over(desk, ref, heard):
    asset_id = desk.of_campaign(b"one")
    for name in ("c1", "c2"):
        desk.wall.deal(name)
    if heard:
        desk.bind()
        desk.work()
    strange, card = desk.wall.lying["c1"], desk.wall.card
    strange = replace(strange, target=Target("library", ref, "Board / strange"))
    desk.wall.card = lambda asked: strange if asked == "c1" else card(asked)
    if heard:
        desk.wall.change("c2", labels=())
        _hint(desk, cards=["c1", "c2"])
    else:
        desk.wall.lying["c1"] = strange
        desk.bind()
    desk.work()
    assert (asset_id in desk.links("c2")) is not heard, "what it says now is known"


def test_what_no_database_keeps_is_kept_plainly(desk):
    asset_id = desk.of_campaign(b"one")
    desk.wall.deal("c1", "A\x00\u202ecard", text="half \ud83d of it, and \x00")
    desk.wall.change("c1", target=Target("library", "c1", "Board / A\x00\u202ecard", "https://cards.example/\ud83d"))
    desk.bind()
    desk.work()
    assert asset_id in desk.links("c1")
    with desk.database.read() as session:
        row = session.query(Card).one()
        assert (row.title, row.text, row.url) == ("A  card", "half ? of it, and  ", "https://cards.example/?")
        label = session.query(TargetRow.label).filter(TargetRow.external_ref == "c1").scalar()
        assert label == "Board / A  card"
