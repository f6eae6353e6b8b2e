"""Files that people put on tasks: listed with their projects and tasks, and fetched from a storage without accounts."""

import io

import httpx
import pytest

from connectors.asana import MANIFEST
from connectors.asana.items import file
from connectors.asana.types import Attachment
from connectors.sdk.errors import BadAnswer, Missing, Rejected, Unreachable
from connectors.sdk.guard import AddressRefused
from connectors.sdk.paging import every
from connectors.sdk.types import Change, ItemKind
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What
from tests.unit.asana.conftest import outgoing

PROJECT, WEBSITE, ARCHIVED = "1200000000001001", "1200000000001002", "1200000000001004"
TASK, IN_TWO, IN_ARCHIVED_TOO = "1210000000001001", "1210000000002001", "1210000000002002"


def inventory(asana):
    listed = list(every(asana.inventory))
    items = {item.ref: item for item in listed}
    assert len(items) == len(listed), "each once"
    return items


def told(asana, cursor):
    changes, more = [], True
    while more:
        found = asana.changes(cursor)
        changes, cursor, more = [*changes, *found.items], found.cursor, found.more
    return changes, cursor


def test_a_file_is_listed_under_its_task_and_its_project(asana, sandbox):
    ref = sandbox.upload(TASK, "holiday.jpg", b"1234567")
    items = inventory(asana)
    item = items[ref]
    assert (item.kind, item.name, item.size, item.revision) == (ItemKind.FILE, "holiday.jpg", 7, ref)
    assert item.modified_at == 1773742266474, "when it was attached"
    assert item.url == f"https://app.asana.com/app/asana/-/get_asset?asset_id={ref}"
    assert (item.parents, items[TASK].parents, items[PROJECT].parents) == ((TASK,), (PROJECT,), ())
    assert items[TASK].name == "Task 1 für Anna & Jörg"


def test_links_and_what_another_service_hosts_are_no_files_and_such_tasks_no_folders(asana, sandbox, target):
    hosted = sandbox.intrude(target.ref, "page")
    sandbox.edit(target.ref, hosted, {"kind": "gdrive"})
    assert set(inventory(asana)) == {gid for gid, one in sandbox.projects.items() if not one["archived"]}


def test_a_hubs_link_is_told_with_its_marker_and_the_task_that_it_stands_on(asana, target):
    sent = outgoing()
    ref = asana.publish(target, sent).ref
    link = inventory(asana)[ref]
    assert (link.kind, link.marker, link.place) == (ItemKind.LINK, sent.marker, target.ref)


def test_files_on_completed_tasks_are_listed_and_those_in_archived_projects_alone_are_not(asana, sandbox):
    done = sandbox.upload("1210000000005002", "done.jpg", b"x")
    put_away = sandbox.upload("1210000000004001", "old.jpg", b"x")
    items = inventory(asana)
    assert done in items
    assert put_away not in items


def test_a_task_in_several_projects_is_one_folder_in_all_that_are_listed(asana, sandbox):
    both, one = sandbox.upload(IN_TWO, "a.jpg", b"x"), sandbox.upload(IN_ARCHIVED_TOO, "b.jpg", b"x")
    items = inventory(asana)
    assert {both, one} <= set(items)
    assert (set(items[IN_TWO].parents), items[IN_ARCHIVED_TOO].parents) == ({PROJECT, WEBSITE}, (WEBSITE,))


def test_files_of_subtasks_are_listed_and_the_tasks_above_them_are_folders(asana, sandbox):
    child = sandbox.add_task("Cut", parent=TASK)
    grandchild = sandbox.add_task("Grade", parent=child)
    ref = sandbox.upload(grandchild, "graded.tif", b"x")
    items = inventory(asana)
    assert [items[one].parents for one in (ref, grandchild, child, TASK)] == [
        (grandchild,), (child,), (TASK,), (PROJECT,),
    ]  # fmt: skip
    assert set(items) == {one.ref for one in sandbox.everything()}


def test_a_subtask_that_stands_in_a_listed_project_too_is_met_there_alone(asana, sandbox):
    child = sandbox.add_task("Cut", parent=TASK)
    sandbox.tasks[child]["projects"] = [WEBSITE]
    ref = sandbox.upload(child, "cut.tif", b"x")
    assert inventory(asana)[child].parents == (WEBSITE,)
    sandbox.tasks[child]["projects"] = [ARCHIVED]
    items = inventory(asana)
    assert (items[child].parents, items[ref].parents) == ((TASK,), (child,))


