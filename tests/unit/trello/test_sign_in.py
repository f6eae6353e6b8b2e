"""Signing in with Atlassian: PKCE, JSON at the token endpoint, refresh tokens that rotate, least scopes."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.sdk.errors import AuthExpired, Misconfigured
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, guarded_client
from connectors.sdk.oauth import Client, OAuthFlow, new_verifier
from connectors.testing.faults import refuse
from connectors.trello import MANIFEST
from connectors.trello.sandbox import REDIRECT
from connectors.trello.types import SCOPES, Settings

TYPED, OAUTH = MANIFEST.auths


@pytest.fixture
def http(sandbox):
    with guarded_client(Guard(trusted_origins=[sandbox.origin])) as client:
        yield client


@pytest.fixture
def settings(sandbox):
    return Settings.model_validate(sandbox.settings(sandbox.origin))


@pytest.fixture
def flow(sandbox, settings, http):
    registered = Client(sandbox.authorization.client_id, sandbox.authorization.client_secret)
    return OAuthFlow(OAUTH.server(settings), registered, redirect_uri=REDIRECT, http=http)


def allow(flow, verifier, state="s" * 40):
    """Say yes in the browser; return the code that comes back."""
    answer = httpx.post(flow.authorize_url(state=state, verifier=verifier), data={"allow": "yes"}, trust_env=False)
    came = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert came["state"] == [state]
    return came["code"][0]


@pytest.fixture
def grant(flow):
    verifier = new_verifier()
    return flow.exchange(allow(flow, verifier), verifier=verifier)


def connected(http, settings, token):
    headers = OAUTH.headers({"access_token": token})
    return MANIFEST.connect(Api(settings.origin, manifest=MANIFEST, client=http, headers=lambda: headers), settings)


def test_the_browser_is_sent_to_atlassian_with_a_challenge_and_a_wish_for_consent(http):
    flow = OAuthFlow(OAUTH.server(Settings()), Client("id", "secret"), redirect_uri=REDIRECT, http=http)
    address = flow.authorize_url(state="state", verifier="v" * 60)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith("https://auth.atlassian.com/authorize?")
    assert (asked["code_challenge_method"], asked["prompt"], asked["response_type"]) == ("S256", "consent", "code")
    assert asked["scope"].split() == list(SCOPES)
    assert "audience" not in asked


def test_no_scope_is_wider_than_boards_and_who_we_are():
    assert set(SCOPES) == {"read:board:trello", "write:board:trello", "read:member:trello", "offline_access"}


def test_both_addresses_can_be_others_as_atlassians_own_papers_differ():
    printed = "https://auth.atlassian.com/authorize/oauth/token"
    assert OAUTH.server(Settings(token_url=printed)).token_url == printed


def test_the_granted_token_works_and_its_writes_are_known_as_ours(sandbox, http, settings, grant):
    trello = connected(http, settings, grant.access_token)
    assert trello.identify().label == "Dana Editor"
    assert grant.expires_in_s == 3600
    assert sandbox.requests[-1].headers["x-trello-client-identifier"] == "damhub"
    assert sandbox.violations == []


def test_a_wrong_verifier_gives_nothing(flow):
    with pytest.raises(AuthExpired):
        flow.exchange(allow(flow, new_verifier()), verifier=new_verifier())


def test_a_refresh_token_is_replaced_and_the_old_one_used_again_ends_all(sandbox, http, settings, flow, grant):
    second = flow.refresh(grant.refresh_token)
    assert second.refresh_token != grant.refresh_token
    assert connected(http, settings, second.access_token).identify().key
    with pytest.raises(AuthExpired):
        flow.refresh(grant.refresh_token)
    with pytest.raises(AuthExpired):
        connected(http, settings, second.access_token).identify()


def test_an_unknown_client_is_a_setting_to_put_right(settings, http):
    flow = OAuthFlow(OAUTH.server(settings), Client("other", "secret"), redirect_uri=REDIRECT, http=http)
    with pytest.raises(Misconfigured):
        flow.refresh("refresh-token")


def test_an_expired_bearer_token_is_renewed_and_a_refused_board_is_not_a_reason_to(sandbox, http, settings, grant):
    renewed = []
    headers = {"current": OAUTH.headers({"access_token": "expired-token"})}

    def renew():
        renewed.append(True)
        headers["current"] = OAUTH.headers({"access_token": grant.access_token})
        return True

    api = Api(settings.origin, manifest=MANIFEST, client=http, headers=lambda: headers["current"], renew=renew)
    trello = MANIFEST.connect(api, settings)
    assert trello.identify().key
    assert renewed == [True]
    sandbox.faults.add(refuse(401, on="read", body="unauthorized board permission requested", times=None))
    with pytest.raises(Misconfigured):
        trello.targets(None)
    assert renewed == [True]


def test_webhooks_are_proven_with_the_api_secret_in_both_ways():
    assert TYPED.hook_secret({"key": "k", "token": "t", "secret": "s"}) == "s"
    assert OAUTH.hook_secret({"client_id": "i", "client_secret": "c", "secret": "s"}) == "s"
    assert OAUTH.hook_secret({"client_id": "i", "client_secret": "c"}) == ""


def test_each_way_counts_its_apps_limits_by_its_own_key():
    assert (TYPED.app, OAUTH.app) == ("key", "client_id")
