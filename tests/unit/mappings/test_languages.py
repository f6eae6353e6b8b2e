"""Texts in several languages: which there are, which one a place is told, and what is said of it."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.document import CORE_FIELDS, TRANSLATED_FIELDS, AssetDocument
from mappings.engine import LossKind, absorb, render
from mappings.errors import MappingError
from mappings.languages import called, canonical, name_of, reads_right_to_left, with_parents
from mappings.report import preview
from mappings.spec import parse_spec
from mappings.spoken import speak

HEAD = "spec: 1\nconnector: rich\nfields:\n"
SPEC = parse_spec(
    HEAD
    + """\
  - {field: title, remote: title, owner: both, transforms: [line, html_escape]}
  - {field: alt_text, remote: alt, owner: both, transforms: [line], required_for: [image]}
  - {field: keywords, remote: words, owner: channel, transforms: [join_commas]}
  - {field: creator, remote: by, owner: both, transforms: [line]}
  - {expression: "join(' | ', [credit, copyright][?@ != ''])", remote: rights}
"""
)
BOUND = parse_spec(
    HEAD
    + """\
  - {field: title, remote: t, owner: both, languages: [fr, PT-br]}
  - {field: alt_text, remote: alt, fallback: false, required_for: [image]}
  - {field: keywords, remote: words, fallback: false, transforms: [list]}
  - {field: language, remote: tongue}
