"""From an uploaded version to its traits, renditions and filled fields."""

import hashlib

import pytest
from sqlalchemy import select

from hub.catalogue.assets import get_asset
from hub.catalogue.metadata import fields_of
from hub.clock import HOUR
from hub.errors import Invalid, Unavailable
from hub.events.models import Event
from hub.media.document import asset_document
from hub.media.models import Rendition, Traits
from hub.media.pool import Findings
from hub.media.service import MOST_ATTEMPTS, Media
from hub.media.sniff import sniff
from hub.storage.models import Blob
from tests import media_samples as files


class StubPool:
    """Stands in for the pool: says or raises what it is told."""

    processes = 1
    longest_s = 60.0

    def __init__(self, outcome):
        self.outcome = outcome
        self.calls = 0

    def develop(self, source, media_type, *, rights, folder):
        self.calls += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if callable(self.outcome):
            return self.outcome()
        return self.outcome


NOTHING_FOUND = Findings(
    width=3, height=2, duration_ms=None, pages=None, colour=None, has_alpha=False, embedded={}, made=()
)


@pytest.fixture
def media(database, folder, pool, clock):
    return Media(database, folder, pool, clock)


@pytest.fixture
def renditions(database):
    def renditions(version):
        with database.read() as session:
            rows = session.scalars(select(Rendition).where(Rendition.version_id == version.id))
            return {row.preset: row for row in rows}

    return renditions


@pytest.fixture
def traits(database):
    def traits(version):
        with database.read() as session:
            return session.get(Traits, version.id)

    return traits


def test_a_version_is_measured_rendered_and_its_empty_fields_are_filled(
    media, take_in, renditions, traits, database, folder
):
    asset, version = take_in(files.lake(), title="A person's title")
    assert set(renditions(version)) == {"original"}
    assert media.drain("worker") == 1
    assert media.drain("worker") == 0
    found = traits(version)
    assert (found.state, found.width, found.height, found.lease_owner) == ("ready", 900, 600, None)
    assert found.embedded["keywords"] == ["lake", "mountains", "water"]
    rows = renditions(version)
    assert {preset: row.state for preset, row in rows.items()} == dict.fromkeys(
        ("original", "web", "thumbnail"), "ready"
    )
    assert rows["original"].sha256 == version.sha256
    with folder.open(rows["web"].sha256) as web:
        content = web.read()
    assert hashlib.sha256(content).hexdigest() == rows["web"].sha256
    assert (sniff(content), len(content)) == ("image/jpeg", rows["web"].size)
    with database.read() as session:
        assert session.get(Blob, rows["thumbnail"].sha256).state == "kept"
        fields = fields_of(session, asset.id)
        assert fields["title"] == "A person's title"
        assert fields["credit"] == "Lakeside Pictures"
        event = session.scalars(select(Event).where(Event.kind == "asset.rendered")).one()
        assert (event.subject, event.body) == (asset.id, {"version_id": version.id, "state": "ready"})
        assert media.rendition(session, version.id, "web").width == 900
        assert media.rendition(session, version.id, "poster") is None


def test_the_asset_document_tells_what_is_known(media, take_in, database):
    asset, version = take_in(files.lake(), campaign="Summer")
    with database.read() as session:
        before = asset_document(session, asset.id, version.id)
    media.drain("worker")
    with database.read() as session:
        after = asset_document(session, asset.code, version.id, link="https://hub/x", usable_until=5)
    assert (before.width, before.campaign, before.creator) == (None, "Summer", "")
    assert (after.width, after.creator, after.link, after.usable_until) == (900, "Ada Brunner", "https://hub/x", 5)
    assert (after.code, after.version, after.sha256) == (asset.code, 1, version.sha256)
    assert before.digest() != after.digest()


def test_an_old_versions_metadata_does_not_fill_the_asset(media, take_in, database):
    asset, _ = take_in(files.lake())
    take_in(files.logo(), asset=asset)
    while media.drain("worker"):
        pass
    with database.read() as session:
        assert fields_of(session, asset.id) == {}


