"""OAuth by a plugin: a person signs in at the site, and the token opens REST and nothing else."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.sdk.errors import AuthExpired, Misconfigured
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api
from connectors.sdk.oauth import Client, OAuthFlow, new_verifier
from connectors.sdk.wire import guarded_client
from connectors.testing.serve import serve
from connectors.wordpress import MANIFEST
from connectors.wordpress.sandbox import REDIRECT, create

OAUTH = next(auth for auth in MANIFEST.auths if auth.oauth)


@pytest.fixture
def there():
    sandbox = create()
    with serve(sandbox) as origin, httpx.Client(timeout=5, trust_env=False) as http:
        yield sandbox, origin, http


def granted(sandbox, origin, http):
    client = Client("damhub", sandbox.authorization.client_secret)
    flow = OAuthFlow(OAUTH.server(MANIFEST.settings(site_url=origin)), client, redirect_uri=REDIRECT, http=http)
    verifier = new_verifier()
    address = flow.authorize_url(state="s" * 40, verifier=verifier)
    assert address.startswith(f"{origin}/oauth/authorize?")
    back = http.post(address, data={"allow": "yes"}).headers["Location"]
    return flow.exchange(parse_qs(urlsplit(back).query)["code"][0], verifier=verifier)


def speak(origin, grant, **more):
    settings = MANIFEST.settings(site_url=origin, **more)
    headers = OAUTH.headers({"access_token": grant.access_token})
    client = guarded_client(Guard(trusted_origins=[origin]))
    return MANIFEST.connect(Api(origin, manifest=MANIFEST, client=client, headers=lambda: headers), settings)


def test_a_person_signs_in_at_the_site(there):
    sandbox, origin, _ = there
    assert OAUTH.in_browser
    grant = granted(*there)
    assert speak(origin, grant).identify().user == "admin"
    sandbox.authorization.withdraw_consent()
    with pytest.raises(AuthExpired):
        speak(origin, grant).identify()


def test_a_token_is_nothing_for_xml_rpc_and_never_sent_there_as_a_password(there):
    sandbox, origin, _ = there
    grant = granted(*there)
    sandbox.reset_requests()
    with pytest.raises(Misconfigured, match="application password"):
        speak(origin, grant, protocol="xmlrpc").identify()
    assert sandbox.requests == []


def test_paths_of_other_plugins_are_settings():
    paths = {"oauth_authorize": "/wp-json/moserver/authorize", "oauth_token": "/wp-json/moserver/token"}
    server = OAUTH.server(MANIFEST.settings(site_url="https://x.org/blog", **paths))
    assert server.authorize_url == "https://x.org/blog/wp-json/moserver/authorize"
    assert server.token_url == "https://x.org/blog/wp-json/moserver/token"
    plain = OAUTH.server(MANIFEST.settings(site_url="https://x.org", oauth_token="/?rest_route=/oauth2/access_token"))
    assert plain.token_url == "https://x.org/?rest_route=/oauth2/access_token"


@pytest.mark.parametrize(
    "path", ["https://evil.example/token", "@evil.example", ".evil.example", ":8080/x", "token", "/x?a#b"]
)
def test_a_token_is_fetched_nowhere_else(path):
    with pytest.raises(ValueError, match="oauth_token"):
        MANIFEST.settings(site_url="https://x.org", oauth_token=path)
