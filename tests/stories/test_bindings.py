"""Cards get their links by themselves at Trello and Asana: heard by webhook, followed, left, remembered, used."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.clock import DAY
from hub.connections.models import Target
from hub.placements.bindings.rules import Source, Takes
from hub.placements.bindings.service import BindingWish
from hub.placements.models import Placement
from tests.stories.story import ADA


@pytest.fixture
def database_url(sqlite_url):
    """One database: who plans at the same time is tested on both beside the room."""
    return sqlite_url


class Board:
    """The first board of a made-up vendor, and a binding on it."""

    def __init__(self, story, name):
        self.story, self.name, self.sandbox = story, name, story.sandboxes[name]
        self.remote_id = story.connect(name).remote_id
        room = story.rooms.bindings
        # A binding acts for a person who is known here.
        self.lead = story.rooms.access.first_administrator(
            email="lea@dam.test", name="Lea", password="correct horse battery"
        )
        ref = self.sandbox.all_boards()[0].ref
        self.sandbox.deal(ref, "Card of before")
        self.board = room.board(ADA, self.remote_id, ref)
        label = next(one.ref for one in self.board.labels if one.label == "Launch")
        design = next(one.ref for one in self.board.lists if one.label == "Design")
        made = room.make(
            self.lead,
            BindingWish(
                "Launch", self.remote_id, ref, Takes(lists=(design,), labels=(label,)), Source("campaign", "Spring")
            ),
        )
        self.binding = made.id
        story.run()

    def start(self):
        self.story.rooms.bindings.start(self.lead, self.binding)
        self.hear()

    def hear(self):
        """Let what the vendor tells arrive, and everything come to rest; the slow reading is not waited for."""
        for _ in range(3):
            self.sandbox.outbox.flush()
            self.story.run(within_ms=10_000)

    def links(self, card):
        return [one for one in self.sandbox.copies(card) if one.marker]

    def rows(self, card):
        with self.story.rooms.database.read() as session:
            mine = select(Placement).join(Target, Target.id == Placement.target_id)
            return list(session.scalars(mine.where(Target.external_ref == card).order_by(Placement.id)))


@pytest.mark.parametrize("name", ["trello", "asana"])
def test_cards_are_linked_followed_and_left_by_themselves(story, name):
    first = story.asset("navy", campaign="Spring")
    board = Board(story, name)
    told = story.rooms.bindings.rehearse(ADA, board.binding)
    assert (told.cards, told.added) == (1, 1)
    assert board.rows(told.lines[0].ref) == [], "a rehearsal writes nothing"
    board.start()
    assert len(board.links(told.lines[0].ref)) == 1
    assert story.rooms.bindings.view(ADA, board.binding).listening

    card = board.sandbox.deal(board.board.ref, "A new card")
    board.hear()
    assert len(board.links(card)) == 1, "it came by webhook"
    [row] = board.rows(card)
    assert (row.asset_id, row.phase, row.binding_id) == (first, "live", board.binding)

    second = story.asset("teal", approve=False, campaign="Spring")
    board.hear()
    assert len(board.links(card)) == 1
    story.approve(second)
    board.hear()
    assert len(board.links(card)) == 2, "what was approved later came later"

    story.rooms.catalogue.edit(ADA, first, {"campaign": "Autumn"})
    board.hear()
    [left] = board.links(card)
    kept = next(row for row in board.rows(card) if row.asset_id == second)
    assert left.marker == kept.marker, "what left the campaign left the card"

    board.sandbox.vanish(card, left.ref)
    for _ in range(2):
        story.clock.advance(DAY)
        board.hear()
    assert board.links(card) == []
    assert next(row for row in board.rows(card) if row.asset_id == second).settled_reason == "removed_there"

    done = board.sandbox.deal(board.board.ref, "Another card")
    board.hear()
    assert len(board.links(done)) == 1
    _finish(board, name, done)
    board.hear()
    [use] = story.events("usage.recorded")
    assert use.body["asset_id"] == second
    assert len(board.links(done)) == 1, "the links stay"
    uses = story.rooms.uses.of_asset(ADA, second)
    assert [one.label for view in uses.values() for one in view.uses] == ["Another card"]


def _finish(board, name, card):
    if name == "trello":
        board.sandbox.cards[card]["due_complete"] = True
    else:
        board.sandbox.tasks[card]["completed"] = True
    board.sandbox.say(card)
