"""Reconnecting: the same connection with new secrets of the same account, and nothing of what it carries is lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from connectors.sdk.manifest import Auth, GrantKind
from connectors.sdk.oauth import Grant
from hub.access.actors import Actor, Role
from hub.access.models import User
from hub.clock import DAY, HOUR, SECOND
from hub.connections import credentials, inbox
from hub.connections.models import Connection, Credential, Subscription
from hub.connections.service import Connections
from hub.connections.speaking import Speaking
from hub.db.installation import wake
from hub.errors import Conflict, Forbidden, Invalid
from hub.notify.models import Notice
from tests.unit.connections.fakevendor import APP_SECRET, KEY, oauth_manifest
from tests.unit.connections.test_renewal import REGISTRATION, SESSION, allow, sign_in

NEWER = "typed-in-api-key-of-the-next-year"


@pytest.fixture
def refused(connections, connected, admin, tiny):
    """The vendor refuses the key, and knows a newer one."""
    tiny.keys = {NEWER}
    assert connections.test(admin, connected.id).state == "needs_person"
    return connected


def test_a_new_key_is_all_that_is_asked_for(connections, refused, admin, events, clock):
    clock.advance(DAY)
    view = connections.reconnect(admin, refused.id, {"key": NEWER})
    assert (view.id, view.state, view.problem_code, view.last_ok_at) == (refused.id, "live", "", clock.now())
    assert [one.id for one in connections.list(admin)] == [refused.id], "no second connection was made"
    assert connections.speak(refused.remote_id).connector.identify().key == "acct-1"
    assert events()[-3:] == ["connection.renewed", "connection.live", "remote.hint"]


def test_secrets_that_are_left_out_stay(connections, refused, admin, database, keyring):
    connections.reconnect(admin, refused.id, {"key": NEWER, "app_secret": " "})
    with database.read() as session:
        held = credentials.load(session, keyring, refused.id)
    assert held.values == {"key": NEWER, "app_secret": APP_SECRET}
    assert held.generation == 2


def test_after_an_outage_everything_there_is_looked_at(connections, refused, admin, events):
    connections.reconnect(admin, refused.id, {"key": NEWER})
    (hint,) = events("remote.hint")
    assert hint.body == {"remote_id": refused.remote_id, "refs": [], "kind": "reconnected"}


def test_a_reconnect_before_the_end_has_missed_nothing(connections, connected, admin, tiny, events):
    tiny.keys = {KEY, NEWER}
    connections.reconnect(admin, connected.id, {"key": NEWER})
    assert "remote.hint" not in events()
    assert "connection.renewed" in events()


def test_another_account_is_refused_and_changes_nothing(connections, refused, admin, tiny, database, keyring):
    tiny.account = {**tiny.account, "id": "acct-2", "name": "Somebody else"}
    with pytest.raises(Conflict) as told:
        connections.reconnect(admin, refused.id, {"key": NEWER})
    assert told.value.code == "other_account"
    with database.read() as session:
        assert credentials.load(session, keyring, refused.id).values["key"] == KEY
    assert connections.view(admin, refused.id).state == "needs_person"


def test_a_wrong_key_is_refused_and_changes_nothing(connections, refused, admin, database):
    with pytest.raises(Invalid) as told:
        connections.reconnect(admin, refused.id, {"key": "mistyped"})
    assert told.value.code == "credentials_refused"
    with database.read() as session:
        assert session.get_one(Credential, refused.id).generation == 1


def test_who_may_not_connect_may_not_reconnect(connections, refused):
    editor = Actor("user-editor", "Edda", Role.EDITOR)
    with pytest.raises(Forbidden):
        connections.reconnect(editor, refused.id, {"key": NEWER})
    with pytest.raises(Forbidden):
        connections.start_reconnect(editor, SESSION, refused.id)


def test_a_disconnected_one_comes_back_as_itself(connections, connected, admin, tiny, events):
    connections.disconnect(admin, connected.id)
    view = connections.reconnect(admin, connected.id, {"key": KEY})
    assert (view.id, view.state) == (connected.id, "live")
    assert events("remote.hint")[-1].body["kind"] == "reconnected"


def test_one_that_was_replaced_by_an_earlier_hub_stays_so(connections, refused, admin, database):
    with database.unit() as session:
        row = session.get_one(Connection, refused.id)
        row.state, row.problem_code = "off", "replaced"
    with pytest.raises(Conflict) as told:
        connections.reconnect(admin, refused.id, {"key": NEWER})
    assert told.value.code == "connection_replaced"


def test_subscriptions_are_asked_for_again_with_the_new_secret(
    connections, connected, admin, tiny, database, keyring, clock
):
    connections.refresh_targets(admin, connected.id)
    made = connections.subscribe(admin, connections.targets(admin)[0].id)
    connections.reconnect(admin, connected.id, {"app_secret": "another-app-secret-555"})
    asked = len(tiny.asked)
    assert connections.drain_subscriptions("worker") == 1
    assert [call.url.path for call in tiny.asked[asked:]] == ["/hooks"]
    with database.read() as session:
        row = session.get_one(Subscription, made.id)
    assert (row.expires_at, row.renew_at) == (None, clock.now() + DAY), "it has no end, and is seen to every day"
    assert keyring.open(row.sealed_secret, purpose=inbox.purpose(row.id)) == "another-app-secret-555"


# By signing in at the vendor


@pytest.fixture
def signing(database, clock, keyring, settings, oauth, origin, http):
    wake(database, settings, clock)
    registry = {"tinyoauth": oauth_manifest(oauth, origin)}
    speaking = Speaking(
        database, clock, keyring, registry, base_url=settings.url, trusted_origins=[], client=http
    )  # fmt: skip
    return Connections(database, clock, keyring, registry, settings, speaking=speaking)


@pytest.fixture
def signed_in(signing, admin, vendor):
    vendor.refresh_life_s = 7 * DAY // SECOND
    url = signing.start_oauth(admin, SESSION, "tinyoauth", {}, secrets=REGISTRATION)
    return signing.finish_oauth(SESSION, admin, allow(url))


def test_the_end_that_a_vendor_tells_is_known(signing, signed_in, admin, clock):
    assert signing.view(admin, signed_in.id).ends_at == clock.now() + 7 * DAY


def test_signing_in_again_needs_no_registration_and_moves_the_end(signing, signed_in, admin, clock, vendor):
    clock.advance(6 * DAY)
    again = signing.finish_oauth(SESSION, admin, allow(signing.start_reconnect(admin, SESSION, signed_in.id)))
    assert again.id == signed_in.id
    assert len(signing.list(admin)) == 1
    view = signing.view(admin, signed_in.id)
    assert (view.state, view.ends_at) == ("live", clock.now() + 7 * DAY)
    assert signing.speak(signed_in.remote_id).connector.identify().key == "account-1"
    assert vendor.count("exchanged") == 2


def test_a_renewed_token_moves_the_end_where_the_vendor_says_so(signing, signed_in, admin, clock):
    clock.advance(2 * HOUR)
    signing.speak(signed_in.remote_id).connector.identify()
    assert signing.view(admin, signed_in.id).ends_at == clock.now() + 7 * DAY


def test_a_renewal_of_the_old_secrets_that_ends_late_does_not_win(signing, signed_in, database, keyring, admin):
    with database.read() as session:
        old = credentials.load(session, keyring, signed_in.id)
    signing.finish_oauth(SESSION, admin, allow(signing.start_reconnect(admin, SESSION, signed_in.id)))
    late = old.renewed(Grant("late", "late", 3600, ()), 5)
    with database.unit() as session:
        assert not credentials.swap(session, keyring, signed_in.id, late)


def test_nor_does_one_that_began_before_the_account_was_disconnected(signing, signed_in, database, keyring, admin):
    with database.read() as session:
        old = credentials.load(session, keyring, signed_in.id)
    signing.disconnect(admin, signed_in.id)
    assert sign_in(signing, admin).id == signed_in.id
    late = old.renewed(Grant("late", "late", 3600, ()), 5)
    with database.unit() as session:
        assert not credentials.swap(session, keyring, signed_in.id, late)
    signing.speak(signed_in.remote_id).connector.identify()


@pytest.mark.parametrize(
    ("grant", "told", "ends_in"),
    [
        (GrantKind.CODE, Grant("a", None, 5_184_000, ()), 60 * DAY),  # LinkedIn
        (GrantKind.CODE, Grant("a", "r", 3600, ()), None),
        (GrantKind.CODE, Grant("a", "r", 3600, (), refresh_expires_in_s=604_800), 7 * DAY),
        (GrantKind.CODE, Grant("a", None, None, ()), None),
        (GrantKind.CLIENT, Grant("a", None, 300, ()), None),
    ],
)
def test_when_a_person_must_sign_in_again(grant, told, ends_in, oauth):
    auth = Auth("x", "X", dict, oauth=oauth, grant=grant)
    assert credentials.sign_in_end(auth, told, 1000) == (None if ends_in is None else 1000 + ends_in)


def test_the_owner_is_told_once_that_a_connection_needs_them(connections, connected, admin, tiny, database):
    with database.unit() as session:
        session.add(
            User(id=admin.id, email="ada@dam.test", name="Ada", role="administrator", password_hash="x", created_at=1)
        )
    tiny.keys = {NEWER}
    for _ in range(3):
        connections.test(admin, connected.id)
    with database.read() as session:
        (told,) = session.scalars(select(Notice))
    assert (told.user_id, told.what, told.subject) == (admin.id, "connection_needs_person", connected.id)
    assert told.body["link"] == f"/connections/{connected.id}/reconnect"
    assert KEY not in str(told.body)