def test_a_file_without_a_picture_is_ready_and_says_so(media, take_in, renditions, traits):
    _, version = take_in(files.svg_with_script())
    media.drain("worker")
    assert (traits(version).state, traits(version).error_code) == ("ready", "no_rendition_for_type")
    rows = renditions(version)
    assert (rows["web"].state, rows["web"].error_code) == ("unavailable", "no_rendition_for_type")
    assert rows["original"].state == "ready"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (files.lake()[:9000], "file_damaged"),
        (files.vast_png(), "too_many_pixels"),
        (files.pdf(5001), "too_many_pages"),
    ],
)
def test_a_bad_file_fails_with_its_reason_and_its_bytes_stay(media, take_in, renditions, traits, folder, content, code):
    asset, version = take_in(content)
    media.drain("worker")
    assert (traits(version).state, traits(version).error_code) == ("failed", code)
    assert traits(version).error
    rows = renditions(version)
    assert (rows["web"].state, rows["web"].error_code) == ("failed", code)
    with folder.open(version.sha256) as kept:
        assert kept.read() == content
    assert asset.code
    assert media.drain("worker") == 0


def test_a_sound_is_ready_without_a_picture(media, take_in, renditions):
    from tests.unit.media.test_pool import sound

    _, version = take_in(sound())
    media.drain("worker")
    assert renditions(version)["thumbnail"].state == "unavailable"


def test_a_crash_is_tried_again_and_then_given_up(database, folder, clock, take_in, traits):
    stub = StubPool(Invalid("decoder_crashed", "It ended."))
    media = Media(database, folder, stub, clock)
    _, version = take_in(files.logo())
    for attempt in range(1, MOST_ATTEMPTS):
        assert media.drain("worker") == 1
        assert media.drain("worker") == 0
        assert (traits(version).state, traits(version).attempt) == ("pending", attempt)
        clock.advance(HOUR)
    media.drain("worker")
    assert (traits(version).state, traits(version).error_code) == ("failed", "decoder_crashed")
    assert stub.calls == MOST_ATTEMPTS


def test_a_store_that_is_away_costs_no_attempt(database, folder, clock, take_in, traits):
    stub = StubPool(Unavailable("blob_folder_missing", "Not there."))
    media = Media(database, folder, stub, clock)
    _, version = take_in(files.logo())
    for _ in range(MOST_ATTEMPTS + 2):
        assert media.drain("worker") == 1
        clock.advance(HOUR)
    assert (traits(version).state, traits(version).attempt) == ("pending", 0)
    stub.outcome = NOTHING_FOUND
    media.drain("worker")
    assert (traits(version).state, traits(version).error_code) == ("ready", "")


def test_a_file_that_ends_every_worker_is_given_up(database, folder, clock, take_in, traits):
    stub = StubPool(KeyboardInterrupt())
    stub.outcome = RuntimeError("the worker dies here")
    media = Media(database, folder, stub, clock)
    _, version = take_in(files.logo())
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(RuntimeError):
            media.drain("worker")
        assert media.drain("other") == 0
        clock.advance(HOUR)
    assert media.drain("other") == 1
    assert (traits(version).state, traits(version).error_code) == ("failed", "media_given_up")
    assert stub.calls == MOST_ATTEMPTS


@pytest.mark.parametrize("late", [NOTHING_FOUND, Invalid("file_damaged", "Broken.")])
def test_the_late_result_of_a_lost_lease_overwrites_nothing(database, folder, clock, take_in, traits, late):
    def slowly():
        clock.advance(HOUR)
        assert Media(database, folder, StubPool(NOTHING_FOUND), clock).drain("second") == 1
        if isinstance(late, Exception):
            raise late
        return late

    _, version = take_in(files.logo())
    Media(database, folder, StubPool(slowly), clock).drain("first")
    with database.read() as session:
        assert len(list(session.scalars(select(Event).where(Event.kind == "asset.rendered")))) == 1
    assert (traits(version).state, traits(version).attempt) == ("ready", 2)


def test_catalogue_rights_reach_the_decoder(database, folder, clock, take_in):
    seen = {}

    class Watching(StubPool):
        def develop(self, source, media_type, *, rights, folder):
            seen.update(rights)
            return super().develop(source, media_type, rights=rights, folder=folder)

    take_in(files.logo(), creator="Ada", keywords=["a"], title="Logo")
    Media(database, folder, Watching(NOTHING_FOUND), clock).drain("worker")
    assert seen == {"creator": "Ada"}


def test_an_assets_kind_is_told_by_its_bytes(take_in, database):
    asset, _ = take_in(files.brochure())
    with database.read() as session:
        assert get_asset(session, asset.id).kind == "document"
