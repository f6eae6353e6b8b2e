"""The doctor finds each thing that can be broken, says what to do, and never breaks itself."""

from __future__ import annotations

import io
import shutil
import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import make_url, select, text, update
from werkzeug.serving import make_server

from hub.access.actors import SYSTEM, Role
from hub.access.models import User
from hub.app import doctor_ground, doctor_work
from hub.app.compose import Hub
from hub.app.doctor import examine
from hub.cli.findings import Verdict
from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.connections.credentials import Secrets, store
from hub.connections.models import Connection, Inbox, Remote, Subscription, Target
from hub.db.installation import recognition
from hub.db.models import Installation, Mode
from hub.events.models import Cursor, Event
from hub.jobs.models import Heartbeat
from hub.jobs.slots import take_slot
from hub.media.models import Traits
from hub.notify.models import Delivery, Endpoint
from hub.placements.models import Placement
from hub.placements.rows import new_row
from hub.settings import FILE, S3Settings, Settings
from tests.media_samples import picture
from tests.services import free_ports
from tests.web_app import app_of


class Patient:
    """A hub in use, in a folder of its own."""

    def __init__(self, settings):
        self.settings = settings
        self.hub = Hub.open(settings)
        self.services = self.hub.services
        self.database = self.services.database
        self.now = self.services.clock.now()
        self.services.access.first_administrator(email="ada@dam.test", name="Ada", password="correct horse battery")
        self.asset = self.services.intake.upload(SYSTEM, io.BytesIO(picture()), filename="a.png").asset_id
        with self.database.unit() as session:
            take_slot(session, owner="w", now=self.now)
            session.add_all(Heartbeat(drain=name, ran_at=self.now, did=0) for name in doctor_work.DRAINS)
            session.add(Remote(id="r", connector="trello", account_key="k", label="Board", created_at=self.now))
            session.flush()
            session.add(
                Connection(
                    id="c", remote_id="r", owner_id="u", state="live", auth="key", settings={}, granted_scopes=[],
                    created_at=self.now,
                )
            )  # fmt: skip
            session.add(
                Target(id="t", remote_id="r", kind="list", external_ref="1", label="To do", channel="x", territory="*")
            )
            session.add(
                Endpoint(
                    id="e", url="https://a.example", sealed_secrets="", kinds=[], state="live", created_at=self.now,
                    created_by="u",
                )
            )  # fmt: skip
            session.flush()
            store(session, self.services.keyring, "c", Secrets({"token": "t"}, 1, None))
            session.execute(update(Traits).values(state="ready"))
        self.services.search.drain("w")

    def change(self, table, **values):
        with self.database.unit() as session:
            session.execute(update(table).values(**values))

    def add(self, *rows):
        with self.database.unit() as session:
            session.add_all(rows)

    def copy(self, **values):
        with self.database.unit() as session:
            row = new_row(
                session, asset_id=self.asset, target_id="t", slot="", withdraw_policy="remove",
                version_policy="follow", pinned_version_id=None, by="u", at=self.now,
            )  # fmt: skip
            for name, value in values.items():
                setattr(row, name, value)

    def findings(self, environ=None, **settings):
        changed = self.settings.model_copy(update=settings)
        return examine(lambda: changed, environ=environ or {})

    def told(self, name, **more):
        """Return the worst of what is said of one thing, as verdict and text."""
        order = [Verdict.BAD, Verdict.LOOK, Verdict.GOOD]
        mine = sorted((f for f in self.findings(**more) if f.name == name), key=lambda f: order.index(f.verdict))
        assert mine, f"nothing is said of {name}"
        return mine[0].verdict.value, f"{mine[0].what} {mine[0].next_step}"


@pytest.fixture
def patient(tmp_path, monkeypatch, sqlite_template):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "home" / "damhub.sqlite3")
    patient = Patient(Settings(home=tmp_path / "home", port=free_ports()))
    yield patient
    patient.hub.close()


