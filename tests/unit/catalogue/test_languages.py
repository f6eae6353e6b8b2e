"""Values in several languages: each with its own author, none in another's way."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.access.actors import SYSTEM
from hub.catalogue.assets import add_version, create_asset
from hub.catalogue.languages import known, locale_of
from hub.catalogue.metadata import all_fields_of, fields_of, set_fields
from hub.catalogue.models import FieldValue
from hub.catalogue.service import Catalogue
from hub.errors import Invalid, Stale
from hub.events.models import Event
from hub.storage.models import Blob
from mappings.document import CORE_FIELDS, TRANSLATED_FIELDS


@pytest.fixture
def asset(database, clock):
    with database.unit() as session:
        session.add(Blob(sha256="a" * 64, size=3, sniffed_type="image/png", state="kept", created_at=1))
        session.flush()
        made = create_asset(session, kind="image", owner_id="u1", at=clock.now())
        add_version(
            session, made, sha256="a" * 64, size=3, media_type="image/png", filename="a.png", by="u1", at=clock.now()
        )
    return made


@pytest.fixture
def put(database, asset, clock):
    def put(locale="", author="person", by="u1", **values):
        with database.unit() as session:
            return set_fields(
                session, asset.id, values, author=author, author_ref=by, at=clock.now(), actor_id=by, locale=locale
            )

    return put


@pytest.fixture
def rows(database, asset):
    def rows():
        with database.read() as session:
            found = session.scalars(select(FieldValue).where(FieldValue.asset_id == asset.id))
            return {(row.field, row.locale): (row.value, row.author, row.author_ref) for row in found}

    return rows


def test_each_language_has_its_own_values_and_authors(put, rows, database, asset):
    put(title="Lake", alt_text="A lake", creator="Ada")
    assert put("de", title="See", by="translator") == ("title",)
    assert put("de", author="channel", alt_text="Ein See", by="copy") == ("alt_text",)
    assert rows() == {
        ("title", ""): ("Lake", "person", "u1"),
        ("alt_text", ""): ("A lake", "person", "u1"),
        ("creator", ""): ("Ada", "person", "u1"),
        ("title", "de"): ("See", "person", "translator"),
        ("alt_text", "de"): ("Ein See", "channel", "copy"),
    }
    with database.read() as session:
        assert fields_of(session, asset.id) == {"title": "Lake", "alt_text": "A lake", "creator": "Ada"}
        assert all_fields_of(session, asset.id)["de"] == {"title": "See", "alt_text": "Ein See"}
        events = list(session.scalars(select(Event).where(Event.kind == "asset.metadata_changed").order_by(Event.seq)))
    assert [event.body.get("language") for event in events] == [None, "de", "de"]
    assert events[1].body == {"fields": ["title"], "author": "person", "language": "de"}


def test_saying_the_same_in_another_language_is_a_value_of_its_own(put, rows):
    put(title="Logo")
    assert put("de", title="Logo") == ("title",)
    assert put("de", title="Logo") == ()
    put(title="Brand")
    assert rows()["title", "de"][0] == "Logo"


def test_a_language_ends_with_its_last_text(put, database, asset):
    put("de", title="See")
    assert put("de", title="") == ("title",)
    with database.read() as session:
        assert all_fields_of(session, asset.id) == {}


def test_a_file_fills_the_catalogues_own_language_and_no_other(put, rows):
    put("de", title="See")
    put(author="file", title="From the file")
    assert rows()["title", ""] == ("From the file", "file", "u1")
    assert rows()["title", "de"] == ("See", "person", "u1")


@pytest.mark.parametrize("field", sorted(set(CORE_FIELDS) - set(TRANSLATED_FIELDS)))
def test_what_no_translator_would_touch_has_one_value(put, rows, field):
    with pytest.raises(Invalid) as refused:
        put("de", title="See", **{field: "x"})
    assert refused.value.code == "field_without_languages"
    assert rows() == {}


def test_the_catalogues_own_language_is_kept_as_what_it_always_was():
    assert (locale_of("", "en"), locale_of("EN", "en"), locale_of("pt-br", "en"), locale_of("en", "de")) == (
        "", "", "pt-BR", "en",
    )  # fmt: skip
    assert known("zh-hant") == "zh-Hant"
    for wrong in ("german", "de_DE", "de\u202e", "x" * 5000):
        with pytest.raises(Invalid) as refused:
            known(wrong)
        assert refused.value.code == "unknown_language"
        assert len(refused.value.what) < 200


def test_a_person_edits_one_language_at_a_time(database, clock, asset):
    catalogue = Catalogue(database, clock, language="de")
    catalogue.edit(SYSTEM, asset.id, {"title": "See"}, language="de")
    view = catalogue.edit(SYSTEM, asset.id, {"title": "Lake", "keywords": ["water"]}, language="EN")
    assert (view.title, view.language, view.fields) == ("See", "de", {"title": "See"})
    assert view.translations == {"en": {"title": "Lake", "keywords": ["water"]}}
    with pytest.raises(Stale):
        catalogue.edit(SYSTEM, asset.id, {"title": "x"}, language="en", expected_revision=view.revision - 1)
    with pytest.raises(Invalid):
        catalogue.edit(SYSTEM, asset.id, {"title": "x"}, language="elvish")
    assert catalogue.view(SYSTEM, asset.id).translations == view.translations
