"""Conflicts and removed copies by the pages: what people read, and what their buttons do."""

from __future__ import annotations

import pytest

from hub.placements.models import Exchange, Placement
from hub.web.ui.conflicts import marked


@pytest.fixture
def editor(world):
    return world.client("editor")


def text(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def press(client, address, **form):
    answer = client.post(address, data={"csrf": client.csrf, **form})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return text(client, answer.headers["Location"])


def test_all_three_texts_stand_side_by_side_with_the_difference_marked(world, editor):
    page = text(editor, f"/conflicts?copy={world.names['copy']}")
    assert "<del>Lake</del><ins>Winter lake</ins>" in page
    assert "<del>Lake</del><ins>Lake in winter</ins>" in page
    assert world.hub.people["editor"].name in page
    assert "Keep ours" in page
    assert "Take theirs" in page


def test_a_decision_moves_below_and_can_be_made_otherwise(world, editor):
    names = world.names
    page = press(editor, f"/conflicts/{names['conflict']}", choice="theirs")
    assert "Nothing to decide" in page
    assert "chose what stood there" in page
    assert editor.get(f"/api/v1/assets/{names['asset']}").json["title"] == "Lake in winter"
    press(editor, f"/conflicts/{names['conflict']}", choice="other", value="Our lake")
    assert editor.get(f"/api/v1/assets/{names['asset']}").json["title"] == "Our lake"
    kept = editor.get(f"/api/v1/conflicts/{names['conflict']}").json
    assert (kept["ours"], kept["theirs"], kept["value"], kept["decision"]) == (
        "Winter lake", "Lake in winter", "Our lake", "other",
    )  # fmt: skip


def test_what_cannot_be_kept_is_said_beside_it(world, editor):
    address = f"/conflicts/{world.names['conflict']}"
    answer = editor.post(address, data={"csrf": editor.csrf, "choice": "other", "value": "x" * 301})
    assert answer.status_code == 413
    page = answer.get_data(as_text=True)
    assert "field_too_long" in page
    assert "Keep ours" in page


def rests(world):
    with world.hub.database.unit() as session:
        session.get_one(Placement, world.names["copy"]).exchange_id = world.names["proposal"]


def test_both_files_stand_side_by_side_and_ours_is_kept_with_a_button(world, editor):
    rests(world)
    names = world.names
    page = text(editor, f"/conflicts?copy={names['copy']}")
    assert f'src="/proposals/{names["proposal"]}/picture" alt="Theirs: lake.png"' in page
    assert f"Ours: version 1 of {names['code']}" in page
    assert "Whatever you choose, both files are kept." in page
    picture = editor.get(f"/proposals/{names['proposal']}/picture")
    assert (picture.status_code, "sandbox" in picture.headers["Content-Security-Policy"]) == (200, True)
    after = press(editor, f"/proposals/{names['proposal']}", choice="ours", copy=names["copy"])
    assert "Ours is put back. The other file is kept below." in after
    assert "kept what stood here" in after
    again = editor.post(f"/proposals/{names['proposal']}", data={"csrf": editor.csrf, "choice": "ours"})
    assert (again.status_code, "proposal_over" in again.get_data(as_text=True)) == (409, True)


def test_a_file_that_is_taken_is_shown_as_the_version_that_it_became(world, editor):
    rests(world)
    after = press(editor, f"/proposals/{world.names['proposal']}", choice="theirs")
    assert "The file is a version now, and waits for approval." in after


def test_what_the_hub_has_not_got_cannot_be_taken_and_says_why(world, editor):
    rests(world)
    with world.hub.database.unit() as session:
        row = session.get_one(Exchange, world.names["proposal"])
        row.state, row.sha256, row.preview_sha256, row.problem = "unread", None, None, "It is too large."
    page = text(editor, "/conflicts")
    assert "The hub has not got the other file: It is too large." in page
    assert "Take it" not in page


def test_a_removed_copy_has_a_button_that_puts_it_back(world, editor):
    names = world.names
    page = text(editor, f"/assets/{names['code']}")
    assert f"/copies/{names['removed']}/restore" in page
    after = press(editor, f"/copies/{names['removed']}/restore")
    assert "On its way back into the same place." in after


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ("a lake", "a lake", ["same"]),
        ("", "a lake", ["in"]),
        ("a lake", "", ["out"]),
        ("a lake in winter", "the lake in winter", ["out", "in", "same"]),
        ("", "", []),
    ],
)
def test_marks_tell_the_difference_and_lose_nothing(before, after, kinds):
    pieces = marked(before, after)
    assert [piece.kind for piece in pieces] == kinds
    assert "".join(piece.text for piece in pieces if piece.kind != "out") == after
    assert "".join(piece.text for piece in pieces if piece.kind != "in") == before
