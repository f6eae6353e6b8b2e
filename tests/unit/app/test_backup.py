from __future__ import annotations

import gzip
import io
import itertools
import json
import secrets
import shutil
import stat
import tarfile
import tracemalloc
from functools import partial

import pytest
from sqlalchemy import select

from hub.access.models import Session as SignIn
from hub.access.models import User
from hub.app.backup import backup, restore
from hub.app.restore import EVENTS_APART
from hub.catalogue.models import Asset, FieldValue, Version
from hub.clock import ManualClock
from hub.connections.models import Remote, Target
from hub.db.installation import adopt, wake
from hub.db.migrate import migrate
from hub.db.models import Installation, Mode
from hub.db.tables import all_tables
from hub.db.unit import Database
from hub.errors import Conflict, Invalid
from hub.events.log import EventLog, advance, emit, read_after
from hub.events.models import Cursor, Event
from hub.notify.models import Delivery, Endpoint
from hub.placements.models import Placement
from hub.settings import Settings
from hub.storage.ledger import keep, record
from hub.storage.stores import make_store

MIB = 1024 * 1024
NEW_AFTER_A_RESTORE = {"installation", "cursors", "events", "placements"}


class Hub:
    """One hub on one of the two databases and one of the two stores."""

    def __init__(self, settings, template):
        self.settings, self.template = settings, template
        self.clock = ManualClock()
        self.store = make_store(settings)
        self.database = Database(settings.database)

    def rows(self, table):
        with self.database.read() as session:
            query = select(table).order_by(*table.primary_key.columns)
            return [dict(row) for row in session.execute(query).mappings()]

    def one(self, model):
        with self.database.read() as session:
            return session.scalars(select(model)).one()

    def fill(self, blobs):
        """Give the hub something of everything that is hard to carry over."""
        if not self.database.postgres:
            shutil.copyfile(self.template, self.settings.home / "damhub.sqlite3")
        migrate(self.database)
        EventLog(self.database, self.clock)
        self.installation = wake(self.database, self.settings, self.clock)
        stored = [self.store.put(io.BytesIO(blob)) for blob in blobs]
        with self.database.unit() as session:
            for each in stored:
                record(session, each, sniffed_type="image/png", at=1)
                keep(session, each.sha256)
            session.add(User(id="u", email="ä@b.c", name='"\n\u202e', role="editor", password_hash="", created_at=1))
            session.flush()
            session.add(SignIn(hash="0" * 64, user_id="u", csrf="", created_at=1, expires_at=2, seen_at=1))
            # Each asset is followed by the next: rows that refer to rows which come later.
            for number, each in reversed(list(enumerate(stored))):
                session.add(
                    Asset(
                        id=f"a{number}", number=number, kind="image", lifecycle="draft", owner_id="u",
                        successor_id=f"a{number + 1}" if number + 1 < len(stored) else None,
                        created_at=1, changed_at=1,
                    )
                )  # fmt: skip
                session.flush()
                session.add(
                    Version(
                        id=f"v{number}", asset_id=f"a{number}", number=1, sha256=each.sha256, size=each.size,
                        media_type="image/png", filename="x.png", by="u", at=1,
                    )
                )  # fmt: skip
                words = {"field": "keywords", "author": "person", "author_ref": "u", "at": 1}
                session.add(FieldValue(asset_id=f"a{number}", locale="", value=["ä", None, {"x": 1.5}], **words))
                emit(session, "asset.created", f"a{number}", actor="u", body={"text": "\u2028 line"})
            self._place(session)
        with self.database.unit() as session:
            advance(session, "index", 1)
        return stored

    @staticmethod
    def _place(session):
        session.add(Remote(id="r", connector="trello", account_key="k", label="", created_at=1))
        session.add(
            Endpoint(
                id="e", url="", sealed_secrets="", kinds=["asset.created"], state="live", created_at=1, created_by="u"
            )
        )
        session.flush()
        session.add(
            Target(id="t", remote_id="r", kind="board", external_ref="1", label="", channel="trello", territory="*")
        )
        session.add(
            Delivery(
                endpoint_id="e", event_id="x", body="{}", due_at=5, attempt=1, state="pending",
                lease_owner="worker", lease_until=10**15,
            )
        )  # fmt: skip
        session.flush()
        for number, phase in enumerate(("live", "blocked", "settled")):
            session.add(
                Placement(
                    id=f"p{number}", asset_id="a0", target_id="t", slot=str(number), marker=f"m{number}",
                    origin="pushed", version_policy="follow", withdraw_policy="remove", created_by="u", created_at=1,
                    desired="present",
                    desired_generation=1, observed="present", observed_at=1, observed_generation=1, phase=phase,
                    blocked=phase == "blocked", settled_at=1 if phase == "settled" else None, due_at=10**15, attempt=0,
                )
            )  # fmt: skip


