"""Signing in: a Google account, and a service account's signed statement at a real token endpoint."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from connectors.google_drive import MANIFEST
from connectors.google_drive.types import Settings
from connectors.sdk.errors import AuthExpired, Misconfigured
from connectors.sdk.guard import Guard
from connectors.sdk.manifest import GrantKind
from connectors.sdk.oauth import Client, OAuthFlow, new_verifier
from connectors.sdk.wire import guarded_client
from connectors.testing.authorization_server import AuthorizationServer
from hub.connections.allowance import app_key, user_key
from tests.unit.connections.conftest import serving

EMAIL = "robot@project.iam.example"
NOW_S = 1_790_000_000
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = RSAKey.import_key(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
FILE = json.dumps({"type": "service_account", "client_email": EMAIL, "private_key": PEM, "private_key_id": "k1"})
BY_NAME = {auth.name: auth for auth in MANIFEST.auths}


def checks(statement):
    """Let Google check: who says so, for whom, signed by the key that it knows."""
    try:
        token = jwt.decode(statement, PUBLIC, algorithms=["RS256"])
    except JoseError:
        return ""
    claims = token.claims
    right = claims["aud"] == "https://oauth2.googleapis.com/token" and claims["exp"] - claims["iat"] <= 3600
    return f"{claims['iss']} as {claims.get('sub', 'itself')}" if right and claims["scope"].endswith("/drive") else ""


@pytest.fixture
def vendor():
    server = AuthorizationServer()
    server.checks_assertion = checks
    return server


@pytest.fixture
def flow(vendor):
    with serving(vendor.app) as origin, guarded_client(Guard(trusted_origins=(origin,))) as http:
        server = BY_NAME["service_account"].server(Settings(origin=origin))
        yield OAuthFlow(server, Client(""), redirect_uri="", http=http)


def test_a_service_account_gets_its_token_by_a_signed_statement(flow, vendor):
    auth = BY_NAME["service_account"]
    assert auth.by_machine
    assert auth.grant is GrantKind.ASSERTION
    grant = flow.machine(auth, {"key_file": FILE}, now_s=NOW_S)
    assert vendor.valid(grant.access_token)
    assert grant.refresh_token is None
    assert vendor.ledger[-1].note == f"{EMAIL} as itself"
    flow.machine(auth, {"key_file": FILE, "subject": "dana@example.com"}, now_s=NOW_S)
    assert vendor.ledger[-1].note == f"{EMAIL} as dana@example.com"


def test_statements_go_to_google_unless_another_address_stands_for_it():
    auth = BY_NAME["service_account"]
    assert auth.server(Settings()).token_url == "https://oauth2.googleapis.com/token"
    assert auth.server(Settings(origin="http://127.0.0.1:9100/")).token_url == "http://127.0.0.1:9100/token"


def test_a_statement_by_another_key_is_refused(flow):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file = json.dumps({"client_email": EMAIL, "private_key": pem})
    with pytest.raises(AuthExpired):
        flow.machine(BY_NAME["service_account"], {"key_file": file}, now_s=NOW_S)


@pytest.mark.parametrize("file", ["", "{}", "neither nor", json.dumps({"client_email": EMAIL, "private_key": "x"})])
def test_what_is_no_key_file_is_for_a_person_and_is_not_told(file):
    with pytest.raises(Misconfigured) as refused:
        BY_NAME["service_account"].assertion({"key_file": file}, NOW_S)
    assert "Paste" in refused.value.message
    assert not file or file not in f"{refused.value} {refused.value.detail}"


@pytest.mark.parametrize(
    ("name", "scope"), [("google_account", "auth/drive"), ("google_account_read", "auth/drive.readonly")]
)
def test_a_sign_in_asks_for_one_scope_and_for_a_lasting_permission(name, scope):
    auth = BY_NAME[name]
    flow = OAuthFlow(auth.oauth, Client("id"), redirect_uri="https://hub.example/oauth/callback", http=None)
    address = urlsplit(flow.authorize_url(state="s", verifier=new_verifier()))
    asked = {key: value[0] for key, value in parse_qs(address.query).items()}
    assert address.netloc == "accounts.google.com"
    assert (asked["access_type"], asked["prompt"], asked["code_challenge_method"]) == ("offline", "consent", "S256")
    assert asked["scope"].endswith(scope)
    assert " " not in asked["scope"]
    assert "include_granted_scopes" not in asked  # a sign-in only to read must not inherit the right to write


def test_a_refresh_that_brings_no_refresh_token_keeps_the_old_one(vendor):
    vendor.rotate = False
    vendor.redirect_uris = ("https://hub.example/cb",)
    with serving(vendor.app) as origin, guarded_client(Guard(trusted_origins=(origin,))) as http:
        oauth = replace(BY_NAME["google_account"].oauth, token_url=f"{origin}/token", pkce=False)
        flow = OAuthFlow(oauth, Client("hub", ""), redirect_uri="https://hub.example/cb", http=http)
        back = vendor.approve(redirect_uri="https://hub.example/cb", state="s", challenge="", scope="drive")
        vendor.pkce = False
        first = flow.exchange(parse_qs(urlsplit(back).query)["code"][0], verifier="")
        assert flow.refresh(first.refresh_token).refresh_token == first.refresh_token


def test_what_proves_webhooks_is_secret_and_there_for_each_way():
    for auth in MANIFEST.auths:
        assert [one.secret for one in auth.fields if one.signs] == [True]
    assert BY_NAME["google_account"].hook_secret({"client_secret": "s"}) == "s"
    assert BY_NAME["service_account"].hook_secret({"key_file": FILE}) == FILE


def test_an_app_in_testing_mode_signs_in_for_a_week():
    for name in ("google_account", "google_account_read"):
        assert BY_NAME[name].lasts(MANIFEST.settings(testing=True)) == 7
        assert BY_NAME[name].lasts(MANIFEST.settings()) is None
    assert BY_NAME["service_account"].lasts(MANIFEST.settings(testing=True)) is None


def key_file(**changes):
    return json.dumps({**json.loads(FILE), "project_id": "archive-2026", **changes})


def test_a_service_account_is_one_user_whomever_it_acts_for_and_shares_its_projects_budget():
    auth, other = BY_NAME["service_account"], key_file(client_email="second@project.iam.example")
    secrets = [{"key_file": key_file(), "subject": person} for person in ("dana@example.com", "ida@example.com")]
    assert len({user_key(MANIFEST, auth, each) for each in secrets}) == 1
    assert user_key(MANIFEST, auth, {"key_file": other}) != user_key(MANIFEST, auth, secrets[0])
    assert app_key(MANIFEST, auth, {"key_file": other}) == app_key(MANIFEST, auth, secrets[0])
    assert app_key(MANIFEST, auth, {"key_file": key_file(project_id="shop")}) != app_key(MANIFEST, auth, secrets[0])
    assert EMAIL not in user_key(MANIFEST, auth, secrets[0])


def test_people_are_users_of_their_own_and_clients_of_one_project_share_its_budget():
    for name in ("google_account", "google_account_read"):
        auth = BY_NAME[name]
        one, two, other = ({"client_id": f"{client}.apps.example"} for client in ("42-a", "42-b", "43-a"))
        assert user_key(MANIFEST, auth, one) is None
        assert app_key(MANIFEST, auth, one) == app_key(MANIFEST, auth, two) != app_key(MANIFEST, auth, other)
