from __future__ import annotations

import contextlib
import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.document import AssetDocument
from mappings.engine import Agreed, LossKind, absorb, agreed, merge, render
from mappings.errors import MappingError, TransformError
from mappings.report import check, preview
from mappings.spec import load_spec, parse_spec
from mappings.transforms import TRANSFORMS, as_text, as_texts, cut, tidy, tidy_line, tidy_list

TEXT = st.text(max_size=60)
WORDS = st.lists(st.text(max_size=20), max_size=6)

SPEC = parse_spec("""\
spec: 1
connector: rich
fields:
  - {field: title, remote: title, owner: both, transforms: [line, html_escape], max_length: 20}
  - {field: alt_text, remote: alt, owner: channel, transforms: [line, empty_to_none]}
  - {field: description, remote: meta.text, owner: dam, transforms: [text, none_to_empty]}
  - {field: keywords, remote: meta.words, owner: both, transforms: [list, join_commas]}
  - {field: usable_until, remote: meta.until, transforms: [day]}
  - {expression: "join(' ', keywords)", remote: meta.line, transforms: [line, upper]}
""")


def document(**fields: object) -> AssetDocument:
    facts = {"code": "DAM-1", "asset_id": "a", "version": 1, "sha256": "0" * 64, "filename": "a.png"}
    return AssetDocument.model_validate({**facts, "media_type": "image/png", **fields})


@given(TEXT)
@pytest.mark.parametrize("name", ["text", "line", "html_escape", "none_to_empty", "empty_to_none"])
def test_a_text_comes_back_as_it_went(name, text):
    tidied = tidy_line(text)
    transform = TRANSFORMS[name]
    assert transform.pull is not None
    assert transform.pull(transform.push(tidied)) == tidied


@given(TEXT)
def test_a_text_of_several_lines_comes_back_as_it_went(text):
    tidied = tidy(text)
    assert TRANSFORMS["text"].pull(TRANSFORMS["text"].push(tidied)) == tidied
    assert TRANSFORMS["html_escape"].pull(TRANSFORMS["html_escape"].push(tidied)) == tidied


@given(WORDS)
@pytest.mark.parametrize("name", ["list", "join_commas", "join_lines"])
def test_keywords_come_back_as_they_went(name, words):
    tidied = tidy_list(words)
    transform = TRANSFORMS[name]
    assert transform.pull is not None
    assert transform.pull(transform.push(tidied)) == tidied


@given(st.one_of(st.none(), st.booleans(), st.integers(), TEXT, WORDS, st.dictionaries(TEXT, TEXT)))
@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_a_transform_answers_or_says_why_not(name, value):
    transform = TRANSFORMS[name]
    for change in filter(None, (transform.push, transform.pull)):
        with contextlib.suppress(TransformError):
            assert isinstance(change(value), (str, int, float, list, dict, type(None)))


def test_a_list_too_long_to_read_is_refused():
    with pytest.raises(TransformError, match="cannot be read"):
        TRANSFORMS["join_commas"].pull('"' + "x" * 200_000)


def test_a_number_and_nothing_are_texts_but_lists_are_not():
    assert (as_text(3), as_text(None), as_texts(None)) == ("3", "", [])
    with pytest.raises(TransformError, match="a list"):
        as_text(["a"])
    with pytest.raises(TransformError, match="yes or no"):
        as_texts(True)
    with pytest.raises(TransformError, match="an object"):
        TRANSFORMS["day"].push({})


def test_a_day_is_said_in_utc():
    assert TRANSFORMS["day"].push(1_790_000_000_000) == "2026-09-21"
    assert TRANSFORMS["day"].push(None) == ""


@pytest.mark.parametrize("value", [10**20, -(10**20), float("inf")])
def test_a_point_in_time_beyond_the_calendar_is_refused(value):
    with pytest.raises(TransformError, match="calendar"):
        TRANSFORMS["day"].push(value)


@given(TEXT, st.integers(2, 30))
def test_a_cut_text_never_exceeds_its_limit(text, limit):
    assert len(cut(text, limit)) <= limit
    assert cut(text, limit) == text or cut(text, limit).endswith("…")


