from __future__ import annotations

import json
import threading

import pytest

from connectors.sdk.guard import AddressRefused, Guard
from hub.access.keyring import Keyring
from hub.clock import DAY, HOUR, SECOND
from hub.db.models import Installation, Mode
from hub.events.models import Event
from hub.notify.endpoints import cut_loose
from hub.notify.kinds import KINDS
from hub.notify.messages import message_of
from hub.notify.models import Delivery
from hub.notify.outbox import LEASE_MS, Outcome, Parcel, Try, lease_due, record
from hub.notify.service import Notify
from hub.settings import Settings
from tests.unit.sdk import loopback
from webhooks import DELAYS_S, verify


def test_an_event_reaches_the_endpoints_that_want_it(endpoint, receiver, happen, drain):
    first, second = endpoint(), endpoint("https://other.example.org/", ["rights.ended"])
    approved = happen(version_id="v1", sha256="ab" * 32)
    happen("asset.created")
    drain()
    ((url, message_id, body),) = receiver.got
    assert (url, message_id) == (first.url, approved)
    assert json.loads(body)["data"] == {"asset_id": "asset-1", "version_id": "v1"}
    happen("rights.ended", term_id="t1")
    drain()
    (ended,) = receiver.bodies(second.url)
    assert ended["type"] == "rights.ended"
    assert ended["timestamp"] == "2026-09-21T14:13:20.000Z"
    assert drain() == 0


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_bodies_say_ids_and_nothing_of_the_asset_itself(kind):
    secret = ["title", "filename", "sha256", "note", "url", "actor", "slot", "name", "body"]
    event = Event(
        seq=1, id="e", at=1, kind=kind, subject="s", actor="Ada", depth=0,
        body=dict.fromkeys([*secret, *KINDS[kind].fields], "x"),
    )  # fmt: skip
    message = json.loads(message_of(event))
    assert set(message["data"]) == {KINDS[kind].subject, *KINDS[kind].fields}
    assert not set(secret) & set(message["data"])
    assert "Ada" not in str(message)


def test_an_endpoint_hears_of_nothing_before_its_time(endpoint, receiver, happen, drain, clock):
    happen()
    clock.advance(1)
    endpoint()
    happen("asset.approved", "asset-2")
    drain()
    assert [body["data"]["asset_id"] for body in receiver.bodies("https://hooks.example.org/in")] == ["asset-2"]


@pytest.mark.parametrize("answer", [500, 404, 301, 302, 400, 429, 199, "silence", "refused"])
def test_whatever_is_no_success_is_tried_again_with_the_same_id_and_body(
    endpoint, receiver, happen, drain, clock, silence, answer
):
    made = endpoint()
    failures = {"silence": silence, "refused": AddressRefused("inside")}
    receiver.answers[made.url] = failures.get(answer, answer)
    happen(version_id="v1")
    drain()
    assert drain() == 0
    clock.advance(5 * SECOND)
    receiver.answers[made.url] = 200
    assert drain() == 1
    first, second = receiver.got
    assert first == second
    clock.advance(DAY)
    assert drain() == 0


def test_a_secret_that_is_rotated_between_two_tries(
    notify, administrator, endpoint, receiver, happen, drain, clock, silence
):
    made = endpoint()
    receiver.answers[made.url] = silence
    happen(version_id="v1")
    drain()
    receiver.secrets[made.url] = [notify.rotate(administrator, made.id)]
    receiver.answers[made.url] = 200
    clock.advance(5 * SECOND)
    drain()
    first, second = receiver.got
    assert first == second


def test_a_receiver_that_was_down_for_27_hours_gets_everything(endpoint, receiver, happen, drain, clock, silence):
    made = endpoint()
    receiver.answers[made.url] = silence
    wanted = set()
    for hour in range(27):
        wanted.add(happen(version_id=str(hour)))
        drain()
        clock.advance(HOUR)
    receiver.got.clear()
    receiver.answers[made.url] = 200
    for _ in range(30):
        while drain():
            continue
        clock.advance(HOUR)
    assert {message_id for _, message_id, _ in receiver.got} == wanted
    assert len(receiver.got) == 27


