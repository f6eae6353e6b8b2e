"""A receiver that hangs holds up nobody else; nobody gets more than their share; what an answer said is kept."""

from __future__ import annotations

import threading

import pytest

from connectors.sdk.push import Answer
from hub.clock import SECOND
from hub.errors import HubError
from hub.notify import outbox, sending
from hub.notify.models import Delivery, Endpoint
from hub.notify.outbox import AT_ONCE, SLOW_MS, Parcel, lease_due
from hub.notify.service import Notify
from hub.settings import Settings

OTHER = "https://other.example.org/"


class Hanging:
    """Takes messages at once, except at one address: there it answers when it is let go."""

    def __init__(self, url):
        self.url, self.let_go, self.got, self.stuck = url, threading.Event(), [], 0

    def __call__(self, url, body, headers):
        if url == self.url:
            self.stuck += 1
            assert self.let_go.wait(60)
        self.got.append((url, headers["webhook-id"]))
        return Answer(204)


@pytest.fixture
def hanging(endpoint, database, clock, keyring, guard):
    """An endpoint that hangs and one that does not, sent to by a worker that hardly waits."""
    slow, well = endpoint(), endpoint(OTHER)
    receiver = Hanging(slow.url)
    room = Notify(database, clock, keyring, Settings(), guard=guard, send=receiver, patience_s=0.01)
    room.slow, room.well, room.receiver = slow, well, receiver
    yield room
    receiver.let_go.set()
    room._sending.join(60)


def test_a_receiver_that_hangs_delays_nobody_else(hanging, happen, clock):
    wanted = {happen(version_id=str(number)) for number in range(30)}
    clock.advance(SECOND)
    hanging.drain_events("w")

    def heard():
        return {message_id for url, message_id in hanging.receiver.got if url == OTHER}

    for _ in range(2000):
        hanging.drain_deliveries("w")
        if heard() == wanted:
            break
    assert heard() == wanted, "and not one message to the other was answered meanwhile"
    assert 1 <= hanging.receiver.stuck <= AT_ONCE
    assert not any(url == hanging.slow.url for url, _ in hanging.receiver.got)


def test_what_hung_is_answered_later_and_counts(hanging, happen, administrator):
    happen()
    hanging.drain_events("w")
    while hanging.drain_deliveries("w"):
        continue
    assert [row.state for row in hanging.deliveries(administrator, hanging.slow.id)] == ["pending"]
    hanging.receiver.let_go.set()
    hanging._sending.join(60)
    assert [row.state for row in hanging.deliveries(administrator, hanging.slow.id)] == ["delivered"]


def test_one_with_many_messages_leaves_room_for_the_others(notify, endpoint, happen, clock, database):
    busy, quiet = endpoint(kinds=["asset.approved"]), endpoint(OTHER, ["rights.ended"])
    for number in range(50):
        happen(version_id=str(number))
    happen("rights.ended", term_id="t")
    clock.advance(SECOND)
    notify.drain_events("w")
    with database.unit() as unit:
        first = [one.endpoint_id for one in lease_due(unit, owner="w", now=clock.now())]
    assert (first.count(busy.id), first.count(quiet.id)) == (AT_ONCE, 1)
    with database.unit() as unit:
        assert lease_due(unit, owner="w2", now=clock.now()) == [], "what is on its way counts, whoever sends it"


def test_room_is_shared_when_there_is_little(notify, endpoint, happen, clock, database):
    made = [endpoint(f"https://hooks.example.org/{number}") for number in range(3)]
    for number in range(5):
        happen(version_id=str(number))
    notify.drain_events("w")
    with database.unit() as unit:
        first = [one.endpoint_id for one in lease_due(unit, owner="w", now=clock.now(), well=3)]
    assert sorted(first) == sorted(one.id for one in made)


