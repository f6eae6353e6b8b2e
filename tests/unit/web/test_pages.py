from __future__ import annotations

import pytest

from tests.web_hub import picture


@pytest.fixture
def story(hub):
    """An approved asset with copies, one of them blocked, and a draft."""
    asset = hub.approved(picture(1), title="Winter lake")
    blog, card = hub.target("wordpress", "Press", "press.example.com"), hub.target("trello", "Card")
    hub.copy(asset, blog, level="seen")
    hub.copy(
        asset, card, phase="blocked", problem="Trello refuses the token.", problem_code="auth_expired", blocked=True
    )
    hub.upload(picture(2), title="Draft of a hill", role="contributor")
    return asset


PAGES = [
    "/",
    "/?lifecycle=approved&q=lake",
    "/assets/{code}",
    "/assets/{code}/details",
    "/assets/{code}/rights",
    "/assets/{code}/review",
    "/assets/{code}/history",
    "/assets/{code}/before/recall",
    "/assets/{code}/before/archive",
    "/use?asset={id}",
    "/connections",
    "/connections/new/trello",
    "/connections/new/wordpress",
    "/activity",
]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_opens_for_an_administrator(hub, story, address):
    answer = hub.client("administrator").get(address.format(code=story.code, id=story.id))
    assert answer.status_code == 200, answer.get_data(as_text=True)[-800:]
    assert answer.content_type.startswith("text/html")


def test_a_field_for_a_whole_file_has_room_for_its_lines(hub):
    page = hub.client("administrator").get("/connections/new/google_drive?auth=service_account").get_data(as_text=True)
    assert '<textarea class="input" id="f-key_file" name="key_file"' in page
    assert 'id="f-subject" name="subject" type="text"' in page


def test_an_asset_that_was_withdrawn_everywhere_is_said_to_be_in_no_place(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    hub.copy(asset, hub.target("trello", "Card"), phase="withdrawn", observed="absent", desired="absent")
    shown = hub.client("editor").get(f"/assets/{asset.code}").get_data(as_text=True)
    assert "Withdrawn from 1 place<" in shown
    assert "as it should be" not in shown
