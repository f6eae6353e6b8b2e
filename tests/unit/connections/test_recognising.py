"""An account that is connected already is recognised, however it is signed in to, and a person says what then."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from connectors.sdk.errors import AuthExpired
from hub.clock import MINUTE
from hub.connections import credentials, dance
from hub.connections.models import Connection, Credential, OAuthDance, Remote
from hub.connections.problems import AlreadyConnected
from hub.connections.recognising import Known
from hub.errors import Conflict, Invalid
from tests.unit.connections.fakevendor import APP_SECRET, KEY

SECRETS = {"key": KEY, "app_secret": APP_SECRET}
KIMS = "typed-in-api-key-of-somebody-else"
SESSION = "session-hash"


def connect(connections, admin, key=KEY, settings=None, **more):
    return connections.connect(admin, "tiny", auth="key", settings=settings or {}, secrets={"key": key}, **more)


def test_the_same_account_makes_no_second_connection(connections, connected, admin, database, keyring):
    with pytest.raises(AlreadyConnected) as told:
        connect(connections, admin)
    assert (told.value.code, told.value.connection_id, told.value.apart) == ("already_connected", connected.id, False)
    assert not told.value.state, "nothing is kept for somebody without a session"
    assert [one.id for one in connections.list(admin)] == [connected.id]
    with database.read() as session:
        assert credentials.load(session, keyring, connected.id).values["app_secret"] == APP_SECRET


def test_it_goes_on_with_the_new_credentials_where_a_person_says_so(connections, connected, admin, tiny, events):
    tiny.keys = {"newer"}
    again = connect(connections, admin, "newer", {"label": "Press"}, known=Known.RENEW)
    assert again.id == connected.id
    (view,) = connections.list(admin)
    assert (view.state, view.settings["label"]) == ("live", "Press")
    assert connections.speak(connected.remote_id).connector.identify().key == "acct-1"
    assert events("connection.settings_changed")[0].body["fields"] == ["label"]
    assert "connection.renewed" in events()


def test_one_person_has_no_second_sign_in_to_an_account(connections, connected, admin):
    with pytest.raises(AlreadyConnected):
        connect(connections, admin, known=Known.SECOND)
    assert len(connections.list(admin)) == 1


def test_another_person_of_the_same_account_may_be_kept_beside(connections, connected, admin, tiny):
    tiny.keys, tiny.people = {KEY, KIMS}, {KIMS: "kim"}
    with pytest.raises(AlreadyConnected) as told:
        connect(connections, admin, KIMS)
    assert told.value.apart
    second = connect(connections, admin, KIMS, known=Known.SECOND)
    assert second.id != connected.id
    assert second.remote_id == connected.remote_id, "one account has one set of places and copies"
    connections.refresh_targets(admin, connected.id)
    places = connections.targets(admin)
    connections.refresh_targets(admin, second.id)
    assert connections.targets(admin) == places
    with pytest.raises(AlreadyConnected) as again:
        connect(connections, admin)
    assert again.value.connection_id == connected.id, "of two, the one of the same person"


def test_one_that_needs_a_person_is_what_the_sign_in_is_for(connections, connected, admin, tiny):
    connections.report(connected.remote_id, AuthExpired("refused"))
    tiny.people = {KEY: "kim"}
    with pytest.raises(AlreadyConnected) as told:
        connect(connections, admin)
    assert (told.value.connection_id, told.value.apart) == (connected.id, False)
    connect(connections, admin, known=Known.RENEW)
    assert [(one.id, one.state) for one in connections.list(admin)] == [(connected.id, "live")]


def test_a_disconnected_account_comes_back_as_itself_without_a_question(connections, connected, admin, events):
    connections.disconnect(admin, connected.id)
    assert connect(connections, admin).id == connected.id
    assert [(one.id, one.state) for one in connections.list(admin)] == [(connected.id, "live")]
    assert events("remote.hint")[-1].body["kind"] == "reconnected"


def test_whoever_connects_an_account_anew_wants_to_stay(connections, connected, admin, database, events):
    with database.unit() as session:
        session.get_one(Connection, connected.id).leaving_at = 1
    connect(connections, admin, known=Known.RENEW)
    assert connections.view(admin, connected.id).leaving_since is None
    assert events()[-1] == "connection.live", "its copies are looked at"


def test_what_was_typed_in_is_kept_for_the_one_who_chooses_and_for_once(connections, connected, admin, tiny, database):
    tiny.keys = {KEY, "newer"}
    with pytest.raises(AlreadyConnected) as told:
        connect(connections, admin, "newer", session_hash=SESSION)
    with database.read() as session:
        (kept,) = session.scalars(select(OAuthDance))
    assert "newer" not in kept.sealed
    with pytest.raises(Invalid):
        connections.choose(admin, "another session", told.value.state, Known.RENEW)
    assert connections.choose(admin, SESSION, told.value.state, Known.RENEW).id == connected.id
    with pytest.raises(Invalid) as used:
        connections.choose(admin, SESSION, told.value.state, Known.RENEW)
    assert used.value.code == "oauth_state_invalid"


def test_it_is_not_kept_for_ever_and_is_no_sign_in_that_a_redirect_ends(connections, connected, admin, clock):
    with pytest.raises(AlreadyConnected) as told:
        connect(connections, admin, session_hash=SESSION)
    with pytest.raises(Invalid):
        connections.finish_oauth(SESSION, admin, {"state": told.value.state, "code": "x"})
    with pytest.raises(AlreadyConnected) as later:
        connect(connections, admin, session_hash=SESSION)
    clock.advance(dance.TIME_MS + MINUTE)
    with pytest.raises(Invalid):
        connections.choose(admin, SESSION, later.value.state, Known.RENEW)


@pytest.mark.both
def test_of_many_who_connect_one_account_at_once_one_does(connections, admin, database):
    together = threading.Barrier(6)
    made, told = [], []

    def add():
        together.wait()
        try:
            made.append(connect(connections, admin).id)
        except Conflict as refused:
            told.append(refused.code)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert set(told) <= {"connected_meanwhile", "already_connected"}
    with database.read() as session:
        assert len(list(session.scalars(select(Remote)))) == 1
        assert len(list(session.scalars(select(Credential)))) == 1