@contextmanager
def answering(patient, app=None):
    app = app or app_of(patient.services)
    server = make_server(patient.settings.host, patient.settings.port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_healthy_hub_has_nothing_bad_and_nothing_to_look_at(patient):
    with answering(patient):
        findings = patient.findings()
    troubled = [f"{f.name}: {f.what}" for f in findings if f.verdict is not Verdict.GOOD]
    assert troubled == []
    assert len(findings) > 20


def test_looking_changes_nothing(patient, tmp_path):
    def everything():
        return {str(path): path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.suffix in {".key", ".json"}}

    with patient.database.read() as session:
        before = session.scalar(text("SELECT count(*) FROM events")), everything()
    patient.findings()
    with patient.database.read() as session:
        assert (session.scalar(text("SELECT count(*) FROM events")), everything()) == before


def test_a_folder_without_a_hub_stays_without_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = {f.name: f for f in examine(lambda: Settings(home=tmp_path / "home", port=free_ports()), environ={})}
    assert not (tmp_path / "home").exists()
    assert found["database"].verdict is Verdict.LOOK
    assert "`damhub serve` makes it" in found["database"].next_step
    assert found["web"].verdict is Verdict.BAD


def test_the_doctor_knows_every_kind_of_work(patient):
    assert tuple(drain.name for drain in patient.hub.drains()) == doctor_work.DRAINS


# Machine and settings


def test_an_old_python_is_bad(monkeypatch):
    monkeypatch.setattr(doctor_ground.sys, "version_info", (3, 9, 1))
    assert [f.verdict for f in doctor_ground.python()] == [Verdict.BAD]


def test_a_missing_package_and_a_missing_extra_are_told_apart(patient, monkeypatch):
    needed = ["flask>=3", "no-such-package[x]>=1; python_version > '3'", "av>=18; extra == 'video'"]
    monkeypatch.setattr(doctor_ground.metadata, "requires", lambda _name: needed)
    monkeypatch.setattr(doctor_ground.util, "find_spec", lambda _name: None)
    assert patient.told("packages")[0] == "bad"
    assert "Missing: no-such-package." in patient.told("packages")[1]
    assert patient.told("video")[0] == "look"


def test_a_misspelt_name_is_told_with_what_was_meant(patient, tmp_path):
    verdict, what = patient.told("settings", environ={"DAMHUB_HOEM": "secret-value"})
    assert (verdict, "Did you mean DAMHUB_HOME?" in what, "secret-value" in what) == ("look", True, False)
    (tmp_path / FILE).write_text("prot = 1")
    assert "Did you mean port?" in patient.told("settings")[1]


def test_settings_that_cannot_be_read_are_a_finding(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE).write_text("port = [")
    assert [f.verdict for f in examine(environ={}) if f.name == "settings"] == [Verdict.BAD, Verdict.BAD]
    for wrong in ("port = 'x'", "storage = 's3'"):
        (tmp_path / FILE).write_text(wrong)
        assert any("[setting_wrong]" in f.what for f in examine(environ={}))


def test_a_data_folder_that_takes_no_files_is_bad(patient, tmp_path):
    (tmp_path / "a-file").write_text("")
    verdict, what = patient.told("data folder", home=tmp_path / "a-file")
    assert (verdict, "[file_not_usable]" in what) == ("bad", True)


@pytest.mark.parametrize(("free", "verdict"), [(10, "bad"), (1000, "look"), (9000, "good")])
def test_little_space_is_told_before_there_is_none(patient, monkeypatch, free, verdict):
    usage = shutil.disk_usage("/")._replace(free=free * doctor_ground.MIB)
    monkeypatch.setattr(doctor_ground.shutil, "disk_usage", lambda _path: usage)
    told, what = patient.told("free space")
    assert (told, f"{free} MiB are free" in what) == (verdict, True)


# Keys and bytes


def test_a_key_that_others_can_read_is_bad(patient):
    key = next((patient.settings.home / "keys").glob("*.key"))
    key.chmod(0o644)
    assert "[key_file_exposed]" in patient.told("keys")[1]
    key.chmod(0o600)
    (patient.settings.home / "keys").chmod(0o755)
    assert "chmod 700" in patient.told("keys")[1]


def test_a_damaged_key_and_a_lost_one_are_bad(patient):
    key = next((patient.settings.home / "keys").glob("*.key"))
    key.write_text("damaged")
    assert patient.told("keys")[0] == "bad"
    assert patient.told("credentials")[0] == "bad"
    key.unlink()
    assert patient.told("keys")[0] == "look"
    assert "there is no key" in patient.told("credentials")[1]


def test_credentials_sealed_with_a_key_that_is_gone_are_bad(patient):
    key = next((patient.settings.home / "keys").glob("*.key"))
    key.write_text("ab" * 32)
    assert patient.told("keys")[0] == "good"
    assert "1 of 1 cannot be opened" in patient.told("credentials")[1]


def test_a_store_that_is_away_is_bad(patient):
    (patient.settings.home / "blobs").rename(patient.settings.home / "elsewhere")
    assert "Mount it again" in patient.told("blob store")[1]
    assert not (patient.settings.home / "blobs").exists()


def test_a_bucket_that_does_not_answer_is_bad_and_shows_no_secret(patient):
    s3 = S3Settings(endpoint_url=f"http://127.0.0.1:{free_ports()}", bucket="b", secret_key="geheim", access_key="k")
    verdict, what = patient.told("blob store", storage="s3", s3=s3)
    assert (verdict, "[storage_failed]" in what, "geheim" in what) == ("bad", True, False)


def test_blobs_that_are_not_in_the_store_are_bad(patient):
    for path in (patient.settings.home / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    assert "1 of the latest 1 are not in the store" in patient.told("blobs")[1]
    assert patient.told("blob store")[0] == "good"


@pytest.mark.parametrize(
    ("put", "exists", "verdict"), [(b"other", False, "bad"), (None, True, "look")], ids=["other bytes", "not deleted"]
)
def test_a_store_that_does_not_do_as_it_says_is_noticed(patient, monkeypatch, put, exists, verdict):
    real = patient.services.store

    class Odd:
        def put(self, stream, **more):
            return real.put(stream, **more)

        def open(self, sha256):
            return io.BytesIO(put) if put else real.open(sha256)

        def delete(self, sha256):
            real.delete(sha256)

        def exists(self, _sha256):
            return exists

    monkeypatch.setattr(doctor_ground, "make_store", lambda _settings: Odd())
    assert patient.told("blob store")[0] == verdict


# The database's own state


def test_a_database_that_is_away_stops_only_what_is_in_it(patient):
    url = f"postgresql+psycopg://hub:geheim@127.0.0.1:{free_ports()}/hub"
    findings = patient.findings(database_url=url)
    found = {f.name: f for f in findings}
    assert found["database"].verdict is Verdict.BAD
    assert "does not answer" in found["database"].what
    assert not any("geheim" in f"{f.what}{f.next_step}" for f in findings)
    assert found["blob store"].verdict is Verdict.GOOD
    assert "worker" not in found


@pytest.mark.parametrize("url", ["nonsense", "postgresql+nodriver://a/b", "sqlite:////no/such/folder/hub.sqlite3"])
def test_a_database_address_that_leads_nowhere_is_bad(patient, url):
    assert patient.told("database", database_url=url)[0] == "bad"


def test_a_damaged_database_is_bad(patient):
    patient.database.dispose()
    for path in patient.settings.home.glob("damhub.sqlite3-*"):
        path.unlink()
    (patient.settings.home / "damhub.sqlite3").write_bytes(b"this is no database" * 500)
    assert patient.told("database")[0] == "bad"


def test_a_database_of_another_release_is_bad(patient):
    with patient.database.unit() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert "this release needs" in patient.told("database")[1]


def test_a_hub_that_only_observes_says_why_and_what_to_say(patient):
    patient.change(Installation, mode=Mode.OBSERVE_ONLY, mode_reason="It was restored.")
    verdict, what = patient.told("mode")
    assert (verdict, "It was restored. Say `damhub adopt`" in what) == ("bad", True)
    with patient.database.unit() as session:
        session.execute(text("DELETE FROM installation"))
    assert patient.told("mode")[0] == "look"


def test_a_hub_without_an_administrator_is_bad_and_a_new_one_is_told_what_to_do(patient):
    patient.change(User, role=Role.EDITOR)
    assert "damhub create-user" in patient.told("administrator")[1]
    patient.change(User, role=Role.ADMINISTRATOR, disabled_at=1)
    assert patient.told("administrator")[0] == "bad"
    with patient.database.unit() as session:
        session.execute(text("DELETE FROM users"))
    assert "/first-run?code=" in patient.told("administrator")[1]


def test_accounts_of_a_connector_that_is_gone_are_bad(patient):
    patient.change(Remote, connector="gone")
    verdict, what = patient.told("connectors")
    assert (verdict, "accounts of gone, and no connector of this name" in what) == ("bad", True)


def test_a_clock_that_was_set_back_is_bad_and_a_rehearsal_is_named(patient):
    patient.change(Event, at=patient.now + HOUR)
    assert "in the future" in patient.told("clock")[1]
    assert "this is a rehearsal" in patient.told("clock", clock_shift_s=2 * 3600)[1]


@pytest.mark.parametrize(("apart", "verdict"), [(-60, "bad"), (5, "look"), (0, "good")])
def test_a_database_whose_clock_differs_is_told(patient, monkeypatch, apart, verdict):
    monkeypatch.setattr(doctor_ground, "_apart", lambda _database: apart * SECOND)
    assert patient.told("clock")[0] == verdict


def test_a_hub_on_postgresql_is_looked_at_just_the_same(postgres_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = make_url(postgres_url).update_query_dict({"application_name": "doctor"}).render_as_string(hide_password=False)
    patient = Patient(Settings(home=tmp_path / "home", port=free_ports(), database_url=url))
    try:
        findings = {f.name: f for f in patient.findings()}
        assert [f"{f.name}: {f.what}" for f in findings.values() if f.verdict is not Verdict.GOOD] == [
            f"web: {findings['web'].what}"
        ]
        assert "postgresql" in findings["database"].what
    finally:
        patient.hub.close()


# The work


def test_a_web_process_that_is_away_or_somebody_elses_is_bad(patient):
    assert "Nobody answers" in patient.told("web")[1]

    def other(_environ, start):
        start("200 OK", [("Content-Type", "text/html")])
        return [b"<h1>Another program</h1>"]

    with answering(patient, other):
        assert "Another program answers" in patient.told("web")[1]

    def unready(_environ, start):
        start("503 Service Unavailable", [("Content-Type", "application/problem+json")])
        return [b"{}"]

    with answering(patient, unready):
        assert "is not ready" in patient.told("web")[1]


def test_another_hub_on_its_port_is_not_taken_for_this_one(patient, tmp_path):
    def another(_environ, start):
        start("200 OK", [("Content-Type", "application/json")])
        return [b'{"hub": "' + b"0" * 64 + b'", "status": "ready"}']

    with answering(patient, another):
        verdict, what = patient.told("web")
        assert verdict == "bad"
        assert "Another hub answers" in what
    with answering(patient):
        assert patient.told("web")[0] == "good"
        assert patient.told("web", home=tmp_path / "nothing-here-yet")[0] == "bad"


def test_what_a_hub_is_recognised_by_tells_nothing_and_differs_for_each_word(patient):
    with patient.database.read() as session:
        known = session.scalar(select(Installation.id))
        first, second = (recognition(session, word) for word in ("one", "two"))
    assert first != second
    assert known not in first + second


def test_an_address_that_others_use_is_asked_too(patient):
    with answering(patient):
        away = f"http://127.0.0.1:{free_ports()}"
        assert patient.told("web", base_url=away)[0] == "bad"
        here = patient.settings.url
        assert patient.told("web here", base_url=here, port=free_ports())[0] == "look"
        verdict, what = patient.told("web", host="0.0.0.0")
        assert (verdict, "Set DAMHUB_BASE_URL" in what) == ("bad", True)
        assert patient.told("web", host="0.0.0.0", base_url=here)[0] == "good"


def test_no_living_worker_is_bad(patient):
    with patient.database.unit() as session:
        session.execute(text("UPDATE slots SET lease_until = 0"))
    assert "No worker lives" in patient.told("worker")[1]


@pytest.mark.parametrize(
    ("values", "verdict", "what"),
    [
        ({"error": "OperationalError"}, "bad", "rights fails (OperationalError)"),
        ({"ran_at": -3 * MINUTE}, "look", "rights was last heard of 3 min ago"),
        ({"ran_at": -HOUR}, "bad", "rights was last heard of 60 min ago"),
    ],
)
def test_a_kind_of_work_that_fails_or_fell_silent_is_named(patient, values, verdict, what):
    if "ran_at" in values:
        values = {"ran_at": patient.now + values["ran_at"]}
    with patient.database.unit() as session:
        session.execute(update(Heartbeat).where(Heartbeat.drain == "rights").values(**values))
    assert patient.told("drains")[0] == verdict
    assert what in patient.told("drains")[1]


def test_a_kind_of_work_that_never_reported_is_named(patient):
    with patient.database.unit() as session:
        session.execute(text("DELETE FROM heartbeats WHERE drain = 'plan'"))
    assert "plan was never heard of" in patient.told("drains")[1]


@pytest.mark.parametrize(("late", "verdict"), [(0, "good"), (2 * MINUTE, "look"), (HOUR, "bad")])
def test_late_work_is_told_with_how_late_it_is(patient, late, verdict):
    due = patient.now - late
    patient.copy(due_at=due)
    patient.change(Traits, state="pending", due_at=due)
    patient.add(
        Delivery(endpoint_id="e", event_id="1", body="", due_at=due, attempt=0, state="pending"),
        Inbox(remote_id="r", delivery_key="1", at=due, headers={}, body="", state="new"),
    )
    for name in ("copies due", "media due", "webhooks due", "inbox due"):
        assert patient.told(name)[0] == verdict


def test_readers_of_the_event_log_that_lag_are_told(patient):
    patient.add(Cursor(consumer="notify", seq=0, epoch=1))
    assert patient.told("events for notify")[0] == "good"
    patient.change(Event, at=patient.now - HOUR)
    assert patient.told("events for notify")[0] == "bad"


def test_a_search_index_that_is_behind_lost_or_of_another_database_is_told(patient):
    assert patient.told("search index") == ("good", "up to date ")
    patient.services.intake.upload(SYSTEM, io.BytesIO(picture(colour=(1, 2, 3))), filename="b.png")
    patient.change(Event, at=patient.now - HOUR)
    assert patient.told("search index")[0] == "bad"
    patient.change(Installation, epoch=7)
    assert "It is not of this database" in patient.told("search index")[1]
    patient.services.search.close()
    shutil.rmtree(patient.settings.home / "index")
    assert patient.told("search index")[0] == "look"
    assert not (patient.settings.home / "index").exists()


def test_an_unreadable_search_index_is_told(patient):
    patient.services.search.close()
    for path in (patient.settings.home / "index").rglob("meta.json"):
        path.write_text("{")
    assert "cannot be read" in patient.told("search index")[1]


@pytest.mark.parametrize(
    ("values", "verdict", "what"),
    [
        ({"state": "needs_person", "problem_code": "auth_expired", "problem": "Refused."}, "bad", "[auth_expired]"),
        ({"state": "ailing", "problem_code": "remote_unreachable", "problem": "Away."}, "look", "by itself"),
        ({}, "good", "1 in use"),
        ({"state": "off"}, "good", "0 in use"),
    ],
)
def test_connections_that_need_a_person_are_told(patient, values, verdict, what):
    if values:
        patient.change(Connection, **values)
    found = patient.told("connections")
    assert (found[0], what in found[1]) == (verdict, True), found


@pytest.mark.parametrize(
    ("ends_in", "values", "verdict", "what"),
    [
        (13 * DAY, {}, "look", "trello Board: The sign-in ends in 1"),
        (-HOUR, {}, "bad", "trello Board: The sign-in ended"),
        (90 * DAY, {}, "good", "1 known, none needs a person within 14 days"),
        (-HOUR, {"state": "off", "problem_code": "disconnected"}, "good", "0 known"),
    ],
)
def test_what_ends_soon_is_told_with_where_to_renew_it(patient, ends_in, values, verdict, what):
    patient.change(Connection, expires_at=patient.now + ends_in, **values)
    found = patient.told("endings")
    assert (found[0], what in found[1]) == (verdict, True), found
    assert verdict == "good" or "Open /connections/c/reconnect." in found[1]


@pytest.mark.parametrize(("renew_in", "verdict"), [(-DAY, "look"), (DAY, "good")])
def test_a_subscription_is_told_of_only_where_it_was_not_renewed(patient, renew_in, verdict):
    ends_at = patient.now + renew_in
    with patient.database.unit() as session:
        session.add(
            Subscription(id="s", remote_id="r", target_id="t", external_ref="x", callback_url="y", sealed_secret="",
                         expires_at=ends_at, renew_at=ends_at - HOUR, created_at=1)
        )  # fmt: skip
    assert patient.told("endings")[0] == verdict


@pytest.mark.parametrize(
    ("phase", "what"), [("blocked", "a person must act (needs_scope)"), ("unsure", "1 unsure"), ("gone", "vanished")]
)
def test_copies_that_wait_for_a_person_are_told(patient, phase, what):
    patient.copy(phase=phase, problem_code="needs_scope")
    verdict, told = patient.told("copies")
    assert (verdict, what in told) == ("look", True), told
    patient.change(Placement, settled_at=1)
    assert patient.told("copies")[0] == "good"


def test_a_look_that_fails_in_an_unforeseen_way_is_a_finding_too(patient, monkeypatch):
    def broken(*_given):
        raise KeyError("secret")

    monkeypatch.setattr(doctor_work, "IN_DATABASE", (("copies", broken), *doctor_work.IN_DATABASE))
    findings = patient.findings()
    mine = [f for f in findings if f.name == "copies"]
    assert [f.verdict for f in mine] == [Verdict.BAD, Verdict.GOOD]
    assert mine[0].what == "It could not be looked at (KeyError)."


@pytest.mark.parametrize(("length", "said"), [(5 * SECOND, "5 s"), (3 * HOUR, "3 h"), (50 * HOUR, "2 days")])
def test_lengths_of_time_are_said_roughly(length, said):
    assert doctor_work.span(length) == said


@pytest.mark.parametrize(("ago", "verdict"), [(HOUR * 3, "look"), (8 * DAY, "good")])
def test_deliveries_that_were_refused_of_late_are_told_by_account(patient, ago, verdict):
    with patient.database.unit() as session:
        session.add_all(
            Subscription(id=name, remote_id="r", target_id="t", external_ref="x", callback_url="y", sealed_secret="",
                         created_at=1, forged=count, forged_at=patient.now - ago)
            for name, count in (("s1", 3), ("s2", 4))
        )  # fmt: skip
    found = patient.told("forged")
    assert found[0] == verdict
    assert verdict == "good" or "trello Board: at least 7 deliveries were refused, the last 3 h ago." in found[1]
