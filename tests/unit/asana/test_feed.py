"""Asana's event streams: one for each project, tokens that are forgotten, events that say little."""

import json

import httpx
import pytest

from connectors.asana.feed import _told
from connectors.asana.types import Event
from connectors.sdk.errors import Rejected
from connectors.sdk.types import Change
from tests.unit.asana.conftest import outgoing


def read(asana, cursor):
    """Read until nothing is left; return what was told, the cursor, and whether the place was lost."""
    told, lost, calls = [], False, 0
    while True:
        found = asana.changes(cursor)
        told.extend(found.items)
        lost, cursor, calls = lost or found.lost, found.cursor, calls + 1
        if not found.more:
            return told, cursor, lost, calls


def test_a_link_that_came_names_its_task_and_one_that_went_is_gone(asana, sandbox, target):
    cursor = asana.changes(None).cursor
    ref = asana.publish(target, outgoing()).ref
    told, cursor, lost, calls = read(asana, cursor)
    assert (told, lost, calls) == ([Change(target.ref)], False, 4), "one call for each project that is not archived"
    sandbox.vanish(target.ref, ref)
    told, cursor, lost, _ = read(asana, cursor)
    assert told == [Change(ref, gone=True)]
    assert read(asana, cursor)[0] == []


def test_a_token_that_ended_is_told_as_lost_with_a_fresh_beginning_for_all(asana, sandbox, target):
    cursor = asana.changes(None).cursor
    asana.publish(target, outgoing())
    sandbox.lose_feed()
    found = asana.changes(cursor)
    assert (found.items, found.lost, found.more) == ((), True, False)
    asana.publish(target, outgoing())
    told, _, lost, _ = read(asana, found.cursor)
    assert (told, lost) == ([Change(target.ref)], False)


def test_the_printed_refusal_of_a_token_is_understood(asana, sandbox, samples, target):
    token = sandbox.secrets["token"]
    answer = httpx.get(
        f"{sandbox.origin}/api/1.0/events", params={"resource": target.ref, "sync": "too-old"},
        headers={"Authorization": f"Bearer {token}"}, trust_env=False,
    )  # fmt: skip
    printed = samples["refusals"]["412"]
    assert (answer.status_code, set(answer.json())) == (412, set(printed))
    assert answer.json()["errors"][0]["message"] == printed["errors"][0]["message"]


def test_the_token_of_another_stream_is_worth_nothing(asana, sandbox):
    cursor = json.loads(asana.changes(None).cursor)
    tokens = list(cursor["sync"].items())
    cursor["sync"][tokens[0][0]] = tokens[1][1]
    assert asana.changes(json.dumps(cursor)).lost


def test_a_new_project_means_a_full_read_and_one_that_went_means_nothing(asana, sandbox):
    cursor = asana.changes(None).cursor
    sandbox.projects["1200000000001009"] = {"name": "New", "workspace": "1200000000000101", "archived": False}
    told, cursor, lost, _ = read(asana, cursor)
    assert (told, lost) == ([], True)
    assert not read(asana, cursor)[2]
    sandbox.projects["1200000000001009"]["archived"] = True
    told, cursor, lost, calls = read(asana, cursor)
    assert (told, lost, calls) == ([], False, 4)
    assert "1200000000001009" not in cursor


def test_a_project_that_goes_in_the_middle_of_a_round_is_left_out(asana, sandbox):
    cursor = asana.changes(asana.changes(None).cursor).cursor
    left = json.loads(cursor)["left"]
    sandbox.projects[left[0]]["archived"] = True
    assert json.loads(asana.changes(cursor).cursor)["left"] == left[2:]


def test_without_any_project_there_is_nothing_to_tell(asana, sandbox):
    for project in sandbox.projects.values():
        project["archived"] = True
    begun = asana.changes(None)
    assert asana.changes(begun.cursor) == begun
    assert not begun.more


def test_another_412_is_no_lost_place(asana, sandbox):
    from connectors.testing.faults import refuse

    cursor = asana.changes(None).cursor
    sandbox.faults.add(refuse(412, path="/events", body='{"errors": [{"message": "Precondition Failed"}]}'))
    with pytest.raises(Rejected):
        asana.changes(cursor)


def test_events_of_one_thing_are_told_once_and_the_last_one_counts(samples):
    told = _told([Event.model_validate(one) for one in samples["delivery"]["events"]])
    assert told == (Change("1213000000000002"), Change("1213000000000005", gone=True))


@pytest.mark.parametrize(
    ("kind", "action", "parent", "change"),
    [
        ("task", "deleted", None, Change("1", gone=True)), ("task", "undeleted", None, Change("1")),
        ("task", "somethingBrandNew", None, Change("1")), ("attachment", "deleted", "task", Change("1", gone=True)),
        ("attachment", "undeleted", "task", Change("1")), ("attachment", "added", "task", Change("9")),
        ("story", "added", "task", Change("9")), ("story", "added", "project", None), ("story", "removed", None, None),
        ("section", "added", "project", None), ("hologram", "added", "task", None),
    ],
)  # fmt: skip
def test_what_an_event_says(kind, action, parent, change):
    above = {"gid": "9", "resource_type": parent} if parent else None
    event = {"user": None, "action": action, "resource": {"gid": "1", "resource_type": kind}, "parent": above}
    assert _told([Event.model_validate(event)]) == ((change,) if change else ())