def test_subtasks_cost_no_call_where_there_are_none(asana, sandbox):
    sandbox.add_task("Cut", parent=TASK)
    inventory(asana)
    assert [seen.path for seen in sandbox.requests if "subtasks" in seen.path] == [f"/api/1.0/tasks/{TASK}/subtasks"]


def test_key_resources_of_a_project_are_listed(asana, sandbox):
    ref = sandbox.upload(PROJECT, "brief.png", b"x")
    assert inventory(asana)[ref].parents == (PROJECT,)


def test_a_task_with_more_files_than_a_page_holds_is_read_to_its_end(asana, sandbox):
    refs = {sandbox.upload(TASK, f"{number}.jpg", b"x") for number in range(101)}
    assert refs <= set(inventory(asana))


def test_a_project_that_is_archived_between_two_pages_ends_no_list(asana, sandbox):
    cursor = asana.inventory(asana.inventory(None).cursor).cursor
    assert cursor.startswith(f"{WEBSITE}:")
    sandbox.projects[WEBSITE]["archived"] = True
    page = asana.inventory(cursor)
    assert [item.name for item in page.items] == ["Empty"]
    assert page.cursor is not None


def test_without_any_project_there_is_nothing_to_list(asana, sandbox):
    for project in sandbox.projects.values():
        project["archived"] = True
    page = asana.inventory(None)
    assert (page.items, page.cursor) == ((), None)


# Bytes


def test_bytes_come_from_the_storage_and_no_credentials_go_there(asana, sandbox):
    ref, into = sandbox.upload(TASK, "Grüße 1/2.jpg", b"bytes"), io.BytesIO()
    sandbox.reset_requests()
    fetched = asana.fetch(ref, into)
    assert (into.getvalue(), fetched.size, fetched.media_type, fetched.revision) == (b"bytes", 5, "image/jpeg", ref)
    [asked, handed] = sandbox.requests
    assert asked.path == f"/api/1.0/attachments/{ref}"
    assert "authorization" in asked.headers
    assert "authorization" not in handed.headers


def test_the_storage_wants_no_credentials_and_its_addresses_end(asana, sandbox):
    ref = sandbox.upload(TASK, "a.jpg", b"x")
    address = sandbox.files.address(sandbox.origin, sandbox.ledger.living()[ref])
    assert httpx.get(address, trust_env=False).content == b"x"
    answers = [httpx.get(address, headers={"Authorization": "Bearer x"}, trust_env=False)]
    answers.append(httpx.get(address.replace("ends=", "ends=9"), trust_env=False))
    now = sandbox.files.clock()
    sandbox.files.clock = lambda: now + 130
    answers.append(httpx.get(address, trust_env=False))
    assert [answer.status_code for answer in answers] == [400, 403, 403]
    assert "Request has expired" in answers[-1].text


def test_an_address_that_ended_is_asked_for_anew_by_the_next_try(asana, sandbox):
    ref, into = sandbox.upload(TASK, "a.jpg", b"bytes"), io.BytesIO()
    real, early = sandbox.files.clock, [300.0]
    sandbox.files.clock = lambda: real() - (early.pop() if early else 0.0)  # signed long before it is used
    with pytest.raises(Unreachable) as raised:
        asana.fetch(ref, into)
    assert "403" in raised.value.detail
    assert into.getvalue() == b"", "the storage's own words are no bytes of the file"
    assert asana.fetch(ref, into).size == 5


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_whatever_the_storage_says_is_no_word_of_asana(asana, sandbox, status):
    ref = sandbox.upload(TASK, "a.jpg", b"bytes")
    sandbox.faults.add(refuse(status, on="read", path="asana-user-private", body="<Error/>"))
    with pytest.raises(Unreachable) as raised:
        asana.fetch(ref, io.BytesIO())
    assert "signature" not in str(raised.value) + raised.value.detail, "whoever has the address may read"


@pytest.mark.parametrize("size", [4, 6])
def test_a_file_of_another_size_than_told_is_read_again(asana, sandbox, size):
    ref = sandbox.upload(TASK, "a.jpg", b"bytes")
    sandbox.ledger.add(What.CHANGED, ref, TASK, size=size)
    with pytest.raises(Unreachable):
        asana.fetch(ref, io.BytesIO())


def test_a_body_that_the_storage_cuts_is_not_carried_out(asana, sandbox):
    ref = sandbox.upload(TASK, "a.jpg", b"bytes" * 1000)
    sandbox.faults.add(Rule(fault=Fault.CUT, on="read", path="asana-user-private", times=None))
    with pytest.raises(Unreachable):
        asana.fetch(ref, io.BytesIO())


