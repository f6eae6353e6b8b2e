"""An account is left: copies are proven away before the hub disconnects, or they stay, and it says so."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from connectors.sdk.errors import AuthExpired
from hub.access.actors import Actor, Role
from hub.connections.models import Connection
from hub.errors import Conflict, Forbidden, NotFound
from hub.placements.models import Evidence, Placement
from hub.placements.phase import Phase, phase


@pytest.fixture
def leaving(desk, monkeypatch):
    """The part of the room that leaves accounts; disconnecting is what the connections room does."""
    room = desk.placements.leaving
    room.disconnected = []

    def disconnect(actor, connection_id):
        room.disconnected.append((actor.id, connection_id))
        with desk.database.unit() as session:
            row = session.get_one(Connection, connection_id)
            row.state, row.problem_code, row.leaving_at, row.leaving_by = "off", "disconnected", None, None

    monkeypatch.setattr(desk.world.exchange, "disconnect", disconnect, raising=False)
    return room


@pytest.fixture
def connection(desk):
    with desk.database.read() as session:
        return session.scalars(select(Connection.id)).one()


@pytest.fixture
def copies(desk):
    """Two copies that stand there, and one that waits for an approval."""
    made = [desk.place(desk.approved(b"one")), desk.place(desk.approved(b"two"))]
    desk.run()
    made.append(desk.place(desk.world.asset(b"draft")))
    desk.run()
    return made


def test_what_it_is_about_is_told_before(desk, leaving, connection, copies):
    outlook = leaving.outlook(desk.actor, connection)
    assert (outlook.there, outlook.away, outlook.stuck) == (2, 1, 0)
    assert outlook.phases == {"live": 2, "waiting": 1}
    assert (outlook.since, outlook.carried_on, outlook.able) == (None, False, True)
    assert sum(outlook.phases.values()) == outlook.there + outlook.away
    assert leaving.drain("w") == 0, "a look changes nothing"


def test_copies_are_withdrawn_and_proven_away_before_the_hub_disconnects(desk, leaving, connection, copies):
    begun = leaving.begin(desk.actor, connection)
    assert (begun.since, begun.by, begun.there) == (desk.clock.now(), desk.actor.id, 2)
    assert leaving.drain("w") == 0, "nothing is proven yet"
    desk.run()
    assert [desk.shown(copy) for copy in copies[:2]] == [[], []]
    assert leaving.outlook(desk.actor, connection).there == 0
    assert leaving.drain("w") == 1
    assert leaving.disconnected == [("system", connection)]
    assert leaving.drain("w") == 0
    assert [desk.copy(copy).settled_reason for copy in copies] == ["withdrawn", "withdrawn", "dropped"]
    assert not any(desk.copy(copy).wanted for copy in copies)
    with desk.database.read() as session:
        for row in session.scalars(select(Placement)):
            assert row.phase == phase(row, open_attempts=0) == Phase.SETTLED
    (left,) = desk.events("connection.left")
    assert (left.subject, left.actor) == (connection, desk.actor.id)


def test_a_copy_that_cannot_be_withdrawn_holds_the_end_up_and_is_counted(desk, leaving, connection, copies):
    leaving.begin(desk.actor, connection)
    desk.refuse(AuthExpired("The key was refused."))
    desk.run()
    assert leaving.drain("w") == 0
    outlook = leaving.outlook(desk.actor, connection)
    assert (outlook.there, outlook.stuck, outlook.away) == (2, 2, 1)
    assert not leaving.disconnected


def test_staying_after_all_brings_back_what_was_withdrawn(desk, leaving, connection, copies):
    leaving.begin(desk.actor, connection)
    desk.run()
    assert [desk.shown(copy) for copy in copies[:2]] == [[], []]
    back = leaving.cancel(desk.actor, connection)
    assert back.since is None
    desk.run()
    assert [desk.shown(copy) for copy in copies[:2]] == [[b"one"], [b"two"]]
    assert leaving.drain("w") == 0
    assert [one.subject for one in desk.events("connection.staying")] == [connection]


def test_staying_is_for_those_who_left(desk, leaving, connection):
    with pytest.raises(Conflict) as told:
        leaving.cancel(desk.actor, connection)
    assert told.value.code == "not_leaving"


def test_beginning_twice_changes_nothing(desk, leaving, connection, copies):
    begun = leaving.begin(desk.actor, connection)
    desk.clock.advance(5)
    assert leaving.begin(desk.actor, connection).since == begun.since
    assert len(desk.events("connection.leaving")) == 1


def test_nothing_new_is_sent_to_an_account_that_is_being_left(desk, leaving, connection, copies):
    leaving.begin(desk.actor, connection)
    late = desk.place(desk.approved(b"late"))
    desk.run()
    assert (desk.copy(late).phase, desk.copy(late).desired_reason, desk.shown(late)) == ("waiting", "leaving", [])


def test_with_another_way_in_nothing_need_be_withdrawn(desk, leaving, connection, copies):
    desk.connect()
    assert leaving.outlook(desk.actor, connection).carried_on
    with pytest.raises(Conflict) as told:
        leaving.begin(desk.actor, connection)
    assert told.value.code == "carried_on"
    leaving.disconnect(desk.actor, connection)
    assert desk.copy(copies[0]).watched, "the other one looks after it"


def test_a_paused_account_is_not_left(desk, leaving, connection):
    with desk.database.unit() as session:
        session.get_one(Connection, connection).state = "off"
    with pytest.raises(Conflict) as told:
        leaving.begin(desk.actor, connection)
    assert told.value.code == "connection_off"


def test_disconnecting_at_once_leaves_the_copies_and_says_that_nobody_looks(desk, leaving, connection, copies):
    assert desk.copy(copies[0]).watched
    leaving.disconnect(desk.actor, connection)
    desk.run()
    copy = desk.copy(copies[0])
    assert (copy.phase, copy.watched, desk.shown(copies[0])) == ("live", False, [b"one"])
    assert leaving.disconnected == [(desk.actor.id, connection)]


def test_giving_up_half_way_keeps_away_what_is_away(desk, leaving, connection, copies):
    leaving.begin(desk.actor, connection)
    desk.run()
    leaving.disconnect(desk.actor, connection)
    desk.world.exchange.refuse = AuthExpired("There is no connection.")
    desk.run()
    assert [desk.copy(copy).settled_reason for copy in copies] == ["withdrawn", "withdrawn", "dropped"]
    assert [desk.shown(copy) for copy in copies[:2]] == [[], []]


@pytest.mark.both
def test_a_worker_that_is_killed_between_both_ends_is_made_up_for(desk, leaving, connection, copies, monkeypatch):
    leaving.begin(desk.actor, connection)
    desk.run()

    def killed(actor, connection_id):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(desk.world.exchange, "disconnect", killed, raising=False)
        with pytest.raises(KeyboardInterrupt):
            leaving.drain("w")
    assert leaving.drain("w") == 1
    assert leaving.disconnected == [("system", connection)]


def test_only_those_who_connect_may_leave(desk, leaving, connection):
    editor = Actor("e", "Edda", Role.EDITOR)
    for act in (leaving.outlook, leaving.begin, leaving.cancel, leaving.disconnect):
        with pytest.raises(Forbidden):
            act(editor, connection)
        with pytest.raises(NotFound):
            act(desk.actor, "unknown")


def test_what_the_channel_only_said_is_not_proven_away(desk, leaving, connection, copies):
    leaving.begin(desk.actor, connection)
    desk.run()
    with desk.database.unit() as session:
        session.execute(update(Evidence).where(Evidence.claim == "withdrawn").values(level="said"))
    assert leaving.drain("w") == 0
    assert leaving.outlook(desk.actor, connection).there == 2
    assert not leaving.disconnected
