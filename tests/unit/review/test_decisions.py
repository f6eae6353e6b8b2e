from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from hub.access.actors import Actor, Role
from hub.catalogue.assets import add_version, create_asset, get_asset
from hub.catalogue.models import Lifecycle
from hub.catalogue.service import Catalogue
from hub.errors import HubError
from hub.events.models import Event
from hub.review.models import Decision, Verdict
from hub.review.service import Review
from hub.review.standing import approved_of, derive, last, settle, standing_of
from hub.storage.models import Blob

OWNER = Actor("owner", "Olga", Role.CONTRIBUTOR)
OTHER = Actor("other", "Otto", Role.CONTRIBUTOR)
EDITOR = Actor("editor", "Edda", Role.EDITOR)
VIEWER = Actor("viewer", "Vito", Role.VIEWER)


@pytest.fixture
def review(database, clock):
    return Review(database, clock)


@pytest.fixture
def asset(database):
    with database.unit() as unit:
        return create_asset(unit, kind="image", owner_id=OWNER.id, at=1)


@pytest.fixture
def upload(database, asset):
    def add(letter):
        with database.unit() as unit:
            if unit.get(Blob, letter * 64) is None:
                unit.add(Blob(sha256=letter * 64, size=1, sniffed_type="image/png", state="kept", created_at=1))
                unit.flush()
            locked = get_asset(unit, asset.id)
            version = add_version(
                unit, locked, sha256=letter * 64, size=1, media_type="image/png", filename="a.png", by=OWNER.id, at=1
            )
            settle(unit, asset.id)
            return version

    return add


@pytest.fixture
def lifecycle(database, asset):
    def read():
        with database.read() as unit:
            return get_asset(unit, asset.id).lifecycle

    return read


@pytest.fixture
def approved(database, asset):
    def read():
        with database.read() as unit:
            found = approved_of(unit, asset.id)
            return found and found.version_id

    return read


@pytest.fixture
def kinds(database):
    def read():
        with database.read() as unit:
            return [
                event.kind
                for event in unit.query(Event).order_by(Event.seq)
                if event.kind not in {"asset.created", "asset.version_added"}
            ]

    return read


def code_of(call, *args, **kwargs):
    with pytest.raises(HubError) as refused:
        call(*args, **kwargs)
    return refused.value.code


@pytest.mark.parametrize(
    ("approved", "asked", "verdict", "expected"),
    [
        (True, True, Verdict.REJECTED, Lifecycle.APPROVED),
        (True, False, None, Lifecycle.APPROVED),
        (False, True, Verdict.REJECTED, Lifecycle.IN_REVIEW),
        (False, False, Verdict.REJECTED, Lifecycle.REJECTED),
        (False, False, Verdict.REVOKED, Lifecycle.DRAFT),
        (False, False, None, Lifecycle.DRAFT),
    ],
)
def test_the_lifecycle_follows_from_the_facts(approved, asked, verdict, expected):
    assert derive(approved=approved, asked=asked, verdict=verdict) is expected


def test_from_draft_to_approved(review, asset, upload, lifecycle, approved, kinds):
    version = upload("a")
    assert lifecycle() == "draft"
    review.submit(OWNER, asset.id)
    review.submit(OWNER, asset.id)
    assert lifecycle() == "in_review"
    assert [each.version_id for each in review.queue(EDITOR)] == [version.id]
    review.approve(EDITOR, version.id, sha256="a" * 64, note=" fine ")
    review.approve(EDITOR, version.id, sha256="a" * 64)
    assert lifecycle() == "approved"
    assert approved() == version.id
    assert review.queue(EDITOR) == []
    assert kinds() == ["asset.submitted", "asset.approved"]
    (decision,) = review.history(OWNER, asset.id)
    assert (decision.verdict, decision.note, decision.by) == (Verdict.APPROVED, "fine", "editor")


def test_an_approval_names_the_bytes_that_were_looked_at(review, upload, approved, database):
    first = upload("a")
    upload("b")
    assert code_of(review.approve, EDITOR, first.id, sha256="b" * 64) == "other_bytes"
    assert code_of(review.reject, EDITOR, first.id, sha256="") == "other_bytes"
    assert approved() is None
    with database.read() as unit:
        assert unit.query(Decision).count() == 0


def test_a_new_version_is_not_approved_by_inheritance(review, asset, upload, lifecycle, approved, database):
    first = upload("a")
    review.approve(EDITOR, first.id, sha256="a" * 64)
    second = upload("a")  # even with the same bytes
    assert approved() == first.id != second.id
    assert lifecycle() == "approved"
    with database.read() as unit:
        assert standing_of(unit, asset.id).approved_version_id == first.id


def test_the_approved_version_moves_forth_and_back(review, asset, upload, approved, kinds, database):
    first, second = upload("a"), upload("b")
    review.approve(EDITOR, first.id, sha256="a" * 64)
    review.approve(EDITOR, second.id, sha256="b" * 64)
    review.approve(EDITOR, first.id, sha256="a" * 64)
    assert approved() == first.id
    assert kinds() == ["asset.approved", *["asset.approved", "asset.version_published"] * 2]
    with database.read() as unit:
        last = unit.query(Event).order_by(Event.seq.desc()).first()
    assert last.body == {"version_id": first.id, "previous_version_id": second.id}
    assert last.subject == asset.id


def test_a_rejection_and_a_second_thought(review, asset, upload, lifecycle):
    version = upload("a")
    review.submit(OWNER, asset.id)
    review.reject(EDITOR, version.id, sha256="a" * 64, note="too dark")
    assert lifecycle() == "rejected"
    review.submit(OWNER, asset.id)
    assert lifecycle() == "in_review"
    review.approve(EDITOR, version.id, sha256="a" * 64)
    assert lifecycle() == "approved"
    assert code_of(review.reject, EDITOR, version.id, sha256="a" * 64) == "approved_now"


