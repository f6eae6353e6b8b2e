from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from hub.db import installation
from hub.db.installation import HOME_FILE, adopt, declare_copy, may_write, wake
from hub.db.models import Counter, Installation, Mode
from hub.db.unit import Database
from hub.errors import Conflict
from hub.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def elsewhere(tmp_path, settings, database, clock):
    """Settings of a whole copy of the home in another folder."""
    wake(database, settings, clock)
    shutil.copytree(settings.home, tmp_path / "copied")
    return Settings(home=tmp_path / "copied")


def writes(database):
    with database.read() as session:
        return may_write(session)


def test_a_hub_that_never_woke_may_not_write(database, settings):
    assert not writes(database)
    with pytest.raises(Conflict) as refused:
        adopt(database, settings)
    assert refused.value.code == "never_woken"


def test_a_new_database_becomes_a_hub_that_acts(database, settings, clock):
    first = wake(database, settings, clock)
    assert (first.epoch, first.mode, first.created_at) == (1, Mode.NORMAL, clock.now())
    assert writes(database)
    assert wake(database, settings, clock).id == first.id
    assert writes(database)


def test_processes_that_wake_at_once_agree(database, settings, clock):
    start = threading.Barrier(4)

    def begin(_):
        mine = Database(database.url)
        start.wait()
        found = wake(mine, settings, clock).id
        mine.dispose()
        return found

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(begin, range(4)))) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Installation)) == 1


def test_a_copied_home_only_observes_and_says_why(database, elsewhere, clock):
    woken = wake(database, elsewhere, clock)
    assert woken.mode == Mode.OBSERVE_ONLY
    assert str(elsewhere.home) in woken.mode_reason
    assert "damhub adopt" in woken.mode_reason
    assert not writes(database)


def test_a_database_in_a_new_home_at_the_old_path_only_observes(database, settings, clock):
    wake(database, settings, clock)
    (settings.home / HOME_FILE).unlink()
    assert wake(database, settings, clock).mode == Mode.OBSERVE_ONLY


def test_another_machine_only_observes(database, settings, clock, tmp_path, monkeypatch):
    wake(database, settings, clock)
    (tmp_path / "machine-id").write_text("another machine\n")
    monkeypatch.setattr(installation, "_MACHINE_ID", tmp_path / "machine-id")
    assert wake(database, settings, clock).mode == Mode.OBSERVE_ONLY


def test_a_machine_without_an_id_is_known_by_its_name(database, settings, clock, tmp_path, monkeypatch):
    monkeypatch.setattr(installation, "_MACHINE_ID", tmp_path / "missing")
    wake(database, settings, clock)
    assert wake(database, settings, clock).mode == Mode.NORMAL
    monkeypatch.setattr(installation.socket, "gethostname", lambda: "renamed")
    assert wake(database, settings, clock).mode == Mode.OBSERVE_ONLY


def test_going_home_does_not_end_observing_by_itself(database, settings, elsewhere, clock):
    wake(database, elsewhere, clock)
    assert wake(database, settings, clock).mode == Mode.OBSERVE_ONLY


def test_an_adopted_home_acts_under_the_old_identity_and_the_old_home_stays_known(database, settings, elsewhere, clock):
    before = wake(database, elsewhere, clock)
    after = adopt(database, elsewhere)
    assert (after.id, after.epoch, after.mode_reason) == (before.id, before.epoch, "")
    assert wake(database, elsewhere, clock).mode == Mode.NORMAL
    assert wake(database, settings, clock).mode == Mode.NORMAL


def test_a_declared_copy_gets_its_own_identity_and_gives_up_what_is_not_its_own(database, settings, elsewhere, clock):
    before = wake(database, elsewhere, clock)
    copy = declare_copy(database, elsewhere, cut_loose=lambda session: session.add(Counter(name="cut", value=1)))
    assert copy.id != before.id
    assert copy.epoch == before.epoch + 1
    assert writes(database)
    assert wake(database, elsewhere, clock).id == copy.id
    with database.read() as session:
        assert session.get(Counter, "cut").value == 1
    assert wake(database, settings, clock).mode == Mode.OBSERVE_ONLY


def test_a_copy_that_cannot_be_cut_loose_keeps_observing(database, elsewhere, clock):
    before = wake(database, elsewhere, clock)

    def fail(_session):
        raise RuntimeError("cannot")

    with pytest.raises(RuntimeError):
        declare_copy(database, elsewhere, cut_loose=fail)
    after = wake(database, elsewhere, clock)
    assert (after.id, after.mode) == (before.id, Mode.OBSERVE_ONLY)


def test_the_home_file_is_written_once(database, settings, clock):
    wake(database, settings, clock)
    number = json.loads((settings.home / HOME_FILE).read_text())
    wake(database, settings, clock)
    assert json.loads((settings.home / HOME_FILE).read_text()) == number
    assert [path.name for path in settings.home.iterdir()] == [HOME_FILE]
