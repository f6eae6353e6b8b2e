"""Deliveries are counted and read again from a page and by the API, each account's own, and none twice."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select, update

from hub.clock import DAY
from hub.connections.models import Connection, Inbox
from hub.connections.replaying import Which
from hub.errors import Forbidden, Invalid, NotFound

NOON = 1_789_992_000_000  # 21 September 2026, 12:00 UTC


@pytest.fixture
def account(hub):
    """An account with four deliveries of four days, and another one with one."""
    hub.target("trello", "Card")
    hub.target("asana", "Task")
    with hub.database.unit() as session:
        mine = session.scalars(select(Connection).order_by(Connection.id)).all()
        for day, state in enumerate(("worked", "ignored", "worked", "worked")):
            session.add(delivery(mine[0].remote_id, f"d{day}", NOON + day * DAY, state))
        session.add(delivery(mine[1].remote_id, "other", NOON, "worked"))
    return mine[0].id


def delivery(remote_id, key, at, state):
    return Inbox(remote_id=remote_id, delivery_key=key, at=at, headers={}, body="", state=state, error="")


def states(hub):
    with hub.database.read() as session:
        return dict(session.execute(select(Inbox.delivery_key, Inbox.state)).all())


def text(answer):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def test_the_api_counts_reads_again_and_tells_how_far_that_is(hub, account):
    admin, at = hub.client("administrator"), f"/api/v1/connections/{account}/inbound"
    first, last = NOON, NOON + 3 * DAY
    assert admin.get(at).json == {"deliveries": 4, "waiting": 0, "first_at": first, "last_at": last}
    assert admin.get(f"{at}?state=ignored").json["deliveries"] == 1
    span = {"since": NOON + DAY, "until": NOON + 3 * DAY}
    assert admin.get(f"{at}?since={span['since']}&until={span['until']}").json["deliveries"] == 2
    key = {"Idempotency-Key": "once"}
    made = admin.post(f"{at}/replay", json=span, headers=key)
    assert (made.status_code, made.json["deliveries"], made.json["waiting"]) == (202, 0, 2)
    assert states(hub) == {"d0": "worked", "d1": "new", "d2": "new", "d3": "worked", "other": "worked"}
    with hub.database.unit() as session:
        session.execute(update(Inbox).where(Inbox.delivery_key == "d1").values(state="worked"))
    assert (admin.get(at).json["deliveries"], admin.get(at).json["waiting"]) == (3, 1)
    assert admin.post(f"{at}/replay", json=span, headers=key).json == made.json
    assert states(hub)["d1"] == "worked", "the same key carries nothing out twice"
    assert "Deliveries read again" in text(admin.get("/activity"))


def test_an_empty_span_and_an_unknown_connection_are_refused_and_only_administrators_may(hub, account):
    room, admin = hub.services.rereading, hub.people["administrator"]
    with pytest.raises(Invalid, match="span_empty"):
        room.replay(admin, Which(account, 5, 5))
    with pytest.raises(NotFound):
        room.kept(admin, Which("nobody"))
    with pytest.raises(Forbidden):
        room.replay(hub.people["editor"], Which(account))
    assert set(states(hub).values()) == {"worked", "ignored"}


def test_a_page_near_the_connections_health_counts_and_reads_again(hub, account):
    admin, at = hub.client("administrator"), f"/connections/{account}/inbound"
    hub.services.connections.view(hub.people["administrator"], account)
    assert f'href="{at}"' in admin.get(f"/connections/{account}").text
    assert f'href="{at}"' not in hub.client("editor").get(f"/connections/{account}").text
    page = admin.get(f"{at}?from=2026-09-22&until=2026-09-23")
    assert "2 deliveries would be read again" in text(page)
    assert "None waits to be read." in text(page)
    assert "Read 2 again" in text(page)
    form = {"csrf": admin.csrf, "from": "2026-09-22", "until": "2026-09-23", "which": ""}
    done = admin.post(at, data=form)
    assert done.headers["Location"] == f"{at}?from=2026-09-22&until=2026-09-23&told=reread"
    assert states(hub) == {"d0": "worked", "d1": "new", "d2": "new", "d3": "worked", "other": "worked"}
    after = admin.get(done.headers["Location"])
    assert "2 of 2 wait to be read" in text(after)
    assert 'hx-trigger="every 3s"' in after.text
    assert "told=" not in re.search(r'hx-get="([^"]*)"', after.text)[1]
    wrong = admin.post(at, data={**form, "until": "2026-09-01"})
    assert (wrong.status_code, "begins before it ends" in text(wrong)) == (400, True)
    assert "That is not a date." in text(admin.get(f"{at}?from=soon"))
