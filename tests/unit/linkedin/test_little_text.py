"""Little text: what people see is what was written, whatever signs are in it; compared with a second reading of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.linkedin.little_text import RESERVED, escape, plain
from connectors.linkedin.sandbox_text import SIGNS, protect, shown
from tests.unit.linkedin.conftest import outgoing

TEXT = st.text(alphabet=st.one_of(st.sampled_from(SIGNS), st.characters(codec="utf-8")), max_size=200)


def test_the_reserved_signs_are_the_fifteen_of_the_description():
    assert set("|{}@[]()<>#\\*_~") == RESERVED == set(SIGNS)
    assert len(RESERVED) == 15


@given(TEXT)
def test_an_escaped_text_is_shown_as_it_is(text):
    assert shown(escape(text)) == text
    assert plain(escape(text)) == text
    assert escape(text) == protect(text)


@pytest.mark.parametrize(
    ("little", "seen"),
    [
        (r"Thanks @[Müller \(Söhne\)](urn:li:organization:1)!", "Thanks Müller (Söhne)!"),
        (r"{hashtag|\#|spring} is here", "#spring is here"),
        ("{hashtag|\\\uff03|春}", "#春"),
        (r"a\b and c\\d", r"a\b and c\d"),
        (r"plain \[brackets\] \| bars", "plain [brackets] | bars"),
        ("unescaped [stays] as (it) is", "unescaped [stays] as (it) is"),
        ("→ stays", "→ stays"),
    ],
)
def test_what_people_made_there_is_read_as_people_see_it(little, seen):
    assert plain(little) == seen


@pytest.mark.parametrize("sign", sorted(RESERVED - {"\\"}))
def test_the_sandbox_cuts_a_text_at_a_sign_that_is_not_escaped_without_an_error(pages, sign):
    receipt = pages.publish(outgoing())
    pages.sandbox.edit_little(receipt.ref, f"before {sign} after")
    (standing,) = pages.sandbox.copies("urn:li:organization:9")
    assert standing.fields["commentary"] == "before "


def test_mentions_and_hashtags_that_somebody_added_are_read_back(pages):
    receipt = pages.publish(outgoing())
    pages.sandbox.edit_little(receipt.ref, r"With @[Our Partner](urn:li:organization:5), {hashtag|\#|proud}")
    assert pages.connector.look(pages.target, receipt.ref).fields["commentary"] == "With Our Partner, #proud"


def test_every_sign_of_a_text_arrives(pages):
    text = "50 % off | {a} @you [b] (c) <d> #e \\f *g* _h_ ~i~ → ✅"
    receipt = pages.publish(outgoing(commentary=text))
    (standing,) = pages.sandbox.copies("urn:li:organization:9")
    assert standing.fields["commentary"] == text
    assert pages.connector.look(pages.target, receipt.ref).fields["commentary"] == text
