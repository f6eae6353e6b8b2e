"""Assets, versions and codes."""

import threading

import pytest
from sqlalchemy import select

from hub.catalogue.assets import add_version, create_asset, get_asset, get_version, set_lifecycle, versions_of
from hub.catalogue.models import Asset, Lifecycle
from hub.errors import NotFound
from hub.events.models import Event
from hub.storage.models import Blob


def version(session, asset, clock, digest="a" * 64):
    if session.get(Blob, digest) is None:
        session.add(Blob(sha256=digest, size=3, sniffed_type="image/png", state="kept", created_at=clock.now()))
        session.flush()
    return add_version(
        session, asset, sha256=digest, size=3, media_type="image/png", filename="a.png", by="u1", at=clock.now()
    )


@pytest.fixture
def asset(database, clock):
    with database.unit() as session:
        asset = create_asset(session, kind="image", owner_id="u1", at=clock.now())
        version(session, asset, clock)
    return asset


def test_an_asset_is_found_by_id_and_by_code_in_any_case(database, asset):
    with database.read() as session:
        assert asset.code == "DAM-1001"
        assert get_asset(session, asset.id).id == asset.id
        assert get_asset(session, "dam-1001").id == asset.id


@pytest.mark.parametrize("name", ["", "DAM-", "DAM-9999", "DAM-x", "1001", "DAM-" + "9" * 40, "no such", "DAM-٣"])
def test_an_unknown_asset_is_a_clear_error(database, asset, name):
    with database.read() as session, pytest.raises(NotFound) as error:
        get_asset(session, name)
    assert error.value.code == "no_such_asset"


def test_versions_are_numbered_and_the_newest_is_current(database, asset, clock):
    with database.unit() as session:
        second = version(session, get_asset(session, asset.id), clock, "b" * 64)
    with database.read() as session:
        assert [one.number for one in versions_of(session, asset.id)] == [1, 2]
        assert get_asset(session, asset.id).current_version_id == second.id
        assert get_version(session, second.id).sha256 == "b" * 64
        with pytest.raises(NotFound, match="no_such_version"):
            get_version(session, "nothing")


def test_a_new_asset_and_its_version_are_told_in_the_log(database, asset):
    with database.read() as session:
        events = list(session.scalars(select(Event).order_by(Event.seq)))
        assert [(event.kind, event.subject) for event in events] == [
            ("asset.created", asset.id),
            ("asset.version_added", asset.id),
        ]
        assert events[1].body["version_id"] == asset.current_version_id


def test_an_archived_asset_stays_archived_whatever_a_review_says(database, asset, clock):
    with database.unit() as session:
        set_lifecycle(session, asset.id, Lifecycle.APPROVED)
        assert get_asset(session, asset.id).lifecycle == "approved"
        get_asset(session, asset.id).archived_at = clock.now()
        set_lifecycle(session, asset.id, Lifecycle.DRAFT)
        assert get_asset(session, asset.id).lifecycle == "archived"


def test_no_two_writers_get_one_code_or_one_version_number(database, asset, clock):
    def work():
        try:
            for _ in range(5):
                with database.unit() as session:
                    create_asset(session, kind="image", owner_id="u1", at=clock.now())
                    version(session, get_asset(session, asset.id), clock)
        except BaseException as error:
            failures.append(error)
            raise

    failures = []
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with database.read() as session:
        numbers = sorted(session.scalars(select(Asset.number)))
        assert numbers == list(range(1001, 1022))
        assert [one.number for one in versions_of(session, asset.id)] == list(range(1, 22))
