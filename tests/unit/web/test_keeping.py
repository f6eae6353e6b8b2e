"""The pages and the API that keep accounts connected: what ends when, signing in again, leaving, notices."""

from __future__ import annotations

import re

import httpx
import pytest

from hub.access.actors import Role
from hub.clock import DAY, HOUR
from hub.connections import credentials
from hub.connections.credentials import Secrets
from hub.connections.models import Connection, Subscription, Target
from hub.db.installation import wake
from hub.notify import notices
from hub.placements.models import Placement
from tests.web_hub import picture

API = "/api/v1"


@pytest.fixture
def board(hub):
    """A Trello board whose sign-in ends in nine days, with a copy on it."""
    wake(hub.database, hub.settings, hub.clock)
    target = hub.target("trello", "Card")
    asset = hub.approved(picture(1), title="Winter lake")
    hub.copy(asset, target, level="seen")
    with hub.database.unit() as session:
        row = session.query(Connection).one()
        row.expires_at, row.auth = hub.clock.now() + 9 * DAY + HOUR, "key_and_token"
        credentials.store(session, hub.keyring, row.id, Secrets({"key": "k", "token": "t"}, 1, None))
    return row


@pytest.fixture
def admin(hub):
    return hub.client("administrator")


def text(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)[-500:]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def test_the_calendar_says_what_ends_when_and_links_to_renewing_it(hub, board, admin):
    shown = admin.get("/connections/calendar")
    assert "in 9 days" in text(shown)
    assert "End within 14 days 1 A person must renew it before" in text(shown)
    page = shown.get_data(as_text=True)
    assert f'href="/connections/{board.id}/reconnect"' in page
    assert '<rect class="span care" x="0" y="4" width="17.63%"' in page, "the picture says the same"
    assert 'aria-label="The sign-in: in 9 days"' in page


def test_who_cannot_reconnect_is_shown_no_such_link(hub, board):
    shown = hub.client("editor").get("/connections/calendar").get_data(as_text=True)
    assert "in 9 days" in shown
    assert "/reconnect" not in shown


def test_an_empty_calendar_says_what_will_stand_there(admin):
    assert "Nothing ends" in text(admin.get("/connections/calendar"))


def test_what_ended_and_what_renews_itself(hub, board, admin):
    now = hub.clock.now()
    with hub.database.unit() as session:
        session.get_one(Connection, board.id).expires_at = now - 2 * DAY
        target = session.query(Target).one()
        session.add(
            Subscription(id="s", remote_id=board.remote_id, target_id=target.id, external_ref="x", callback_url="y",
                         sealed_secret="", expires_at=now + 400 * DAY, renew_at=now + 380 * DAY, created_at=1)
        )  # fmt: skip
    shown = text(admin.get("/connections/calendar"))
    assert "ended 2 days ago" in shown
    assert "Reports of changes in Card" in shown
    assert "in 400 days" in shown
    entries = admin.get(f"{API}/connections/calendar").json["items"]
    assert [(one["what"], one["renewal"], one["sure"]) for one in entries] == [
        ("sign_in", "person", "known"), ("subscription", "itself", "known"),
    ]  # fmt: skip


def test_the_cards_tell_the_end_and_what_is_left(hub, board, admin):
    shown = text(admin.get("/connections"))
    assert "ends 30 Sep 2026" in shown or re.search(r"ends \d+ \w+ \d{4}", shown)
    assert "calls in" in shown
    assert admin.get(f"{API}/connections/{board.id}/health").json["limits"][0]["left"] > 0


def test_an_ailing_one_says_when_it_is_tried_again(hub, board, admin):
    with hub.database.unit() as session:
        session.get_one(Connection, board.id).state = "ailing"
    health = admin.get(f"{API}/connections/{board.id}/health").json
    assert health["next_try_at"] == hub.clock.now() + 300_000
    assert "UTC at the latest" in text(admin.get(f"/connections/{board.id}"))


def test_leaving_asks_what_should_become_of_the_copies(hub, board, admin):
    shown = text(admin.get(f"/connections/{board.id}/leave"))
    assert "What should become of 1 copy?" in shown
    assert "Leave 1 copy there, disconnect" in shown
    assert "Withdraw 1 copy, then disconnect" in shown
    assert "Now: 1 in place." in shown
    assert admin.get(f"{API}/connections/{board.id}/leaving").json["there"] == 1


