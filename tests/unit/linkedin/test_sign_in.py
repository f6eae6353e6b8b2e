"""Signing in at LinkedIn: no PKCE in the browser, the secret in the body, scopes for what is switched on alone."""

from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from connectors.linkedin import MANIFEST
from connectors.linkedin.types import error_code
from connectors.sdk.errors import AuthExpired
from connectors.sdk.guard import Guard
from connectors.sdk.http import guarded_client
from connectors.sdk.oauth import Client, OAuthFlow, new_state, new_verifier
from connectors.testing.conformance import CHECKS, Outcome, run

SIGN_IN = next(auth for auth in MANIFEST.auths if auth.in_browser)
BACK = "https://hub.example/oauth/callback"


class Server:
    """Remembers what was asked at the token endpoint, and answers one thing."""

    def __init__(self, status=200, **answer):
        self.asked = []
        transport = httpx.MockTransport(lambda request: self._answer(request, status, answer))
        self.http = guarded_client(Guard(), transport=transport)

    def _answer(self, request, status, answer):
        self.asked.append(request)
        return httpx.Response(status, json=answer)

    def flow(self, **settings):
        server = SIGN_IN.server(MANIFEST.settings(**settings))
        return OAuthFlow(server, Client("77abc", "WPL-secret"), redirect_uri=BACK, http=self.http)


@pytest.mark.parametrize(
    ("pages", "scopes"),
    [
        (False, {"openid", "profile", "w_member_social"}),
        (True, {"r_basicprofile", "r_organization_admin", "w_organization_social", "r_organization_social"}),
    ],
)
def test_only_the_scopes_of_what_is_switched_on_are_asked_for(pages, scopes):
    url = Server().flow(pages=pages).authorize_url(state=new_state(), verifier=new_verifier())
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith("https://www.linkedin.com/oauth/v2/authorization?")
    assert set(asked["scope"][0].split()) == scopes
    assert asked["redirect_uri"] == [BACK]
    assert not [name for name in asked if name.startswith("code_challenge")]


def test_the_secret_goes_in_the_body_and_a_token_without_a_refresh_token_is_taken():
    server = Server(access_token="AQX" * 400, expires_in=5184000, scope="openid,profile,w_member_social")
    grant = server.flow().exchange("code", verifier=new_verifier())
    (request,) = server.asked
    sent = dict(parse_qsl(request.content.decode()))
    assert str(request.url) == "https://www.linkedin.com/oauth/v2/accessToken"
    assert (sent["client_id"], sent["client_secret"]) == ("77abc", "WPL-secret")
    assert "authorization" not in request.headers
    assert "code_verifier" not in sent
    assert grant.expires_in_s == 60 * 24 * 3600
    assert grant.refresh_token is None
    assert grant.scopes == ("openid", "profile", "w_member_social")
    assert len(grant.access_token) == 1200


@pytest.mark.parametrize("scope", ["openid,profile", "openid profile", "openid, profile"])
def test_granted_scopes_are_split_at_commas_and_blanks(scope):
    grant = Server(access_token="AQX", scope=scope).flow().exchange("code", verifier=new_verifier())
    assert grant.scopes == ("openid", "profile")


def test_a_partners_refresh_token_is_used_and_kept():
    server = Server(access_token="AQX2", expires_in=5184000, refresh_token="AQY", refresh_token_expires_in=26438400)
    grant = server.flow(pages=True).refresh("AQY")
    assert dict(parse_qsl(server.asked[0].content.decode()))["grant_type"] == "refresh_token"
    assert grant.refresh_token == "AQY"


def test_a_sign_in_lasts_60_days_whichever_way_it_was_made():
    assert {auth.lasts(MANIFEST.settings()) for auth in MANIFEST.auths} == {60}


def test_a_grant_that_ended_needs_a_person():
    with pytest.raises(AuthExpired):
        Server(400, error="invalid_grant").flow().refresh("old")


def test_credentials_go_to_linkedins_two_hosts_alone():
    settings = MANIFEST.settings()
    assert (MANIFEST.origin(settings), MANIFEST.further_origins(settings)) == (
        "https://api.linkedin.com", ("https://www.linkedin.com",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"status": 403, "code": "ACCESS_DENIED", "serviceErrorCode": 100}, "ACCESS_DENIED"),
        ({"errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]}, "status": 422}, "DUPLICATE_POST"),
        ({"errorDetails": {"inputErrors": []}, "code": "X"}, "X"),
        ({"errorDetails": "none", "code": 7}, ""),
        ({"error": "invalid_request"}, "invalid_request"),
        ([], ""), (None, ""), ("text", ""),
    ],
)  # fmt: skip
def test_the_code_of_a_refusal_is_found_wherever_it_stands(body, code):
    assert error_code(body, "") == code


def test_a_sentence_that_means_wait_is_known_whatever_its_code():
    assert error_code({"code": "BAD_REQUEST"}, '{"message": "Unable to obtain activity"}') == "not_ready"


@pytest.mark.parametrize("account", ["create_member", "create_counted"])
def test_the_suite_holds_for_a_member_too(account):
    """Nothing can be read there: what a member's connection can do passes the same checks."""

    as_member = replace(MANIFEST.at("member"), sandbox=f"connectors.linkedin.sandbox:{account}", differs={})
    skipped = {"manifest-agrees", "targets-described"}  # the class can more; the one target
    if account == "create_member":
        skipped |= {"numbers-told"}  # a self-serve app is told none
    results = {name: run(as_member, check) for name, check in CHECKS.items() if name not in skipped}
    assert not {name: result.why for name, result in results.items() if result.outcome is Outcome.FAILED}
    assert sum(result.outcome is Outcome.PASSED for result in results.values()) >= 30


def test_the_right_to_manage_pages_is_asked_for_only_with_views_and_news():
    asked = [SIGN_IN.server(MANIFEST.settings(pages=True, insights=insights)).scopes for insights in (False, True)]
    assert ["rw_organization_admin" in scopes for scopes in asked] == [False, True]
    assert ["r_organization_admin" in scopes for scopes in asked] == [True, False]