@pytest.fixture
def make_hub(request, tmp_path, sqlite_template):
    """Make hubs: `make_hub("postgres", "s3")`."""
    made, drops = [], []
    numbers = itertools.count()

    def make(database, storage):
        more = {}
        if storage == "s3":
            own = {"prefix": f"{secrets.token_hex(4)}/"}
            more["s3"] = request.getfixturevalue("s3_settings").model_copy(update=own)
        settings = Settings(home=tmp_path / f"home{next(numbers)}", storage=storage, **more)
        if database == "postgres":
            server = request.getfixturevalue("postgres")
            settings.database_url = server.empty()
            drops.append(partial(server.drop, settings.database_url))
        settings.home.mkdir()
        made.append(Hub(settings, sqlite_template))
        return made[-1]

    yield make
    for hub in made:
        hub.database.dispose()
    for drop in drops:
        drop()


@pytest.fixture
def hub(make_hub):
    """A hub with something in it."""
    hub = make_hub("sqlite", "folder")
    hub.fill([b"one", b"two", b"three"])
    return hub


@pytest.mark.parametrize(
    ("source", "goal"),
    [
        (("sqlite", "folder"), ("sqlite", "folder")),
        (("sqlite", "folder"), ("postgres", "s3")),
        (("postgres", "s3"), ("sqlite", "folder")),
        (("postgres", "folder"), ("postgres", "folder")),
    ],
)
def test_a_restored_hub_has_the_same_catalogue(make_hub, tmp_path, source, goal):
    old, new = make_hub(*source), make_hub(*goal)
    blobs = [b"one", b"", b"large" * MIB]
    stored = old.fill(blobs)
    made = backup(old.settings, tmp_path / "b.tar", clock=old.clock)
    assert (made.blobs, made.missing, made.bytes) == (3, [], 3 + 5 * MIB)
    new.clock.advance(1000)
    assert restore(new.settings, tmp_path / "b.tar", clock=new.clock) == made
    for table in all_tables().sorted_tables:
        if table.name in NEW_AFTER_A_RESTORE | {"sessions"}:
            continue
        leases = dict.fromkeys({"lease_owner", "lease_until"} & set(table.columns.keys()))
        assert new.rows(table) == [{**row, **leases} for row in old.rows(table)], table.name
    for each, blob in zip(stored, blobs, strict=True):
        with new.store.open(each.sha256) as file:
            assert file.read() == blob


def test_a_restored_hub_begins_again_by_observing(hub, make_hub, tmp_path):
    backup(hub.settings, tmp_path / "b.tar", clock=hub.clock)
    new = make_hub("sqlite", "folder")
    new.clock.advance(1000)
    restore(new.settings, tmp_path / "b.tar", clock=new.clock)
    woken = wake(new.database, new.settings, new.clock)
    assert (woken.id, woken.epoch, woken.mode) == (hub.installation.id, 2, Mode.OBSERVE_ONLY)
    assert "restored from a backup" in woken.mode_reason
    assert new.rows(all_tables().tables["sessions"]) == []
    with new.database.read() as session:
        living, blocked, settled = session.scalars(select(Placement).order_by(Placement.id))
    assert (living.observed, living.phase, living.due_at) == ("unknown", "working", new.clock.now())
    assert (blocked.observed, blocked.phase) == ("unknown", "blocked")
    assert (settled.observed, settled.phase, settled.due_at) == ("present", "settled", 10**15)
    assert adopt(new.database, new.settings).mode == Mode.NORMAL
    assert wake(new.database, new.settings, new.clock).mode == Mode.NORMAL


def test_events_go_on_far_behind_the_backup_and_cursors_miss_none(hub, make_hub, tmp_path):
    backup(hub.settings, tmp_path / "b.tar", clock=hub.clock)
    new = make_hub("sqlite", "folder")
    restore(new.settings, tmp_path / "b.tar", clock=new.clock)
    EventLog(new.database, new.clock)
    with new.database.unit() as session:
        emit(session, "asset.created", "later", actor="u")
    with new.database.read() as session:
        events = [(event.seq, event.kind) for event in read_after(session, "index")]
        assert session.get(Cursor, "index").epoch == 2
    assert events == [
        (2, "asset.created"),
        (3, "asset.created"),
        (3 + EVENTS_APART, "hub.restored"),
        (4 + EVENTS_APART, "asset.created"),
    ]
    assert new.one(Installation).epoch == 2