def test_the_page_of_leaving_moves_on_by_itself_and_says_in_the_end_what_happened(hub, board, admin):
    admin.post(f"/connections/{board.id}/leave", data={"copies": "withdraw", "csrf": admin.csrf})
    address = f"/connections/{board.id}/leave"
    moving = admin.get(address, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert 'hx-trigger="every 3s"' in moving
    assert "<html" not in moving
    with hub.database.unit() as session:  # the worker proves it away, and disconnects
        row = session.query(Placement).one()
        row.settled_at, row.settled_reason, row.phase = hub.clock.now(), "withdrawn", "settled"
    hub.services.placements.leaving.disconnect(hub.people[Role.ADMINISTRATOR], board.id)
    ended = admin.get(address, headers={"HX-Request": "true"})
    assert "every 3s" not in ended.get_data(as_text=True)
    assert "Disconnected just now" in text(ended)
    assert "1 was withdrawn, and proven gone" in text(ended)
    assert "Connect again" in text(ended)
    told = admin.get(f"{API}/connections/{board.id}/leaving").json["ended"]
    assert (told["withdrawn"], told["dropped"], told["at"]) == (1, 0, hub.clock.now())


def test_a_copy_at_an_account_that_is_not_connected_is_vouched_for_by_nobody(hub, board, admin):
    left = admin.post(f"/connections/{board.id}/leave", data={"copies": "stay", "csrf": admin.csrf})
    assert "1 stands there still, as far as anybody knows" in text(admin.get(left.location))
    page = admin.get(f"/connections/{board.id}")
    assert "What happened" in text(page)
    assert "Connect again" in text(page)
    code = hub.services.placements.where(hub.people[Role.EDITOR], _asset(hub))[0].asset_code
    shown = text(admin.get(f"/assets/{code}"))
    assert "Not vouched for" in shown
    assert "In place" not in shown
    assert "since its last look" in shown
    assert "0 as they should be" in shown or "0 as it should be" in shown


def test_of_a_paused_account_it_is_said_that_it_is_paused(hub, board, admin):
    admin.post(f"/connections/{board.id}/pause", data={"csrf": admin.csrf})
    code = hub.services.placements.where(hub.people[Role.EDITOR], _asset(hub))[0].asset_code
    assert "its account is paused" in text(admin.get(f"/assets/{code}"))


def test_withdrawing_first_can_be_called_off(hub, board, admin):
    begun = admin.post(f"/connections/{board.id}/leave", data={"copies": "withdraw", "csrf": admin.csrf})
    assert begun.status_code == 303
    assert "1 copy to withdraw before the hub disconnects" in text(admin.get(begun.location))
    assert "Its copies are being withdrawn" in text(admin.get("/connections"))
    (copy,) = hub.services.placements.where(hub.people[Role.EDITOR], _asset(hub))
    assert (copy.desired, copy.desired_reason) == ("absent", "leaving")
    stayed = admin.post(f"/connections/{board.id}/stay", data={"csrf": admin.csrf})
    assert "You stay connected" in text(admin.get(stayed.location))
    (copy,) = hub.services.placements.where(hub.people[Role.EDITOR], _asset(hub))
    assert copy.desired == "present"


def test_disconnecting_at_once_leaves_the_copy_and_says_that_nobody_looks(hub, board, admin):
    left = admin.post(f"/connections/{board.id}/leave", data={"copies": "stay", "csrf": admin.csrf})
    assert "nobody looks any more" in text(admin.get(left.location))
    (copy,) = admin.get(f"{API}/assets/{_asset(hub)}/copies").json["items"]
    assert (copy["phase"], copy["watched"]) == ("live", False)
    assert "its account is not connected any more." in text(admin.get(f"/assets/{_asset(hub)}"))
    shown = text(admin.get(f"/connections/{board.id}"))
    assert "Connect again" in shown
    assert "Disconnect…" not in shown


def test_the_form_to_reconnect_keeps_what_is_left_empty(hub, board, admin):
    shown = admin.get(f"/connections/{board.id}/reconnect").get_data(as_text=True)
    assert "What you leave empty stays as it is." in shown
    assert " required" not in shown
    hub.services.connections.disconnect(hub.people[Role.ADMINISTRATOR], board.id)
    assert " required" in admin.get(f"/connections/{board.id}/reconnect").get_data(as_text=True)


def test_kept_secrets_go_to_no_other_address(hub, board, admin, monkeypatch):
    asked = []

    def send(self, request, **_):
        asked.append(request.url.host)
        raise httpx.ConnectError("nobody is called here")

    monkeypatch.setattr("httpx.Client.send", send)
    elsewhere = {"secrets": {}, "settings": {"origin": "https://elsewhere.example"}}
    assert admin.post(f"{API}/connections/{board.id}/reconnect", json=elsewhere).status_code == 422
    assert asked == []
    typed = {"csrf": admin.csrf, "origin": "https://elsewhere.example", "key": "new", "token": ""}
    assert admin.post(f"/connections/{board.id}/reconnect", data=typed).status_code == 503
    assert set(asked) == {"api.trello.com"}


def test_notices_are_read_by_the_one_they_are_for(hub, admin):
    me = hub.people[Role.ADMINISTRATOR]
    with hub.database.unit() as session:
        notices.tell(session, me.id, "connection_ends", subject="c", body={"days": 3}, at=5)
    (notice,) = admin.get(f"{API}/notices?unread=true").json["items"]
    assert (notice["what"], notice["body"]) == ("connection_ends", {"days": 3})
    assert hub.client("editor").get(f"{API}/notices").json["items"] == []
    assert hub.client("editor").post(f"{API}/notices/{notice['id']}/read").status_code == 204
    assert len(admin.get(f"{API}/notices?unread=true").json["items"]) == 1, "nobody reads for somebody else"
    assert admin.post(f"{API}/notices/{notice['id']}/read").status_code == 204
    assert admin.get(f"{API}/notices?unread=true").json["items"] == []


def test_whoever_owns_a_connection_reads_what_ends_and_goes_to_renew_it(hub, board, admin):
    with hub.database.unit() as session:
        session.get_one(Connection, board.id).owner_id = hub.people[Role.ADMINISTRATOR].id
    assert hub.services.connections.drain_warnings("worker") == 1
    home = admin.get("/").get_data(as_text=True)
    assert 'aria-label="Notices, 1 new"' in home
    shown = admin.get("/notices")
    assert "The sign-in ends in 9 days" in text(shown)
    assert f'href="/connections/{board.id}/reconnect"' in shown.get_data(as_text=True)
    assert "No notices" in text(hub.client("editor").get("/notices"))
    assert admin.post("/notices/read", data={"csrf": admin.csrf}).status_code == 303
    assert 'aria-label="Notices"' in admin.get("/").get_data(as_text=True)


def _asset(hub):
    with hub.database.read() as session:
        return session.query(Placement).one().asset_id
