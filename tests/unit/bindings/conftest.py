"""A wall with cards, held in memory, over the same world as all copies."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select

from connectors.sdk.errors import Missing
from connectors.sdk.manifest import Ability, Capability
from connectors.sdk.types import Board, Card, Named, Page, Target
from hub.access.models import User
from hub.db.unit import Database
from hub.events.log import EventLog
from hub.placements.bindings.rules import Names, Source, Takes
from hub.placements.bindings.service import Bindings, BindingWish
from hub.placements.models import Placement
from tests.faults.model.world import World
from tests.unit.placements.desk import Desk

BOARD = "board-1"
LISTS = (Named("todo", "To do"), Named("design", "Design"), Named("finished", "Finished"))


class Wall:
    """What a remote tells of its cards, two at a time."""

    def __init__(self):
        self.lying, self.archived, self.fails, self.asked = {}, set(), None, []

    def deal(self, ref, title="A card", **said):
        values = {"lies": {BOARD: "design"}, "labels": ("launch",), **said}
        target = Target("library", ref, f"Board / {title}", f"https://cards.example/{ref}")
        self.lying[ref] = Card(target, title, **values)
        return ref

    def change(self, ref, **said):
        self.lying[ref] = replace(self.lying[ref], **said)

    def boards(self, cursor):
        return Page((Board(BOARD, "Spring launch"),), None)

    def board(self, ref):
        if ref != BOARD:
            raise Missing("There is no such board.")
        return Board(BOARD, "Spring launch", LISTS, (Named("launch", "Launch"),), (Named("codes", "Codes"),))

    def cards(self, board, cursor):
        self.asked.append(("cards", cursor))
        if self.fails is not None:
            raise self.fails
        here = [card for ref, card in sorted(self.lying.items()) if board in card.lies and ref not in self.archived]
        at = int(cursor or 0)
        return Page(tuple(here[at : at + 2]), str(at + 2) if at + 2 < len(here) else None)

    def card(self, ref):
        self.asked.append(("card", ref))
        if ref not in self.lying:
            raise Missing("There is no such card.")
        return replace(self.lying[ref], done=self.lying[ref].done or ref in self.archived)


class Room(Desk):
    """A desk with bindings."""

    def __init__(self, world):
        super().__init__(world)
        self.wall, self.found, self.listened = Wall(), [], []
        declared = world.exchange.declared
        declared = replace(declared, abilities={**declared.abilities, Capability.CARDS: Ability()})
        board = SimpleNamespace(
            manifest=lambda _: declared, report=lambda *_: None,
            speak=lambda *_, **__: SimpleNamespace(connector=self.wall, manifest=declared),
        )  # fmt: skip
        self.bindings = Bindings(
            self.database, self.clock, board, self.placements.wake, lambda words, filters: self.found,
            self.listened.append,
        )  # fmt: skip
        self.person(self.actor, "edda")

    def person(self, actor, mail):
        """Let somebody be known to the hub."""
        with self.database.unit() as session:
            session.add(
                User(
                    id=actor.id, email=f"{mail}@dam.test", name=actor.name, role=actor.role, password_hash="",
                    disabled_at=None, created_at=1,
                )
            )  # fmt: skip

    def bind(self, *, live=True, name="Launch", takes=None, source=None, names=None):
        wish = BindingWish(
            name, self.world.remote_id, BOARD, takes or Takes(lists=("design",), labels=("launch",)),
            source or Source("campaign", "Spring"), names or Names(),
        )  # fmt: skip
        made = self.bindings.make(self.actor, wish)
        self.bindings.drain("w")
        if live:
            self.bindings.start(self.actor, made.id)
            self.plan()
        return made.id

    def plan(self, times=4):
        for _ in range(times):
            self.bindings.drain("w")

    def work(self):
        """Let everything come to rest: cards, sets, copies."""
        self.plan()
        self.run()
        self.plan()
        self.run()

    def of_campaign(self, body, campaign="Spring", *, approve=True):
        asset_id = self.approved(body) if approve else self.world.asset(body)
        self.describe(asset_id, campaign=campaign)
        return asset_id

    def describe(self, asset_id, **values):
        self.catalogue.edit(self.actor, asset_id, values)

    def links(self, ref):
        """Return the copies that are wanted on a card, by asset."""
        return {row.asset_id: row for row in self.rows(ref) if row.wanted and row.settled_at is None}

    def rows(self, ref):
        from hub.connections.models import Target

        with self.database.read() as session:
            query = select(Placement).join(Target, Target.id == Placement.target_id)
            return list(session.scalars(query.where(Target.external_ref == ref).order_by(Placement.id)))

    def code(self, asset_id):
        return self.catalogue.view(self.actor, asset_id).code


@pytest.fixture
def room(database, clock):
    return Room(World(database, clock))


@pytest.fixture
def quick(sqlite_url, clock):
    """One database only, which need not survive a power cut."""
    database = Database(sqlite_url)
    event.listen(database.engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA synchronous=OFF").close())
    EventLog(database, clock)
    yield database
    database.dispose()


@pytest.fixture
def quick_room(quick, clock):
    return Room(World(quick, clock))
