"""What the end of a binding and a successor would change is shown by page and API before anybody carries it out."""

from __future__ import annotations

import re

from hub.placements.models import Binding, Placement


def bound(world):
    """Let the binding have planned the copy that stands."""
    with world.hub.database.unit() as session:
        session.get_one(Placement, world.copy.id).binding_id = "binding-1"


def test_the_end_of_a_binding_is_foreseen_and_its_page_carries_it_out(world):
    bound(world)
    editor = world.client("editor")
    for links, becomes in (("remove", "withdrawn"), ("keep", "kept")):
        told = editor.get(f"/api/v1/bindings/binding-1/impact?links={links}").json
        lines = [(line["copy"]["id"], line["becomes"], line["why"]) for line in told["lines"]]
        assert (told["act"], lines) == ("end", [(world.copy.id, becomes, "")])
    assert "/bindings/binding-1/before/end" in editor.get("/bindings/binding-1").text
    page = editor.get("/bindings/binding-1/before/end").text
    assert "1</span><span><b>is withdrawn</b>" in page
    assert "End it and change 1 now" in page
    with world.hub.database.read() as session:
        assert session.get_one(Binding, "binding-1").state == "dry"
        assert session.get_one(Placement, world.copy.id).wanted
    [action] = re.findall(r'<form class="sheet card" method="post" action="([^"]*)"', page)
    hidden = dict(re.findall(r'type="hidden" name="(links)" value="([^"]*)"', page))
    assert editor.post(action, data=hidden | {"csrf": editor.csrf}).status_code == 303
    with world.hub.database.read() as session:
        assert session.get_one(Binding, "binding-1").state == "ended"
        assert not session.get_one(Placement, world.copy.id).wanted


def test_what_the_end_of_a_binding_cannot_withdraw_is_said_with_the_reason(world):
    bound(world)
    with world.hub.database.unit() as session:
        row = session.get_one(Placement, world.copy.id)
        row.phase, row.blocked, row.problem = "blocked", True, "Trello refuses the token."
    page = world.client("editor").get("/bindings/binding-1/before/end").text
    assert "cannot be reached now" in page
    assert "Trello refuses the token." in page


def test_a_successor_is_foreseen_and_not_named(world):
    editor = world.client("editor")
    at = f"/api/v1/assets/{world.asset.id}/impact?act=successor"
    told = editor.get(f"{at}&successor_id={world.draft.id}").json
    assert (told["act"], [line["becomes"] for line in told["lines"]]) == ("successor", ["kept"])
    assert editor.get(f"/api/v1/assets/{world.asset.id}").json["successor_id"] is None
    refused = editor.get(f"{at}&successor_id={world.asset.id}")
    assert (refused.status_code, refused.json["code"]) == (409, "successor_cycle")


def test_other_texts_are_foreseen_beside_their_form_and_by_the_api_and_not_saved(world):
    editor, code = world.client("editor"), world.asset.code
    form = editor.get(f"/assets/{code}/details").text
    assert f'hx-post="/assets/{code}/texts/follows" hx-trigger="input from:#texts' in form
    viewer = world.client("viewer").get(f"/assets/{code}/details").text
    assert "texts/follows" not in viewer, "who may not edit is told nothing of it"
    wish = {"csrf": editor.csrf, "title": "Evening at the lake", "credit": "Ada"}
    beside = editor.post(f"/assets/{code}/texts/follows", data=wish)
    assert beside.status_code == 200
    assert "<html" not in beside.text
    told = editor.post(f"/api/v1/assets/{world.asset.id}/texts/impact", json={"fields": {"title": "Evening"}}).json
    (line,) = told["lines"]
    assert (told["fields"], line["copy"]["id"], line["says"], line["why"]) == (["title"], world.copy.id, "follows", "")
    assert "1</span><span><b>says the new text</b>" in beside.text
    too_long = editor.post(f"/assets/{code}/texts/follows", data={"csrf": editor.csrf, "title": "x" * 301})
    assert "circle-alert" in too_long.text
    unchanged = {"csrf": editor.csrf, "title": world.hub.services.catalogue.view(
        world.hub.people["editor"], code).fields["title"]}  # fmt: skip
    assert editor.post(f"/assets/{code}/texts/follows", data=unchanged).text.strip() == ""
    assert "Evening" not in editor.get(f"/api/v1/assets/{world.asset.id}").text


def test_texts_of_what_cannot_be_changed_now_need_a_person_and_the_reason_stands_beside_the_form(world):
    with world.hub.database.unit() as session:
        row = session.get_one(Placement, world.copy.id)
        row.phase, row.blocked, row.problem = "blocked", True, "Trello refuses the token."
    editor = world.client("editor")
    said = editor.post(f"/assets/{world.asset.code}/texts/follows", data={"csrf": editor.csrf, "title": "Evening"}).text
    assert "1</span><span><b>needs a person</b>" in said
    assert "Trello refuses the token." in said