@pytest.mark.parametrize("why", [{"failing_since": 1}, {"took_ms": SLOW_MS + 1}])
def test_those_that_fail_or_are_slow_have_lanes_of_their_own(notify, endpoint, happen, clock, database, why):
    lame, well = endpoint(), endpoint(OTHER)
    with database.unit() as unit:
        for name, value in why.items():
            setattr(unit.get(Endpoint, lame.id), name, value)
    for number in range(5):
        happen(version_id=str(number))
    notify.drain_events("w")
    with database.unit() as unit:
        found = [(one.endpoint_id, one.ailing) for one in lease_due(unit, owner="w", now=clock.now())]
    assert found.count((lame.id, True)) == 1
    assert found.count((well.id, False)) == AT_ONCE
    with database.unit() as unit:
        unit.query(Delivery).update({"lease_until": None})
    with database.unit() as unit:
        assert all(one.endpoint_id == well.id for one in lease_due(unit, owner="w", now=clock.now(), ailing=0))


def test_how_long_an_answer_took_is_kept_and_decides_the_lane(
    database, clock, keyring, guard, receiver, endpoint, happen, administrator
):
    made = endpoint()
    times = iter([0.0, 3.5])
    room = Notify(database, clock, keyring, Settings(), guard=guard, send=receiver, patience_s=30)
    room._sending._monotonic = lambda: next(times)
    event_id = happen()
    room.drain_events("w")
    room.drain_deliveries("w")
    (tried,) = room.delivery(administrator, made.id, event_id)[1]
    assert tried.took_ms == 3500
    with database.read() as unit:
        assert unit.get(Endpoint, made.id).took_ms == 3500


def test_every_try_is_kept_with_the_beginning_of_its_answer_and_without_our_secrets(
    notify, endpoint, receiver, happen, drain, clock, administrator
):
    made = endpoint()
    secret = receiver.secrets[made.url][0]
    receiver.says = f"No, not with {secret} or {secret.removeprefix('whsec_')}. \0\xff".encode("latin-1") + b"x" * 9000
    receiver.answers[made.url] = 500
    event_id = happen(version_id="v1")
    drain()
    clock.advance(5 * SECOND)
    receiver.answers[made.url], receiver.says = 200, b"Thanks."
    drain()
    delivery, (second, first) = notify.delivery(administrator, made.id, event_id)
    assert (delivery.state, delivery.kind, delivery.attempt) == ("delivered", "asset.approved", 2)
    assert [body for _, _, body in receiver.got] == [delivery.body.encode()] * 2, "the request that is shown was sent"
    assert (second.status, second.answer, second.shown) == (200, "HTTP 200", "Thanks.")
    assert (first.status, first.at) == (500, clock.now() - 5 * SECOND)
    assert first.shown.startswith("No, not with [secret] or [secret]. \N{REPLACEMENT CHARACTER}")
    assert len(first.shown) == sending.MOST_SHOWN