"""
)
WORD = st.text(st.characters(categories=["L", "N"]), max_size=8).map(lambda word: normalize("NFC", word))
"""As the catalogue keeps texts."""
TEXTS = st.fixed_dictionaries({}, optional={"title": WORD, "alt_text": WORD, "credit": WORD})
TAGS = ("de", "de-CH", "pt", "pt-BR", "fr")


def document(translations=None, **fields):
    facts = {"code": "DAM-1", "asset_id": "a", "version": 1, "sha256": "0" * 64, "filename": "a.png"}
    given = {**facts, "media_type": "image/png", "translations": translations or {}, **fields}
    return AssetDocument.model_validate(given)


LAKE = document(
    {"de": {"title": "See"}, "pt": {"title": "Lago", "keywords": ["um", "dois"]}, "pt-BR": {"title": "Lagoa"}},
    title="Lake", alt_text="A lake", keywords=["one", "two"], creator="Ada", credit="Ada & Co",
)  # fmt: skip


def says(rendered, kind):
    return [loss.detail for loss in rendered.losses if loss.kind is kind]


# Tags


@pytest.mark.parametrize(
    ("given", "kept"),
    [("DE", "de"), ("pt-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("sr-Latn", "sr-Latn")],
)
def test_a_tag_is_kept_in_its_usual_writing(given, kept):
    assert canonical(given) == kept == canonical(kept)


@pytest.mark.parametrize(
    "tag",
    ["", "german", "de_DE", "de-XX", "xx", "iw", "und", "root", "x-foo", "de-", "d", "de-DE@euro", "de\n", "de" * 500],
)
def test_what_is_no_known_language_is_refused(tag):
    with pytest.raises(ValueError, match="no known language"):
        canonical(tag)


def test_languages_have_names_parents_and_a_direction():
    assert with_parents("zh-Hant-TW") == ("zh-Hant-TW", "zh-Hant", "zh")
    assert (name_of("pt-BR"), name_of("de"), name_of("xx")) == ("Portuguese (Brazil)", "German", "xx")
    assert (reads_right_to_left("ar"), reads_right_to_left("he-IL"), reads_right_to_left("de")) == (True, True, False)


def test_a_person_may_name_a_language_by_its_name():
    assert (called(" german "), called("Brazilian Portuguese"), called("PT-br")) == ("de", "pt-BR", "pt-BR")
    assert called("Klingonese") == "Klingonese"


# What a place is told


@pytest.mark.parametrize(
    ("language", "title", "alt", "words"),
    [
        ("", "Lake", "A lake", "one, two"),
        ("en", "Lake", "A lake", "one, two"),
        ("en-GB", "Lake", "A lake", "one, two"),
        ("de", "See", "A lake", "one, two"),
        ("de-AT", "See", "A lake", "one, two"),
        ("pt-BR", "Lagoa", "A lake", "um, dois"),
        ("pt-PT", "Lago", "A lake", "um, dois"),
        ("ja", "Lake", "A lake", "one, two"),
    ],
)
def test_each_text_is_told_in_the_nearest_language_that_has_it(language, title, alt, words):
    fields = render(SPEC, LAKE, language).fields | render(SPEC, LAKE, language).first_fields
    assert (fields["title"], fields["alt"], fields["words"], fields["by"]) == (title, alt, words, "Ada")
    assert fields["rights"] == "Ada & Co"


def test_what_falls_back_is_said_in_a_sentence_and_what_is_there_is_not():
    assert says(render(SPEC, LAKE, "de"), LossKind.STAND_IN) == [
        "No German alt text: the English one is shown",
        "No German keywords: the English ones are shown",
        "No German credit: the English one is shown",
    ]
    assert says(render(SPEC, LAKE, "pt-PT"), LossKind.STAND_IN) == [
        "No Portuguese (Portugal) alt text: the English one is shown",
        "No Portuguese (Portugal) credit: the English one is shown",
    ]
    for own in ("", "en", "en-GB"):
        assert says(render(SPEC, LAKE, own), LossKind.STAND_IN) == [], own
    assert says(render(SPEC, document(title="x"), "de"), LossKind.STAND_IN) == [
        "No German title: the English one is shown"
    ]
    german = document(language="de", title="See")
    assert says(render(SPEC, german, "en"), LossKind.STAND_IN) == ["No English title: the German one is shown"]


def test_an_alt_text_that_stands_in_is_enough_where_one_is_required():
    assert render(SPEC, LAKE, "de").missing == ()
    assert render(SPEC, document(title="x"), "de").missing == ("alt_text",)
    assert render(SPEC, document({"de": {"alt_text": "Ein See"}}), "de").missing == ()
    assert render(SPEC, document({"de": {"alt_text": "Ein See"}}), "").missing == ("alt_text",)


def test_a_field_may_name_its_languages_and_refuse_any_other():
    told = render(BOUND, LAKE, "de")
    assert told.fields == {"t": "Lagoa", "alt": "", "words": [], "tongue": "de"}
    assert says(told, LossKind.STAND_IN) == ["No French title: the Portuguese (Brazil) one is shown"]
    assert says(told, LossKind.UNSAID) == [
        "No German alt text: none is shown, because no other language may stand in",
        "No German keywords: none are shown, because no other language may stand in",
    ]
    assert told.missing == ("German alt_text",)
    assert render(BOUND, LAKE, "").fields == {"t": "Lagoa", "alt": "A lake", "words": ["one", "two"], "tongue": "en"}
    assert render(BOUND, LAKE, "pt-BR").fields["words"] == ["um", "dois"]


def test_a_preview_tells_it_in_the_language_that_is_asked_for():
    found = preview(SPEC, LAKE, "de")
    assert {line.remote: line.value for line in found.lines}["title"] == "See"
    assert "No German alt text: the English one is shown" in [loss.detail for loss in found.losses]


def test_what_comes_back_belongs_to_the_place_or_to_the_first_language_that_is_named():
    title, alt, *_ = BOUND.fields
    assert (title.comes_back_in("de"), title.comes_back_in("")) == ("fr", "fr")
    assert (alt.comes_back_in("de"), alt.comes_back_in("")) == ("de", "")
    creator = SPEC.fields[3]
    assert (creator.field, creator.comes_back_in("de")) == ("creator", "")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{field: title, remote: t, languages: [german]}", "no known language"),
        ("{field: creator, remote: t, languages: [de]}", "have texts in several languages"),
        ("{field: code, remote: t, fallback: false}", "have texts in several languages"),
        ("{expression: code, remote: t, languages: [de]}", "have texts in several languages"),
        ("{field: title, remote: t, langages: [de]}", "Did you mean `languages`?"),
        ("{field: translations, remote: t}", "not a known field"),
    ],
)
def test_a_spec_that_means_no_language_is_refused_with_its_line(line, why):
    with pytest.raises(MappingError, match=why.replace("?", r"\?")) as refused:
        parse_spec(HEAD + f"  - {line}\n")
    assert refused.value.line == 4


# What holds for all of them


@given(own=TEXTS, others=st.dictionaries(st.sampled_from(TAGS), TEXTS), language=st.sampled_from(("", "en", *TAGS)))
def test_what_a_place_is_told_comes_back_as_it_went(own, others, language):
    asset = document(others, **own)
    told = render(SPEC, asset, language)
    back = absorb(SPEC, told.first_fields)
    spoken = speak(asset, (language,) if language else ())
    assert back.unreadable == ()
    assert back.fields == {name: spoken.facts[name] for name in ("title", "alt_text", "keywords", "creator")}


@given(own=TEXTS, others=st.dictionaries(st.sampled_from(TAGS), TEXTS), language=st.sampled_from(TAGS))
def test_a_text_is_in_its_language_or_said_not_to_be(own, others, language):
    spoken = speak(document(others, **own), (language,))
    for name in TRANSLATED_FIELDS:
        near = [others[tag][name] for tag in with_parents(language) if others.get(tag, {}).get(name)]
        default = own.get(name, "")
        assert spoken.facts[name] == (near[0] if near else default or type(spoken.facts[name])())
        assert (name in spoken.stand_ins) == (not near and bool(default))
    untranslated = set(CORE_FIELDS) - set(TRANSLATED_FIELDS)
    assert not untranslated & {*spoken.stand_ins, *spoken.unsaid}


@given(own=TEXTS, others=st.dictionaries(st.sampled_from(TAGS), TEXTS))
def test_who_uses_one_language_is_told_what_was_told_before_there_were_several(own, others):
    assert render(SPEC, document(others, **own)) == render(SPEC, document(**own))
