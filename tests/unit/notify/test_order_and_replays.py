"""Order where it is asked for; sending again; filters; the log that is swept."""

from __future__ import annotations

import json
import threading

import pytest

from hub.app.reach import touched_by
from hub.clock import DAY, HOUR, SECOND
from hub.errors import HubError
from hub.events.log import emit
from hub.events.models import Event
from hub.notify.filters import Touched
from hub.notify.models import Delivery, DeliveryAttempt, Endpoint
from hub.notify.service import Notify
from hub.settings import Settings
from webhooks import DELAYS_S


def code_of(call, *args, **kwargs):
    with pytest.raises(HubError) as refused:
        call(*args, **kwargs)
    return refused.value.code


def told(receiver, url="https://hooks.example.org/in"):
    return [(body["data"]["asset_id"], body["data"].get("version_id")) for body in receiver.bodies(url)]


# Order


def test_in_order_the_next_about_an_asset_waits_and_others_do_not(endpoint, receiver, happen, drain, clock):
    made = endpoint(ordered=True)
    receiver.answers[made.url] = 500
    happen(version_id="1")
    drain()
    happen(version_id="2")
    happen(subject="asset-2", version_id="1")
    clock.advance(SECOND)
    receiver.answers[made.url] = 200
    while drain():
        continue
    assert told(receiver) == [("asset-1", "1"), ("asset-2", "1")]
    clock.advance(DELAYS_S[1] * SECOND)
    while drain():
        continue
    assert told(receiver)[2:] == [("asset-1", "1"), ("asset-1", "2")]


def test_in_order_what_is_given_up_lets_the_next_go(endpoint, receiver, happen, drain, clock):
    made = endpoint(ordered=True)
    receiver.answers[made.url] = 500
    happen(version_id="1")
    happen(version_id="2")
    for delay in DELAYS_S:
        clock.advance(delay * SECOND)
        drain()
    assert {version for _, version in told(receiver)} == {"1"}
    receiver.answers[made.url] = 200
    drain()
    assert told(receiver)[-1] == ("asset-1", "2")


def test_in_order_whatever_is_about_the_same_asset_is_held_together(endpoint, receiver, happen, drain):
    endpoint(kinds=["*"], ordered=True)
    for number in range(3):
        happen("placement.made", f"copy-{number}", asset_id="asset-1", version_id=str(number), target_id="t")
        happen("rights.changed", "asset-1", term_id=str(number))
    while drain():
        continue
    bodies = receiver.bodies("https://hooks.example.org/in")
    assert [body["data"].get("version_id") or body["data"]["term_id"] for body in bodies] == list("001122")


def test_without_order_the_next_does_not_wait(endpoint, receiver, happen, drain):
    made = endpoint()
    receiver.answers[made.url] = 500
    happen(version_id="1")
    drain()
    receiver.answers[made.url] = 200
    happen(version_id="2")
    drain()
    assert told(receiver) == [("asset-1", "1"), ("asset-1", "2")]


def test_in_order_with_workers_side_by_side(notify, endpoint, receiver, happen):
    endpoint(ordered=True)
    for number in range(10):
        for asset in ("a", "b"):
            happen(subject=asset, version_id=str(number))
    barrier = threading.Barrier(3)
    left = [20]

    def work(name):
        barrier.wait()
        while len(receiver.got) < left[0]:
            notify.drain_events(name)
            notify.drain_deliveries(name)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for asset in ("a", "b"):
        assert [version for about, version in told(receiver) if about == asset] == [str(one) for one in range(10)]
    assert len(receiver.got) == 20


# Sending again


def test_one_event_is_sent_again_with_its_id_and_its_bytes(notify, endpoint, receiver, happen, drain, administrator):
    made = endpoint()
    event_id = happen(version_id="v1")
    drain()
    again = notify.replay(administrator, made.id, event_id)
    assert (again.state, again.attempt) == ("pending", 0)
    drain()
    first, second = receiver.got
    assert first == second
    delivery, tries = notify.delivery(administrator, made.id, event_id)
    assert (delivery.state, len(tries)) == ("delivered", 2)