def test_an_outcome_that_cannot_be_written_down_is_raised_and_tried_again(
    notify, endpoint, receiver, happen, drain, monkeypatch, administrator, clock
):
    made = endpoint()
    happen()

    def fail(*_, **__):
        raise HubError("database_unavailable", "The database does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(sending, "record", fail)
        with pytest.raises(HubError):
            drain()
    assert drain() == 0
    clock.advance(sending.TIME_LIMIT_S * 4 * SECOND)
    assert drain() == 1
    assert notify.deliveries(administrator, made.id)[0].state == "delivered"
    assert len(receiver.got) == 2


def test_an_answer_for_what_was_removed_meanwhile_is_dropped(notify, endpoint, happen, clock, database, administrator):
    from hub.notify.outbox import Outcome, Try, record

    made = endpoint()
    happen()
    notify.drain_events("w")
    with database.unit() as unit:
        (parcel,) = lease_due(unit, owner="w", now=clock.now())
    assert isinstance(parcel, Parcel)
    notify.remove_endpoint(administrator, made.id)
    with database.unit() as unit:
        record(unit, [Try(parcel, Outcome(200, "HTTP 200"), "w")], now=clock.now())
    assert notify.list(administrator) == []


def test_events_for_many_endpoints_are_taken_up_in_units_that_stay_short(
    notify, endpoint, happen, monkeypatch, administrator
):
    made = [endpoint(f"https://hooks.example.org/{number}") for number in range(3)]
    for number in range(4):
        happen(version_id=str(number))
    monkeypatch.setattr(outbox, "MOST_ROWS", 4)
    taken = []
    while read := notify.drain_events("w"):
        taken.append(read)
    assert len(taken) > 1
    assert [len(notify.deliveries(administrator, each.id)) for each in made] == [4, 4, 4]


def test_outcomes_that_come_together_are_written_together(notify, endpoint, happen, monkeypatch, administrator):
    made = [endpoint(f"https://hooks.example.org/{number}") for number in range(12)]
    happen(version_id="v1")
    written, record = [], sending.record

    def counted(session, tries, *, now):
        written.append(len(tries))
        record(session, tries, now=now)

    monkeypatch.setattr(sending, "record", counted)
    monkeypatch.setattr(sending, "GATHERING_S", 30)
    notify.drain_events("w")
    assert notify.drain_deliveries("w") == 12
    assert written == [12]
    assert {notify.deliveries(administrator, each.id)[0].state for each in made} == {"delivered"}


def test_what_its_turn_comes_to_too_late_is_left_to_the_next_lease(
    database, clock, keyring, guard, endpoint, happen, monkeypatch, administrator
):
    made = endpoint()
    receiver = Hanging(made.url)
    monkeypatch.setattr(sending, "WELL_AT_ONCE", 1)
    room = Notify(database, clock, keyring, Settings(), guard=guard, send=receiver, patience_s=0.01)
    for number in range(2):
        happen(version_id=str(number))
    room.drain_events("w")
    assert room.drain_deliveries("w") == 2, "one is on its way, the other waits behind it"
    clock.advance(outbox.LEASE_MS - sending.TIME_LIMIT_S * SECOND + 1)
    receiver.let_go.set()
    room._sending.join(60)
    assert len(receiver.got) == 1
    assert sorted(row.state for row in room.deliveries(administrator, made.id)) == ["delivered", "pending"]
    clock.advance(outbox.LEASE_MS)
    assert room.drain_deliveries("w") == 1
    room._sending.join(60)
    assert [row.state for row in room.deliveries(administrator, made.id)] == ["delivered", "delivered"]
    assert len(receiver.got) == len(set(receiver.got)) == 2


def test_in_few_lanes_one_message_of_each_endpoint_goes_first(notify, endpoint, happen, clock, database):
    made = [endpoint(f"https://hooks.example.org/{number}") for number in range(3)]
    for number in range(5):
        happen(version_id=str(number))
    notify.drain_events("w")
    with database.unit() as unit:
        parcels = lease_due(unit, owner="w", now=clock.now())
    turns = [load.parcel for load in sending.in_turns([sending.Load(parcel, "w", 0) for parcel in parcels])]
    assert {one.endpoint_id for one in turns[:3]} == {one.id for one in made}
    assert len(turns) == len(parcels) == 8
    for one in made:
        assert [p for p in turns if p.endpoint_id == one.id] == [p for p in parcels if p.endpoint_id == one.id]


def test_what_waits_behind_a_message_that_hung_is_not_sent_into_the_same_silence(
    database, clock, keyring, guard, endpoint, happen, monkeypatch, administrator
):
    slow, well = endpoint(), endpoint(OTHER)
    monkeypatch.setattr(sending, "WELL_AT_ONCE", 1)
    got, seconds = [], iter(range(10**6))

    def send(url, body, headers):
        got.append(url)
        for _ in range(14 if url == slow.url else 0):
            next(seconds)
        return Answer(204)

    room = Notify(database, clock, keyring, Settings(), guard=guard, send=send, patience_s=30)
    room._sending._monotonic = lambda: float(next(seconds))
    for number in range(AT_ONCE):
        happen(version_id=str(number))
    room.drain_events("w")
    assert room.drain_deliveries("w") == 2 * AT_ONCE
    room._sending.join(60)
    assert (got.count(slow.url), got.count(OTHER)) == (1, AT_ONCE), "the lane was there for the others"
    clock.advance(outbox.LEASE_MS)
    while room.drain_deliveries("w"):
        room._sending.join(60)
    assert {row.state for one in (slow, well) for row in room.deliveries(administrator, one.id)} == {"delivered"}
    assert got.count(slow.url) == AT_ONCE
