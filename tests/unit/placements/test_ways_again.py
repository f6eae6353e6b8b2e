"""What stops for want of a sign-in goes on by itself when there is one, whoever hears of it first."""

from __future__ import annotations

import pytest

from connectors.sdk.errors import AuthExpired, NeedsPerson
from hub.clock import DAY, HOUR, MINUTE
from hub.connections.models import Connection
from hub.connections.problems import no_such_connector, not_usable
from hub.events.log import emit


class Door:
    """The way to the remote: open, closed, or closed and opened again before anybody notes what became of a call."""

    def __init__(self, desk, monkeypatch):
        self.desk, self.closed, self.calls = desk, None, 0
        self._speak, self._report = desk.world.exchange.speak, desk.world.exchange.report
        self.meanwhile = lambda: None
        monkeypatch.setattr(desk.world.exchange, "speak", self.speak)
        monkeypatch.setattr(desk.world.exchange, "report", self.report)

    def speak(self, remote_id, **how):
        if self.closed is not None:
            self.calls, closed = self.calls + 1, self.closed
            self.meanwhile()
            raise closed
        return self._speak(remote_id, **how)

    def report(self, remote_id, error):
        self._report(remote_id, error)
        if error is not None:
            self.meanwhile()

    def state(self, state):
        with self.desk.database.unit() as session:
            row = session.query(Connection).one()
            row.state = state
            if state == "live":
                emit(session, "connection.live", row.id, actor="system", body={"remote_id": row.remote_id})

    def shut(self):
        self.closed = not_usable("connection_needs_person", "Fake")
        self.state("needs_person")

    def sign_in(self):
        self.closed, self.meanwhile = None, lambda: None
        self.state("live")
        self.desk.placements.plan("worker-2")


@pytest.fixture
def door(desk, monkeypatch):
    return Door(desk, monkeypatch)


def test_a_copy_waits_for_a_sign_in_and_goes_on_after_it(desk, door):
    door.shut()
    placed = desk.place(desk.approved())
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code) == ("blocked", "connection_needs_person")
    assert door.calls == 1
    door.sign_in()
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code) == ("live", "")


def test_a_sign_in_before_the_row_says_that_it_waits_is_not_missed(desk, door):
    placed = desk.place(desk.approved())
    door.shut()
    door.meanwhile = door.sign_in
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code) == ("live", "")
    assert not desk.events("placement.blocked"), "nobody was asked"


def test_nor_is_one_between_a_refused_write_and_what_is_noted_of_it(desk, door, monkeypatch):
    placed = desk.place(desk.approved())
    refused = iter([AuthExpired("Fake refuses the credentials.")])
    publish = desk.world.exchange.speak(desk.world.remote_id).connector.publish

    def refuse_once(self, *given, **named):
        for error in refused:
            door.shut()
            door.meanwhile = door.sign_in
            raise error
        return publish(*given, **named)

    monkeypatch.setattr(type(desk.world.exchange.speak(desk.world.remote_id).connector), "publish", refuse_once)
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code) == ("live", "")
    assert [attempt.outcome for attempt in desk.world.attempts(placed)] == ["refused", "done"]
    assert len(desk.shown(placed)) == 1


def test_a_row_that_never_heard_of_the_sign_in_looks_for_itself(desk, door):
    door.shut()
    placed = desk.place(desk.approved())
    desk.run()
    door.closed = None
    with desk.database.unit() as session:
        session.query(Connection).one().state = "live"
    desk.clock.advance(DAY + MINUTE)
    desk.run()
    assert desk.copy(placed).phase == "live"


def test_a_copy_that_rests_breaks_no_drain_when_its_connector_is_gone_and_is_looked_at_once_that_is_back(
    desk, door, monkeypatch
):
    placed, manifest = desk.place(desk.approved()), desk.world.exchange.manifest
    desk.run()
    assert desk.copy(placed).phase == "live"

    def gone(name):
        raise no_such_connector(name)

    monkeypatch.setattr(desk.world.exchange, "manifest", gone)
    door.closed = NeedsPerson("No connector of this name is installed.", code="no_such_connector")
    desk.clock.advance(HOUR + MINUTE)
    assert desk.tick() == 1
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code) == ("blocked", "no_such_connector")
    monkeypatch.setattr(desk.world.exchange, "manifest", manifest)
    door.closed = None
    desk.clock.advance(HOUR + MINUTE)
    desk.run()
    assert (desk.copy(placed).phase, desk.copy(placed).problem_code) == ("live", "")