def test_links_and_what_another_service_hosts_have_no_bytes_and_what_went_is_missing(asana, sandbox):
    link = sandbox.intrude(TASK, "page")
    for kind in ("external", "gdrive"):
        sandbox.edit(TASK, link, {"kind": kind})
        with pytest.raises(Rejected):
            asana.fetch(link, io.BytesIO())
    sandbox.edit(TASK, link, {"kind": "asana"})
    with pytest.raises(BadAnswer):
        asana.fetch(link, io.BytesIO())
    sandbox.vanish(TASK, link)
    with pytest.raises(Missing):
        asana.fetch(link, io.BytesIO())


def test_asana_cannot_send_the_hub_to_an_address_inside(asana, sandbox):
    ref = sandbox.upload(TASK, "a.jpg", b"bytes")
    inside = Rule(fault=Fault.REWRITE, find='"download_url": "[^"]*"', times=None,
                  replace='"download_url": "http://169.254.169.254/latest/meta-data"')  # fmt: skip
    sandbox.faults.add(inside)
    with pytest.raises(AddressRefused):
        asana.fetch(ref, io.BytesIO())


def test_the_printed_attachment_is_read():
    # Of the contract's example; its subtype is another service's there.
    printed = {
        "gid": "12345", "resource_type": "attachment", "name": "Screenshot.png", "resource_subtype": "dropbox",
        "created_at": "2012-02-22T02:06:58.147Z", "download_url": "https://s3.amazonaws.com/assets/1234/Screenshot.png",
        "permanent_url": "https://app.asana.com/app/asana/-/get_asset?asset_id=1234567890", "host": "dropbox",
        "size": 12345, "view_url": "https://www.dropbox.com/s/123/Screenshot.png",
    }  # fmt: skip
    known = Attachment.model_validate(printed)
    assert not known.is_file
    assert "s3.amazonaws" not in repr(known), "whoever has the address may read"
    item = file("9", known)
    assert (item.ref, item.size, item.modified_at) == ("12345", 12345, 1329876418147)


# What changed


def test_a_file_that_came_is_told_with_its_task_and_as_it_is(asana, sandbox):
    cursor = asana.changes(None).cursor
    ref = sandbox.upload(TASK, "new.jpg", b"1234567")
    changes, cursor = told(asana, cursor)
    assert [(change.ref, change.gone) for change in changes] == [(TASK, False), (ref, False)]
    assert changes[1].item == inventory(asana)[ref]
    sandbox.unstock(ref)
    assert told(asana, cursor)[0] == [Change(ref, gone=True)]


def test_a_file_on_a_subtask_is_told_as_its_events_reach_the_project(asana, sandbox):
    child = sandbox.add_task("Cut", parent=TASK)
    cursor = asana.changes(None).cursor
    ref = sandbox.upload(child, "cut.tif", b"x")
    assert [change.ref for change in told(asana, cursor)[0]] == [child, ref]


def test_a_file_that_was_deleted_and_came_back_is_told_as_there(asana, sandbox):
    ref = sandbox.upload(TASK, "a.jpg", b"x")
    cursor = asana.changes(None).cursor
    sandbox._said_detached(ref, TASK)
    sandbox.upload(TASK, "b.jpg", b"x")
    [change] = [change for change in told(asana, cursor)[0] if change.ref == ref]
    assert not change.gone


def test_the_files_of_a_task_that_went_are_not_asked_for(asana, sandbox):
    gid = sandbox.add_task("Short-lived")
    cursor = asana.changes(None).cursor
    sandbox.upload(gid, "a.jpg", b"x")
    sandbox.drop_task(gid)
    sandbox.reset_requests()
    assert told(asana, cursor)[0] == [Change(gid, gone=True)]
    assert not [seen for seen in sandbox.requests if seen.path.endswith("/attachments")]


def test_a_task_that_went_before_its_events_were_read_breaks_no_feed(asana, sandbox):
    gid = sandbox.add_task("Short-lived")
    cursor = asana.changes(None).cursor
    sandbox.upload(gid, "a.jpg", b"x")
    del sandbox.tasks[gid]
    assert told(asana, cursor)[0] == [Change(gid)]


def test_files_that_cannot_be_read_fail_the_feed(asana, sandbox):
    cursor = asana.changes(None).cursor
    sandbox.upload(TASK, "a.jpg", b"x")
    sandbox.faults.add(refuse(503, on="read", path="/attachments", times=None))
    with pytest.raises(Unreachable):
        told(asana, cursor)


def test_an_import_needs_no_further_scope():
    scopes = MANIFEST.auths[1].oauth(MANIFEST.settings()).scopes
    assert not [scope for scope in scopes if scope.startswith(("tasks:write", "stories"))]
