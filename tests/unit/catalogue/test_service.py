"""What people do with the catalogue."""

import itertools
import threading

import pytest
from sqlalchemy import select

from hub.access.actors import SYSTEM, Actor, Role
from hub.catalogue.assets import add_version, create_asset, get_asset
from hub.catalogue.models import Lifecycle
from hub.catalogue.service import Catalogue
from hub.catalogue.views import Standing
from hub.clock import DAY
from hub.errors import Conflict, Forbidden, HubError, NotFound, Stale
from hub.events.models import Event
from hub.storage.models import Blob

EDITOR = Actor("e1", "Ed", Role.EDITOR)
OWNER = Actor("c1", "Con", Role.CONTRIBUTOR)
OTHER = Actor("c2", "Other", Role.CONTRIBUTOR)
VIEWER = Actor("v1", "Vi", Role.VIEWER)


@pytest.fixture
def approved():
    """Asset id -> approved version id."""
    return {}


@pytest.fixture
def catalogue(database, clock, approved):
    def judge(session, asset_id):
        version = approved.get(asset_id)
        return Standing(Lifecycle.APPROVED if version else Lifecycle.DRAFT, version)

    return Catalogue(database, clock, judge=judge)


@pytest.fixture
def make(database, clock):
    def make(versions=1):
        with database.unit() as session:
            if session.get(Blob, "a" * 64) is None:
                session.add(Blob(sha256="a" * 64, size=3, sniffed_type="image/png", state="kept", created_at=1))
                session.flush()
            asset = create_asset(session, kind="image", owner_id=OWNER.id, at=clock.now())
            for number in range(versions):
                add_version(
                    session, asset, sha256="a" * 64, size=3, media_type="image/png", filename=f"{number}.png",
                    by=OWNER.id, at=clock.now(),
                )  # fmt: skip
        return asset

    return make


@pytest.fixture
def kinds(database):
    def kinds(asset_id):
        with database.read() as session:
            return list(session.scalars(select(Event.kind).where(Event.subject == asset_id).order_by(Event.seq)))

    return kinds


def test_an_edit_is_kept_and_shown(catalogue, make):
    asset = make()
    view = catalogue.edit(OWNER, asset.id, {"title": "Lake"}, expected_revision=asset.revision)
    assert (view.title, view.fields) == ("Lake", {"title": "Lake"})
    assert view.revision == asset.revision + 1
    assert catalogue.view(OWNER, view.code) == view
    assert make().code != view.code


def test_without_a_title_the_file_name_stands_in(catalogue, make):
    assert catalogue.view(OWNER, make().id).title == "0.png"


def test_an_edit_against_an_old_revision_fails_and_loses_nothing(catalogue, make):
    asset = make()
    catalogue.edit(EDITOR, asset.id, {"title": "First"}, expected_revision=asset.revision)
    with pytest.raises(Stale) as error:
        catalogue.edit(EDITOR, asset.id, {"title": "Second"}, expected_revision=asset.revision)
    assert error.value.code == "changed_meanwhile"
    assert catalogue.view(EDITOR, asset.id).title == "First"


def test_a_viewer_sees_the_approved_version_and_no_other(catalogue, make, approved):
    asset = make(versions=2)
    with pytest.raises(NotFound, match="no_such_asset"):
        catalogue.view(VIEWER, asset.id)
    versions = catalogue.view(EDITOR, asset.id).versions
    assert [version.number for version in versions] == [2, 1]
    approved[asset.id] = versions[1].id
    view = catalogue.view(VIEWER, asset.id)
    assert [version.number for version in view.versions] == [1]
    assert view.current_version_id == view.approved_version_id == versions[1].id
    assert view.title == "0.png"


def test_without_a_review_room_viewers_see_nothing(database, clock, make):
    asset = make()
    with pytest.raises(NotFound):
        Catalogue(database, clock).view(VIEWER, asset.id)


def test_somebody_elses_draft_does_not_exist_for_a_contributor(catalogue, make):
    asset = make()
    for act in (
        lambda: catalogue.view(OTHER, asset.id),
        lambda: catalogue.edit(OTHER, asset.id, {"title": "x"}),
        lambda: catalogue.delete(OTHER, asset.id),
        lambda: catalogue.set_successor(OTHER, asset.id, None),
    ):
        with pytest.raises(NotFound, match="no_such_asset"):
            act()


def test_who_sees_an_asset_may_still_not_change_it(catalogue, make, approved):
    asset = make()
    approved[asset.id] = asset.current_version_id or catalogue.view(EDITOR, asset.id).current_version_id
    with pytest.raises(Forbidden, match="not_allowed"):
        catalogue.edit(VIEWER, asset.id, {"title": "x"})
    with pytest.raises(Forbidden):
        catalogue.archive(OWNER, asset.id)


def test_a_token_without_the_scope_cannot_edit(catalogue, make):
    reader = Actor("e1", "Ed", Role.EDITOR, frozenset({"read"}))
    with pytest.raises(Forbidden):
        catalogue.edit(reader, make().id, {"title": "x"})


def test_archiving_hides_from_viewers_and_comes_back_as_reviewed(catalogue, make, approved, kinds):
    asset = make()
    approved[asset.id] = catalogue.view(EDITOR, asset.id).current_version_id
    catalogue.archive(EDITOR, asset.id)
    catalogue.archive(EDITOR, asset.id)
    assert catalogue.view(EDITOR, asset.id).lifecycle == "archived"
    with pytest.raises(NotFound):
        catalogue.view(VIEWER, asset.id)
    catalogue.unarchive(EDITOR, asset.id)
    catalogue.unarchive(EDITOR, asset.id)
    assert catalogue.view(VIEWER, asset.id).lifecycle == "approved"
    assert kinds(asset.id)[2:] == ["asset.archived", "asset.unarchived"]