def test_a_span_of_time_is_sent_again_also_from_before_the_endpoint_was_made(
    notify, endpoint, receiver, happen, drain, administrator, clock, database
):
    began = clock.now()
    with database.unit() as unit:
        for number in range(210):  # more than two rounds, with what is not wanted in between
            emit(unit, "asset.approved", f"asset-{number}", actor="u", body={"version_id": "v"})
            emit(unit, "asset.archived", f"asset-{number}", actor="u")
    clock.advance(HOUR)
    happen(subject="later")
    clock.advance(1)
    made = endpoint(ordered=True)
    view = notify.replay_span(administrator, made.id, from_at=began, until_at=began + HOUR)
    assert view.replaying
    assert code_of(notify.replay_span, administrator, made.id, from_at=1, until_at=2) == "replay_running"
    while drain() or notify.endpoint(administrator, made.id).replaying:
        continue
    assert sorted(about for about, _ in told(receiver)) == sorted(f"asset-{number}" for number in range(210))
    assert len({message_id for _, message_id, _ in receiver.got}) == 210


def test_what_is_on_its_way_is_not_doubled_by_a_replay(notify, endpoint, receiver, happen, drain, administrator, clock):
    made = endpoint()
    receiver.answers[made.url] = 500
    happen(version_id="v1")
    drain()
    notify.replay_span(administrator, made.id, from_at=0, until_at=clock.now() + 1)
    receiver.answers[made.url] = 200
    drain()
    clock.advance(DAY)
    assert drain() == 0
    assert len(receiver.got) == 2


def test_nothing_is_sent_again_to_an_endpoint_that_is_off(notify, endpoint, happen, drain, administrator, clock):
    made = endpoint()
    event_id = happen()
    drain()
    notify.off(administrator, made.id)
    for call, given in (
        (notify.replay, {"event_id": event_id}),
        (notify.replay_span, {"from_at": 0, "until_at": clock.now()}),
        (notify.test, {}),
    ):
        assert code_of(call, administrator, made.id, **given) == "endpoint_off"
    notify.on(administrator, made.id)
    assert code_of(notify.replay, administrator, made.id, "unknown") == "no_such_event"
    assert code_of(notify.replay_span, administrator, made.id, from_at=2, until_at=2) == "span_empty"


def test_switching_off_ends_a_replay(notify, endpoint, happen, administrator, clock, receiver, drain):
    made = endpoint()
    happen()
    notify.replay_span(administrator, made.id, from_at=0, until_at=clock.now() + 1)
    assert not notify.off(administrator, made.id).replaying
    assert drain() == 0


def test_a_test_message_goes_the_way_of_all_others(notify, endpoint, receiver, drain, administrator):
    made = endpoint(kinds=["rights.ended"])
    sent = notify.test(administrator, made.id)
    drain()
    ((_, message_id, body),) = receiver.got
    assert message_id == sent.event_id
    assert (json.loads(body)["type"], json.loads(body)["data"]) == ("endpoint.test", {"endpoint_id": made.id})
    assert notify.delivery(administrator, made.id, sent.event_id)[0].state == "delivered"


# What an endpoint wants


def test_kinds_may_be_all_of_a_room_or_all(endpoint, receiver, happen, drain):
    rights, every = endpoint(kinds=["rights.*"]), endpoint("https://other.example.org/", ["*"])
    happen("rights.changed", term_id="t")
    happen("asset.archived")
    happen("access.signed_in")
    drain()
    assert [body["type"] for body in receiver.bodies(rights.url)] == ["rights.changed"]
    assert {body["type"] for body in receiver.bodies(every.url)} == {"rights.changed", "asset.archived"}


