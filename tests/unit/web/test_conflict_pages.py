"""Conflicts and removed copies by the pages: what people read, and what their buttons do."""

from __future__ import annotations

import pytest

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
