"""An account that does not answer: its owner is told once, since when nobody can vouch, and when it answers again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from connectors.sdk.errors import AuthExpired, Unreachable
from hub.access.models import User
from hub.clock import DAY, HOUR, MINUTE
from hub.connections import health
from hub.connections.models import Connection
from hub.notify.models import Notice
from hub.placements.drift import NOT_ANSWERING
from hub.placements.silence import Silence
from tests.unit.placements.desk import USER
from tests.unit.placements.test_merging import live

AWAY = Unreachable("The fake does not answer.")


@pytest.fixture
def desk(quick_desk):
    """Two copies in an account that its owner may see."""
    with quick_desk.database.unit() as session:
        session.add(User(id=USER, email="edda@hub.example", name="Edda", role="editor", password_hash="", created_at=0))
    live(quick_desk)
    live(quick_desk)
    heard(quick_desk, None)
    return quick_desk


def heard(desk, error):
    """Let a call over every connection end like this, as the connections room notes it."""
    with desk.database.unit() as session:
        for connection in session.scalars(select(Connection)):
            health.note(session, connection, error, desk.clock.now(), actor="system")


def told(desk):
    """Let the drain work; return the notices there are, oldest first."""
    Silence(desk.database, desk.clock, "https://hub.example").drain("worker")
    with desk.database.read() as session:
        return [(one.what, one.user_id, one.body) for one in session.scalars(select(Notice).order_by(Notice.id))]


def test_after_a_day_of_silence_the_owner_is_told_once_since_when_and_of_how_many_copies(desk):
    since = desk.clock.now()
    desk.clock.advance(DAY)
    heard(desk, AWAY)
    assert told(desk) == [], "not before the day is over"
    desk.clock.advance(1)
    assert told(desk) == told(desk)
    ((what, reader, body),) = told(desk)
    assert (what, reader) == ("connection_silent", USER)
    assert (body["copies"], body["since"], body["problem"]) == (2, since, AWAY.message)
    [line] = desk.placements.drift.report(desk.actor).unvouched
    assert (line.why, line.copies, line.since) == (NOT_ANSWERING, 2, since)
    with desk.database.read() as session:
        assert body["link"] == f"https://hub.example/connections/{session.scalars(select(Connection.id)).one()}"
    desk.clock.advance(30 * DAY)
    heard(desk, AWAY)
    assert len(told(desk)) == 1


def test_when_it_answers_again_that_is_told_once_and_another_silence_anew(desk):
    desk.clock.advance(DAY + 1)
    heard(desk, AWAY)
    told(desk)
    desk.clock.advance(HOUR)
    heard(desk, None)
    assert [what for what, *_ in told(desk)] == ["connection_silent", "connection_answers"]
    for _ in range(5):  # it comes and goes
        desk.clock.advance(HOUR)
        heard(desk, AWAY)
        told(desk)
        desk.clock.advance(HOUR)
        heard(desk, None)
    assert len(told(desk)) == 2, "what comes and goes within a day is not told of"
    desk.clock.advance(DAY + 1)
    heard(desk, AWAY)
    assert [what for what, *_ in told(desk)][2:] == ["connection_silent"]


def test_of_two_ways_to_one_account_the_one_that_works_vouches(desk):
    desk.connect()
    desk.clock.advance(DAY + 1)
    heard(desk, AWAY)
    assert [what for what, *_ in told(desk)] == ["connection_silent"], "one account, one notice"
    with desk.database.unit() as session:
        one = session.scalars(select(Connection)).first()
        health.note(session, one, None, desk.clock.now(), actor="system")
    assert [what for what, *_ in told(desk)][1:] == ["connection_answers"]
    desk.clock.advance(MINUTE)
    assert len(told(desk)) == 2


def test_what_needs_a_person_is_told_by_its_own_notice_alone(desk):
    desk.clock.advance(DAY + 1)
    heard(desk, AuthExpired("Sign in again."))
    assert [what for what, *_ in told(desk)] == ["connection_needs_person"]


def test_an_account_where_nothing_stands_troubles_nobody(quick_desk):
    quick_desk.clock.advance(DAY + 1)
    heard(quick_desk, AWAY)
    assert told(quick_desk) == []


def test_an_account_that_answers_over_another_connection_is_told_of_with_the_time_when_it_did(desk):
    desk.clock.advance(DAY + 1)
    heard(desk, AWAY)
    told(desk)
    desk.clock.advance(HOUR)
    another = desk.connect()
    with desk.database.unit() as session:
        health.note(session, session.get_one(Connection, another), None, desk.clock.now(), actor="system")
    *_, (what, _, body) = told(desk)
    assert (what, body["at"]) == ("connection_answers", desk.clock.now())