@given(title=TEXT, alt=TEXT, description=TEXT, words=WORDS)
def test_a_document_comes_back_from_the_channel_as_it_went(title, alt, description, words):
    tidied = document(
        title=tidy_line(title)[:4].strip(), alt_text=tidy_line(alt), description=description, keywords=tidy_list(words)
    )
    back = absorb(SPEC, render(SPEC, tidied).first_fields)
    assert back.unreadable == ()
    assert back.fields == {
        "title": tidied.title, "alt_text": tidied.alt_text, "keywords": list(tidied.keywords),
    }  # fmt: skip


@given(title=TEXT, alt=TEXT, words=WORDS)
def test_rendering_what_came_back_says_the_same(title, alt, words):
    first = render(SPEC, document(title=title, alt_text=alt, keywords=words))
    again = render(SPEC, document(**absorb(SPEC, first.first_fields).fields))
    for path in ("title", "alt"):
        assert again.first_fields[path] == first.first_fields[path]


@given(title=st.text(alphabet="a&<> ", max_size=80))
def test_a_cut_rendering_fits_and_tears_no_entity(title):
    rendered = render(SPEC, document(title=title))
    value = rendered.fields["title"]
    assert isinstance(value, str)
    assert len(value) <= 20
    assert not re.search(r"&(?!(amp|lt|gt);)", value)
    assert html.unescape(value).rstrip("…") in tidy_line(title)


def test_what_the_channel_cannot_hold_is_reported_only_where_there_is_something_to_lose():
    losses = render(SPEC, document(title="x" * 30, campaign="spring")).losses
    assert [(loss.field, loss.kind) for loss in losses] == [
        ("campaign", LossKind.NO_PLACE), ("title", LossKind.CUT),
    ]  # fmt: skip
    assert "30 characters, 20" in losses[1].detail


def test_a_list_that_is_too_long_is_cut_as_text():
    spec = parse_spec(
        "spec: 1\nconnector: x\nfields: [{field: keywords, remote: w, transforms: [join_commas], max_length: 9}]"
    )
    assert render(spec, document(keywords=["alpha", "beta"])).fields == {"w": "alpha, b…"}


def counted(line):
    return parse_spec(f"spec: 1\nconnector: x\nfields: [{{{line}, remote: w, max_count: 2}}]")


@given(WORDS)
@pytest.mark.parametrize(
    "line",
    [
        "field: keywords, transforms: [list]", "field: keywords, owner: both, transforms: [list]",
        "expression: keywords, transforms: [list]", "field: keywords, owner: both, transforms: [list, join_commas]",
    ],
)  # fmt: skip
def test_no_more_values_go_out_than_the_channel_takes_and_those_left_out_are_told(line, words):
    spec, held = counted(line), tidy_list(words)
    rendered = render(spec, document(keywords=words))
    shown = rendered.fields["w"]
    assert (TRANSFORMS["join_commas"].pull(shown) if "join" in line else shown) == held[:2]
    told = [(loss.kind, loss.detail, loss.remote) for loss in rendered.losses]
    assert told == ([(LossKind.CUT, f"{len(held)} values, 2 are taken", "w")] if len(held) > 2 else [])


def test_a_list_of_which_a_part_stands_there_goes_to_a_person_when_it_is_changed():
    spec = counted("field: keywords, owner: both, transforms: [list]")
    rendered = render(spec, document(keywords=["a", "b", "c"]))
    base = agreed(spec, rendered.first_fields, {"w": ["a", "b"]})
    assert merge(spec, base, rendered, {"w": ["a", "b"]}).take == {}
    (conflict,) = merge(spec, base, rendered, {"w": ["a", "d"]}).conflicts
    assert conflict.theirs == ["a", "d"]
    whole = render(spec, document(keywords=["a", "b"]))
    assert merge(spec, base, whole, {"w": ["a", "d"]}).take == {"keywords": ["a", "d"]}


