"""The pages of outgoing webhooks: made, seen once, changed, tried, sent again, removed."""

from __future__ import annotations

import html
import json
import re

import pytest

from hub.notify.models import Delivery, Endpoint
from hub.web.ui import outgoing, words


@pytest.fixture
def admin(world):
    return world.client("administrator")


def sent(admin, at, **form):
    return admin.post(at, data={"csrf": admin.csrf, **form})


def rows(world, table):
    with world.hub.database.read() as session:
        return session.query(table).all()


def test_a_new_endpoint_shows_its_secret_once(admin, world):
    form = {
        "url": "https://93.184.216.34/new", "kind": ["asset.*", "rights.ended"], "campaigns": "Lake\n\nHills ",
        "connections": world.connection.id, "ordered": "1", "description": "Agency",
    }  # fmt: skip
    made = sent(admin, "/webhooks", **form)
    assert made.status_code == 200
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", made.text)
    (row,) = [one for one in rows(world, Endpoint) if one.description == "Agency"]
    assert (row.kinds, row.ordered) == (["asset.*", "rights.ended"], True)
    assert row.filters == {"campaigns": ["Hills", "Lake"], "connections": [world.connection.id]}
    again = admin.get(f"/webhooks/{row.id}").text
    assert secret not in again
    assert "Assets (all), Rights ended, filtered, in order" in again
    assert "Agency" in admin.get("/webhooks").text


def test_what_is_wrong_is_told_and_what_was_typed_in_stays(admin):
    wrong = sent(admin, "/webhooks", url="http://10.0.0.1/in", kind="asset.approved", description="Mine")
    assert wrong.status_code == 400
    assert "endpoint_url_refused" in wrong.text
    assert 'value="http://10.0.0.1/in"' in wrong.text
    assert re.search(r'value="asset.approved" checked', wrong.text)
    nothing = sent(admin, "/webhooks/endpoint-1", url="https://93.184.216.34/hook")
    assert (nothing.status_code, "event_kind_unknown" in nothing.text) == (400, True)


def test_an_endpoint_is_changed_and_filters_that_lead_nowhere_stay_visible(admin, world):
    form = {"url": "https://93.184.216.34/hook", "kind": "*", "collections": "gone-1"}
    assert sent(admin, "/webhooks/endpoint-1", **form).status_code == 303
    page = admin.get("/webhooks/endpoint-1").text
    assert "Everything, filtered" in page
    assert "gone-1 (not there any more)" in page


def test_a_test_message_is_queued_and_shown(admin, world):
    answer = sent(admin, "/webhooks/endpoint-1/test")
    shown = admin.get(answer.headers["Location"])
    assert "A test was sent off" in shown.text
    assert "endpoint.test" in shown.text
    (waiting,) = [row for row in rows(world, Delivery) if row.state == "pending"]
    assert waiting.kind == "endpoint.test"
    (what,) = re.findall(r'<pre[^>]*aria-label="The message"[^>]*>(.*?)</pre>', shown.text, re.DOTALL)
    assert json.loads(html.unescape(what)) == json.loads(waiting.body), "the whole request stands in the log"
    assert json.loads(waiting.body)["type"] == "endpoint.test"


def test_what_was_sent_is_listed_by_state_and_shown_with_its_answers(admin):
    assert "Approved" in admin.get("/webhooks/endpoint-1").text
    assert "Nothing yet." in admin.get("/webhooks/endpoint-1?state=given_up").text
    assert "Nothing yet." in admin.get("/webhooks/endpoint-1?before=a").text
    shown = admin.get("/webhooks/endpoint-1/sent/sent-1").text
    assert "after 5 ms" in shown
    assert "The answer had no body." in shown
    assert admin.get("/webhooks/endpoint-1/sent/unknown").status_code == 404


def test_a_new_secret_is_shown_once_and_off_and_on_are_one_press(admin, world):
    rotated = sent(admin, "/webhooks/endpoint-1/rotate")
    assert len(re.findall(r"whsec_", rotated.text)) == 1
    assert sent(admin, "/webhooks/endpoint-1/off").status_code == 303
    assert "Somebody switched it off." in admin.get("/webhooks/endpoint-1").text
    refused = sent(admin, "/webhooks/endpoint-1/test")
    assert (refused.status_code, "endpoint_off" in refused.text) == (409, True)
    assert sent(admin, "/webhooks/endpoint-1/on").status_code == 303
    assert {row.state for row in rows(world, Endpoint)} == {"live"}


def test_days_and_single_events_are_sent_again(admin, world):
    assert sent(admin, "/webhooks/endpoint-1/replay", **{"from": "2026-01-01"}).status_code == 303
    assert "are being sent again" in admin.get("/webhooks/endpoint-1").text
    again = sent(admin, "/webhooks/endpoint-1/replay", **{"from": "2026-01-01", "until": "2026-12-01"})
    assert (again.status_code, "replay_running" in again.text) == (409, True)
    assert sent(admin, "/webhooks/endpoint-1/replay", **{"from": "soon"}).status_code == 400
    approved = next(
        item["id"]
        for item in admin.get("/api/v1/events?limit=500").json["items"]
        if item["message"]["type"] == "asset.approved"
    )
    answer = sent(admin, "/webhooks/endpoint-1/again", event_id=approved)
    assert answer.headers["Location"].startswith(f"/webhooks/endpoint-1/sent/{approved}")
    assert sent(admin, "/webhooks/endpoint-1/again", event_id="unknown").status_code == 404


def test_removing_takes_the_log_along(admin, world):
    assert sent(admin, "/webhooks/endpoint-1/remove").headers["Location"].startswith("/webhooks?")
    assert rows(world, Endpoint) == rows(world, Delivery) == []
    assert sent(admin, "/webhooks/endpoint-1/off").status_code == 404
    assert sent(admin, "/webhooks/endpoint-1/explode").status_code == 404


def test_every_kind_can_be_chosen_and_has_its_word():
    kinds = [name for room in outgoing.rooms() for name, _, _ in room.kinds]
    from hub.notify.kinds import KINDS

    assert sorted(kinds) == sorted(KINDS)
    assert set(kinds) <= set(words.EVENT)


def test_the_feed_and_the_kinds_are_served(admin):
    page = admin.get("/api/v1/events?kinds=asset.approved&limit=1").json
    assert page["items"][0]["message"]["type"] == "asset.approved"
    onward = admin.get(f"/api/v1/events?kinds=asset.approved&after={page['cursor']}").json
    assert page["items"][0]["id"] not in [item["id"] for item in onward["items"]]
    stale = admin.get("/api/v1/events?after=99-1")
    assert (stale.status_code, stale.json["code"]) == (410, "cursor_of_another_epoch")
    kinds = admin.get("/api/v1/event-types").json["items"]
    assert {one["name"] for one in kinds} >= {"asset.approved", "endpoint.test"}
    assert all(one["message_schema"]["properties"]["type"]["const"] == one["name"] for one in kinds)


def test_one_event_or_one_span_is_asked_for_again_by_the_api(admin):
    for body in ({}, {"from_at": 1}, {"event_id": "x", "from_at": 1, "until_at": 2}):
        answer = admin.post("/api/v1/endpoints/endpoint-1/replay", json=body)
        assert answer.json["code"] == "values_do_not_fit", body