def test_the_schedule_is_kept_and_ends(notify, administrator, endpoint, receiver, happen, drain, clock, silence):
    made = endpoint()
    receiver.answers[made.url] = silence
    happen()
    waited = [0]
    assert drain() == 1
    while (row := notify.deliveries(administrator, made.id)[0]).state == "pending":
        waited.append((row.due_at - clock.now()) // SECOND)
        clock.advance(row.due_at - clock.now() - 1)
        assert drain() == 0
        clock.advance(1)
        assert drain() == 1
    assert tuple(waited) == DELAYS_S
    assert (row.state, row.attempt, row.last_answer) == ("given_up", 8, "remote_unreachable")
    assert notify.list(administrator)[0].state == "live"
    clock.advance(DAY)
    assert drain() == 0


def test_410_turns_the_endpoint_off_and_its_maker_is_told(notify, administrator, endpoint, receiver, happen, drain):
    made = endpoint()
    receiver.answers[made.url] = 410
    happen()
    drain()
    (gone,) = notify.list(administrator)
    assert (gone.state, gone.off_reason) == ("off", "gone")
    (notice,) = notify.notices(administrator)
    assert (notice.what, notice.subject, notice.body["reason"]) == ("endpoint_off", made.id, "gone")
    happen()
    assert drain() == 0


def test_five_days_of_failure_turn_it_off(notify, administrator, endpoint, receiver, happen, drain, clock):
    made = endpoint()
    receiver.answers[made.url] = 500
    for step in range(5 * 4):
        happen(version_id=str(step))
        drain()
        clock.advance(6 * HOUR)
    assert notify.list(administrator)[0].state == "live"
    drain()
    (endpoint_now,) = notify.list(administrator)
    assert (endpoint_now.state, endpoint_now.off_reason) == ("off", "failing_for_days")
    assert len(notify.notices(administrator)) == 1
    assert {row.state for row in notify.deliveries(administrator, made.id, limit=500)} == {"given_up"}


def test_one_success_in_between_keeps_it_on(notify, administrator, endpoint, receiver, happen, drain, clock):
    made = endpoint()
    for answer in (500, 200, 500):
        receiver.answers[made.url] = answer
        happen()
        drain()
        clock.advance(3 * DAY)
    assert notify.list(administrator)[0].state == "live"


def test_an_endpoint_that_hangs_does_not_hold_up_the_others(endpoint, receiver, happen, drain, silence, clock):
    slow, well = endpoint(), endpoint("https://other.example.org/")
    receiver.answers[slow.url] = silence
    for number in range(30):
        happen(version_id=str(number))
    clock.advance(SECOND)
    tries = 0
    while len(receiver.bodies(well.url)) < 30:
        drain()
        tries += 1
    assert tries < 12


def test_a_killed_workers_delivery_is_taken_over(notify, endpoint, receiver, happen, drain, clock, database):
    endpoint()
    happen()
    notify.drain_events("w1")
    with database.unit() as unit:
        (parcel,) = lease_due(unit, owner="w1", now=clock.now())
    assert drain("w2") == 0
    clock.advance(LEASE_MS)
    assert drain("w2") == 1
    with database.unit() as unit:
        record(unit, [Try(parcel, Outcome(500, "HTTP 500"), "w1")], now=clock.now())
    with database.read() as unit:
        assert unit.query(Delivery).one().state == "delivered"


def test_a_late_answer_of_a_lost_lease_changes_nothing(notify, endpoint, happen, clock, database):
    endpoint()
    happen()
    notify.drain_events("w1")
    with database.unit() as unit:
        (parcel,) = lease_due(unit, owner="w1", now=clock.now())
    clock.advance(LEASE_MS)
    with database.unit() as unit:
        assert lease_due(unit, owner="w2", now=clock.now()) == [parcel]
    with database.unit() as unit:
        record(unit, [Try(parcel, Outcome(500, "HTTP 500"), "w1")], now=clock.now())
    with database.read() as unit:
        row = unit.query(Delivery).one()
    assert (row.state, row.attempt, row.lease_owner) == ("pending", 0, "w2")


def test_workers_side_by_side_make_each_delivery_once(notify, endpoint, receiver, happen):
    endpoint()
    for number in range(20):
        happen(version_id=str(number))
    barrier = threading.Barrier(3)

    def work(name):
        barrier.wait()
        for _ in range(4):
            notify.drain_events(name)
            while notify.drain_deliveries(name):
                continue

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [message_id for _, message_id, _ in receiver.got]
    assert len(ids) == len(set(ids)) == 20


def test_a_hub_that_only_observes_sends_nothing(endpoint, receiver, happen, drain, database):
    endpoint()
    with database.unit() as unit:
        unit.get(Installation, "i").mode = Mode.OBSERVE_ONLY
    happen()
    assert drain() == 0
    with database.unit() as unit:
        unit.get(Installation, "i").mode = Mode.NORMAL
    assert drain() == 1


def test_a_copy_of_a_hub_is_silent(notify, administrator, endpoint, receiver, happen, drain, database, clock):
    made = endpoint()
    receiver.answers[made.url] = 500
    happen()
    drain()
    with database.unit() as unit:
        cut_loose(unit, at=clock.now())
    happen()
    assert drain() == 0
    assert notify.list(administrator)[0].off_reason == "copied_hub"
    assert [row.state for row in notify.deliveries(administrator, made.id)] == ["given_up"]


def test_a_secret_that_cannot_be_opened_is_a_failure_like_others(database, clock, guard, receiver, endpoint, happen):
    endpoint()
    happen()
    other = Notify(database, clock, Keyring([b"x" * 32]), Settings(), guard=guard, send=receiver, patience_s=30)
    other.drain_events("w1")
    assert other.drain_deliveries("w1") == 1
    assert receiver.got == []
    with database.read() as unit:
        assert unit.query(Delivery).one().last_answer == "secret_unreadable"


def test_a_body_that_cannot_be_signed_is_a_failure_like_others(notify):
    sealed = notify._keyring.seal('[{"secret": "whsec_", "until": null}]', purpose="endpoint-secret/e")
    outcome = notify._sending.attempt(Parcel("e", "id", "https://hooks.example.org/", sealed, "{}"))
    assert (outcome.status, outcome.what) == (None, "secret_unreadable")


def real(database, clock, keyring, origin):
    return Notify(database, clock, keyring, Settings(), guard=Guard(trusted_origins=[origin]), patience_s=30)


def test_over_a_real_socket(database, clock, keyring, administrator, happen):
    with loopback.server(lambda conn, head, body: conn.sendall(loopback.respond(204, b""))) as (origin, seen):
        notify = real(database, clock, keyring, origin)
        made, secret = notify.add_endpoint(administrator, f"{origin}/in?x=1", ["asset.approved"])
        event_id = happen(version_id="v1")
        notify.drain_events("w")
        assert notify.drain_deliveries("w") == 1
        assert notify.deliveries(administrator, made.id)[0].last_answer == "HTTP 204"
    ((head, body),) = seen
    lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    assert lines[0] == "POST /in?x=1 HTTP/1.1"
    assert verify([secret], headers, body, now_s=clock.now() // SECOND) == event_id
    assert headers["content-type"] == "application/json"


def test_a_redirect_over_a_real_socket_is_not_followed(database, clock, keyring, administrator, happen):
    answer = loopback.respond(302, b"", Location="/elsewhere")
    with loopback.server(lambda conn, head, body: conn.sendall(answer)) as (origin, seen):
        notify = real(database, clock, keyring, origin)
        made, _ = notify.add_endpoint(administrator, f"{origin}/in", ["asset.approved"])
        happen()
        notify.drain_events("w")
        notify.drain_deliveries("w")
        assert notify.deliveries(administrator, made.id)[0].last_answer == "HTTP 302"
    assert len(seen) == 1


def test_a_receiver_that_hangs_up_is_tried_again(database, clock, keyring, administrator, happen):
    with loopback.server(lambda conn, head, body: conn.close()) as (origin, _):
        notify = real(database, clock, keyring, origin)
        made, _ = notify.add_endpoint(administrator, f"{origin}/in", ["asset.approved"])
        happen()
        notify.drain_events("w")
        notify.drain_deliveries("w")
        (row,) = notify.deliveries(administrator, made.id)
    assert (row.state, row.last_answer) == ("pending", "remote_unreachable")
