"""Round trips over the specs that are shipped: what goes out comes back, and what stands there asks for nothing."""

from __future__ import annotations

import html
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.document import AssetDocument
from mappings.engine import absorb, agreed, merge, place, reach, render
from mappings.spec import load_spec, spec_names
from mappings.transforms import tidy, tidy_line, tidy_list
from tests.unit.mappings.test_engine import document

SPECS = spec_names()
EXAMPLES = settings(max_examples=30)
SIGNS = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("&<>\"';\n\t ,")), max_size=40
)
LONG = st.builds(lambda text, times: text * times, SIGNS, st.sampled_from([1, 1, 1, 20, 200]))
TEXTS = dict.fromkeys(("title", "description", "alt_text", "creator", "credit", "copyright", "campaign"), LONG)
DOCUMENTS = st.builds(
    document,
    **TEXTS,
    keywords=st.lists(st.text(max_size=20), max_size=8),
    media_type=st.sampled_from(["image/png", "video/mp4", "application/pdf"]),
    usable_until=st.one_of(st.none(), st.integers(0, 4_000_000_000_000)),
)


def as_told(each, held):
    """Return what of a value of the catalogue is said there at all: on one line, say."""
    if each.field == "keywords":
        return tidy_list(list(held))
    return tidy_line(held) if "line" in each.transforms else tidy(held)


def coming_back(spec):
    return [each for each in spec.fields if each.comes_back]


@pytest.mark.parametrize("name", SPECS)
@EXAMPLES
@given(told=DOCUMENTS)
def test_what_went_out_whole_comes_back_as_it_was(name, told):
    spec = load_spec(name)
    rendered = render(spec, told)
    back = absorb(spec, rendered.first_fields)
    assert back.unreadable == ()
    assert set(back.fields) == {each.field for each in coming_back(spec)}
    for each in coming_back(spec):
        if each.remote not in rendered.cut:
            assert back.fields[each.field] == as_told(each, getattr(told, each.field))


@pytest.mark.parametrize("name", SPECS)
@EXAMPLES
@given(told=DOCUMENTS)
def test_what_stands_there_as_it_was_sent_asks_for_nothing(name, told):
    spec = load_spec(name)
    rendered = render(spec, told)
    shown = json.loads(json.dumps(rendered.first_fields))
    assert shown == rendered.first_fields, "it is JSON"
    merged = merge(spec, agreed(spec, rendered.first_fields, shown), rendered, shown)
    assert (merged.push, merged.take, merged.conflicts, merged.unreadable) == ({}, {}, (), ())


@pytest.mark.parametrize("name", SPECS)
@EXAMPLES
@given(told=DOCUMENTS)
def test_no_text_is_longer_than_the_channel_takes_and_none_is_cut_in_silence(name, told):
    spec = load_spec(name)
    rendered = render(spec, told)
    for each in spec.fields:
        value = reach(rendered.first_fields, each.remote)
        if each.max_length is not None:
            assert isinstance(value, str)
            assert len(value) <= each.max_length
        if each.field and isinstance(value, str) and each.remote not in rendered.cut and each.field in TEXTS:
            shown = html.unescape(value) if "html_escape" in each.transforms else value
            assert shown == as_told(each, getattr(told, each.field))


@pytest.mark.parametrize(
    ("name", "field"), [(name, each.field) for name in SPECS for each in coming_back(load_spec(name))]
)
@EXAMPLES
@given(told=DOCUMENTS, words=SIGNS)
def test_what_somebody_writes_there_is_taken_and_then_stands_on_both_sides(name, field, told, words):
    spec = load_spec(name)
    (each,) = [one for one in spec.fields if one.field == field and one.comes_back]
    before = render(spec, told)
    written = reach(render(spec, told.model_copy(update={field: words})).first_fields, each.remote)
    shown = json.loads(json.dumps(before.first_fields))
    place(shown, each.remote, written)
    merged = merge(spec, agreed(spec, before.first_fields, before.first_fields), before, shown)
    if each.remote in before.cut and written != reach(before.first_fields, each.remote):
        assert [conflict.field for conflict in merged.conflicts] == [field], "nobody may guess what was cut"
        return
    changed = written != reach(before.first_fields, each.remote)
    assert merged.take == ({field: as_told(each, words)} if changed else {})
    assert (merged.push, merged.conflicts) == ({}, ())
    after = AssetDocument.model_validate({**told.model_dump(), **merged.take})
    assert reach(render(spec, after).first_fields, each.remote) == written
