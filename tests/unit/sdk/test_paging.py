"""Paging and markers."""

import pytest

from connectors.sdk.answer import Answer, Call
from connectors.sdk.errors import BadAnswer
from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.paging import every, next_link, next_number
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
