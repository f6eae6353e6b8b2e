"""The library as an import and a feed of changes see it, whatever happens there between two calls."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from connectors.sdk.errors import BadAnswer, Misconfigured, Missing, Unreachable
from connectors.sdk.guard import AddressRefused
from connectors.sdk.paging import every
from connectors.sdk.types import ItemKind
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.serve import serve
from connectors.wordpress import connector as room
from connectors.wordpress import feed
from connectors.wordpress.sandbox import create
from connectors.wordpress.sandbox_library import now
from connectors.wordpress.types import LIBRARY, Settings
from tests.unit.wordpress.kit import connected, outgoing, picture

LARGE = picture(3000, 20, "JPEG")


@pytest.fixture
def there():
    sandbox = create()
    with serve(sandbox) as origin:
        yield sandbox, origin


@pytest.fixture(params=["rest", "xmlrpc"])
def either(request, there):
    sandbox, origin = there
    return sandbox, connected(origin, sandbox.secrets, protocol=request.param)


@pytest.fixture
def site(there):
    sandbox, origin = there
    return sandbox, connected(origin, sandbox.secrets)


def told(connector, cursor):
    """Read a feed to its end; return what it told and the last cursor."""
    found = []
    while True:
        page = connector.changes(cursor)
        found += page.items
        if not page.more:
            return found, page.cursor
        cursor = page.cursor


def test_an_item_is_told_with_what_an_import_keeps(either):
    sandbox, connector = either
    sandbox.take("Hero Shot.png", picture(), {"title": "Tom &amp; Jerry", "caption": "seen <b>by</b> all"})
    (item,) = connector.inventory(None).items
    assert (item.ref, item.kind, item.name, item.media_type) == ("4", ItemKind.FILE, "Tom & Jerry", "image/png")
    assert item.facts["file_name"] == "Hero-Shot.png"
    assert item.facts["caption"] == "seen <b>by</b> all"
    assert item.size in {len(picture()), None}


def test_of_a_large_picture_the_file_that_was_uploaded_is_imported(either):
    sandbox, connector = either
    sandbox.take("big.jpg", LARGE, {})
    (item,) = connector.inventory(None).items
    assert (item.facts["file_name"], item.size) == ("big.jpg", None)
    into = io.BytesIO()
    assert connector.fetch(item.ref, into).size == len(LARGE)
    assert into.getvalue() == LARGE
    assert sandbox.requests[-1].path.endswith("/big.jpg")


def test_a_page_in_the_place_of_a_file_is_no_file(either):
    sandbox, connector = either
    ref = sandbox.stock("holiday.jpg", b"x")
    sandbox.faults.add(Rule(fault=Fault.HTML_BEFORE, path="holiday"))
    with pytest.raises(BadAnswer, match="a page in the place"):
        connector.fetch(ref, io.BytesIO())


@pytest.fixture
def network():
    """A delivery network: another server that hands the same files out."""
    elsewhere = create()
    with serve(elsewhere):
        yield elsewhere


@pytest.mark.parametrize("protocol", ["rest", "xmlrpc"])
def test_a_file_that_lies_elsewhere_is_read_as_anybody_can(there, network, protocol):
    sandbox, origin = there
    connector = connected(origin, sandbox.secrets, protocol=protocol, trusting=[network.origin])
    ref = sandbox.stock("holiday.jpg", b"x")
    copy = network.stock("holiday.jpg", b"xyz")
    sandbox.faults.add(Rule(fault=Fault.REWRITE, find=origin, replace=network.origin, times=None))
    into = io.BytesIO()
    assert connector.fetch(ref, into).size == len(into.getvalue()) == 3
    assert [(one.path.rpartition("/")[2], "authorization" in one.headers) for one in network.requests] == [
        ("holiday.jpg", False)
    ]
    network.faults.add(refuse(503))
    with pytest.raises(Unreachable, match="elsewhere"):
        connector.fetch(ref, io.BytesIO())
    network.unstock(copy)
    with pytest.raises(Missing):
        connector.fetch(ref, io.BytesIO())


def test_a_site_sends_the_hub_to_no_address_inside(there, network):
    sandbox, origin = there
    ref = sandbox.stock("holiday.jpg", b"x")
    network.stock("holiday.jpg", b"xyz")
    sandbox.faults.add(Rule(fault=Fault.REWRITE, find=f"{origin}/wp-content", replace=f"{network.origin}/wp-content",
                            times=None))  # fmt: skip
    with pytest.raises(AddressRefused):
        connected(origin, sandbox.secrets).fetch(ref, io.BytesIO())
    assert network.requests == []


def test_a_file_whose_item_stands_and_that_is_gone_is_missing(either):
    sandbox, connector = either
    ref = sandbox.stock("holiday.jpg", b"x")
    sandbox.items[int(ref)].file.name = "other.jpg"
    sandbox.faults.add(Rule(fault=Fault.REWRITE, find="other.jpg", replace="gone.jpg", times=None))
    with pytest.raises(Missing):
        connector.fetch(ref, io.BytesIO())


def test_nothing_is_left_out_when_items_go_while_the_library_is_listed(site, monkeypatch):
    sandbox, connector = site
    monkeypatch.setattr(room, "PAGE_SIZE", 10)
    refs = [sandbox.stock(f"{number}.txt", b"x") for number in range(35)]
    seen = []

    def page(cursor):
        found = connector.inventory(cursor)
        seen.extend(item.ref for item in found.items)
        for ref in seen[-10:-5]:  # of those that were listed, some go at once
            if int(ref) in sandbox.items:
                sandbox.unstock(ref)
        return found

    assert [item.ref for item in every(page)] == refs


def test_what_this_account_may_not_see_neither_ends_the_list_nor_stops_it(site, monkeypatch):
    sandbox, connector = site
    monkeypatch.setattr(room, "PAGE_SIZE", 4)
    refs = [sandbox.stock(f"{number}.txt", b"x") for number in range(30)]
    hidden = {int(ref) for number, ref in enumerate(refs) if number < 9 or 10 < number < 25}
    sandbox.hidden = hidden
    assert [item.ref for item in every(connector.inventory)] == [ref for ref in refs if int(ref) not in hidden]


def test_two_changes_in_one_second_are_two_changes(either):
    sandbox, connector = either
    ref = sandbox.stock("a.txt", b"x")
    cursor = connector.changes(None).cursor
    moment = sandbox.items[int(ref)].modified
    for title in ("first", "second"):
        sandbox.edit(LIBRARY, ref, {"title": title})
        sandbox.items[int(ref)].modified = moment
        changes, cursor = told(connector, cursor)
        assert [(one.ref, one.item.name) for one in changes] == [(ref, title)]
    assert told(connector, cursor)[0] == []


def test_an_hour_that_comes_twice_when_clocks_are_set_back_hides_no_change(site):
    sandbox, connector = site
    old, late = sandbox.stock("a.txt", b"x"), sandbox.stock("b.txt", b"x")
    cursor = connector.changes(None).cursor
    sandbox.edit(LIBRARY, late, {"title": "late"})
    sandbox.items[int(late)].modified = now() - timedelta(minutes=59)
    changes, cursor = told(connector, cursor)
    assert [one.ref for one in changes] == [late]
    sandbox.edit(LIBRARY, old, {"title": "later"})
    assert [one.ref for one in told(connector, cursor)[0]] == [old]


def test_a_date_in_the_future_hides_no_later_change(site):
    sandbox, connector = site
    odd, plain = sandbox.stock("odd.txt", b"x"), sandbox.stock("plain.txt", b"x")
    sandbox.items[int(odd)].modified = now() + timedelta(days=400)
    cursor = connector.changes(None).cursor
    for title in ("one", "two"):
        sandbox.edit(LIBRARY, plain, {"title": title})
        changes, cursor = told(connector, cursor)
        assert plain in {one.ref for one in changes}
    assert told(connector, cursor)[0] == []


def test_an_item_with_an_old_date_is_new_all_the_same(site):
    sandbox, connector = site
    cursor = connector.changes(None).cursor
    ref = sandbox.stock("old.txt", b"x")
    sandbox.items[int(ref)].modified = now() - timedelta(days=4000)
    assert [one.ref for one in told(connector, cursor)[0]] == [ref]


def test_what_is_gone_is_told_once_and_what_is_seen_again_too(either):
    sandbox, connector = either
    refs = [sandbox.stock(f"{number}.txt", b"x") for number in range(5)]
    for ref in refs[1:]:  # only the first one is young
        sandbox.items[int(ref)].modified = now() - timedelta(days=30)
    cursor = connector.changes(None).cursor
    away = {ref: sandbox.items.pop(int(ref)) for ref in (refs[0], refs[2], refs[4])}
    changes, cursor = told(connector, cursor)
    assert sorted((one.ref, one.gone) for one in changes) == [(ref, True) for ref in away]
    assert told(connector, cursor)[0] == []
    sandbox.items[int(refs[2])] = away[refs[2]]
    changes, cursor = told(connector, cursor)
    assert {one.ref: one.gone for one in changes} == {refs[2]: False}
    assert told(connector, cursor)[0] == []


def test_a_library_that_is_emptied_tells_so(either):
    sandbox, connector = either
    ref = sandbox.stock("a.txt", b"x")
    cursor = connector.changes(None).cursor
    sandbox.unstock(ref)
    changes, cursor = told(connector, cursor)
    assert [(one.ref, one.gone) for one in changes] == [(ref, True)]
    assert told(connector, cursor)[0] == []


@pytest.mark.parametrize("cursor", ["nonsense", "[]", '{"elsewhere": {"ids": "", "since": "", "told": {}}}'])
def test_a_cursor_of_something_else_is_lost(either, cursor):
    sandbox, connector = either
    begun = connector.changes(cursor)
    assert begun.lost
    ref = sandbox.stock("a.txt", b"x")
    assert [one.ref for one in told(connector, begun.cursor)[0]] == [ref]


def test_an_idle_question_costs_two_calls_however_large_the_library_is(site):
    sandbox, connector = site
    for number in range(230):
        sandbox.stock(f"{number}.txt", b"x")
    for item in sandbox.items.values():
        item.modified = now() - timedelta(days=1)
    sandbox.stock("newest.txt", b"x")
    cursor = connector.changes(None).cursor
    sandbox.reset_requests()
    assert told(connector, cursor)[0] == []
    assert len(sandbox.requests) == 2


def test_numbers_are_written_in_little_space():
    numbers = [number for number in range(4, 300_000) if number % 1000 < 700]
    assert feed.unpacked(feed.packed(numbers)) == numbers
    assert len(feed.packed(numbers)) < 2_000
    assert feed.unpacked(feed.packed([])) == []


def test_the_sites_of_a_network_are_targets_of_their_own(there):
    sandbox, origin = there
    second = sandbox.add_site("/second")
    connector = connected(origin, sandbox.secrets, sites=(f"{origin}/second/",))
    assert connector.identify().key == origin
    main, other = every(connector.targets)
    assert (main.ref, other.ref, other.url) == (LIBRARY, f"{origin}/second", f"{origin}/second/wp-admin/upload.php")
    ref = connector.publish(other, outgoing()).ref
    assert [copy.ref for copy in second.copies(LIBRARY)] == [ref]
    assert sandbox.copies(LIBRARY) == ()
    assert connector.find(main, outgoing().marker) == ()
    assert [copy.ref for copy in connector.find(other, outgoing().marker)] == [ref]
    second.use(LIBRARY, ref)
    assert [use.url for use in every(lambda at: connector.uses(other, ref, at))] == [f"{origin}/second/a-use/"]
    connector.withdraw(other, ref)
    assert second.copies(LIBRARY) == ()
    assert second.uses(LIBRARY, ref) == 0


def test_an_import_and_a_feed_tell_the_sites_of_a_network_apart(there):
    sandbox, origin = there
    second = sandbox.add_site("/second")
    connector = connected(origin, sandbox.secrets, sites=(f"{origin}/second",))
    cursor = connector.changes(None).cursor
    refs = {sandbox.stock("a.txt", b"main"), f"{second.stock('a.txt', b'second')}@{origin}/second"}
    assert {item.ref for item in every(connector.inventory)} == refs
    assert {(one.ref, one.item.ref) for one in told(connector, cursor)[0]} == {(ref, ref) for ref in refs}
    for ref in refs:
        into = io.BytesIO()
        connector.fetch(ref, into)
        assert into.getvalue() == (b"second" if "@" in ref else b"main")
    with pytest.raises(Misconfigured, match="not among the connection's sites"):
        connected(origin, sandbox.secrets).fetch(max(refs), io.BytesIO())
    assert connected(origin, sandbox.secrets).changes(cursor).lost


def test_further_sites_are_addresses_and_need_rest():
    assert Settings(site_url="https://x.org", sites=("https://x.org/a/", "https://x.org/a")).sites == (
        "https://x.org/a",
    )
    with pytest.raises(ValueError, match="home page"):
        Settings(site_url="https://x.org", sites=("x.org/a",))
    with pytest.raises(ValueError, match="over REST only"):
        Settings(site_url="https://x.org", protocol="xmlrpc", sites=("https://x.org/a",))


@pytest.mark.parametrize("root", ["/wp-json", "?rest_route="])
@pytest.mark.parametrize("below", ["", "/blog"])
def test_a_site_may_lie_in_a_folder_and_have_plain_addresses(there, root, below):
    sandbox, origin = there
    site = sandbox.add_site(below) if below else sandbox
    connector = connected(origin + below, sandbox.secrets, rest_root=root)
    assert connector.identify().key == origin + below
    (target,) = every(connector.targets)
    old = connector.publish(target, outgoing()).ref
    new = connector.publish(target, outgoing(picture(colour=(200, 10, 10)))).ref
    site.use(LIBRARY, old)
    cursor = connector.changes(None).cursor
    connector.repoint(target, old, new)
    assert (site.uses(LIBRARY, old), site.uses(LIBRARY, new)) == (0, 1)
    assert connector.look(target, new).sha256 == site.items[int(new)].sha256
    connector.withdraw(target, old)
    assert [(one.ref, one.gone) for one in told(connector, cursor)[0]] == [(old, True)]
    assert [item.ref for item in every(connector.inventory)] == [new]
    connector.fetch(new, io.BytesIO())


def test_a_listing_without_its_length_is_no_listing(site):
    sandbox, connector = site
    sandbox.stock("a.txt", b"x")
    body = json.dumps([])
    sandbox.faults.add(Rule(fault=Fault.LIE, on="read", body=body, times=None))
    with pytest.raises(BadAnswer):
        connector.inventory(None)


def test_an_item_whose_slug_and_title_changed_is_the_same_copy(either):
    sandbox, connector = either
    [library] = connector.targets(None).items
    sent = outgoing()
    ref = connector.publish(library, sent).ref
    sandbox.items[int(ref)].slug = "an-address-of-their-own"
    sandbox.edit(library.ref, ref, {"title": "Another name"})
    assert connector.look(library, ref).marker == sent.marker
    assert [copy.ref for copy in connector.find(library, sent.marker)] == [ref]
    connector.withdraw(library, ref)
    assert connector.find(library, sent.marker) == ()
