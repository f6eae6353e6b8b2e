"""What a person unticks at the vendor is told at once, and the connection does not pretend to be whole."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from sqlalchemy import update

from connectors.sdk.errors import RetryLater, Unreachable
from connectors.sdk.manifest import OAuth
from connectors.sdk.oauth import Client, Grant, OAuthFlow
from hub.clock import HOUR, MINUTE
from hub.connections import allowed, health
from hub.connections.models import Connection
from hub.connections.problems import AlreadyConnected
from hub.connections.recognising import Known
from hub.connections.service import Connections
from hub.connections.speaking import Speaking
from hub.db.installation import wake
from hub.errors import Invalid
from tests.unit.connections.conftest import CALLBACK, CLIENT_SECRET
from tests.unit.connections.fakevendor import oauth_manifest
from tests.unit.connections.test_oauth import approve

REGISTRATION = {"client_id": "hub", "client_secret": CLIENT_SECRET}
SESSION = "session-hash"
WHY = {"read": "to list folders", "write": "to put files there"}
TOLD = (
    "Not all that the hub asked Tiny for was allowed. Missing: write (to put files there). "
    "What needs it will not work until the account is reconnected and all is allowed."
)


@pytest.fixture
def signing(database, clock, keyring, settings, oauth, origin, http):
    """The service, with a connector that asks for two scopes."""
    wake(database, settings, clock)
    registry = {"tinyoauth": oauth_manifest(replace(oauth, why=WHY), origin)}
    speaking = Speaking(database, clock, keyring, registry, base_url=settings.url, trusted_origins=[], client=http)
    return Connections(database, clock, keyring, registry, settings, speaking=speaking)


@pytest.fixture
def sign_in(signing, admin, http):
    """Sign in at the vendor, which says yes to what it says yes to."""

    def enter():
        url = signing.start_oauth(admin, SESSION, "tinyoauth", {}, secrets=REGISTRATION)
        return signing.finish_oauth(SESSION, admin, approve(http, url))

    return enter


@pytest.fixture
def partial(sign_in, vendor):
    """A connection that may not write."""
    vendor.withheld = frozenset({"write"})
    return sign_in()


def reconnect(signing, admin, http, made):
    return signing.finish_oauth(SESSION, admin, approve(http, signing.start_reconnect(admin, SESSION, made.id)))


def test_what_was_not_allowed_is_told_at_once(signing, partial, admin, events):
    view = signing.view(admin, partial.id)
    assert (view.state, view.problem_code, view.problem) == ("ailing", "scopes_missing", TOLD)
    assert view.scopes == ("read",)
    assert events() == ["connection.created", "connection.live", "connection.ailing"]


def test_all_that_was_asked_for_is_nothing_to_tell(signing, sign_in, admin):
    view = signing.view(admin, sign_in().id)
    assert (view.state, view.problem_code, view.scopes) == ("live", "", ("read", "write"))


@pytest.mark.parametrize("between", [",", ""])
def test_vendors_that_part_with_commas_or_tell_nothing_granted_all(signing, sign_in, admin, vendor, between):
    vendor.scope_between = between
    assert signing.view(admin, sign_in().id).state == "live"


def test_nor_does_it_become_whole_by_working(signing, partial, admin, clock, events):
    said = len(events())
    clock.advance(2 * HOUR)  # the access token is renewed on the way
    assert signing.test(admin, partial.id).problem == TOLD
    signing.report(partial.remote_id, None)
    view = signing.view(admin, partial.id)
    assert (view.state, view.problem_code, view.last_ok_at) == ("ailing", "scopes_missing", clock.now())
    assert len(events()) == said, "nothing changed"


def test_after_an_outage_it_is_told_again(signing, partial, admin, events):
    signing.report(partial.remote_id, Unreachable("Away."))
    assert signing.view(admin, partial.id).problem == "Away."
    signing.report(partial.remote_id, None)
    assert signing.view(admin, partial.id).problem == TOLD
    assert events()[-2:] == ["connection.live", "connection.ailing"]


def test_nor_by_a_pause(signing, partial, admin):
    signing.pause(admin, partial.id)
    assert signing.resume(admin, partial.id).problem == TOLD


def test_nobody_asks_again_and_again_for_what_no_trying_mends(signing, partial, admin, clock, database):
    clock.advance(10 * MINUTE)
    with database.read() as session:
        row = session.get_one(Connection, partial.id)
        assert health.to_check(session, clock.now()) == []
        assert health.next_try(row, clock.now()) is None
        assert not health.worth_writing(row, None, row.last_ok_at + 1), "nor is each success written down"
        assert health.to_check(session, clock.now() + 7 * HOUR) == [partial.id], "but whether it lives is"
    signing.report(partial.remote_id, RetryLater("Not now."))
    with database.read() as session:
        assert health.to_check(session, clock.now()) == [partial.id]


def test_whoever_signs_in_again_and_allows_all_has_it_whole(signing, partial, admin, http, vendor):
    vendor.withheld = frozenset()
    again = reconnect(signing, admin, http, partial)
    assert again.id == partial.id
    view = signing.view(admin, partial.id)
    assert (view.state, view.problem, view.scopes) == ("live", "", ("read", "write"))


def test_whoever_allows_less_when_signing_in_again_is_told_too(signing, sign_in, admin, http, vendor):
    made = sign_in()
    vendor.withheld = frozenset({"read"})
    reconnect(signing, admin, http, made)
    assert "Missing: read (to list folders)." in signing.view(admin, made.id).problem
    vendor.withheld = frozenset({"write"})
    reconnect(signing, admin, http, made)
    assert signing.view(admin, made.id).problem == TOLD


def test_what_waits_for_a_choice_is_not_forgotten(signing, sign_in, admin, vendor):
    made = sign_in()
    vendor.withheld = frozenset({"write"})
    with pytest.raises(AlreadyConnected) as known:
        sign_in()
    assert signing.choose(admin, SESSION, known.value.state, Known.RENEW).id == made.id
    view = signing.view(admin, made.id)
    assert (view.problem, view.scopes) == (TOLD, ("read",))


def test_too_little_to_know_whose_account_it_is_makes_no_connection(signing, admin, http, vendor, monkeypatch):
    vendor.withheld = frozenset({"read", "write"})
    monkeypatch.setattr(vendor, "valid", lambda _token: False)
    url = signing.start_oauth(admin, SESSION, "tinyoauth", {}, secrets=REGISTRATION)
    with pytest.raises(Invalid) as told:
        signing.finish_oauth(SESSION, admin, approve(http, url))
    assert told.value.code == "scopes_missing"
    assert "read (to list folders), write (to put files there)" in told.value.what
    assert signing.list(admin) == []


def test_connections_from_before_are_whole(signing, sign_in, admin, database):
    made = sign_in()
    with database.unit() as session:
        session.execute(update(Connection).values(granted_scopes=[], lacking=""))
    assert signing.test(admin, made.id).state == "live"


# What counts as granted


def grant(*scopes, refresh="r"):
    return Grant("a", refresh, 3600, scopes)


SERVER = OAuth("", "", scopes=("read", "write", "offline_access"))


def test_a_refresh_token_is_the_answer_to_offline_access():
    assert allowed.missing(SERVER, grant("read", "write")) == ()
    assert allowed.missing(SERVER, grant("read", "write", refresh=None)) == ("offline_access",)


def test_more_than_was_asked_for_is_no_matter():
    assert allowed.missing(SERVER, grant("read", "write", "openid")) == ()
    assert allowed.missing(None, grant("read")) == ()


def test_long_lists_fit_into_a_problem():
    names = tuple(f"https://vendor.example/auth/scope-number-{number}" for number in range(40))
    server = OAuth("", "", scopes=names, why=dict.fromkeys(names, "because"))
    told = allowed.lacking("Tiny", server, grant())
    assert len(told) <= allowed.LONGEST
    assert "Missing: scope-number-0, scope-number-1," in told
    assert " more. What needs it" in told


@pytest.mark.parametrize("said", ["read write", "read,write", "read, write", ["read", "write"]])
def test_however_a_vendor_tells_them(oauth, said):
    answer = httpx.Response(200, json={"access_token": "a", "scope": said})
    with httpx.Client(transport=httpx.MockTransport(lambda _request: answer)) as http:
        flow = OAuthFlow(replace(oauth, scopes=("other",)), Client("hub"), redirect_uri=CALLBACK, http=http)
        assert flow.refresh("r").scopes == ("read", "write")
