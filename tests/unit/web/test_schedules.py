"""Copies that have a time, by pages and by the API: asked for, shown with their verdict, given another time."""

from __future__ import annotations

import pytest

from hub.access.actors import Role
from hub.clock import DAY
from tests.web_hub import picture

API = "/api/v1"


@pytest.fixture
def lake(hub):
    return hub.approved(picture(1, (300, 200)), title="Lake", alt_text="A lake")


@pytest.fixture
def channel(hub):
    return hub.target("postiz", "Our page", "Our Postiz")


@pytest.fixture
def editor(hub):
    return hub.client(Role.EDITOR)


@pytest.fixture
def date(hub):
    """Noon of a day to come, as a form and as the hub says it."""
    return hub.clock.now() // DAY * DAY + 10 * DAY + DAY // 2


def copies(hub, asset):
    return hub.services.placements.where(hub.people[Role.EDITOR], asset.id)


def form_of(at):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M")


def test_a_time_is_asked_for_on_the_page_and_kept_with_the_copy(hub, editor, lake, channel, date):
    page = editor.get(f"/use?asset={lake.id}").text
    assert 'name="publish_at" type="datetime-local"' in page
    form = {"asset": [lake.id], "target": [channel.id], "publish_at": form_of(date)}
    answer = editor.post("/use", data=form)
    assert (answer.status_code, "told=planned" in answer.headers["Location"]) == (303, True)
    (copy,) = copies(hub, lake)
    assert (copy.publish_at, copy.is_scheduled) == (date, True)
    shown = editor.get(f"/assets/{lake.code}").text
    assert "Goes out" in shown
    assert ", 1 scheduled" in shown
    assert f'value="{form_of(date)}"' in shown


@pytest.mark.parametrize("wrong", ["tomorrow", "2020-01-01T10:00", "2500-01-01T10:00"])
def test_a_time_that_is_none_or_not_to_come_is_refused(hub, editor, lake, channel, wrong):
    answer = editor.post("/use", data={"asset": [lake.id], "target": [channel.id], "publish_at": wrong})
    assert answer.status_code == 400
    assert copies(hub, lake) == []


def test_another_time_is_given_on_the_page_of_the_asset_and_by_the_api(hub, editor, lake, channel, date):
    made = editor.post(f"{API}/assets/{lake.id}/copies", json={"target_id": channel.id, "publish_at": date}).json
    assert (made["publish_at"], made["out_at"]) == (date, None)
    answer = editor.post(f"/copies/{made['id']}/schedule", data={"publish_at": form_of(date + DAY)})
    assert (answer.status_code, copies(hub, lake)[0].publish_at) == (303, date + DAY)
    assert editor.post(f"/copies/{made['id']}/schedule", data={}).status_code == 400
    changed = editor.post(f"{API}/copies/{made['id']}/schedule", json={"publish_at": date + 2 * DAY})
    assert (changed.status_code, changed.json["publish_at"]) == (200, date + 2 * DAY)


def test_the_calendar_says_what_goes_out_when_and_what_stays_back_and_why(hub, editor, lake, channel, date):
    hill = hub.approved(picture(2, (300, 200)), title="Hill", alt_text="A hill")
    place = hub.services.placements.place
    place(hub.people[Role.EDITOR], hill.id, channel.id, publish_at=date)
    place(hub.people[Role.EDITOR], lake.id, channel.id, publish_at=date - DAY)
    hub.services.review.revoke(hub.people[Role.ADMINISTRATOR], hill.id, "No")
    hub.services.placements.plan("worker")
    page = editor.get("/connections/calendar").text
    assert page.index(lake.code) < page.index(hill.code)
    assert "Goes out" in page
    assert "No version of it is approved." in page


def test_whoever_placed_it_reads_in_a_notice_that_it_does_not_go_out(hub, editor, lake, channel, date):
    hub.services.placements.place(hub.people[Role.EDITOR], lake.id, channel.id, publish_at=date)
    hub.services.review.revoke(hub.people[Role.ADMINISTRATOR], lake.id, "No")
    hub.services.placements.plan("worker")
    page = editor.get("/notices").text
    assert f"{lake.code} does not go out at its time" in page
    assert "No version of it is approved." in page
    assert f'href="/assets/{lake.code}"' in page


def test_a_task_names_the_address_and_leads_to_where_it_is_attested(hub, editor):
    from hub.notify import notices

    person = hub.people[Role.EDITOR]
    told = {
        "asset": "DAM-1", "place": "Our page", "account": "Our Postiz", "connector": "postiz",
        "problem": "This post is out already.", "address": "https://network.example/1",
        "link": "https://hub.example/copies/some-copy/proof",
    }  # fmt: skip
    left = {**told, "problem": "A text still holds its tag.", "link": "https://hub.example/assets/DAM-1"}
    with hub.database.unit() as session:
        notices.tell(session, person.id, "copy_to_remove", subject="some-copy", body=told, at=hub.clock.now())
        notices.tell(session, person.id, "copy_left", subject="some-copy", body=left, at=hub.clock.now())
    page = editor.get("/notices").text
    assert "DAM-1: something that should be gone stays there" in page
    assert "Our page, Our Postiz: A text still holds its tag." in page
    assert "DAM-1 must be taken away by hand" in page
    assert "It stands at https://network.example/1 now." in page
    assert 'href="/copies/some-copy/proof"' in page


def test_the_preview_counts_scheduled_posts(hub, editor, lake, channel, date):
    hub.services.placements.place(hub.people[Role.EDITOR], lake.id, channel.id, publish_at=date)
    page = editor.get(f"/assets/{lake.code}/before/recall").text
    assert "1 of them scheduled" in page
