"""Metadata values: what is kept, what is refused, and who wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from hub.catalogue.assets import create_asset, get_asset
from hub.catalogue.metadata import LONGEST, checked, fields_of, set_fields, tidy
from hub.catalogue.models import FieldValue
from hub.errors import HubError
from hub.events.models import Event
from mappings.document import CORE_FIELDS


@pytest.fixture
def asset(database, clock):
    with database.unit() as session:
        return create_asset(session, kind="image", owner_id="u1", at=clock.now())


@pytest.fixture
def put(database, asset, clock):
    def put(author="person", **values):
        with database.unit() as session:
            return set_fields(session, asset.id, values, author=author, author_ref="u1", at=clock.now(), actor_id="u1")

    return put


@pytest.fixture
def fields(database, asset):
    def fields():
        with database.read() as session:
            return fields_of(session, asset.id)

    return fields


def test_every_core_field_has_a_limit():
    assert set(LONGEST) == set(CORE_FIELDS)


def test_values_are_kept_and_the_changed_ones_are_named(put, fields, database):
    assert put(title=" Lake ", keywords=["Water", "water", "Alps", ""], description="One\r\ntwo") == (
        "title",
        "description",
        "keywords",
    )
    assert fields() == {"title": "Lake", "description": "One\ntwo", "keywords": ["Water", "Alps"]}
    assert put(title="Lake", credit="Ada") == ("credit",)
    assert put(title="Lake") == ()
    with database.read() as session:
        kinds = [event.body for event in session.scalars(select(Event).where(Event.kind == "asset.metadata_changed"))]
    assert [body["fields"] for body in kinds] == [["title", "description", "keywords"], ["credit"]]


def test_a_file_fills_what_is_empty_and_nothing_else(put, fields):
    put(title="A person's title")
    assert put(author="file", title="From the file", creator="Camera owner", credit="") == ("creator",)
    assert fields() == {"title": "A person's title", "creator": "Camera owner"}
    assert put(author="file", creator="Other camera") == ("creator",)


def test_what_a_person_emptied_stays_empty(put, fields):
    put(author="file", creator="Camera")
    put(creator="")
    assert put(author="file", creator="Camera") == ()
    assert fields() == {}


def test_a_person_who_repeats_a_files_word_makes_it_their_own(put, fields, database, asset):
    put(author="file", creator="Ada")
    assert put(creator="Ada") == ()
    with database.read() as session:
        assert session.get(FieldValue, (asset.id, "creator", "")).author == "person"
    put(author="file", creator="Another")
    assert fields() == {"creator": "Ada"}


def test_a_change_of_metadata_counts_the_assets_revision(put, database, asset):
    put(title="One")
    put(title="Two")
    with database.read() as session:
        assert get_asset(session, asset.id).revision == 3


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("colour", "red", "unknown_field"),
        ("title", 7, "field_not_text"),
        ("title", ["a"], "field_not_text"),
        ("title", "x" * 301, "field_too_long"),
        ("title", "x" * 50_000_000, "field_too_long"),
        ("title", "a\x00b", "forbidden_characters"),
        ("title", "a\x1b[31m", "forbidden_characters"),
        ("title", "photo\u202egpj.exe", "forbidden_characters"),
        ("description", "a\u2066b", "forbidden_characters"),
        ("title", "lone \ud800", "forbidden_characters"),
        ("keywords", "one, two", "keywords_not_a_list"),
        ("keywords", {"a": 1}, "keywords_not_a_list"),
        ("keywords", ["ok", 3], "field_not_text"),
        ("keywords", ["ok", "x" * 101], "field_too_long"),
        ("keywords", [str(n) for n in range(101)], "too_many_keywords"),
    ],
)
def test_a_value_that_cannot_be_kept_is_refused_and_nothing_changes(put, fields, field, value, code):
    put(title="Before")
    with pytest.raises(HubError) as error:
        put(**{"credit": "would be new", field: value})
    assert error.value.code == code
    assert fields() == {"title": "Before"}


def test_a_value_from_a_file_is_cleaned_not_refused():
    assert tidy("title", "a\x00b\u202ec\nd" + "x" * 400).startswith("abc dxxx")
    assert len(tidy("title", "x" * 400)) == 300
    assert tidy("keywords", "single") == ["single"]
    assert tidy("keywords", ["a", "A", "\x07", "b"]) == ["a", "b"]
    assert len(tidy("keywords", [str(n) for n in range(300)])) == 100
    with pytest.raises(HubError):
        tidy("colour", "red")


@given(st.sampled_from([field for field in CORE_FIELDS if field != "keywords"]), st.text())
def test_whatever_is_tidied_can_be_kept_as_it_stands(field, value):
    kept = tidy(field, value)
    assert checked(field, kept) == kept


@given(st.lists(st.text()))
def test_tidied_keywords_can_be_kept_as_they_stand(values):
    kept = tidy("keywords", values)
    assert checked("keywords", kept) == kept