def test_a_deleted_asset_can_be_brought_back_for_thirty_days(catalogue, make, approved, kinds, clock):
    asset = make()
    approved[asset.id] = catalogue.view(EDITOR, asset.id).current_version_id
    catalogue.delete(EDITOR, asset.id)
    catalogue.delete(EDITOR, asset.id)
    with pytest.raises(NotFound):
        catalogue.view(VIEWER, asset.id)
    with pytest.raises(NotFound):
        catalogue.edit(EDITOR, asset.id, {"title": "x"})
    view = catalogue.view(EDITOR, asset.id)
    assert view.purge_after - view.deleted_at == 30 * DAY
    catalogue.restore(EDITOR, asset.id)
    catalogue.restore(EDITOR, asset.id)
    assert catalogue.view(VIEWER, asset.id).deleted_at is None
    assert kinds(asset.id)[2:] == ["asset.deleted", "asset.restored"]
    catalogue.delete(EDITOR, asset.id)
    clock.advance(30 * DAY)
    with pytest.raises(Conflict, match="grace_over"):
        catalogue.restore(EDITOR, asset.id)


def test_a_successor_is_set_and_cleared(catalogue, make, kinds):
    first, second = make(), make()
    catalogue.set_successor(OWNER, first.id, second.code)
    catalogue.set_successor(OWNER, first.id, second.id)
    assert catalogue.view(OWNER, first.id).successor_id == second.id
    catalogue.set_successor(OWNER, first.id, None)
    assert catalogue.view(OWNER, first.id).successor_id is None
    assert kinds(first.id).count("asset.successor_changed") == 2


@pytest.mark.parametrize("length", [1, 2, 8])
def test_assets_cannot_stand_in_for_each_other_in_a_circle(catalogue, make, length):
    chain = [make() for _ in range(length)]
    for before, after in itertools.pairwise(chain):
        catalogue.set_successor(EDITOR, before.id, after.id)
    with pytest.raises(Conflict, match="successor_cycle"):
        catalogue.set_successor(EDITOR, chain[-1].id, chain[0].id)
    assert catalogue.view(EDITOR, chain[-1].id).successor_id is None


def test_a_chain_of_successors_ends_somewhere(catalogue, make):
    chain = [make() for _ in range(10)]
    for before, after in reversed(list(itertools.pairwise(chain[1:]))):
        catalogue.set_successor(EDITOR, before.id, after.id)
    with pytest.raises(Conflict, match="successor_chain_too_long"):
        catalogue.set_successor(EDITOR, chain[0].id, chain[1].id)


def test_collections_hold_assets_and_show_each_their_own(catalogue, make, approved):
    draft, shown = make(), make()
    approved[shown.id] = catalogue.view(EDITOR, shown.id).current_version_id
    made = catalogue.make_collection(EDITOR, "  Spring ")
    assert made.name == "Spring"
    assert catalogue.collect(EDITOR, made.id, [draft.id, shown.code, draft.id]) == 2
    assert catalogue.collect(EDITOR, made.id, [draft.id]) == 0
    assert catalogue.collections(EDITOR)[0].asset_ids == (draft.id, shown.id)
    assert catalogue.collections(VIEWER)[0].asset_ids == (shown.id,)
    assert catalogue.view(EDITOR, draft.id).collections == ((made.id, "Spring"),)
    catalogue.rename_collection(EDITOR, made.id, "Summer")
    catalogue.uncollect(EDITOR, made.id, [draft.id])
    assert catalogue.collections(EDITOR)[0].asset_ids == (shown.id,)
    catalogue.remove_collection(EDITOR, made.id)
    assert catalogue.collections(EDITOR) == []
    with pytest.raises(NotFound, match="no_such_collection"):
        catalogue.remove_collection(EDITOR, made.id)


def test_a_collection_is_its_makers_or_an_editors_to_change(catalogue, make):
    made = catalogue.make_collection(OWNER, "Mine")
    with pytest.raises(Forbidden):
        catalogue.rename_collection(OTHER, made.id, "Yours")
    with pytest.raises(Forbidden):
        catalogue.make_collection(VIEWER, "Theirs")
    with pytest.raises(NotFound):
        catalogue.collect(OTHER, catalogue.make_collection(OTHER, "Other").id, [make().id])


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "x" * 201, "a\u202eb"])
def test_a_bad_collection_name_is_refused(catalogue, name):
    with pytest.raises(HubError, match="bad_collection_name"):
        catalogue.make_collection(EDITOR, name)


def test_two_writers_who_edit_one_asset_lose_nothing(catalogue, make, database):
    asset = make()

    def work(name):
        try:
            for number in range(10):
                catalogue.edit(EDITOR, asset.id, {name: str(number)})
        except BaseException as error:
            failures.append(error)
            raise

    failures = []
    threads = [threading.Thread(target=work, args=(name,)) for name in ("title", "credit", "project")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    view = catalogue.view(SYSTEM, asset.id)
    assert view.fields == {"title": "9", "credit": "9", "project": "9"}
    with database.read() as session:
        assert get_asset(session, asset.id).revision == asset.revision + 30