def test_a_revoked_approval_leaves_nothing_to_show(review, asset, upload, lifecycle, approved, kinds):
    version = upload("a")
    review.approve(EDITOR, version.id, sha256="a" * 64)
    review.revoke(EDITOR, asset.id, "logo changed")
    assert approved() is None
    assert lifecycle() == "draft"
    assert code_of(review.revoke, EDITOR, asset.id) == "nothing_approved"
    review.approve(EDITOR, version.id, sha256="a" * 64)
    assert kinds() == ["asset.approved", "asset.approval_revoked", "asset.approved"]
    assert [each.verdict for each in review.history(EDITOR, asset.id)] == ["approved", "revoked", "approved"]


def test_revoking_reaches_versions_that_were_approved_before(review, asset, upload, database):
    first, second, third = upload("a"), upload("b"), upload("c")
    for version in (first, second):
        review.approve(EDITOR, version.id, sha256=version.sha256)
    review.reject(EDITOR, third.id, sha256=third.sha256)
    review.revoke(EDITOR, asset.id)
    with database.read() as unit:
        assert [last(unit, each.id) for each in (first, second, third)] == ["revoked", "revoked", "rejected"]


def test_a_request_is_overtaken_by_a_new_version(review, asset, upload, lifecycle):
    upload("a")
    review.submit(OWNER, asset.id)
    upload("b")
    assert lifecycle() == "draft"
    assert review.queue(EDITOR) == []
    review.submit(OWNER, asset.id)
    assert [each.sha256 for each in review.queue(EDITOR)] == ["b" * 64]


def test_only_those_who_may_decide(review, asset, upload):
    version = upload("a")
    for somebody in (OWNER, OTHER, VIEWER):
        assert code_of(review.approve, somebody, version.id, sha256="a" * 64) == "not_allowed"
        assert code_of(review.reject, somebody, version.id, sha256="a" * 64) == "not_allowed"
        assert code_of(review.revoke, somebody, asset.id) == "not_allowed"
        assert code_of(review.queue, somebody) == "not_allowed"
    narrowed = Actor("editor", "Edda", Role.EDITOR, frozenset({"read", "edit"}))
    assert code_of(review.approve, narrowed, version.id, sha256="a" * 64) == "not_allowed"


def test_others_do_not_learn_of_unapproved_work(review, asset, upload):
    version = upload("a")
    for somebody in (OTHER, VIEWER):
        assert code_of(review.submit, somebody, asset.id) == "no_such_asset"
        assert code_of(review.history, somebody, asset.id) == "no_such_asset"
    review.approve(EDITOR, version.id, sha256="a" * 64)
    assert code_of(review.submit, OTHER, asset.id) == "not_allowed"
    assert code_of(review.history, VIEWER, asset.id) == "not_allowed"


def test_what_cannot_be_submitted(review, asset, upload):
    assert code_of(review.submit, OWNER, asset.id) == "nothing_to_review"
    version = upload("a")
    review.approve(EDITOR, version.id, sha256="a" * 64)
    assert code_of(review.submit, OWNER, asset.id) == "approved_already"
    assert code_of(review.approve, EDITOR, "nothing", sha256="a" * 64) == "no_such_version"


def test_archived_and_deleted_assets_take_no_decision(review, asset, upload, database, clock):
    version = upload("a")
    catalogue = Catalogue(database, clock, judge=standing_of)
    catalogue.archive(EDITOR, asset.id)
    assert code_of(review.approve, EDITOR, version.id, sha256="a" * 64) == "asset_archived"
    assert code_of(review.submit, OWNER, asset.id) == "asset_archived"
    catalogue.unarchive(EDITOR, asset.id)
    catalogue.delete(EDITOR, asset.id)
    assert code_of(review.approve, EDITOR, version.id, sha256="a" * 64) == "no_such_asset"


def test_an_approved_asset_comes_back_from_the_archive_approved(review, asset, upload, lifecycle, database, clock):
    version = upload("a")
    review.approve(EDITOR, version.id, sha256="a" * 64)
    catalogue = Catalogue(database, clock, judge=standing_of)
    catalogue.archive(EDITOR, asset.id)
    assert lifecycle() == "archived"
    review.revoke(EDITOR, asset.id)
    review_again = lifecycle()
    catalogue.unarchive(EDITOR, asset.id)
    assert (review_again, lifecycle()) == ("archived", "draft")


@pytest.mark.parametrize("note", ["x" * 2001, "a\0b"])
def test_unfit_notes_are_refused(review, upload, note, approved):
    version = upload("a")
    assert code_of(review.approve, EDITOR, version.id, sha256="a" * 64, note=note) == "note_unfit"
    assert approved() is None


def test_approvers_who_race_lose_nothing(review, asset, upload, database, approved, kinds):
    versions = [upload(letter) for letter in "abcd"]
    barrier = threading.Barrier(4)
    failed = []

    def approve(version):
        barrier.wait()
        try:
            review.approve(EDITOR, version.id, sha256=version.sha256)
        except Exception as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=approve, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    history = review.history(EDITOR, asset.id)
    assert {each.version_id for each in history} == {version.id for version in versions}
    assert kinds().count("asset.approved") == 4
    assert kinds().count("asset.version_published") == 3
    with database.read() as unit:
        moves = [
            event.body for event in unit.query(Event).filter_by(kind="asset.version_published").order_by(Event.seq)
        ]
    for earlier, later in pairwise(moves):
        assert later["previous_version_id"] == earlier["version_id"]
    assert approved() == moves[-1]["version_id"]
