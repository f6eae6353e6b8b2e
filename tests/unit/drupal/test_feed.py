"""What changed in a library since a cursor: newest first, without a filter, and nothing missed whatever happens."""

import json

import pytest

from connectors.drupal.feed import MOST_PAGES, OVERLAP_S
from connectors.sdk.errors import RetryLater
from connectors.testing.faults import Fault, Rule
from tests.unit.drupal.conftest import outgoing

DOCUMENTS = "document/field_media_document"


@pytest.fixture
def few(sandbox):
    """Leave the site with two media types: each is asked for in a call of its own."""
    for bundle in set(sandbox.site.types) - {"image", "document"}:
        del sandbox.site.types[bundle]


def told(drupal, cursor):
    """Read to the end; return what was told, and where to go on."""
    found = []
    for _ in range(200):
        changes = drupal.changes(cursor)
        assert not changes.lost
        found += changes.items
        cursor = changes.cursor
        if not changes.more:
            return found, cursor
    raise AssertionError("the feed does not end")


def refs(changes):
    return [change.ref for change in changes]


def test_what_came_and_changed_is_told_once_with_its_name_as_a_copy(sandbox, drupal, target, few):
    old = sandbox.stock("old", b"old")
    cursor = drupal.changes(None).cursor
    receipt = drupal.publish(target, outgoing())
    new = sandbox.stock("new", b"new")
    found, cursor = told(drupal, cursor)
    assert set(refs(found)) == {new, f"{target.ref}/{receipt.ref}"}
    assert {change.item.copy_ref for change in found} == {receipt.ref, new.rpartition("/")[2]}
    assert told(drupal, cursor)[0] == []
    sandbox.edit(target.ref, receipt.ref, {"name": "Somebody's"})
    found, cursor = told(drupal, cursor)
    assert [(change.ref, change.item.name) for change in found] == [(f"{target.ref}/{receipt.ref}", "Somebody's")]
    assert old not in refs(found)
    assert told(drupal, cursor)[0] == []


def test_what_is_hidden_is_told_too(sandbox, drupal, target, few):
    receipt = drupal.publish(target, outgoing())
    cursor = drupal.changes(None).cursor
    sandbox.edit(target.ref, receipt.ref, {"status": False})
    assert refs(told(drupal, cursor)[0]) == [f"{target.ref}/{receipt.ref}"]


def gone(changes):
    return [change.ref for change in changes if change.gone]


@pytest.mark.parametrize("more", [0, 120])
def test_a_copy_that_was_deleted_is_told_once_under_both_names(sandbox, drupal, target, few, more):
    receipt, stays = drupal.publish(target, outgoing()), drupal.publish(target, outgoing(b"\x89PNG\r\n\x1a\nmore"))
    others = [sandbox._put(target.ref, f"theirs {number}", "theirs.png", b"theirs") for number in range(more)]
    cursor = drupal.changes(None).cursor
    sandbox.vanish(target.ref, receipt.ref)
    found, cursor = told(drupal, cursor)
    assert refs(found) == gone(found) == [f"{target.ref}/{receipt.ref}", receipt.ref]
    assert told(drupal, cursor)[0] == []
    for ref in others:  # nobody asks the hub about these
        sandbox.vanish(target.ref, ref)
    found, cursor = told(drupal, cursor)
    assert found == []
    sandbox.vanish(target.ref, stays.ref)
    assert gone(told(drupal, cursor)[0]) == [f"{target.ref}/{stays.ref}", stays.ref]


def test_a_copy_that_came_and_went_between_two_reads_and_later_is_told(sandbox, drupal, target, few):
    cursor = drupal.changes(None).cursor
    receipt = drupal.publish(target, outgoing())
    found, cursor = told(drupal, cursor)
    assert gone(found) == []
    for number in range(60):
        sandbox._put(target.ref, f"theirs {number}", "theirs.png", b"theirs")
    found, cursor = told(drupal, cursor)
    assert gone(found) == []
    sandbox.vanish(target.ref, receipt.ref)
    found, cursor = told(drupal, cursor)
    assert gone(found) == [f"{target.ref}/{receipt.ref}", receipt.ref]


def test_an_item_that_is_not_published_stands_all_the_same(sandbox, drupal, target, few):
    receipt = drupal.publish(target, outgoing())
    cursor = drupal.changes(None).cursor
    sandbox.edit(target.ref, receipt.ref, {"status": False})
    found, cursor = told(drupal, cursor)
    assert gone(found) == []


def test_what_others_deleted_of_theirs_is_not_told(sandbox, drupal, few):
    ref = sandbox.stock("theirs", b"theirs")
    cursor = drupal.changes(None).cursor
    sandbox.unstock(ref)
    assert told(drupal, cursor)[0] == []


def test_two_changes_in_one_second_are_two(sandbox, drupal, target, few):
    sandbox.pace_s = 0
    receipt = drupal.publish(target, outgoing())
    cursor = drupal.changes(None).cursor
    for name in ("first", "second"):
        sandbox.edit(target.ref, receipt.ref, {"name": name})
        found, cursor = told(drupal, cursor)
        assert [change.item.name for change in found] == [name]


