"""Paging and markers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.answer import Answer, Call
from connectors.sdk.errors import BadAnswer
from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.paging import Spot, after, every, next_link, next_number
from connectors.sdk.types import Page

MARKER = "dhabc123-" + "k2" * 10


def answer(**headers):
    return Answer(Call("GET", "/x", writes=False), 200, {name.replace("_", "-"): v for name, v in headers.items()}, b"")


def test_all_pages_are_read():
    pages = {None: Page((1, 2), "a"), "a": Page((), "b"), "b": Page((3,), None)}
    assert list(every(pages.__getitem__)) == [1, 2, 3]


def test_a_cursor_that_comes_twice_is_a_bad_answer():
    with pytest.raises(BadAnswer):
        list(every(lambda cursor: Page((1,), "again")))


def test_a_list_without_an_end_is_a_bad_answer():
    with pytest.raises(BadAnswer):
        list(every(lambda cursor: Page((1,), f"{cursor}x"), most_pages=5))


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ('<https://a/2>; rel="next"', "https://a/2"),
        ('<https://a/0>; rel="prev", <https://a/2>; rel="next"', "https://a/2"),
        ("<https://a/2>; rel=next", "https://a/2"),
        ('<https://a/0>; rel="prev"', None),
        ("", None),
    ],
)
def test_the_next_page_stands_in_the_link_header(link, url):
    assert next_link(answer(link=link)) == url


def test_pages_are_counted_by_a_header():
    assert next_number(answer(x_pages="3"), 2, total_header="X-Pages") == "3"
    assert next_number(answer(x_pages="3"), 3, total_header="X-Pages") is None
    for headers in ({}, {"x_pages": "many"}, {"x_pages": "-1"}):
        with pytest.raises(BadAnswer):
            next_number(answer(**headers), 1, total_header="X-Pages")


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        (f"logo-{MARKER}-0123456789ab.png", MARKER),
        (f"https://hub.example/p/{MARKER}.signature/logo.png", MARKER),
        (MARKER.upper(), MARKER),
        (f"{MARKER} {MARKER}", MARKER),
        (f"{MARKER}a", None),
        (f"a{MARKER}", None),
        (MARKER[:-1], None),
        (f"{MARKER} dhabc123-{'z' * 20}", None),
        ("", None),
    ],
)
def test_a_marker_is_read_exactly(text, marker):
    assert marker_in(text) == marker


def test_a_content_key_stands_behind_its_marker():
    assert key_in(f"logo-{MARKER}-0123456789ab-1.png", MARKER) == "0123456789ab"
    assert key_in(f"logo-{MARKER}-0123456789abc.png", MARKER) is None
    assert key_in(f"logo-dhabc123-{'z' * 20}-0123456789ab.png", MARKER) is None
    assert key_in(f"logo-{MARKER}.png", MARKER) is None


class Shelf:
    """A listing by offset, sorted by number, in which some things are counted and not shown."""

    def __init__(self, numbers, hidden=()):
        self.numbers, self.hidden, self.reads = list(numbers), set(hidden), 0

    def read(self, start, size=3):
        self.reads += 1
        shown = [one for one in self.numbers[start : start + size] if one not in self.hidden]
        return shown, len(self.numbers) if start < len(self.numbers) else 0

    def whole(self, between=lambda shelf, seen: None):
        spot, seen = Spot(), []
        while spot is not None:
            part = after(spot, self.read, number=int, size=3)
            seen += part.items
            spot = part.following
            between(self, seen)
        return seen


@pytest.mark.parametrize("count", range(9))
def test_a_listing_by_number_is_read_whole(count):
    assert Shelf(range(10, 10 + count)).whole() == list(range(10, 10 + count))


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_nothing_is_left_out_while_what_was_read_goes(at_once):
    def take(shelf, seen):
        for one in seen[-at_once:]:
            if one in shelf.numbers:
                shelf.numbers.remove(one)

    assert Shelf(range(40)).whole(take)[-1] == 39
    assert sorted(set(range(1, 40)) - set(Shelf(range(1, 40)).whole(take))) == []


def test_what_comes_while_it_is_read_comes_last():
    def put(shelf, seen):
        if len(shelf.numbers) < 20:
            shelf.numbers.append(100 + len(shelf.numbers))

    shelf = Shelf(range(1, 8))
    seen = shelf.whole(put)
    assert seen == shelf.numbers[: len(seen)]
    assert len(seen) > 7


@given(numbers=st.sets(st.integers(1, 60), max_size=40), hidden=st.sets(st.integers(1, 60)), gone=st.integers(0, 2))
def test_what_may_not_be_seen_neither_ends_a_listing_nor_stops_it(numbers, hidden, gone):
    def take(shelf, seen):
        for one in seen[-gone:] if gone else ():
            if one in shelf.numbers:
                shelf.numbers.remove(one)

    ordered = sorted(numbers)
    assert Shelf(ordered, hidden).whole(take) == [one for one in ordered if one not in hidden]


@pytest.mark.parametrize(("left", "moved"), [([1, 2, 3, 4], False), ([1, 3, 4], True), ([3, 4], True), ([4], True)])
def test_a_spot_that_moved_is_told(left, moved):
    part = after(Spot(3, 3), Shelf(left).read, number=int, size=3)
    assert (part.items, part.moved) == ((4,), moved)


def test_nothing_is_read_twice_where_nothing_changed():
    shelf = Shelf(range(1, 31))
    shelf.whole()
    assert shelf.reads == 15  # each page begins one earlier