def test_filters_narrow_to_what_an_event_touches(
    database, clock, keyring, guard, receiver, endpoint, happen, drain, administrator
):
    asked = []

    def reach(session, event):
        asked.append(event.subject)
        return {
            "in": Touched(frozenset({"c1", "c2"}), frozenset({"Lake"}), frozenset({"k1"})),
            "half": Touched(frozenset({"c1"})),
        }.get(event.subject, Touched())

    endpoint(filters={"collections": ["c1", "c9"], "connections": ["k1"], "campaigns": []})
    endpoint("https://other.example.org/", filters={"campaigns": ["Lake"]})
    room = Notify(database, clock, keyring, Settings(), guard=guard, send=receiver, reach=reach, patience_s=30)
    for subject in ("in", "half", "out"):
        happen(subject=subject)
    room.drain_events("w")
    room.drain_deliveries("w")
    assert told(receiver) == told(receiver, "https://other.example.org/") == [("in", None)]
    assert asked == ["in", "half", "out"], "once for each event, however many endpoints ask"


@pytest.mark.parametrize(
    "filters", [{"colours": ["red"]}, {"campaigns": ["x" * 201]}, {"collections": [str(n) for n in range(51)]}]
)
def test_filters_that_are_refused(notify, administrator, filters):
    url = "https://hooks.example.org/"
    assert code_of(notify.add_endpoint, administrator, url, ["*"], filters=filters) == "filters_unfit"


def test_what_is_changed_counts_from_now_on_and_the_rest_stays(
    notify, endpoint, receiver, happen, drain, administrator
):
    made = endpoint(description="Agency", filters={"campaigns": ["Lake"]}, ordered=True)
    changed = notify.change_endpoint(administrator, made.id, kinds=["rights.*"], filters={}, description=" New one ")
    assert (changed.url, changed.kinds, changed.filters, changed.description, changed.ordered) == (
        made.url, ("rights.*",), {}, "New one", True,
    )  # fmt: skip
    happen()
    happen("rights.changed", term_id="t")
    drain()
    assert [body["type"] for body in receiver.bodies(made.url)] == ["rights.changed"]
    for wrong, code in (
        ({"url": "http://hooks.example.org/"}, "endpoint_url_refused"),
        ({"kinds": []}, "event_kind_unknown"),
        ({"description": "a\nb"}, "description_unfit"),
    ):
        assert code_of(notify.change_endpoint, administrator, made.id, **wrong) == code
    assert notify.endpoint(administrator, made.id) == changed


def test_what_is_done_with_endpoints_stands_in_the_log(notify, endpoint, administrator, database, clock):
    made = endpoint()
    notify.change_endpoint(administrator, made.id, ordered=True)
    notify.rotate(administrator, made.id)
    notify.off(administrator, made.id)
    notify.on(administrator, made.id)
    notify.replay_span(administrator, made.id, from_at=0, until_at=1)
    notify.remove_endpoint(administrator, made.id)
    with database.read() as unit:
        found = unit.query(Event).filter_by(subject=made.id).order_by(Event.seq).all()
    assert [event.kind.partition(".")[2] for event in found] == [
        "added", "changed", "secret_replaced", "off", "on", "replayed", "removed",
    ]  # fmt: skip
    assert {event.actor for event in found} == {administrator.id}
    assert "whsec_" not in str([event.body for event in found])


# The log of deliveries


def test_the_log_is_swept_after_30_days_and_what_waits_is_not(
    notify, endpoint, receiver, happen, drain, clock, database
):
    made = endpoint()
    happen(version_id="old")
    drain()
    clock.advance(30 * DAY)
    assert notify.sweep("w") == 0
    receiver.answers[made.url] = 500
    happen(version_id="waits")
    drain()
    clock.advance(1)
    assert notify.sweep("w") == 2
    with database.read() as unit:
        assert [row.state for row in unit.query(Delivery)] == ["pending"]
        assert unit.query(DeliveryAttempt).count() == 1
    clock.advance(31 * DAY)
    assert notify.sweep("w") == 1, "the try is forgotten, the delivery still waits"
    assert notify.sweep("w") == 0


