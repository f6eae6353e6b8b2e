"""Permission without a person: client credentials and signed statements; and vendors with habits of their own."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.sdk.errors import AuthExpired
from connectors.sdk.manifest import Auth, AuthField, GrantKind
from connectors.sdk.oauth import Client, OAuthFlow, new_verifier
from hub.clock import HOUR
from hub.connections.service import Connections
from hub.connections.speaking import Speaking
from hub.errors import Invalid
from tests.unit.connections.conftest import CALLBACK, CLIENT_SECRET
from tests.unit.connections.fakevendor import oauth_manifest, tiny_manifest
from tests.unit.connections.test_oauth import approve

SECRETS = {"client_id": "hub", "client_secret": CLIENT_SECRET}
FIELDS = (AuthField("client_id", "Client id"), AuthField("client_secret", "Client secret", secret=True))


def bearer(secrets):
    return {"Authorization": f"Bearer {secrets['access_token']}"}


def by(grant, **more):
    return Auth("machine", "Machine", bearer, FIELDS, grant=grant, **more)


def stated(secrets, now_s):
    return f"signed by {secrets['client_id']} at {now_s}"


def signer(statement):
    return statement.split()[2] if statement.startswith("signed by ") else ""


@pytest.fixture
def flow(oauth, http):
    return OAuthFlow(oauth, Client("hub", CLIENT_SECRET), redirect_uri=CALLBACK, http=http)


def test_a_registration_is_permission_enough_where_the_vendor_says_so(flow, vendor):
    vendor.machines = True
    grant = flow.machine(by(GrantKind.CLIENT), SECRETS, now_s=1)
    assert vendor.valid(grant.access_token)
    assert grant.refresh_token is None


def test_a_signed_statement_needs_no_client_secret(oauth, http, vendor):
    vendor.checks_assertion = signer
    flow = OAuthFlow(oauth, Client(""), redirect_uri=CALLBACK, http=http)
    grant = flow.machine(by(GrantKind.ASSERTION, assertion=stated), SECRETS, now_s=77)
    assert vendor.valid(grant.access_token)
    assert vendor.ledger[-1].note == "hub"
    vendor.checks_assertion = lambda _statement: ""
    with pytest.raises(AuthExpired):
        flow.machine(by(GrantKind.ASSERTION, assertion=stated), SECRETS, now_s=77)


def test_what_a_person_must_give_no_machine_takes(flow):
    with pytest.raises(ValueError, match="needs a person"):
        flow.machine(by(GrantKind.CODE), SECRETS, now_s=1)


def test_a_vendor_without_pkce_with_words_of_its_own_and_json(oauth, http, vendor):
    vendor.pkce, vendor.takes_json = False, True
    other = replace(
        oauth, pkce=False, json_body=True, token_auth="client_secret_post", authorize_more={"access_type": "offline"}
    )
    flow = OAuthFlow(other, Client("hub", CLIENT_SECRET), redirect_uri=CALLBACK, http=http)
    url = flow.authorize_url(state="s", verifier=new_verifier())
    asked = parse_qs(urlsplit(url).query)
    assert asked["access_type"] == ["offline"]
    assert "code_challenge" not in asked
    grant = flow.exchange(approve(http, url)["code"], verifier="unused")
    assert vendor.valid(flow.refresh(grant.refresh_token).access_token)


@pytest.fixture
def machine(database, clock, keyring, settings, oauth, origin, vendor, http):
    """The service, with a connector whose sites have their own sign-in service and ask no person."""
    from hub.db.installation import wake

    wake(database, settings, clock)
    vendor.machines = True
    vendor._clock = lambda: clock.now() / 1000
    auth = by(GrantKind.CLIENT, oauth=lambda site: replace(oauth, token_url=f"{site.site}/token"))
    manifest = tiny_manifest(
        name="machine", auths=(auth,), origin=lambda site: site.site, abilities={}, inbound=None
    )  # fmt: skip
    registry = {"machine": manifest, "tinyoauth": oauth_manifest(oauth, origin)}
    speaking = Speaking(
        database, clock, keyring, registry, base_url=settings.url, trusted_origins=[], client=http,
        sleep=lambda _seconds: None,
    )  # fmt: skip
    return Connections(database, clock, keyring, registry, settings, speaking=speaking)


def test_connecting_by_machine_asks_for_a_token_at_the_sites_own_service(machine, admin, origin, vendor):
    made = machine.connect(admin, "machine", auth="", settings={"site": origin}, secrets=SECRETS)
    assert vendor.count("granted") == 1
    assert machine.view(admin, made.id).state == "live"
    assert machine.view(admin, made.id).ends_at is None, "it is renewed by itself"


def test_a_token_that_ends_is_asked_for_anew(machine, admin, origin, vendor, clock):
    made = machine.connect(admin, "machine", auth="", settings={"site": origin}, secrets=SECRETS)
    clock.advance(2 * HOUR)
    assert machine.test(admin, made.id).state == "live"
    assert vendor.count("granted") == 2


def test_a_token_that_was_revoked_is_asked_for_anew(machine, admin, origin, vendor):
    made = machine.connect(admin, "machine", auth="", settings={"site": origin}, secrets=SECRETS)
    vendor.withdraw_consent()
    assert machine.test(admin, made.id).state == "live"
    assert vendor.count("granted") == 2


def test_a_registration_that_the_service_refuses_is_told_and_nothing_is_kept(machine, admin, origin):
    with pytest.raises(Invalid) as refused:
        machine.connect(
            admin, "machine", auth="", settings={"site": origin}, secrets={**SECRETS, "client_secret": "wrong"}
        )
    assert "registration" in refused.value.what
    assert machine.list(admin) == []


def test_each_way_is_begun_as_it_must_be(machine, admin, origin):
    with pytest.raises(Invalid) as no_browser:
        machine.start_oauth(admin, "session", "machine", {"site": origin}, auth="machine", secrets=SECRETS)
    assert no_browser.value.code == "oauth_not_offered"
    with pytest.raises(Invalid) as browser:
        machine.connect(admin, "tinyoauth", auth="", settings={}, secrets=SECRETS)
    assert browser.value.code == "oauth_required"


def test_disconnecting_revokes_at_the_sites_own_service(machine, admin, origin, vendor):
    made = machine.connect(admin, "machine", auth="", settings={"site": origin}, secrets=SECRETS)
    machine.disconnect(admin, made.id)
    assert vendor.count("revoked") == 1
