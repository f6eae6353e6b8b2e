"""A real plugin's OAuth: what it answered on real sites is asked of the sandbox, and the connector signs in by it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.sdk.errors import AuthExpired, Misconfigured
from connectors.sdk.oauth import Client, OAuthFlow, new_verifier
from connectors.testing.serve import serve
from connectors.wordpress import MANIFEST
from connectors.wordpress.sandbox import REDIRECT, create
from connectors.wordpress.sandbox_oauth import CODE_S
from tests.unit.wordpress.kit import connected, outgoing

MEASURED = json.loads((Path(__file__).parent / "measured_oauth.json").read_text())["answers"]
PATHS = {"oauth_authorize": "/wp-login.php?action=oauth2_authorize", "oauth_token": "/wp-json/oauth2/access_token"}
OAUTH = next(auth for auth in MANIFEST.auths if auth.oauth)


@pytest.fixture
def there():
    sandbox = create()
    sandbox.plugin.on = True
    with serve(sandbox) as origin, httpx.Client(base_url=origin, timeout=5, trust_env=False) as http:
        yield sandbox, origin, http


def flow(sandbox, origin, http, client_id=""):
    server = OAUTH.server(MANIFEST.settings(site_url=origin, **PATHS))
    return OAuthFlow(server, Client(client_id or sandbox.plugin.client_id, "s" * 48), redirect_uri=REDIRECT, http=http)


def decided(http, address, button):
    """Press a button on the plugin's page."""
    page = http.get(address)
    action = re.search(r'id="oauth2_authorize_form" action="([^"]+)"', page.text)[1]
    return http.post(html.unescape(action), data={"_wpnonce": "x", "wp-submit": button})


def code_of(answer):
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def play(sandbox, origin, http):
    """Yield what each call that was measured is answered here: status, and body or address."""
    known = {origin: "SITE", sandbox.plugin.client_id: "CLIENT"}

    def plain(value):
        text = json.dumps(value)
        for secret, name in known.items():
            text = text.replace(secret, name)
        return json.loads(re.sub(r'"(expiration|time)": \d+', r'"\1": "TIME"', text))

    def exchange(code, client=sandbox.plugin.client_id, **more):
        sent = {"grant_type": "authorization_code", "client_id": client, "code": code, **more}
        return http.post("/wp-json/oauth2/access_token", data={name: value for name, value in sent.items() if value})

    def said(answer):
        return answer.status_code, plain(answer.json())

    def led(answer):
        return answer.status_code, plain(answer.headers["location"])

    address = flow(sandbox, origin, http).authorize_url(state="abc", verifier=new_verifier())
    status, index = said(http.get("/wp-json/"))
    yield "index", (status, index["authentication"])
    foreign = flow(sandbox, origin, http, "zzz").authorize_url(state="abc", verifier=new_verifier())
    yield "unknown client", (http.get(foreign).status_code, None)
    yield "no", led(decided(http, address, "cancel"))
    yes = decided(http, address, "authorize")
    known[code := code_of(yes)] = "CODE"
    yield "yes", led(yes)
    yield "wrong client", said(exchange(code, client="zzz"))
    got = exchange(code, client_secret="x", redirect_uri=REDIRECT, code_verifier="y" * 50)
    known[token := got.json()["access_token"]] = "TOKEN"
    yield "any secret", said(got)
    yield "code again", said(exchange(code))
    yield "client in the header", said(exchange(code, client=""))
    yield "refresh", said(exchange("", grant_type="refresh_token", refresh_token="zz"))
    late = code_of(decided(http, address, "authorize"))
    ended = sandbox.plugin._clock() + CODE_S + 1
    sandbox.plugin._clock = lambda: ended
    yield "code that ended", said(exchange(late))
    sandbox.plugin.tokens.clear()
    signed = {"Authorization": f"Bearer {token}"}
    yield "read, token revoked", said(http.get("/wp-json/wp/v2/users/me?context=edit", headers=signed))
    yield "upload, token revoked", said(http.post("/wp-json/wp/v2/media", headers=signed, files={"file": ("x", b"x")}))
    yield "index, token revoked", said(http.get("/wp-json/", headers=signed))


def test_the_sandbox_answers_as_the_plugin_did(there):
    answers = {name: list(answer) for name, answer in play(*there)}
    assert answers == MEASURED


def test_a_person_connects_by_the_plugin_and_takes_it_back_there(there):
    sandbox, origin, http = there
    dance, verifier = flow(*there), new_verifier()
    back = decided(http, dance.authorize_url(state="abc", verifier=verifier), "authorize")
    grant = dance.exchange(code_of(back), verifier=verifier)
    assert (grant.refresh_token, grant.expires_in_s) == (None, None)
    site = connected(origin, {"access_token": grant.access_token}, auth="oauth", **PATHS)
    (target,) = site.targets(None).items
    ref = site.publish(target, outgoing()).ref
    assert site.look(target, ref).sha256 == outgoing().sha256
    sandbox.plugin.tokens.clear()
    with pytest.raises(AuthExpired) as told:
        site.identify()
    assert grant.access_token not in f"{told.value} {told.value.detail}"


def test_a_code_that_is_used_twice_is_told(there):
    _, _, http = there
    dance, verifier = flow(*there), new_verifier()
    code = code_of(decided(http, dance.authorize_url(state="abc", verifier=verifier), "authorize"))
    dance.exchange(code, verifier=verifier)
    with pytest.raises(Misconfigured):
        dance.exchange(code, verifier=verifier)
