"""Several pictures in one post, by the page of a selection and by the API."""

from __future__ import annotations

import pytest

from hub.access.actors import Role
from hub.placements.companions import usual_slot
from tests.web_hub import picture

API = "/api/v1"


@pytest.fixture
def three(hub):
    names = ("Lake", "Hill", "Wood")
    return [
        hub.approved(picture(number, (300, 200)), title=name, alt_text=name) for number, name in enumerate(names, 1)
    ]


@pytest.fixture
def feed(hub):
    return hub.target("linkedin", "Our page", "Our company")


@pytest.fixture
def editor(hub):
    return hub.client(Role.EDITOR)


def done(answer, status):
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json


def sets(hub, asset):
    """Return the assets of each set that an asset is in, in order."""
    found = hub.services.placements.where(hub.people[Role.EDITOR], asset.id)
    return [[copy.asset_id, *(one.asset_id for one in copy.companions)] for copy in found if copy.companions]


def chosen(assets):
    return "&".join(f"asset={asset.id}" for asset in assets)


def test_the_page_offers_one_post_with_all_of_them_where_a_place_takes_sets(hub, editor, three, feed):
    board = hub.target("trello", "Card")
    page = editor.get(f"/use?{chosen(three)}").text
    assert f'name="together" value="{feed.id}"' in page
    assert f'name="together" value="{board.id}"' not in page
    assert "One post with all 3" in page
    assert "3 posts, one of each" in page
    assert page.count('name="first"') == 3
    alone = editor.get(f"/use?{chosen(three[:1])}").text
    assert 'name="together"' not in alone
    assert 'name="first"' not in alone


def test_the_page_says_where_nothing_will_stand_in(hub, editor, three):
    hub.target("trello", "Card")
    asked = f"/use?{chosen(three[:1])}"
    assert "what is out goes" not in editor.get(asked).text
    hub.target("postiz", "Channel")
    hub.target("linkedin", "Our page")
    assert "At LinkedIn and Postiz what is out goes: nothing is posted there by itself." in editor.get(asked).text


def test_the_page_says_why_they_cannot_stand_in_one_post(hub, editor, three, feed):
    del feed
    paper = hub.approved(b"%PDF-1.4\n%%EOF\n", name="paper.pdf", title="Paper")
    page = editor.get(f"/use?{chosen([*three, paper])}").text
    assert 'name="together"' not in page
    assert f"Not in one post: {paper.code} is no" in page
    assert 'name="target"' in page


def test_one_post_with_all_of_them_is_led_by_the_one_that_was_chosen(hub, editor, three, feed):
    lake, hill, wood = (asset.id for asset in three)
    form = {"asset": [lake, hill, wood], "together": [feed.id], "first": hill, "withdraw_policy": "substitute"}
    assert editor.post("/use", data=form).status_code == 303
    assert [sets(hub, asset) for asset in three] == [[[hill, lake, wood]]] * 3


def test_one_post_and_posts_of_each_can_be_asked_for_together(hub, editor, three, feed):
    form = {"asset": [asset.id for asset in three], "together": [feed.id], "target": [feed.id]}
    assert editor.post("/use", data=form).status_code == 303
    assert [len(hub.services.placements.where(hub.people[Role.EDITOR], asset.id)) for asset in three] == [2, 2, 2]


def test_each_assets_page_shows_the_whole_set_and_what_keeps_it_away(hub, editor, three, feed):
    draft = hub.upload(picture(9, (300, 200)), title="Draft", role=Role.EDITOR)
    assets = [three[0], draft]
    hub.services.placements.place(hub.people[Role.EDITOR], three[0].id, feed.id, companions=[draft.id])
    codes = [asset.code for asset in assets]
    for here, there in (codes, codes[::-1]):
        page = editor.get(f"/assets/{here}").text
        assert "2 pictures in one" in page
        assert f"<b>{here}</b>" in page
        assert f'<a href="/assets/{there}">{there}</a>' in page
        assert f"All its pictures stand together or none: {codes[1]} is not approved." in page
        assert usual_slot([codes[1]]) not in page


def test_a_tile_counts_a_set_as_a_place_of_every_asset_in_it(hub, editor, three, feed):
    hub.services.placements.place(
        hub.people[Role.EDITOR], three[0].id, feed.id, companions=[asset.id for asset in three[1:]]
    )
    hub.index()
    library = editor.get("/").text
    assert [f"{name}, in 1 place" in library for name in ("Lake", "Hill", "Wood")] == [True] * 3


def test_a_program_places_a_set_and_reads_it_at_every_asset(hub, editor, three, feed):
    lake, hill, wood = (asset.id for asset in three)
    made = done(
        editor.post(f"{API}/assets/{lake}/copies", json={"target_id": feed.id, "companions": [wood, hill]}), 201
    )
    assert [one["asset_id"] for one in made["companions"]] == [wood, hill]
    for asset in three:
        [copy] = done(editor.get(f"{API}/assets/{asset.id}/copies"), 200)["items"]
        assert copy["id"] == made["id"]


@pytest.mark.parametrize(("companions", "code"), [(2, "too_many_pictures"), (1, "twice_in_a_set")])
def test_a_program_is_told_what_cannot_be_a_set(hub, editor, three, feed, companions, code):
    board = hub.target("trello", "Card")
    body = {"target_id": board.id, "companions": [asset.id for asset in three[1:]]}
    if companions == 1:
        body = {"target_id": feed.id, "companions": [three[0].id]}
    refused = editor.post(f"{API}/assets/{three[0].id}/copies", json=body)
    assert (refused.status_code, refused.json["code"]) == (400, code)
