"""Recorded answers of the real service: read by our shapes, and compared with what the sandbox answers."""

import json
from pathlib import Path

import pytest

import connectors.dropbox
from connectors.dropbox.sandbox_answers import refuse
from connectors.dropbox.types import Entry, Listing, error_code
from tests.unit.dropbox.conftest import outgoing

RECORDED = json.loads((Path(connectors.dropbox.__file__).parent / "fixtures" / "recorded.json").read_text())


def test_tags_are_read_from_recorded_refusals():
    assert error_code(RECORDED["not_found"], "") == "path/not_found"
    assert error_code(RECORDED["conflict"], "") == "to/conflict/file"


@pytest.mark.parametrize("body", [None, [], "x", {}, {"error": None}, {"error": "text"}, {"error": {".tag": 5}}])
def test_no_refusal_is_too_strange_to_be_read(body):
    assert not error_code(body, "")


def test_a_refusal_that_nests_for_ever_ends():
    body = {"error": {".tag": "a", "a": {}}}
    node = body["error"]
    for _ in range(1000):
        node["a"] = {".tag": "a", "a": {}}
        node = node["a"]
    assert error_code(body, "") == "a/a/a/a/a/a"


@pytest.mark.parametrize("name", ["listing", "more"])
def test_recorded_listings_are_read(name):
    page = Listing.model_validate(RECORDED[name])
    assert [entry.tag for entry in page.entries] == [entry[".tag"] for entry in RECORDED[name]["entries"]]
    assert page.has_more is RECORDED[name]["has_more"]


def test_what_was_deleted_is_told_with_or_without_an_id():
    assert not Entry.model_validate({".tag": "deleted", "name": "x", "path_lower": "/x"}).id


def test_the_sandbox_refuses_in_the_recorded_form(sandbox):
    with sandbox.app.test_request_context():
        told = json.loads(refuse("path", "not_found").data)
    assert told["error"] == RECORDED["not_found"]["error"]
    assert told["error_summary"].startswith(RECORDED["not_found"]["error_summary"])


def test_the_sandbox_tells_every_key_of_recorded_files_and_folders(sandbox, dropbox, top, wire):
    dropbox.publish(top, outgoing())
    told = {}

    def note(request, answer):
        told.update({entry[".tag"]: entry for entry in answer.json()["entries"]})
        return answer

    wire.spoil = note
    cursor = None
    while (cursor := dropbox.inventory(cursor).cursor) is not None:
        pass
    for kind in ("file", "folder"):
        assert set(RECORDED[kind]) <= set(told[kind]), kind
        for key, value in RECORDED[kind].items():
            assert type(told[kind][key]) is type(value), key


def test_a_group_is_told_in_the_recorded_form(sandbox, dropbox, top):
    dropbox.publish(top, outgoing())
    group = Entry.model_validate({".tag": "file", **RECORDED["with_groups"]}).property_groups[0]
    ours = dropbox._calls().metadata("/" + sandbox.ledger.effects()[0].facts["name"], list(sandbox.templates.known))
    assert type(group) is type(ours.property_groups[0])
    assert group.fields[0].name == "Security Policy"
