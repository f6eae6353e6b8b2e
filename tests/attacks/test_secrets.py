"""A whole story with secrets in it; afterwards everything that the hub wrote or answers is searched for them."""

from __future__ import annotations

import io
import json
import logging
from contextlib import ExitStack

import pytest
import structlog
from sqlalchemy import select, update

from connectors.testing.faults import Fault, Rule, refuse
from hub.access.actors import Role
from hub.connections import credentials
from hub.connections.models import Credential, Subscription
from hub.db.tables import all_tables
from hub.errors import Unavailable
from hub.notify.models import Endpoint
from tests import media_samples as files
from tests.attacks.rig import API, PASSWORD
from tests.attacks.test_bad_remotes import Connected


class Heard(logging.Handler):
    """Keeps every line that any library logs, traces included."""

    def __init__(self):
        super().__init__()
        self.lines = io.StringIO()
        self.setFormatter(logging.Formatter("%(message)s %(args)s"))

    def emit(self, record):
        self.lines.write(self.format(record) + "\n")


@pytest.fixture(scope="module")
def told(tmp_path_factory, sqlite_template):
    """A hub that was used for everything, with everything that it logged."""
    heard, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(heard.lines), cache_logger_on_first_use=False)
    with ExitStack() as stack:
        hub = Connected(stack, tmp_path_factory.mktemp("secrets") / "home", sqlite_template)
        hub.heard = heard.lines
        hub.secrets = dict(play(hub))
        yield hub
    structlog.reset_defaults()
    root.removeHandler(heard)
    root.setLevel(level)


def play(hub):
    """Use everything that holds a secret, rightly and wrongly; yield each secret by name."""
    client = hub.client()
    yield "password", PASSWORD
    yield "cookie", client.get_cookie("damhub_session").value
    for name, sandbox in hub.sandboxes.items():
        for field, value in sandbox.secrets.items():
            if field != "username":
                yield f"{name} {field}", value
    token = client.post(f"{API}/tokens", json={"label": "a", "scopes": ["read"], "days": 3},
                        headers={"Idempotency-Key": "k1"}).json  # fmt: skip
    yield "token", token["secret"]
    made, secret = _endpoint(hub)
    yield "endpoint secret", secret
    yield "rotated endpoint secret", hub.rooms.notify.rotate(hub.admin, made)
    subscribed = hub.rooms.connections.subscribe(hub.admin, hub.targets["wordpress"].id)
    yield "subscription secret", subscribed.secret
    for secret in ("wrong", subscribed.secret):
        hub.client(None).post(f"/hooks/{subscribed.id}", data=b"{}", headers={"X-Damhub-Signature": secret})
    _go_wrong(hub)
    asset = hub.bring(files.lake(), "lake.jpg", approve=True)
    link = hub.rooms.delivery.make_link(hub.admin, asset.id, "web").url
    yield "signature of a link", link.rsplit(".", 1)[1]
    assert hub.client(None).get(link.removeprefix("http://localhost")).status_code == 200
    for target in hub.targets.values():
        hub.rooms.placements.place(hub.admin, asset.id, target.id)
    for _ in range(6):
        hub.work("plan", "reconcile-1", "inbox", "webhook-events")
        hub.clock.advance(60_000)
    yield "master key", next((hub.settings.home / "keys").glob("*.key")).read_text().strip()
    hub.asset = asset


def _endpoint(hub):
    url = f"{hub.sandboxes['wordpress'].origin}/in"
    made = hub.client().post(f"{API}/endpoints", json={"url": url, "kinds": ["asset.approved"]})
    assert made.status_code == 201, made.json
    return made.json["endpoint"]["id"], made.json["secret"]


def _go_wrong(hub):
    """Let remotes answer with the secrets that they were sent, and people mistype theirs."""
    for name, sandbox in hub.sandboxes.items():
        echo = " ".join(sandbox.secrets.values())
        refusals = [refuse(status, body=echo) for status in (401, 404, 500)]
        refusals += [refuse(403, body=json.dumps({"message": echo}))]
        for rule in (*refusals, Rule(fault=Fault.LIE, body=echo), Rule(fault=Fault.LOSE_REQUEST)):
            sandbox.faults.add(rule.model_copy(update={"times": None}))
            hub.client().post(f"{API}/connections/{hub.connections[name]}/test")
            hub.client().post(f"{API}/connections/{hub.connections[name]}/targets")
            hub.connect(sandbox, sandbox.settings(sandbox.origin))
            sandbox.faults.clear()
        answer = hub.connect(sandbox, sandbox.settings(sandbox.origin))  # the refused connection goes on with it
        assert answer.status_code == 201, answer.json
        hub.connections[name] = answer.json["id"]
    hub.client(None).post("/sign-in", data={"email": "viewer@dam.test", "password": PASSWORD + "x"})
    hub.client(None).post(f"{API}/session", json={"email": 7, "password": PASSWORD})


