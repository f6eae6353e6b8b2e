"""A person makes an application password on a real site's page, as the connect page sends them there."""

from __future__ import annotations

import html
import re
import secrets
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.sdk.errors import AuthExpired
from connectors.wordpress import MANIFEST
from tests import services
from tests.unit.wordpress.kit import connected

pytestmark = pytest.mark.service("wordpress")
BACK = "https://hub.example/oauth/callback?state=abc"
WAY = next(auth.hand_over for auth in MANIFEST.auths if auth.hand_over)


@pytest.fixture(scope="module")
def browser(wordpress_server, request):
    """A browser in which the author is signed in at the site."""
    services.need(request, "wordpress")
    password = secrets.token_hex(8)
    with httpx.Client(base_url=wordpress_server.url, timeout=60) as client:
        (author,) = client.get("/wp-json/wp/v2/users?search=author", auth=wordpress_server.admin).json()
        told = {"password": password}
        client.post(f"/wp-json/wp/v2/users/{author['id']}", auth=wordpress_server.admin, json=told).raise_for_status()
        client.get("/wp-login.php")
        entered = client.post("/wp-login.php", data={"log": "author", "pwd": password, "testcookie": "1"})
        assert entered.status_code == 302
        yield client


def answer(browser, url, button):
    shown = browser.get(url)
    assert shown.status_code == 200, shown.status_code
    form = {name: html.unescape(value) for name, value in
            re.findall(r'<input type="(?:hidden|text)"[^>]*name="(\w+)"[^>]*value="([^"]*)"', shown.text)}  # fmt: skip
    told = browser.post(urlsplit(url)._replace(query="").geturl(), data={**form, button: "x"})
    assert told.status_code == 302, sorted(form)
    return told.headers["location"]


def page_of(wordpress, **settings):
    nobody = connected(wordpress.url, {}, **settings)
    return WAY.page(nobody, BACK)


@pytest.mark.parametrize("protocol", ["rest", "xmlrpc"])
def test_what_the_real_page_hands_over_connects(wordpress, browser, protocol):
    back = answer(browser, page_of(wordpress, protocol=protocol), "approve")
    assert back.startswith(BACK)
    query = {name: value for name, (value,) in parse_qs(urlsplit(back).query).items()}
    assert query.keys() == {"state", "site_url", "user_login", "password"}
    given = WAY.take(MANIFEST.settings(site_url=wordpress.url), query)
    assert given["username"] == "author"
    assert connected(wordpress.url, given, protocol=protocol).identify().user == "author"
    if protocol == "rest":
        WAY.give_back(connected(wordpress.url, given))
        with pytest.raises(AuthExpired):
            connected(wordpress.url, given).identify()
    with pytest.raises(AuthExpired):
        connected(wordpress.url, {**given, "password": "wrong"}, protocol=protocol).identify()


def test_a_no_on_the_real_page_is_a_no(wordpress, browser):
    back = answer(browser, page_of(wordpress), "reject")
    query = {name: value for name, (value,) in parse_qs(urlsplit(back).query).items()}
    assert query == {"state": "abc", "success": "false"}
    assert WAY.take(MANIFEST.settings(site_url=wordpress.url), query) == {}
