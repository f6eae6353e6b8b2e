"""A site that is reached by signing in at WordPress.com: other addresses, the same site."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from connectors.sdk.errors import AuthExpired, Missing
from connectors.sdk.oauth import Client, OAuthFlow, new_verifier
from connectors.sdk.paging import every
from connectors.testing.faults import refuse
from connectors.testing.serve import serve
from connectors.wordpress import MANIFEST
from connectors.wordpress.sandbox import REDIRECT, create
from connectors.wordpress.types import LIBRARY
from tests.unit.wordpress.kit import connected, outgoing, picture

OAUTH = next(auth for auth in MANIFEST.auths if auth.oauth)


@pytest.fixture
def there():
    sandbox = create()
    with serve(sandbox) as origin, httpx.Client(timeout=5, trust_env=False) as http:
        yield sandbox, origin, http


def ways(origin):
    return {"protocol": "wordpress_com", "wordpress_com": origin}


def granted(sandbox, origin, http):
    client = Client("damhub", sandbox.authorization.client_secret)
    server = OAUTH.server(MANIFEST.settings(site_url=origin, **ways(origin)))
    flow = OAuthFlow(server, client, redirect_uri=REDIRECT, http=http)
    verifier = new_verifier()
    back = http.post(flow.authorize_url(state="abc", verifier=verifier), data={"allow": "yes"}).headers["Location"]
    return flow.exchange(parse_qs(urlsplit(back).query)["code"][0], verifier=verifier)


@pytest.fixture
def site(there):
    sandbox, origin, _ = there
    sandbox.known_as = "shop.example::en"  # where nobody answers: all goes to WordPress.com
    secrets = {"access_token": granted(*there).access_token}
    connector = connected("https://shop.example/en", secrets, auth="oauth", **ways(origin))
    return sandbox, connector, *every(connector.targets)


def test_a_person_is_sent_to_wordpress_com_for_this_one_site():
    settings = MANIFEST.settings(site_url="https://shop.wordpress.com", protocol="wordpress_com")
    server = OAUTH.server(settings)
    assert server.token_url == "https://public-api.wordpress.com/oauth2/token"
    with httpx.Client() as http:
        flow = OAuthFlow(server, Client("7"), redirect_uri=REDIRECT, http=http)
        address = urlsplit(flow.authorize_url(state="abc", verifier=new_verifier()))
    assert address._replace(query="").geturl() == "https://public-api.wordpress.com/oauth2/authorize"
    assert dict(parse_qsl(address.query))["blog"] == "https://shop.wordpress.com"
    assert MANIFEST.origin(settings) == "https://public-api.wordpress.com"
    assert MANIFEST.further_origins(settings) == ()


def test_a_copys_life_at_wordpress_coms_address(site):
    sandbox, connector, target = site
    assert connector.identify().key == sandbox.origin
    cursor = connector.changes(None).cursor
    old = connector.publish(target, outgoing()).ref
    sandbox.use(LIBRARY, old)
    sandbox.brand["site_logo"] = int(old)
    assert [use.label for use in every(lambda at: connector.uses(target, old, at))] == ["Site logo", "A use (image)"]
    assert connector.look(target, old).sha256 == outgoing().sha256
    assert {one.ref for one in connector.changes(cursor).items} == {old}
    into = io.BytesIO()
    assert [connector.fetch(item.ref, into).size for item in every(connector.inventory)] == [len(picture())]
    connector.update(target, old, {"title": "Changed"})
    new = connector.publish(target, outgoing(picture(colour=(200, 10, 10)))).ref
    connector.repoint(target, old, new)
    assert sandbox.brand["site_logo"] == int(new)
    connector.withdraw(target, old)
    assert [copy.ref for copy in connector.find(target, outgoing().marker)] == [new]
    with pytest.raises(Missing):
        connector.look(target, old)


def test_a_token_goes_to_wordpress_com_and_never_to_the_site(there):
    _, origin, _ = there
    token = granted(*there).access_token
    own = create()
    with serve(own) as address:
        connector = connected(address, {"access_token": token}, auth="oauth", **ways(origin))
        with pytest.raises(Missing):  # WordPress.com knows no such site here
            connector.identify()
        assert own.requests == []


def test_a_site_in_a_folder_is_named_as_wordpress_com_names_it(there):
    sandbox, origin, _ = there
    connector = connected("https://x.org/blog/en", {"access_token": "t"}, auth="oauth", **ways(origin))
    with pytest.raises(AuthExpired):
        connector.identify()
    assert sandbox.requests[-1].path == "/rest/v1.1/sites/x.org::blog::en"


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("code", ["invalid_token", "authorization_required"])
def test_a_token_that_was_taken_back_needs_a_person(site, status, code):
    sandbox, connector, _ = site
    sandbox.faults.add(refuse(status, body=f'{{"error": "{code}", "message": "The OAuth2 token is invalid."}}'))
    with pytest.raises(AuthExpired) as told:
        connector.identify()
    assert code in told.value.detail


def test_each_site_is_connected_by_itself():
    with pytest.raises(ValueError, match="each one by itself"):
        MANIFEST.settings(site_url="https://x.org", sites=("https://x.org/b",), protocol="wordpress_com")
