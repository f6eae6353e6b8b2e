"""Places have languages: what copies there are told, what comes back from them, and what moves when a text changes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hub.catalogue.metadata import set_fields
from hub.catalogue.models import FieldValue
from hub.clock import MINUTE
from hub.placements.fields import compare, take_over
from hub.placements.rendering import rendering_of
from mappings.engine import agreed
from mappings.languages import with_parents
from tests.faults.model.remote import SPEC


@pytest.fixture
def places(quick_desk):
    """The same asset in a place in the catalogue's own language, in German, and in Swiss German."""
    desk = quick_desk
    asset = desk.approved()
    found = {
        "": desk.place(asset),
        "de": desk.place(asset, desk.target("Berlin", language="de")),
        "de-CH": desk.place(asset, desk.target("Bern", language="de-CH")),
    }
    desk.run()
    return asset, found


def entry(desk, placement):
    [found] = desk.remote.living(desk.world.row(placement).marker)
    return found


def shown(desk, places, field="title"):
    return {language: entry(desk, placement).fields[field] for language, placement in places.items()}


def values(desk, asset):
    """Return each value and who said it, by field and locale."""
    with desk.database.read() as session:
        rows = session.scalars(select(FieldValue).where(FieldValue.asset_id == asset))
        return {(row.field, row.locale): (row.value, row.author) for row in rows}


def generations(desk, places):
    return {language: desk.world.row(placement).desired_generation for language, placement in places.items()}


def look_again(desk, placement):
    desk.clock.advance(MINUTE)
    desk.world.change(placement, observed="unknown")
    desk.run()
    return desk.copy(placement)


def test_a_translation_reaches_exactly_the_copies_that_show_it(quick_desk, places):
    desk, (asset, found) = quick_desk, places
    assert shown(desk, found) == {"": "Logo", "de": "Logo", "de-CH": "Logo"}
    steps = [
        ({"title": "Marke"}, "de", {"de", "de-CH"}, {"": "Logo", "de": "Marke", "de-CH": "Marke"}),
        ({"title": "Marggge"}, "de-CH", {"de-CH"}, {"": "Logo", "de": "Marke", "de-CH": "Marggge"}),
        ({"title": "Brand"}, "", {""}, {"": "Brand", "de": "Marke", "de-CH": "Marggge"}),
        ({"title": "Marca"}, "pt", set(), {"": "Brand", "de": "Marke", "de-CH": "Marggge"}),
        ({"title": "Marke!"}, "de", {"de"}, {"": "Brand", "de": "Marke!", "de-CH": "Marggge"}),
        ({"title": ""}, "de-CH", {"de-CH"}, {"": "Brand", "de": "Marke!", "de-CH": "Marke!"}),
        ({"title": ""}, "de", {"de", "de-CH"}, {"": "Brand", "de": "Brand", "de-CH": "Brand"}),
    ]
    for said, language, moved, after in steps:
        before, writes = generations(desk, found), len(desk.remote.calls)
        desk.catalogue.edit(desk.actor, asset, said, language=language)
        desk.run()
        now = generations(desk, found)
        assert {each for each in found if now[each] != before[each]} == moved, (said, language)
        assert desk.remote.calls[writes:].count("update") == len(moved)
        assert shown(desk, found) == after
    assert {desk.copy(placement).phase for placement in found.values()} == {"live"}


def test_what_a_channel_changes_comes_back_into_its_own_language(quick_desk, places):
    desk, (asset, found) = quick_desk, places
    entry(desk, found["de"]).fields.update(alt="Ein Logo", credit="Foto: Ada")
    assert look_again(desk, found["de"]).phase == "live"
    assert values(desk, asset) == {
        ("title", ""): ("Logo", "person"),
        ("alt_text", ""): ("A logo", "person"),
        ("alt_text", "de"): ("Ein Logo", "channel"),
        ("credit", "de"): ("Foto: Ada", "channel"),
    }
    assert shown(desk, found, "alt") == {"": "A logo", "de": "Ein Logo", "de-CH": "Ein Logo"}


