"""Which cards a binding takes, by the words of their title and by what stands in a field of theirs."""

from __future__ import annotations

import pytest

from hub.clock import MINUTE
from hub.placements.bindings.cards import EVERY_MS
from hub.placements.bindings.rules import CardFacts, Takes, takes
from tests.unit.bindings.conftest import BOARD

ROOM = "quick_room"


@pytest.fixture
def desk(quick_room):
    return quick_room


def taken(rule, title="Spring poster, final", **fields):
    return takes(rule, BOARD, CardFacts("c1", "t1", title, lies={BOARD: "design"}, fields=fields))


@pytest.mark.parametrize(
    ("words", "fits"),
    [("", True), ("poster", True), ("POSTER spring", True), ("fina", True), ("poster autumn", False), ("flyer", False)],
)
def test_each_of_the_words_must_stand_in_the_title(words, fits):
    assert taken(Takes(words=words)) is fits


@pytest.mark.parametrize(
    ("value", "held", "fits"),
    [
        ("Print", "Print", True), (" print ", "PRINT", True), ("Print", "Print and web", False), ("Print", "", False),
        ("Print", None, False), ("", "anything", True), ("", "  ", False), ("", None, False),
    ],
)  # fmt: skip
def test_exactly_the_value_must_stand_in_the_field_and_without_one_anything(value, held, fits):
    assert taken(Takes(field="medium", value=value), **({} if held is None else {"medium": held})) is fits


def test_a_binding_links_only_cards_that_its_words_and_its_field_ask_for(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("both", "Spring poster", fields={"codes": "Print"})
    desk.wall.deal("words", "Spring poster", fields={"codes": "Web"})
    desk.wall.deal("field", "Spring flyer", fields={"codes": "Print"})
    desk.bind(takes=Takes(words="poster", field="codes", value="print"))
    desk.work()
    linked = {card: set(desk.links(card)) for card in ("both", "words", "field")}
    assert linked == {"both": {asset}, "words": set(), "field": set()}
    desk.wall.change("field", title="Spring poster, too")
    desk.wall.change("both", fields={"codes": "Web"})
    desk.clock.advance(EVERY_MS + MINUTE)
    desk.work()
    linked = {card: set(desk.links(card)) for card in ("both", "words", "field")}
    assert linked == {"both": set(), "words": set(), "field": {asset}}