def test_deliveries_are_listed_by_state_and_page_by_page(notify, endpoint, receiver, happen, drain, administrator):
    made = endpoint()
    ids = [happen(version_id=str(number)) for number in range(5)]
    while drain():
        continue
    receiver.answers[made.url] = 500
    ids.append(happen(version_id="refused"))
    drain()
    newest = notify.deliveries(administrator, made.id, limit=2)
    assert [row.event_id for row in newest] == ids[:-3:-1]
    older = notify.deliveries(administrator, made.id, before=newest[-1].event_id, limit=500)
    assert [row.event_id for row in older] == ids[-3::-1]
    assert [row.event_id for row in notify.deliveries(administrator, made.id, state="pending")] == [ids[-1]]
    assert code_of(notify.delivery, administrator, made.id, "unknown") == "no_such_delivery"
    assert code_of(notify.deliveries, administrator, "unknown") == "no_such_endpoint"


def test_a_removed_endpoint_is_gone_with_its_log(notify, endpoint, happen, drain, administrator, database):
    made = endpoint()
    happen()
    drain()
    notify.remove_endpoint(administrator, made.id)
    with database.read() as unit:
        assert [unit.query(table).count() for table in (Endpoint, Delivery, DeliveryAttempt)] == [0, 0, 0]
    assert code_of(notify.remove_endpoint, administrator, made.id) == "no_such_endpoint"


def test_what_an_event_touches_is_asked_of_the_rooms(database, clock):
    from hub.access.actors import SYSTEM
    from hub.catalogue.assets import create_asset
    from hub.catalogue.metadata import set_fields
    from hub.catalogue.service import Catalogue
    from hub.connections.models import Connection, Remote, Target

    with database.unit() as unit:
        asset_id = create_asset(unit, kind="image", owner_id="u", at=1).id
        set_fields(unit, asset_id, {"campaign": "Lake"}, author="person", author_ref="u", at=1, actor_id="u")
        unit.add(Remote(id="r", connector="x", account_key="k", label="", created_at=1))
        unit.flush()
        unit.add(Target(id="t", remote_id="r", kind="k", external_ref="1", label="", channel="x", territory="*"))
        for name, state in (("old", "off"), ("new", "live")):
            unit.add(
                Connection(
                    id=name, remote_id="r", owner_id="u", state=state, auth="key", settings={}, granted_scopes=[],
                    created_at=1,
                )
            )  # fmt: skip
    catalogue = Catalogue(database, clock)
    spring = catalogue.make_collection(SYSTEM, "Spring").id
    catalogue.collect(SYSTEM, spring, [asset_id])

    def touched(kind, subject, **body):
        with database.read() as unit:
            return touched_by(unit, Event(kind=kind, subject=subject, body=body))

    mine, both = Touched(frozenset({spring}), frozenset({"Lake"})), frozenset({"old", "new"})
    assert touched("asset.approved", asset_id) == touched("rights.ended", asset_id) == mine
    assert touched("recall.opened", "recall-1", asset_id=asset_id) == mine
    copy = touched("placement.proven", "copy-1", asset_id=asset_id, target_id="t")
    assert copy == Touched(mine.collections, mine.campaigns, both)
    for kind, subject, body in (
        ("connection.live", "old", {"remote_id": "r"}),
        ("connection.ends_soon", "new", {}),
        ("mapping.changed", "r", {}),
        ("target.changed", "t", {"remote_id": "r"}),
    ):
        assert touched(kind, subject, **body) == Touched(connections=both), kind
    assert touched("collection.renamed", spring) == Touched(frozenset({spring}))
    assert touched("connection.live", "unknown") == Touched()