def rows(hub):
    with hub.rooms.database.read() as session:
        for table in all_tables().sorted_tables:
            for row in session.execute(select(table)):
                yield table.name, repr(tuple(row))


def test_no_secret_stands_in_the_database(told):
    for table, row in rows(told):
        for name, secret in told.secrets.items():
            assert secret not in row, f"{name} in {table}"


def test_no_secret_stands_in_a_file_of_the_home_outside_the_keys(told):
    told.rooms.database.engine.dispose()
    for path in told.settings.home.rglob("*"):
        if path.is_file() and path.parent.name != "keys":
            content = path.read_bytes()
            for name, secret in told.secrets.items():
                assert secret.encode() not in content, f"{name} in {path.name}"


def test_no_secret_was_logged(told):
    lines = told.heard.getvalue()
    assert "webhook_refused" in lines, "the log was listened to"
    for name, secret in told.secrets.items():
        assert secret not in lines, name


def test_no_page_and_no_answer_tells_a_secret(told):
    client = told.client()
    paths = [str(rule) for rule in told.app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments]
    for name, connection in told.connections.items():
        paths += [f"/connections/{connection}", f"/connections/new/{name}", f"{API}/connections?x={name}"]
    paths += [f"/assets/{told.asset.code}", f"/assets/{told.asset.code}/history"]
    paths += [f"{API}/assets/{told.asset.id}/copies", f"{API}/assets/{told.asset.id}/links"]
    for path in paths:
        body = client.get(path, follow_redirects=False).get_data(as_text=True)
        for name, secret in told.secrets.items():
            assert secret not in body, f"{name} at {path}"


def test_what_is_sealed_for_one_connection_opens_for_no_other(told):
    """Somebody who can write to the database cannot let their connection speak with another's secrets."""
    one, other = told.connections["trello"], told.connections["wordpress"]
    with told.rooms.database.read() as session:
        sealed = session.get_one(Credential, one).sealed
        before = session.get_one(Credential, other).sealed
        assert credentials.load(session, told.rooms.keyring, one) is not None
    with told.rooms.database.unit() as session:
        session.execute(update(Credential).where(Credential.connection_id == other).values(sealed=sealed))
    try:
        with told.rooms.database.read() as session, pytest.raises(Unavailable) as refused:
            credentials.load(session, told.rooms.keyring, other)
        assert refused.value.code == "secret_unreadable"
        answer = told.client().post(f"{API}/connections/{other}/test")
        assert (answer.json["state"], answer.json["problem_code"]) == ("ailing", "secret_unreadable")
    finally:
        with told.rooms.database.unit() as session:
            session.execute(update(Credential).where(Credential.connection_id == other).values(sealed=before))


def test_what_is_sealed_is_sealed_for_one_purpose(told):
    keyring = told.rooms.keyring
    with told.rooms.database.read() as session:
        sealed = [row.sealed for row in session.scalars(select(Credential))]
        sealed += [row.sealed_secret for row in session.scalars(select(Subscription))]
        sealed += [row.sealed_secrets for row in session.scalars(select(Endpoint))]
    assert len(sealed) >= 4
    for text in sealed:
        for purpose in ("idempotent-answer", "connection/", "subscription/", "endpoint-secret/", f"oauth/{'0' * 64}"):
            with pytest.raises(Unavailable):
                keyring.open(text, purpose=purpose)
        flipped = text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:]
        with pytest.raises(Unavailable):
            keyring.open(flipped, purpose="idempotent-answer")


def test_an_editor_sees_connections_without_their_secrets(told):
    shown = told.client(Role.EDITOR).get(f"{API}/connections").get_data(as_text=True)
    assert "sealed" not in shown
    assert not any(secret in shown for secret in told.secrets.values())