def test_a_backup_is_one_moment_of_a_hub_that_goes_on(hub, make_hub, tmp_path, monkeypatch):
    """Between the rows and the blobs the hub goes on working: nothing of that is in the backup."""
    local_copy, busy = type(hub.store).local_copy, []

    def work_meanwhile(store, sha256):
        if not busy:
            busy.append(1)
            with hub.database.unit() as session:
                session.add(User(id="new", email="n", name="", role="", password_hash="", created_at=1))
                emit(session, "access.created", "new", actor="u")
        return local_copy(store, sha256)

    monkeypatch.setattr(type(hub.store), "local_copy", work_meanwhile)
    backup(hub.settings, tmp_path / "b.tar")
    new = make_hub("sqlite", "folder")
    restore(new.settings, tmp_path / "b.tar")
    assert new.one(User).id == "u"
    with new.database.read() as session:
        assert "access.created" not in session.scalars(select(Event.kind)).all()


def test_missing_and_damaged_blobs_are_named_and_the_rest_is_saved(hub, make_hub, tmp_path):
    blobs = {path.name: path for path in (hub.settings.home / "blobs").rglob("*") if path.is_file()}
    one, two, three = sorted(blobs)
    blobs[one].unlink()
    blobs[two].chmod(0o600)
    blobs[two].write_bytes(b"x" * blobs[two].stat().st_size)
    made = backup(hub.settings, tmp_path / "b.tar")
    assert (made.missing, made.blobs) == ([one, two], 1)
    new = make_hub("sqlite", "folder")
    assert restore(new.settings, tmp_path / "b.tar").missing == [one, two]
    assert [new.store.exists(name) for name in (one, two, three)] == [False, False, True]


def test_keys_are_in_it_only_when_asked_for(hub, make_hub, tmp_path):
    keys = hub.settings.home / "keys"
    keys.mkdir(exist_ok=True)
    (keys / "1.key").write_text("secret")
    backup(hub.settings, tmp_path / "without.tar")
    backup(hub.settings, tmp_path / "with.tar", with_keys=True)
    assert b"secret" not in (tmp_path / "without.tar").read_bytes()
    without, having = make_hub("sqlite", "folder"), make_hub("sqlite", "folder")
    restore(without.settings, tmp_path / "without.tar")
    assert not (without.settings.home / "keys").exists()
    restore(having.settings, tmp_path / "with.tar")
    key = having.settings.home / "keys" / "1.key"
    assert key.read_text() == "secret"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_keys_that_are_there_stay(hub, make_hub, tmp_path):
    for settings, text in ((hub.settings, "theirs"), ((new := make_hub("sqlite", "folder")).settings, "mine")):
        (settings.home / "keys").mkdir(exist_ok=True)
        (settings.home / "keys" / "1.key").write_text(text)
    backup(hub.settings, tmp_path / "b.tar", with_keys=True)
    restore(new.settings, tmp_path / "b.tar")
    assert (new.settings.home / "keys" / "1.key").read_text() == "mine"


def test_the_file_is_private_and_appears_whole_or_not_at_all(hub, tmp_path, monkeypatch):
    out = tmp_path / "out" / "b.tar"
    out.parent.mkdir()
    backup(hub.settings, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    before = out.read_bytes()

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "addfile", full)
    with pytest.raises(OSError, match="No space"):
        backup(hub.settings, out)
    assert out.read_bytes() == before
    assert list(out.parent.iterdir()) == [out]


def test_a_hub_with_rows_is_not_overwritten(hub, tmp_path):
    backup(hub.settings, tmp_path / "b.tar")
    with pytest.raises(Conflict) as refused:
        restore(hub.settings, tmp_path / "b.tar")
    assert refused.value.code == "hub_not_empty"
    assert hub.one(Installation).epoch == 1


def test_a_database_without_tables_is_no_hub(make_hub, tmp_path):
    with pytest.raises(Conflict) as refused:
        backup(make_hub("sqlite", "folder").settings, tmp_path / "b.tar")
    assert refused.value.code == "database_not_current"
    assert not (tmp_path / "b.tar").exists()


def test_an_empty_hub_can_be_carried_too(make_hub, tmp_path):
    old, new = make_hub("sqlite", "folder"), make_hub("sqlite", "folder")
    migrate(old.database)
    assert backup(old.settings, tmp_path / "b.tar").rows == 0
    restore(new.settings, tmp_path / "b.tar")
    assert wake(new.database, new.settings, new.clock).mode == Mode.NORMAL


def rewrite(path, change):
    """Write the archive again, with each (name, body) as `change` returns it; None leaves it out."""
    with tarfile.open(path) as archive:
        members = [(info.name, archive.extractfile(info).read()) for info in archive]
    with tarfile.open(path, "w") as archive:
        for name, body in members:
            if (changed := change(name, body)) is not None:
                info = tarfile.TarInfo(changed[0])
                info.size = len(changed[1])
                archive.addfile(info, io.BytesIO(changed[1]))