def test_more_than_one_page_in_the_same_second_is_told_whole_and_once(sandbox, drupal, few):
    sandbox.pace_s = 0
    before = {sandbox.stock(f"before {number}", b"%d" % number) for number in range(70)}
    cursor = drupal.changes(None).cursor
    come = {sandbox.stock(f"new {number}", b"%d" % number) for number in range(170)}
    found, cursor = told(drupal, cursor)
    assert sorted(refs(found)) == sorted(come)
    assert not before & set(refs(found))
    assert told(drupal, cursor)[0] == []


def test_many_changes_are_read_in_pieces_that_can_be_asked_for_again(sandbox, drupal, few):
    cursor = drupal.changes(None).cursor
    come = {sandbox.stock(f"new {number}", b"%d" % number) for number in range(50 * MOST_PAGES)}
    first = drupal.changes(cursor)
    assert first.more
    assert drupal.changes(cursor) == first
    found, cursor = told(drupal, first.cursor)
    assert come == {*refs(first.items), *refs(found)}
    assert told(drupal, cursor)[0] == []


def test_what_goes_while_it_is_read_hides_nothing(sandbox, drupal, few):
    cursor = drupal.changes(None).cursor
    come = [sandbox.stock(f"new {number}", b"%d" % number) for number in range(60 * MOST_PAGES)]
    first = drupal.changes(cursor)
    assert first.more
    gone = come[-120:]  # the newest, whose places the others take
    for ref in gone:
        sandbox.unstock(ref)
    found, _ = told(drupal, first.cursor)
    assert {*refs(first.items), *refs(found)} >= set(come) - set(gone)


def test_what_changes_while_it_is_read_is_told_then_or_next(sandbox, drupal, few):
    cursor = drupal.changes(None).cursor
    come = [sandbox.stock(f"new {number}", b"%d" % number) for number in range(60 * MOST_PAGES)]
    first = drupal.changes(cursor)
    target, _, ref = come[0].rpartition("/")
    sandbox.edit(target, ref, {"name": "changed meanwhile"})  # it moves from the end of the list to its top
    rest, cursor = told(drupal, first.cursor)
    later, _ = told(drupal, cursor)
    named = {change.item.name for change in (*first.items, *rest, *later)}
    assert len(named) == len(come)
    assert "changed meanwhile" in named


def test_an_older_time_that_comes_up_later_is_told(sandbox, drupal, few):
    sandbox.stock("old", b"old")
    sandbox.now += OVERLAP_S
    sandbox.stock("newest", b"newest")
    cursor = drupal.changes(None).cursor
    sandbox.now -= OVERLAP_S - 60  # an import that began long before, and ends now
    late = sandbox.stock("late", b"late")
    assert refs(told(drupal, cursor)[0]) == [late]


def test_a_time_in_the_future_hides_nothing(sandbox, drupal, few):
    sandbox.now += 100 * 365 * 86_400
    sandbox.stock("from the future", b"future")
    sandbox.now -= 100 * 365 * 86_400
    cursor = drupal.changes(None).cursor
    found, cursor = told(drupal, cursor)
    assert found == []
    new = sandbox.stock("new", b"new")
    found, cursor = told(drupal, cursor)
    assert refs(found) == [new]
    assert told(drupal, cursor)[0] == []


def test_a_media_type_that_is_new_is_told_whole(sandbox, drupal, few):
    kept = sandbox.site.types.pop("document")
    cursor = drupal.changes(None).cursor
    sandbox.site.types["document"] = kept
    ref = sandbox.stock("new", b"new")
    assert refs(told(drupal, cursor)[0]) == [ref]
    del sandbox.site.types["document"]
    assert told(drupal, cursor)[0] == []


def test_a_place_that_is_none_of_ours_is_lost(sandbox, drupal, few):
    for cursor in ("0", "{}", json.dumps({"places": {DOCUMENTS: {}}})):
        changes = drupal.changes(cursor)
        assert (changes.items, changes.lost) == ((), True)
        new = sandbox.stock("new", b"new")
        assert refs(told(drupal, changes.cursor)[0]) == [new]


def test_a_quiet_library_costs_one_short_page_for_each_media_type(sandbox, drupal, few):
    for number in range(120):
        sandbox.stock(f"old {number}", b"%d" % number)
    sandbox.now += OVERLAP_S
    sandbox.stock("newest", b"newest")
    cursor = drupal.changes(None).cursor
    sandbox.reset_requests()
    assert told(drupal, cursor)[0] == []
    asked = [one.query for one in sandbox.requests if one.path.startswith("/jsonapi/media/")]
    assert len(asked) == 4
    assert sum("page%5Blimit%5D=10" in query for query in asked) == 2
    assert not any("filter" in query for query in asked)


def test_a_page_that_fails_is_a_failure(sandbox, drupal, few):
    cursor = drupal.changes(None).cursor
    for number in range(30):
        sandbox.stock(f"new {number}", b"%d" % number)
    sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, path="/media/document", on="read", skip=1, times=None))
    with pytest.raises(RetryLater):
        drupal.changes(cursor)
