"""Signing in at Postiz: one app, one redirect address, a token without an end and without parts."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.postiz import MANIFEST
from connectors.sdk.errors import AuthExpired, NeedsPerson
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
    app = sandbox.authorization
    server = OAUTH.server(MANIFEST.settings(address=sandbox.origin))
    return OAuthFlow(server, Client(app.client_id, app.client_secret), redirect_uri=app.redirect_uri, http=http)


def come_back(flow, answer="yes", verifier="v" * 60):
    """Answer in the browser; return the query that comes back."""
    address = flow.authorize_url(state="s" * 40, verifier=verifier)
    assert httpx.get(address, trust_env=False).status_code == 200
    back = httpx.post(address, data={"allow": answer}, trust_env=False).headers["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}


def test_the_granted_token_works_without_bearer_and_never_ends(sandbox, http, flow):
    verifier = new_verifier()
    came = come_back(flow, verifier=verifier)
    assert came["state"] == "s" * 40
    grant = flow.exchange(came["code"], verifier=verifier)
    assert grant.access_token.startswith("pos_")
    assert (grant.refresh_token, grant.expires_in_s) in {(None, None), ("", None)}
    api = Api(sandbox.origin, manifest=MANIFEST, client=http,
              headers=lambda: OAUTH.headers({"access_token": grant.access_token}))  # fmt: skip
    connection = MANIFEST.connect(api, MANIFEST.settings(address=sandbox.origin))
    assert connection.identify().key == sandbox.origin
    sandbox.tokens.clear()
    with pytest.raises(AuthExpired):
        connection.identify()


def test_a_no_is_told(flow):
    assert come_back(flow, "no")["error"] == "access_denied"


def test_a_code_is_good_once_and_for_ten_minutes(sandbox, flow):
    code = come_back(flow)["code"]
    flow.exchange(code, verifier="v" * 60)
    with pytest.raises(NeedsPerson):
        flow.exchange(code, verifier="v" * 60)
    late = come_back(flow)["code"]
    now = sandbox.authorization.clock()
    sandbox.authorization.clock = lambda: now + 601
    with pytest.raises(NeedsPerson):
        flow.exchange(late, verifier="v" * 60)


@pytest.mark.parametrize("kind", ["json", "data"])
def test_the_answers_are_those_of_the_real_one(sandbox, flow, kind):
    app = sandbox.authorization
    sent = {"grant_type": "authorization_code", "client_id": app.client_id, "client_secret": app.client_secret}
    url = f"{sandbox.origin}/oauth/token"
    good = httpx.post(url, **{kind: {**sent, "code": come_back(flow)["code"]}}, trust_env=False)
    assert {**good.json(), "access_token": "", "id": ""} == {
        "id": "", "cus": None, "access_token": "", "token_type": "bearer", "scope": "mcp:read mcp:write",
    }  # fmt: skip
    wrong = httpx.post(url, **{kind: {**sent, "client_secret": "x", "code": "y"}}, trust_env=False)
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})
    used = httpx.post(url, **{kind: {**sent, "code": "used"}}, trust_env=False)
    assert (used.status_code, used.json()) == (400, {"error": "invalid_grant"})
    renewal = httpx.post(url, **{kind: {**sent, "grant_type": "refresh_token"}}, trust_env=False)
    assert renewal.status_code == 400
    assert isinstance(renewal.json()["message"], list)


def test_no_scopes_are_asked_for_since_nobody_is_held_to_them(flow):
    asked = parse_qs(urlsplit(flow.authorize_url(state="s", verifier="v" * 60)).query)
    assert "scope" not in asked
    assert asked["response_type"] == ["code"]