def test_what_is_no_list_is_not_counted_and_odd_lists_are_counted_as_they_are():
    one = counted("expression: title, transforms: [line]")
    assert render(one, document(title="a b c")).fields == {"w": "a b c"}
    odd = counted("expression: '[version, version, version]', transforms: []")
    assert render(odd, document()).fields == {"w": [1, 1]}


def test_a_mapping_without_a_count_is_the_mapping_that_it_was_before():
    plain = "spec: 1\nconnector: x\nfields: [{field: keywords, remote: w, transforms: [list]}]"
    assert parse_spec(plain).digest == "6a66ee2147c02fe8fa1e15a07027d8908051a4fb5d056278bf1b41013148917b"
    assert parse_spec(plain).digest != counted("field: keywords, transforms: [list]").digest


def test_a_text_that_grows_past_any_limit_is_cut_at_last():
    spec = parse_spec(
        "spec: 1\nconnector: x\nfields: [{field: title, remote: t, transforms: [html_escape], max_length: 2}]"
    )
    assert render(spec, document(title="&&&")).fields == {"t": "&…"}


def test_the_channels_own_fields_are_given_once_only():
    rendered = render(SPEC, document(alt_text="seen"))
    assert rendered.first_fields["alt"] == "seen"
    assert "alt" not in rendered.fields


def test_a_missing_remote_field_is_not_an_empty_one():
    assert absorb(SPEC, {"alt": "x"}).fields == {"alt_text": "x"}
    assert absorb(SPEC, {"meta": "no object"}).fields == {}


def test_a_senseless_remote_value_is_named_and_not_taken():
    back = absorb(SPEC, {"title": {"rendered": "x"}, "alt": "fine"})
    assert back.fields == {"alt_text": "fine"}
    assert back.unreadable == ("title",)


