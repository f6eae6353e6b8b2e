"""Parameters are written alike for all who read them: as the library's slower way writes them."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from connectors.sdk.query import with_query

QUERIES = [
    {"a": "plain-text_1.~", "b": 7, "c": "x y", "d": "a+b&c=d/e?f#g%20"},
    {"ü": "größe", "文": "字", "empty": "", "quotes": "\"'`<>"},
    {"rest_route": "/wp/v2/media", "context": "edit", "_fields": "id,title"},
    {"tab": "a\tb\n\x00", "emoji": "🐎"},
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("url", ["https://x.org/a", "https://x.org/a?b=1"])
def test_parameters_are_written_as_ever(url, query):
    written = with_query(url, query)
    assert written == f"{url}{'&' if '?' in url else '?'}{urlencode(query, quote_via=quote, safe='')}"
    said = dict(parse_qsl(urlsplit(written).query, keep_blank_values=True))
    assert {**said, **{name: str(value) for name, value in query.items()}} == said


def test_what_is_none_is_left_out_and_truth_is_small():
    assert with_query("https://x.org/a", {"a": None, "b": True, "c": False}) == "https://x.org/a?b=true&c=false"
    assert with_query("https://x.org/a", {"a": None}) == "https://x.org/a"


def test_half_of_a_sign_is_refused():
    with pytest.raises(UnicodeEncodeError):
        with_query("https://x.org/a", {"a": "\ud800"})