def test_a_place_that_names_the_catalogues_own_language_is_told_and_heard_in_it(quick_desk):
    desk = quick_desk
    asset = desk.approved()
    placement = desk.place(asset, desk.target("London", language="en"))
    desk.run()
    entry(desk, placement).fields["alt"] = "The logo"
    assert look_again(desk, placement).phase == "live"
    assert values(desk, asset) == {("title", ""): ("Logo", "person"), ("alt_text", ""): ("The logo", "channel")}


def test_emptying_a_text_that_stands_in_leaves_the_catalogue_as_it_is(quick_desk, places):
    desk, (asset, found) = quick_desk, places
    before = values(desk, asset)
    entry(desk, found["de"]).fields["alt"] = ""
    assert look_again(desk, found["de"]).phase == "live"
    assert values(desk, asset) == before
    assert shown(desk, found, "alt") == {"": "A logo", "de": "", "de-CH": "A logo"}


def test_a_translation_and_an_edit_in_the_channel_are_left_to_a_person(quick_desk, places):
    desk, (asset, found) = quick_desk, places
    entry(desk, found["de"]).fields["alt"] = "theirs"
    desk.catalogue.edit(desk.actor, asset, {"alt_text": "ours"}, language="de")
    copy = look_again(desk, found["de"])
    assert (copy.phase, copy.problem_code) == ("blocked", "field_conflict")
    assert values(desk, asset)["alt_text", "de"] == ("ours", "person")
    assert entry(desk, found["de"]).fields["alt"] == "theirs"


def test_a_place_that_gets_another_language_is_told_anew_and_no_other_is(quick_desk, places):
    desk, (asset, found) = quick_desk, places
    desk.catalogue.edit(desk.actor, asset, {"title": "Marke"}, language="de")
    desk.run()
    before = generations(desk, found)
    desk.speaks("de", desk.world.target_id)
    desk.run()
    assert shown(desk, found) == {"": "Marke", "de": "Marke", "de-CH": "Marke"}
    after = generations(desk, found)
    assert {each for each in found if after[each] != before[each]} == {""}
    desk.speaks("", desk.world.target_id)
    desk.run()
    assert shown(desk, found)[""] == "Logo"


WORD = st.sampled_from(["one", "two", "three", ""])
PERSON = st.tuples(
    st.just("person"), st.sampled_from(["", "de", "de-CH", "pt"]), st.sampled_from(["title", "alt_text"]), WORD
)
CHANNEL = st.tuples(st.just("channel"), st.sampled_from(["", "de", "de-CH"]), st.just("alt_text"), WORD)


def told(session, asset, version, language):
    return rendering_of(
        session, asset, version, spec=lambda: SPEC, preset="web", link="", language=language, own_language="en",
        usable_until=lambda: None,
    )  # fmt: skip


@given(acts=st.lists(st.one_of(PERSON, CHANNEL), max_size=6))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_fallback_never_mixes_whose_words_they_are(quick_desk, acts):
    """Whatever people and channels say, each value is what was said last in its language, by whom it was said."""
    desk = quick_desk
    asset, said = desk.world.asset(), {("title", ""): ("Logo", "person"), ("alt_text", ""): ("A logo", "person")}
    version = desk.world.newest(asset)
    for who, language, field, word in acts:
        with desk.database.unit() as session:
            if who == "person":
                set_fields(
                    session, asset, {field: word}, author=who, author_ref="u", at=1, actor_id="u", locale=language
                )
            else:
                rendering = told(session, asset, version, language)
                there = rendering.rendered.first_fields
                found = compare(rendering, agreed(SPEC, there, there), {**there, "alt": word})
                if not found.take:
                    continue
                assert not take_over(
                    session, asset, found.take, locales=rendering.locales, connector="fake", placement_id="p", at=1
                )
        before = said.get((field, language))
        if (before or word) and (who == "person" or (before or ("",))[0] != word):
            said[field, language] = (word, who)
    assert values(desk, asset) == said
    with desk.database.read() as session:
        for language in ("", "de", "de-CH"):
            chain = [*with_parents(language), ""] if language else [""]
            shows = told(session, asset, version, language).rendered.fields
            for field, remote in (("title", "title"), ("alt_text", "alt")):
                assert shows[remote] == next(filter(None, (said.get((field, tag), ("",))[0] for tag in chain)), "")
