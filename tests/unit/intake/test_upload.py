"""Uploads: what comes in whole becomes an asset; everything else leaves nothing."""

import hashlib
import io
import tracemalloc
import zipfile

import pytest
from sqlalchemy import func, select

from hub.access.actors import Actor, Role
from hub.catalogue.assets import get_asset, versions_of
from hub.catalogue.metadata import fields_of
from hub.catalogue.models import Asset, Version
from hub.db.unit import TransactionOpenError
from hub.errors import Forbidden, HubError, Invalid, NotFound, TooLarge, Unsupported
from hub.intake.models import Upload
from hub.intake.service import Intake
from hub.media.models import Traits
from hub.review.models import Approved, Decision
from hub.settings import Settings
from hub.storage.folder import FolderStore
from hub.storage.models import Blob

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
EDITOR = Actor("e1", "Ed", Role.EDITOR)
ADA = Actor("c1", "Ada", Role.CONTRIBUTOR)
BEN = Actor("c2", "Ben", Role.CONTRIBUTOR)
VIEWER = Actor("v1", "Vi", Role.VIEWER)


@pytest.fixture
def folder(tmp_path):
    return FolderStore(tmp_path / "blobs")


@pytest.fixture
def intake(database, folder, clock):
    return Intake(database, folder, clock, Settings(max_upload_bytes=50_000_000))


@pytest.fixture
def blobs(tmp_path):
    def blobs():
        return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]

    return blobs


def approve(database, version_id, clock):
    with database.unit() as session:
        version = session.get(Version, version_id)
        decision = Decision(
            id=version_id[::-1], asset_id=version.asset_id, version_id=version.id, sha256=version.sha256,
            verdict="approved", note="", by="e1", at=clock.now(),
        )  # fmt: skip
        session.add(decision)
        session.flush()
        session.merge(
            Approved(
                asset_id=version.asset_id, version_id=version.id, sha256=version.sha256, decision_id=decision.id,
                at=clock.now(),
            )
        )  # fmt: skip


class Slow(io.RawIOBase):
    """A stream that gives one byte at a time."""

    def __init__(self, content):
        self._left = content

    def read(self, size=-1):
        piece, self._left = self._left[:1], self._left[1:]
        return piece


class Endless:
    """A picture of a given size that is never in memory."""

    def __init__(self, size):
        self._left = size

    def read(self, size=-1):
        piece = (PNG if self._left > 40_000_000 - 100 else b"\0" * size)[: min(size, self._left)]
        self._left -= len(piece)
        return piece


def test_an_upload_becomes_an_asset_with_its_true_type(intake, database, folder, clock):
    done = intake.upload(ADA, io.BytesIO(PNG), filename="../lake.jpg", fields={"title": "Lake"}, expect_size=len(PNG))
    with database.read() as session:
        asset = get_asset(session, done.code)
        (version,) = versions_of(session, asset.id)
        assert (asset.id, asset.kind, asset.owner_id) == (done.asset_id, "image", ADA.id)
        assert (version.id, version.media_type, version.filename) == (done.version_id, "image/png", "lake.jpg")
        assert version.sha256 == hashlib.sha256(PNG).hexdigest()
        assert session.get(Blob, version.sha256).state == "kept"
        assert session.get(Traits, version.id).state == "pending"
        assert session.get(Upload, done.upload_id).state == "kept"
        assert fields_of(session, asset.id) == {"title": "Lake"}
    assert done.duplicate_of is None
    with folder.open(version.sha256) as kept:
        assert kept.read() == PNG


def test_a_stream_in_single_bytes_arrives_whole(intake, database):
    done = intake.upload(ADA, Slow(PNG), filename="a.png")
    with database.read() as session:
        assert session.get(Version, done.version_id).sha256 == hashlib.sha256(PNG).hexdigest()


def test_memory_stays_flat_for_a_large_file(intake):
    tracemalloc.start()
    intake.upload(ADA, Endless(40_000_000), filename="large.png", expect_size=40_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"expect_size": len(PNG) + 1}, "upload_cut_off"),
        ({"expect_sha256": "0" * 64}, "upload_wrong_digest"),
        ({"fields": {"title": "a\x00"}}, "forbidden_characters"),
        ({"asset_id": "DAM-1"}, "no_such_asset"),
    ],
)
def test_what_is_not_as_announced_leaves_nothing(intake, database, blobs, arguments, code):
    with pytest.raises(HubError) as raised:
        intake.upload(ADA, io.BytesIO(PNG), filename="a.png", **arguments)
    assert raised.value.code == code
    assert blobs() == []
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 0


def test_a_file_over_the_limit_is_refused(database, folder, clock, blobs):
    intake = Intake(database, folder, clock, Settings(max_upload_bytes=57))
    with pytest.raises(TooLarge, match="upload_too_large"):
        intake.upload(ADA, io.BytesIO(PNG), filename="a.png")
    assert blobs() == []


@pytest.mark.parametrize("expect_size", [None, 0])
def test_an_empty_file_is_refused(intake, expect_size):
    with pytest.raises(Invalid, match="upload_empty"):
        intake.upload(ADA, io.BytesIO(), filename="a.png", expect_size=expect_size)


def test_an_upload_cut_off_before_its_first_byte_is_cut_off(intake):
    with pytest.raises(Invalid, match="upload_cut_off"):
        intake.upload(ADA, io.BytesIO(), filename="a.png", expect_size=10)