def swap(wanted, body):
    return lambda name, old: (name, body if name.startswith(wanted) else old)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda name, body: None if name == "end.json" else (name, body), id="without its end"),
        pytest.param(lambda name, body: None if name == "manifest.json" else (name, body), id="without its manifest"),
        pytest.param(lambda name, body: None if name.startswith("blobs/") else (name, body), id="without its blobs"),
        pytest.param(lambda name, body: None if "users" in name else (name, body), id="without a table"),
        pytest.param(swap("blobs/", b"other"), id="other bytes in a blob"),
        pytest.param(swap("tables/users", gzip.compress(b'{"id": "x"}\n')), id="other rows"),
        pytest.param(swap("manifest.json", b"{"), id="an unreadable manifest"),
        pytest.param(swap("end.json", b"[]"), id="an unreadable end"),
        pytest.param(lambda name, body: (name.replace("tables/users", "../users"), body), id="a name that leads out"),
        pytest.param(lambda name, body: (name.replace("blobs/", "blobs/../"), body), id="a blob that leads out"),
        pytest.param(lambda name, body: ("keys/../x" if "users" in name else name, body), id="a key that leads out"),
    ],
)
def test_a_damaged_archive_is_refused_and_leaves_the_database_empty(hub, make_hub, tmp_path, change):
    backup(hub.settings, tmp_path / "b.tar")
    rewrite(tmp_path / "b.tar", change)
    new = make_hub("sqlite", "folder")
    with pytest.raises(Invalid) as refused:
        restore(new.settings, tmp_path / "b.tar")
    assert refused.value.code == "backup_damaged"
    assert new.rows(all_tables().tables["users"]) == []
    assert new.rows(all_tables().tables["installation"]) == []


@pytest.mark.parametrize("kept", [0.0, 0.1, pytest.param(0.5, marks=pytest.mark.again), 0.9])
def test_an_archive_that_was_cut_off_is_refused(hub, make_hub, tmp_path, kept):
    backup(hub.settings, tmp_path / "b.tar")
    body = (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "b.tar") as archive:
        end = archive.getmember("end.json").offset
    (tmp_path / "b.tar").write_bytes(body[: int(end * kept)])
    with pytest.raises(Invalid, match="backup_damaged"):
        restore(make_hub("sqlite", "folder").settings, tmp_path / "b.tar")


def test_a_folder_or_link_in_the_archive_is_refused(hub, make_hub, tmp_path):
    backup(hub.settings, tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as archive:
        manifest = archive.extractfile("manifest.json").read()
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(manifest)
        archive.addfile(info, io.BytesIO(manifest))
        link = tarfile.TarInfo("tables/users.jsonl.gz")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(Invalid, match="is no file"):
        restore(make_hub("sqlite", "folder").settings, tmp_path / "b.tar")


def test_a_backup_of_another_release_is_refused(hub, make_hub, tmp_path):
    backup(hub.settings, tmp_path / "b.tar")

    def older(name, body):
        return name, json.dumps({**json.loads(body), "revision": "0000"}).encode() if name == "manifest.json" else body

    rewrite(tmp_path / "b.tar", older)
    with pytest.raises(Conflict) as refused:
        restore(make_hub("sqlite", "folder").settings, tmp_path / "b.tar")
    assert refused.value.code == "backup_of_another_release"


def test_large_blobs_do_not_fill_the_memory(make_hub, tmp_path):
    old, new = make_hub("sqlite", "folder"), make_hub("sqlite", "folder")
    old.fill([secrets.token_bytes(1) * (40 * MIB)])
    tracemalloc.start()
    backup(old.settings, tmp_path / "b.tar")
    restore(new.settings, tmp_path / "b.tar")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * MIB


def test_a_declared_copy_touches_nothing_that_the_original_made(hub, make_hub, tmp_path):
    from hub.app.copies import declare_copy
    from hub.connections.models import Connection

    with hub.database.unit() as session:
        session.add(
            Connection(
                id="c",
                remote_id="r",
                owner_id="u",
                state="live",
                auth="token",
                settings={},
                granted_scopes=[],
                created_at=1,
            )
        )
    backup(hub.settings, tmp_path / "b.tar")
    copy = make_hub("sqlite", "folder")
    restore(copy.settings, tmp_path / "b.tar")
    declared = declare_copy(copy.database, copy.settings, copy.clock)
    assert (declared.mode, declared.epoch) == (Mode.NORMAL, 3)
    assert declared.id != hub.installation.id
    with copy.database.read() as session:
        placements = session.scalars(select(Placement).order_by(Placement.id)).all()
        assert [row.phase for row in placements] == ["settled"] * 3
        assert [row.settled_reason for row in placements] == ["belongs_to_original"] * 2 + [""]
        assert session.get(Connection, "c").state == "off"
    assert len(copy.rows(all_tables().tables["versions"])) == 3
