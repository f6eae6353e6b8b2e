"""Every kind that goes out really happens, and its message keeps to the schema that the hub serves."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import event as listening
from sqlalchemy import select

from hub.access.keyring import Keyring
from hub.db.unit import Database
from hub.events.log import EventLog
from hub.events.models import Event
from hub.notify.kinds import EVENT_TYPES, KINDS, TEST
from hub.notify.messages import message_of
from hub.settings import Settings
from tests.faults.model.world import World
from tests.unit.notify import happenings
from tests.unit.placements.desk import Desk

ELSEWHERE = {"usage.recorded"}
"""Happens beside its room, where cards are, and is held to its schema there: tests/unit/bindings."""


@pytest.fixture(autouse=True)
def awake():
    """The world below brings its own installation, on one database: no database has a say in this."""


def test_every_kind_happens_in_the_rooms_and_its_message_keeps_to_its_schema(sqlite_url, clock, tmp_path):
    database = Database(sqlite_url)
    listening.listen(database.engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA synchronous=OFF").close())
    EventLog(database, clock)
    desk = Desk(World(database, clock))
    happenings.describe_and_decide(desk)
    happenings.develop(desk)
    happenings.collect(desk)
    happenings.license_and_wait(desk)
    happenings.carry(desk)
    happenings.schedule(desk)
    happenings.disagree(desk)
    happenings.exchange(desk)
    happenings.let_go(desk)
    happenings.connect(desk, Keyring([b"k" * 32]), Settings(home=tmp_path, base_url="https://hub.example"))
    happenings.map_fields(desk)
    happenings.leave(desk)
    with database.read() as session:
        events = list(session.scalars(select(Event).where(Event.kind.in_(KINDS)).order_by(Event.seq)))
    database.dispose()

    assert {event.kind for event in events} == set(KINDS) - ELSEWHERE
    for event in events:
        message, kind = json.loads(message_of(event)), KINDS[event.kind]
        Draft202012Validator(kind.schema(), format_checker=FormatChecker()).validate(message)
        assert set(message["data"]) <= set(kind.data.model_fields), event.kind
        assert not {"Logo", "Somebody else's", "It must go.", "Summer"} & set(map(str, message["data"].values()))


def test_kinds_are_named_by_room_and_their_schemas_are_schemas():
    assert len(EVENT_TYPES) == len(KINDS) >= 24
    for kind in (*EVENT_TYPES, TEST):
        room, _, what = kind.name.partition(".")
        assert (room + what).isidentifier(), kind.name
        Draft202012Validator.check_schema(kind.schema())
        Draft202012Validator(kind.schema()).validate(kind.example())
        assert kind.about.endswith("."), kind.name