BOMBS = {
    "text": "title" + "|join('',[@,@])" * 24,
    "list": "[title]" + "|[@,@][]" * 40,
    "shared": "[title]" + "|[@,@]" * 50 + "|to_string(@)",
    "each of each": "[keywords,keywords]" + "|[@[],@[]]" * 12 + "|[].[[@,@,@,@,@,@,@,@]][][]|[].[[@,@,@,@,@,@,@]][][]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_expression_that_asks_for_more_memory_than_there_is_fails_at_once(name):
    assert len(BOMBS[name]) <= 400
    spec = parse_spec(
        f'spec: 1\nconnector: rich\nfields:\n  - {{expression: "{BOMBS[name]}", remote: title, transforms: [text]}}\n'
    )
    with pytest.raises(MappingError, match="far more than the asset holds"):
        render(spec, document(title="A lake", keywords=["winter"] * 50))


@pytest.mark.parametrize(
    "expression",
    [
        "contains(title, version)", "length(title) < title", "keywords[::0]", "to_number('1e999')", "to_number('nan')",
        "abs(title)", "sum([version, to_number('-inf')])",
    ],
)  # fmt: skip
def test_whatever_an_expression_does_wrong_is_told_as_that(expression):
    spec = parse_spec(f'spec: 1\nconnector: x\nfields: [{{expression: "{expression}", remote: t, transforms: []}}]')
    with pytest.raises(MappingError) as caught:
        render(spec, document(title="A lake", keywords=["a"]))
    assert caught.value.code == "mapping_expression"


def test_an_expression_may_say_all_of_an_asset():
    spec = parse_spec("""\
spec: 1
connector: rich
fields:
  - {expression: "join(' ', [description, title, join(', ', keywords), description] | [?@ != ''])", remote: all}
""")
    whole = document(title="t" * 300, description="d" * 10_000, keywords=["k" * 100] * 100)
    assert len(render(spec, whole).fields["all"]) > 30_000


def test_an_expression_that_fails_on_an_asset_says_where():
    spec = parse_spec("""spec: 1\nconnector: x\nfields: [{expression: "join('-', keywords)", remote: t}]""")
    assert render(spec, document(keywords=["a", "b"])).fields == {"t": "a-b"}
    bad = parse_spec('spec: 1\nconnector: x\nfields: [{expression: "abs(title)", remote: t}]')
    with pytest.raises(MappingError) as caught:
        render(bad, document())
    assert (caught.value.code, caught.value.where) == ("mapping_expression", "t")


def test_a_transform_that_does_not_fit_says_where():
    bad = parse_spec("spec: 1\nconnector: x\nfields: [{field: keywords, remote: t}]")
    with pytest.raises(MappingError) as caught:
        render(bad, document(keywords=["a"]))
    assert (caught.value.code, caught.value.where) == ("mapping_transform", "t")


OURS = document(title="Ours", alt_text="alt", description="text", keywords=["a"])


def base_and_theirs():
    theirs = render(SPEC, OURS).first_fields
    return agreed(SPEC, theirs, theirs), theirs


def test_sides_that_agree_need_nothing():
    base, theirs = base_and_theirs()
    merged = merge(SPEC, base, render(SPEC, OURS), theirs)
    assert (merged.push, merged.take, merged.conflicts) == ({}, {}, ())


def test_a_channel_that_tidies_texts_in_its_way_changed_nothing():
    pushed = render(SPEC, OURS).first_fields
    theirs = {**pushed, "title": "OURS"}
    merged = merge(SPEC, agreed(SPEC, pushed, theirs), render(SPEC, OURS), theirs)
    assert (merged.push, merged.take, merged.conflicts) == ({}, {}, ())


def test_our_change_is_pushed():
    base, theirs = base_and_theirs()
    merged = merge(SPEC, base, render(SPEC, document(**{**OURS.model_dump(), "title": "New"})), theirs)
    assert (merged.push, merged.take) == ({"title": "New"}, {})


def test_their_change_of_a_shared_field_is_taken():
    base, theirs = base_and_theirs()
    merged = merge(SPEC, base, render(SPEC, OURS), {**theirs, "title": "A &amp; B"})
    assert (merged.push, merged.take) == ({}, {"title": "A & B"})


def test_their_change_of_our_field_is_put_right():
    base, theirs = base_and_theirs()
    altered = {**theirs, "meta": {**theirs["meta"], "text": "vandalised"}}
    merged = merge(SPEC, base, render(SPEC, OURS), altered)
    assert (merged.push, merged.take) == ({"meta": {"text": "text"}}, {})


def test_the_channels_field_is_taken_and_never_pushed():
    base, theirs = base_and_theirs()
    newer = document(**{**OURS.model_dump(), "alt_text": "hub"})
    assert merge(SPEC, base, render(SPEC, newer), theirs).push == {}
    assert merge(SPEC, base, render(SPEC, newer), {**theirs, "alt": "theirs"}).take == {"alt_text": "theirs"}


def test_changes_on_both_sides_are_left_to_a_person():
    base, theirs = base_and_theirs()
    newer = document(**{**OURS.model_dump(), "title": "Newer"})
    merged = merge(SPEC, base, render(SPEC, newer), {**theirs, "title": "Other"})
    assert (merged.push, merged.take) == ({}, {})
    assert [(each.remote, each.ours, each.theirs) for each in merged.conflicts] == [("title", "Newer", "Other")]


def test_the_same_change_on_both_sides_is_agreement():
    base, theirs = base_and_theirs()
    newer = document(**{**OURS.model_dump(), "title": "Same"})
    merged = merge(SPEC, base, render(SPEC, newer), {**theirs, "title": "Same"})
    assert (merged.push, merged.take, merged.conflicts) == ({}, {}, ())


def test_a_shortened_text_that_was_edited_there_never_shortens_the_master():
    long = document(title="x" * 40)
    rendered = render(SPEC, long)
    theirs = {**rendered.first_fields, "title": "edited"}
    merged = merge(SPEC, agreed(SPEC, rendered.first_fields, rendered.first_fields), rendered, theirs)
    assert merged.take == {}
    assert merged.conflicts[0].reason == "changed there, where only a shortened text stands"


@pytest.mark.parametrize(
    ("ours", "theirs", "push", "take", "conflicts"),
    [("A", "", {"title": "A"}, {}, 0), ("", "B", {}, {"title": "B"}, 0), ("A", "B", {}, {}, 1), ("A", "A", {}, {}, 0)],
)
def test_without_a_base_an_empty_side_gives_way(ours, theirs, push, take, conflicts):
    merged = merge(SPEC, {}, render(SPEC, document(title=ours)), {"title": theirs})
    assert (merged.push, merged.take, len(merged.conflicts)) == (push, take, conflicts)


def test_a_plain_base_value_means_that_both_said_the_same():
    merged = merge(SPEC, {"title": "Old"}, render(SPEC, document(title="New")), {"title": "Old"})
    assert merged.push == {"title": "New"}


def test_a_senseless_value_on_their_side_is_neither_taken_nor_fatal():
    merged = merge(SPEC, {"title": Agreed("A", "A")}, render(SPEC, document(title="A")), {"title": [1, {}]})
    assert (merged.take, merged.unreadable) == ({}, ("title",))


@given(old=TEXT, ours=TEXT, theirs=TEXT)
def test_a_merge_settles(old, ours, theirs):
    """Whatever a merge pushes and takes, merging again finds nothing to do, unless a person is asked."""
    first = render(SPEC, document(title=old)).first_fields
    there = {**first, "title": TRANSFORMS["html_escape"].push(tidy_line(theirs)[:3].strip())}
    merged = merge(SPEC, agreed(SPEC, first, first), render(SPEC, document(title=ours)), there)
    if merged.conflicts:
        return
    settled = render(SPEC, document(**{"title": ours, **merged.take}))
    there.update(merged.push)
    again = merge(SPEC, agreed(SPEC, settled.first_fields, there), settled, there)
    assert (again.push, again.take, again.conflicts) == ({}, {}, ())


def test_check_reports_a_good_spec_and_what_it_cannot_hold():
    result = check("wordpress")
    assert result.ok
    assert result.digest == load_spec("wordpress").digest
    assert "keywords" in result.cannot_hold
    assert {line.remote for line in result.lines} == {"title", "alt_text", "caption", "description"}


def test_check_reports_a_bad_spec_without_raising():
    result = check("mine", text="spec: 1\nconnector: mine\nfields: [{field: titel, remote: t}]\n")
    assert not result.ok
    assert result.problem is not None
    assert result.problem.line == 3


def test_preview_shows_what_would_be_said_and_lost():
    shown = preview(SPEC, document(title="y" * 30, project="p"))
    lines = {line.remote: line for line in shown.lines}
    assert lines["title"].cut
    assert lines["title"].value == "y" * 19 + "…"
    assert {loss.field for loss in shown.losses} == {"project", "title"}


def test_a_text_that_a_channel_cannot_do_without_is_told_for_the_kinds_of_file_it_shows():
    spec = parse_spec("""\
spec: 1
connector: shows
fields:
  - {field: alt_text, remote: alt, required_for: [image, video]}
  - {expression: "join(' ', keywords)", remote: words, required_for: [audio]}
""")
    assert render(spec, document(media_type="image/png")).missing == ("alt_text",)
    assert render(spec, document(media_type="image/png", alt_text="  ")).missing == ("alt_text",)
    assert render(spec, document(media_type="image/png", alt_text="A lake")).missing == ()
    assert render(spec, document(media_type="application/pdf")).missing == ()
    assert render(spec, document(media_type="audio/mpeg")).missing == ("join(' ', keywords)",)
    told = preview(spec, document(media_type="video/mp4")).losses
    assert [(loss.field, loss.kind) for loss in told if loss.kind is LossKind.MISSING] == [
        ("alt_text", LossKind.MISSING)
    ]


@pytest.mark.parametrize("name", ["drupal", "linkedin", "postiz", "wordpress"])
def test_where_pictures_are_shown_to_people_they_need_an_alternative_text(name):
    assert "alt_text" in render(load_spec(name), document(title="Lake")).missing
