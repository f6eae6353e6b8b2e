"""Search: what is found by whom, and how the index follows the database."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hub
from hub.access.actors import Actor, Role
from hub.catalogue.assets import add_version, create_asset, get_asset, set_lifecycle
from hub.catalogue.metadata import set_fields
from hub.catalogue.models import Lifecycle
from hub.db.models import Installation
from hub.db.unit import TransactionOpenError
from hub.errors import Forbidden, Invalid, Unavailable
from hub.events.log import emit
from hub.events.models import Event
from hub.review.models import Approved, Decision
from hub.search.index import IndexFolder, schema_hash
from hub.search.service import Search
from hub.settings import Settings
from hub.storage.models import Blob

EDITOR = Actor("e1", "Ed", Role.EDITOR)
OWNER = Actor("c1", "Con", Role.CONTRIBUTOR)
OTHER = Actor("c2", "Other", Role.CONTRIBUTOR)
VIEWER = Actor("v1", "Vi", Role.VIEWER)


@pytest.fixture
def home(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def search(database, clock, home):
    search = Search(database, home, clock)
    yield search
    search.close()


@pytest.fixture
def make(database, clock):
    def make(title, *, kind="image", filename="file.png", **fields):
        with database.unit() as session:
            if session.get(Blob, "a" * 64) is None:
                session.add(Blob(sha256="a" * 64, size=3, sniffed_type="image/png", state="kept", created_at=1))
                session.flush()
            asset = create_asset(session, kind=kind, owner_id=OWNER.id, at=clock.now())
            add_version(
                session, asset, sha256="a" * 64, size=3, media_type="image/png", filename=filename, by=OWNER.id,
                at=clock.now(),
            )  # fmt: skip
            set_fields(
                session, asset.id, {"title": title, **fields}, author="person", author_ref="c1", at=clock.now(),
                actor_id="c1",
            )  # fmt: skip
        return asset

    return make


@pytest.fixture
def approve(database, clock):
    def approve(asset):
        with database.unit() as session:
            stored = get_asset(session, asset.id)
            common = {"asset_id": asset.id, "version_id": stored.current_version_id, "sha256": "a" * 64}
            session.add(Decision(id=asset.id, verdict="approved", note="", by="e1", at=clock.now(), **common))
            session.flush()
            session.add(Approved(decision_id=asset.id, at=clock.now(), **common))
            set_lifecycle(session, asset.id, Lifecycle.APPROVED)
            emit(session, "asset.approved", asset.id, actor="e1")

    return approve


@pytest.fixture
def found(search):
    def found(text="", actor=EDITOR, **options):
        while search.drain("worker"):
            pass
        return list(search.query(actor, text, **options).asset_ids)

    return found


def test_words_are_found_in_every_field_whatever_case_and_accents(make, found):
    asset = make(
        "Zürich by night", description="The Limmat", keywords=["river", "lights"], creator="Ada", campaign="Winter",
        filename="IMG_2001.jpg", alt_text="Bridges over water",
    )  # fmt: skip
    make("Something else")
    for text in ("zurich", "ZÜRICH", "limmat", "river lights", "ada winter", "img 2001", "bridges", "night zürich"):
        assert found(text) == [asset.id], text
    assert found(asset.code) == [asset.id]
    assert found("zurich basel") == []


def test_words_are_found_in_any_language_and_narrowed_by_in_the_catalogues_own(make, found, search, database, clock):
    asset = make("Lake", keywords=["water"], creator="Ada")
    other = make("Hill", description="A lake below; Wintersee far away")
    with database.unit() as session:
        set_fields(
            session, asset.id, {"title": "Wintersee", "description": "Gefrorenes Ufer", "keywords": ["Wasser"]},
            author="person", author_ref="c1", at=clock.now(), actor_id="c1", locale="de",
        )  # fmt: skip
    for text in ("gefrorenes", "wasser", "lake ufer"):
        assert found(text) == [asset.id], text
    assert found("wintersee", sort="relevance") == [asset.id, other.id]  # titles first, in whatever language
    assert search.query(EDITOR, "").facets["keyword"] == {"water": 1}
    assert found(filters={"keyword": ["Wasser"]}) == []


def test_the_last_word_may_be_unfinished(make, found):
    asset = make("Mountain lake")
    assert found("mount") == [asset.id]
    assert found("lake mou") == [asset.id]
    assert found("mou lake") == []
    assert found("mount ") == []


def test_titles_come_first(make, found):
    mentioned = make("Other", description="a lake")
    titled = make("Lake")
    late = make("Another", description="the lake again")
    assert found("lake")[0] == titled.id
    assert found("lake", sort="newest") == [late.id, titled.id, mentioned.id]
    assert found() == [late.id, titled.id, mentioned.id]


def test_filters_narrow_and_facets_count(make, found, search):
    one = make("One", kind="image", keywords=["a", "b"], campaign="Summer")
    two = make("Two", kind="video", keywords=["b"], campaign="Winter", project="P", creator="Ada")
    assert found(filters={"keyword": ["b"]}) == [two.id, one.id]
    assert found(filters={"keyword": ["a"], "kind": ["image"]}) == [one.id]
    assert found(filters={"campaign": ["Summer", "Winter"], "project": ["P"], "creator": ["Ada"]}) == [two.id]
    assert found(filters={"campaign": ["summer"]}) == []
    hits = search.query(EDITOR, filters={"campaign": ["Summer"]})
    assert hits.total == 1
    assert hits.facets["keyword"] == {"a": 1, "b": 1}
    assert hits.facets["campaign"] == {"Summer": 1, "Winter": 1}
    assert hits.facets["lifecycle"] == {"draft": 1}


def test_pages_follow_each_other_and_end(make, found, search):
    assets = [make(f"Picture {number}") for number in range(7)]
    assert len(found()) == 7
    pages, cursor = [], None
    while True:
        hits = search.query(EDITOR, "picture", sort="newest", limit=3, cursor=cursor)
        pages.append(list(hits.asset_ids))
        assert hits.total == 7
        cursor = hits.cursor
        if cursor is None:
            break
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [asset_id for page in pages for asset_id in page] == [asset.id for asset in reversed(assets)]


def test_pages_by_age_neither_repeat_nor_miss_while_assets_come_and_go(make, found, search, database):
    first = [make(f"Picture {number}") for number in range(7)]
    assert len(found()) == 7
    seen, cursor = [], None
    for turn in range(10):
        hits = search.query(EDITOR, "picture", sort="newest", limit=2, cursor=cursor)
        seen += hits.asset_ids
        cursor = hits.cursor
        if cursor is None:
            break
        make(f"Picture of a newcomer {turn}")
        with database.unit() as session:
            get_asset(session, hits.asset_ids[0]).deleted_at = 5
            emit(session, "asset.deleted", hits.asset_ids[0], actor="x", body={})
        search.drain("test")
    assert seen == [asset.id for asset in reversed(first)]


def test_everybody_finds_what_they_may_see(make, found, approve, search):
    draft, shown = make("Lake draft"), make("Lake shown")
    approve(shown)
    assert found("lake", EDITOR, sort="newest") == [shown.id, draft.id]
    assert found("lake", OWNER, sort="newest") == [shown.id, draft.id]
    assert found("lake", OTHER) == [shown.id]
    assert found("lake", VIEWER) == [shown.id]
    hits = search.query(VIEWER, "lake")
    assert (hits.total, hits.facets["lifecycle"]) == (1, {"approved": 1})


def test_a_token_that_may_not_read_finds_nothing(search):
    with pytest.raises(Forbidden):
        search.query(Actor("e1", "Ed", Role.EDITOR, frozenset({"upload"})))


def test_the_database_decides_when_the_index_lags(make, found, approve, search, database):
    shown = make("Lake")
    kept = make("Lake too")
    approve(shown)
    approve(kept)
    assert len(found("lake", VIEWER)) == 2
    with database.unit() as session:
        session.delete(session.get(Approved, shown.id))
        get_asset(session, kept.id).deleted_at = 5
    assert search.query(VIEWER, "lake").asset_ids == ()
    assert search.query(EDITOR, "lake").asset_ids == (shown.id,)


def test_a_page_is_filled_past_hits_that_fell_out(make, found, search, database):
    assets = [make(f"Lake {number}") for number in range(5)]
    assert len(found("lake")) == 5
    with database.unit() as session:
        for asset in assets[3:]:
            get_asset(session, asset.id).deleted_at = 5
    hits = search.query(EDITOR, "lake", sort="newest", limit=2)
    assert hits.asset_ids == (assets[2].id, assets[1].id)
    assert search.query(EDITOR, "lake", sort="newest", limit=2, cursor=hits.cursor).asset_ids == (assets[0].id,)


def test_the_index_follows_changes(make, found, database, clock):
    asset = make("Lake")
    assert found("lake") == [asset.id]
    with database.unit() as session:
        set_fields(session, asset.id, {"title": "Sea"}, author="person", author_ref="u", at=clock.now(), actor_id="u")
    assert found("lake") == []
    assert found("sea") == [asset.id]
    with database.unit() as session:
        get_asset(session, asset.id).deleted_at = clock.now()
        emit(session, "asset.deleted", asset.id, actor="u")
    assert found("sea") == []


def test_archived_assets_are_found_only_when_asked_for(make, found, approve, database, clock):
    asset = make("Lake")
    approve(asset)
    with database.unit() as session:
        get_asset(session, asset.id).archived_at = clock.now()
        set_lifecycle(session, asset.id, Lifecycle.ARCHIVED)
        emit(session, "asset.archived", asset.id, actor="u")
    assert found("lake") == []
    assert found("lake", filters={"lifecycle": ["archived"]}) == [asset.id]
    assert found("lake", VIEWER, filters={"lifecycle": ["archived"]}) == []


def test_a_missing_index_is_made_again(make, found, search, home):
    asset = make("Lake")
    assert found("lake") == [asset.id]
    shutil.rmtree(home.home / "index")
    assert found("lake") == [asset.id]
    assert search.drain("worker") == 0


def test_a_broken_index_is_told_and_made_again(make, found, search, home, database, clock):
    asset = make("Lake")
    assert found("lake") == [asset.id]
    search.close()
    (home.home / "index" / schema_hash() / "meta.json").write_text("nonsense")
    reader = Search(database, home, clock)
    with pytest.raises(Unavailable) as error:
        reader.query(EDITOR, "lake")
    assert error.value.code == "search_unavailable"
    reader.drain("worker")
    assert reader.query(EDITOR, "lake").asset_ids == (asset.id,)
    reader.close()


def test_an_index_ahead_of_a_restored_database_is_made_again(make, found, database):
    gone, kept = make("Lake gone"), make("Lake kept")
    assert len(found("lake")) == 2
    with database.unit() as session:
        # As a backup from before the second asset would leave it.
        get_asset(session, gone.id).deleted_at = 5
        session.delete(session.query(Event).order_by(Event.seq.desc()).first())
    assert found("lake") == [kept.id]


def test_another_life_of_the_installation_makes_the_index_again(make, found, search, database, clock):
    asset = make("Lake")
    assert found("lake") == [asset.id]
    with database.unit() as session:
        session.add(Installation(id="i", epoch=7, home_fingerprint="f", mode="normal", created_at=clock.now()))
    assert search.drain("worker") == 1
    assert search.drain("worker") == 0


def test_one_process_writes_and_others_read(make, found, search, database, home, clock):
    asset = make("Lake")
    assert found("lake") == [asset.id]
    second = Search(database, home, clock)
    make("Lake two")
    assert second.drain("other") == 0
    with pytest.raises(Unavailable, match="search_busy"):
        second.rebuild()
    assert second.query(EDITOR, "lake").total == 1
    search.drain("worker")
    assert second.query(EDITOR, "lake").total == 2
    search.close()
    make("Lake three")
    assert second.drain("other") > 0
    assert search.query(EDITOR, "lake").total == 3
    assert second.rebuild() == 3
    second.close()


def test_the_writers_lock_dies_with_its_process(tmp_path):
    root = str(Path(hub.__file__).parent.parent)
    code = (
        f"import sys, os; sys.path.insert(0, {root!r})\nfrom pathlib import Path\n"
        f"from hub.search.index import IndexFolder\nfolder = IndexFolder(Path({str(tmp_path)!r}))\n"
        "assert folder.hold()\nos.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    folder = IndexFolder(tmp_path)
    assert folder.hold()
    folder.let_go()


def test_writing_without_holding_is_a_programming_error(tmp_path):
    with pytest.raises(RuntimeError):
        IndexFolder(tmp_path).clear()


def test_no_unit_of_work_is_open_while_the_index_is_written(search, database):
    with database.unit(), pytest.raises(TransactionOpenError):
        search.drain("worker")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"text": "x" * 501}, "query_too_long"),
        ({"filters": {"owner": ["u"]}}, "unknown_filter"),
        ({"filters": {"shown": ["true"]}}, "unknown_filter"),
        ({"filters": {"kind": ["x"] * 51}}, "too_many_filters"),
        ({"sort": "title"}, "unknown_sort"),
        ({"limit": 0}, "bad_limit"),
        ({"limit": 201}, "bad_limit"),
        ({"cursor": "!!!"}, "bad_cursor"),
        ({"cursor": "LTE"}, "bad_cursor"),
        ({"cursor": "OTk5OTk5OTk5"}, "bad_cursor"),
        ({"cursor": "bi0x"}, "bad_cursor"),
        ({"cursor": "cjE"}, "bad_cursor"),
        ({"cursor": "bjE", "text": "lake", "sort": "relevance"}, "bad_cursor"),
        ({"cursor": "cjk5OTk5", "text": "lake", "sort": "relevance"}, "bad_cursor"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(search, options, code):
    with pytest.raises(Invalid) as error:
        search.query(EDITOR, **options)
    assert error.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        "(" * 500,
        '"' * 500,
        "id:* OR shown:true",
        "lake AND NOT (",
        "\ud800",
        "\x00",
        "a" * 500,
        "a " * 250,
        "[a TO b]",
        "日本",
    ],
)
def test_no_text_is_a_query_language(make, found, text):
    asset = make("Quiet")
    assert found(text) in ([], [asset.id])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_can_be_asked(search, text):
    search.query(EDITOR, text)