@pytest.mark.parametrize(
    ("content", "filename", "reason"),
    [
        (b"<!doctype html><script>x</script>", "photo.jpg", "runs where it is opened"),
        (b"#!/bin/sh\nrm -rf /", "photo.jpg", "runs where it is opened"),
        (b"MZ\x90\0\x03", "photo.jpg", "runs where it is opened"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "clip.mp4", "points at other files"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "clip.mp4", "points at other files"),
        (b"\x1f\x8b\x08" + b"\0" * 30, "drawing.svg", "packed archive"),
        (b"[" * 100_000, "deep.json", "no media"),
        (b"\0\x01\x02\x03\x04", "photo.jpg", "no type that is known"),
    ],
)
def test_types_that_are_not_taken_are_refused_with_the_reason(intake, blobs, content, filename, reason):
    with pytest.raises(Unsupported) as error:
        intake.upload(ADA, io.BytesIO(content), filename=filename)
    assert error.value.code == "type_not_taken"
    assert reason in error.value.what
    assert error.value.next_step
    assert blobs() == []


@pytest.mark.parametrize("filename", ["brochure.pdf", "drawing.svg"])
def test_a_zip_bomb_is_only_bytes(intake, database, filename):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 30_000_000)
    done = intake.upload(ADA, io.BytesIO(stream.getvalue()), filename=filename)
    with database.read() as session:
        version = session.get(Version, done.version_id)
        assert (version.media_type, version.size) == ("application/zip", len(stream.getvalue()))
        assert get_asset(session, done.asset_id).kind == "other"


def test_a_viewer_cannot_upload(intake):
    with pytest.raises(Forbidden):
        intake.upload(VIEWER, io.BytesIO(PNG), filename="a.png")


def test_the_same_bytes_again_answer_the_first_asset(intake, database):
    first = intake.upload(ADA, io.BytesIO(PNG), filename="a.png")
    again = intake.upload(ADA, io.BytesIO(PNG), filename="b.png")
    assert (again.asset_id, again.duplicate_of) == (first.asset_id, first.asset_id)
    assert intake.upload(EDITOR, io.BytesIO(PNG), filename="c.png").asset_id == first.asset_id
    with database.read() as session:
        assert len(versions_of(session, first.asset_id)) == 1
        assert session.get(Upload, again.upload_id).state == "duplicate"


def test_somebody_elses_draft_is_not_given_away_by_its_bytes(intake, database, clock):
    first = intake.upload(ADA, io.BytesIO(PNG), filename="a.png")
    second = intake.upload(BEN, io.BytesIO(PNG), filename="a.png")
    assert second.asset_id != first.asset_id
    assert second.duplicate_of is None
    approve(database, first.version_id, clock)
    third = intake.upload(Actor("c3", "Cy", Role.CONTRIBUTOR), io.BytesIO(PNG), filename="a.png")
    assert third.duplicate_of == first.asset_id


def test_an_unapproved_version_of_a_shown_asset_is_not_given_away(intake, database, clock):
    first = intake.upload(ADA, io.BytesIO(PNG), filename="a.png")
    approve(database, first.version_id, clock)
    intake.upload(ADA, io.BytesIO(PNG + b"new"), filename="a.png", asset_id=first.asset_id)
    assert intake.upload(BEN, io.BytesIO(PNG + b"new"), filename="a.png").duplicate_of is None


def test_a_deleted_asset_answers_no_upload(intake, database, clock):
    first = intake.upload(ADA, io.BytesIO(PNG), filename="a.png")
    with database.unit() as session:
        get_asset(session, first.asset_id).deleted_at = clock.now()
    assert intake.upload(ADA, io.BytesIO(PNG), filename="a.png").asset_id != first.asset_id
    with pytest.raises(NotFound):
        intake.upload(ADA, io.BytesIO(PNG + b"2"), filename="a.png", asset_id=first.asset_id)


def test_a_new_version_of_an_asset(intake, database):
    first = intake.upload(ADA, io.BytesIO(PNG), filename="a.png")
    second = intake.upload(EDITOR, io.BytesIO(PNG + b"2"), filename="b.png", asset_id=first.code)
    assert second.asset_id == first.asset_id
    same = intake.upload(ADA, io.BytesIO(PNG + b"2"), filename="b.png", asset_id=first.asset_id)
    assert (same.version_id, same.duplicate_of) == (second.version_id, first.asset_id)
    back = intake.upload(ADA, io.BytesIO(PNG), filename="a.png", asset_id=first.asset_id)
    assert back.duplicate_of == first.asset_id
    with database.read() as session:
        assert [version.number for version in versions_of(session, first.asset_id)] == [1, 2, 3]
        assert get_asset(session, first.asset_id).current_version_id == back.version_id
        assert session.get(Upload, back.upload_id).state == "kept"


def test_only_who_may_edit_adds_a_version(intake, database, clock):
    first = intake.upload(ADA, io.BytesIO(PNG), filename="a.png")
    with pytest.raises(NotFound):
        intake.upload(BEN, io.BytesIO(PNG + b"2"), filename="a.png", asset_id=first.asset_id)
    approve(database, first.version_id, clock)
    with pytest.raises(Forbidden):
        intake.upload(BEN, io.BytesIO(PNG + b"2"), filename="a.png", asset_id=first.asset_id)


def test_no_unit_of_work_is_open_while_bytes_come_in(intake, database):
    with database.unit(), pytest.raises(TransactionOpenError):
        intake.upload(ADA, io.BytesIO(PNG), filename="a.png")


def test_a_stream_that_breaks_leaves_nothing(intake, blobs):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise HubError("gone", "The client went away.")

    with pytest.raises(HubError, match="gone"):
        intake.upload(ADA, Broken(), filename="a.png")
    assert blobs() == []
