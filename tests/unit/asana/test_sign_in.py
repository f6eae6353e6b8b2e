"""Signing in at Asana: PKCE, the refresh token that comes once, the one token that is taken back, least scopes."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.asana import MANIFEST, SCOPES
from connectors.asana.sandbox import REDIRECT
from connectors.sdk.errors import AuthExpired, Misconfigured
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, guarded_client
from connectors.sdk.oauth import Client, OAuthFlow, new_verifier

OAUTH = MANIFEST.auths[1]


@pytest.fixture
def http(sandbox):
    with guarded_client(Guard(trusted_origins=[sandbox.origin])) as client:
        yield client


@pytest.fixture
def flow(sandbox, http):
    registered = Client(sandbox.authorization.client_id, sandbox.authorization.client_secret)
    server = OAUTH.server(MANIFEST.settings(origin=sandbox.origin))
    return OAuthFlow(server, registered, redirect_uri=REDIRECT, http=http)


def allow(flow, verifier, state="s" * 40):
    """Say yes in the browser; return the code that comes back."""
    address = flow.authorize_url(state=state, verifier=verifier)
    answer = httpx.post(address, data={"allow": "yes"}, trust_env=False)
    came = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert came["state"] == [state]
    return came["code"][0]


@pytest.fixture
def grant(flow):
    verifier = new_verifier()
    return flow.exchange(allow(flow, verifier), verifier=verifier)


def test_the_browser_is_sent_to_asana_with_a_challenge(sandbox, flow):
    address = urlsplit(flow.authorize_url(state="state", verifier="v" * 60))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert address.path == "/-/oauth_authorize"
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", REDIRECT)
    assert asked["scope"].split() == list(SCOPES)


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({}, set()), ({"asset_field": "12"}, {"tasks:write"}), ({"comments": True}, {"stories:write"}),
        ({"asset_field": "12", "comments": True}, {"tasks:write", "stories:write"}),
    ],
)  # fmt: skip
def test_no_more_is_asked_for_than_the_settings_need(settings, more):
    scopes = OAUTH.server(MANIFEST.settings(**settings)).scopes
    assert set(scopes) - set(SCOPES) == more
    assert "default" not in scopes


def test_a_wrong_verifier_gives_nothing(flow):
    with pytest.raises(AuthExpired):
        flow.exchange(allow(flow, new_verifier()), verifier=new_verifier())


def test_the_granted_token_works(sandbox, http, grant):
    headers = OAUTH.headers({"access_token": grant.access_token})
    api = Api(sandbox.origin, manifest=MANIFEST, client=http, headers=lambda: headers)
    assert MANIFEST.connect(api, MANIFEST.settings(origin=sandbox.origin)).identify().label == "Dana Editor"
    assert grant.expires_in_s == 3600


def test_what_a_person_unticks_is_not_granted_and_a_call_that_needs_it_is_refused(sandbox, flow, http):
    sandbox.authorization.withheld = frozenset({"projects:read"})
    verifier = new_verifier()
    grant = flow.exchange(allow(flow, verifier), verifier=verifier)
    assert set(SCOPES) - set(grant.scopes) == {"projects:read"}
    headers = OAUTH.headers({"access_token": grant.access_token})
    api = Api(sandbox.origin, manifest=MANIFEST, client=http, headers=lambda: headers)
    asana = MANIFEST.connect(api, MANIFEST.settings(origin=sandbox.origin))
    assert asana.identify().label == "Dana Editor"
    with pytest.raises(Misconfigured, match="projects:read"):
        asana.targets(None)


def test_a_renewal_brings_no_refresh_token_and_the_old_one_is_kept_and_works_again(flow, grant):
    first = flow.refresh(grant.refresh_token)
    second = flow.refresh(first.refresh_token)
    assert first.refresh_token == second.refresh_token == grant.refresh_token
    assert len({grant.access_token, first.access_token, second.access_token}) == 3


def test_the_refresh_token_is_taken_back_and_a_bearer_token_is_not(sandbox, flow, grant):
    with pytest.raises(Misconfigured):
        flow.revoke(grant.access_token)
    assert sandbox.authorization.valid(grant.access_token)
    flow.revoke(grant.refresh_token)
    flow.revoke("unknown-to-asana")
    assert not sandbox.authorization.valid(grant.access_token)
    with pytest.raises(AuthExpired):
        flow.refresh(grant.refresh_token)


def test_the_printed_answer_has_the_form_of_the_sandboxs(sandbox, flow, samples, http):
    verifier = new_verifier()
    sent = {
        "grant_type": "authorization_code", "code": allow(flow, verifier), "code_verifier": verifier,
        "client_id": sandbox.authorization.client_id, "client_secret": sandbox.authorization.client_secret,
        "redirect_uri": REDIRECT,
    }  # fmt: skip
    answer = httpx.post(f"{sandbox.origin}/-/oauth_token", data=sent, trust_env=False).json()
    assert set(samples["token"]) <= set(answer)
    assert set(samples["token"]["data"]) == set(answer["data"])
    assert answer["token_type"] == samples["token"]["token_type"]
