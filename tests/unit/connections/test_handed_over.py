"""Credentials that a vendor hands over in the browser: only to who began, once, and only to where they came from."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.sdk.errors import Misconfigured
from connectors.sdk.registry import discover
from connectors.testing.serve import serve
from connectors.wordpress.handing_over import take
from connectors.wordpress.sandbox import create
from connectors.wordpress.types import Settings as Site
from hub.connections.service import Connections
from hub.db.installation import wake
from hub.errors import HubError, Invalid
from hub.settings import Settings

SESSION = "session-hash"


@pytest.fixture
def sites():
    """Two sites; the second stands for somebody else's."""
    ours, theirs = create(), create()
    with serve(ours) as one, serve(theirs) as other:
        yield (ours, one), (theirs, other)


@pytest.fixture
def room(database, clock, keyring, tmp_path, sites):
    trusted = [origin for _, origin in sites]
    settings = Settings(home=tmp_path / "home", base_url="https://hub.example", trusted_origins=trusted)
    wake(database, settings, clock)
    return Connections(database, clock, keyring, discover(), settings)


@pytest.fixture
def begin(room, admin):
    def start(origin, **settings):
        chosen = {"site_url": origin, **settings}
        return room.start_oauth(admin, SESSION, "wordpress", chosen, auth="authorize", secrets={})

    return start


def press(url, button="approve"):
    """Answer on the site's page; return the query that the browser brings back."""
    asked = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
    assert httpx.get(url).status_code == 200
    back = httpx.post(url.partition("?")[0], data={**asked, button: "x"}).headers["Location"]
    assert back.startswith("https://hub.example/oauth/callback?")
    found = parse_qs(urlsplit(back).query)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


@pytest.mark.parametrize("protocol", ["rest", "xmlrpc"])
def test_a_password_made_on_the_sites_page_connects_it(room, admin, begin, sites, protocol):
    (sandbox, origin), _ = sites
    url = begin(origin, protocol=protocol)
    assert url.startswith(f"{origin}/wp-admin/authorize-application.php?app_name=damhub&app_id=")
    query = press(url)
    assert set(query) == {"state", "site_url", "user_login", "password"}
    made = room.finish_oauth(SESSION, admin, query)
    assert room.view(admin, made.id).state == "live"
    assert room.refresh_targets(admin, made.id) == 1
    assert sandbox.passwords == {query["password"]}
    assert query["password"] not in f"{room.view(admin, made.id)}"


def test_a_person_may_say_no(room, admin, begin, sites):
    query = press(begin(sites[0][1]), "reject")
    with pytest.raises(Invalid) as refused:
        room.finish_oauth(SESSION, admin, query)
    assert refused.value.code == "consent_denied"
    assert room.list(admin) == []


@pytest.mark.parametrize("left_out", ["site_url", "user_login", "password"])
def test_half_of_it_is_nothing(room, admin, begin, sites, left_out):
    query = press(begin(sites[0][1]))
    with pytest.raises(Invalid):
        room.finish_oauth(SESSION, admin, {name: value for name, value in query.items() if name != left_out})
    assert room.list(admin) == []


def test_it_is_good_once_and_for_the_session_that_began(room, admin, begin, sites):
    query = press(begin(sites[0][1]))
    with pytest.raises(Invalid, match="was not begun here"):
        room.finish_oauth("another session", admin, query)
    room.finish_oauth(SESSION, admin, query)
    with pytest.raises(Invalid, match="was not begun here"):
        room.finish_oauth(SESSION, admin, query)


def test_a_site_that_leads_people_to_another_sites_page_gets_no_password(room, admin, begin, sites):
    (ours, home), (theirs, elsewhere) = sites
    theirs.page = f"{home}/wp-admin/authorize-application.php?success_url=https://evil.example/"
    query = press(begin(elsewhere))
    theirs.reset_requests()
    with pytest.raises(Invalid, match="another site") as refused:
        room.finish_oauth(SESSION, admin, query)
    assert query["password"] not in f"{refused.value} {refused.value.what} {refused.value.next_step}"
    assert theirs.requests == []
    assert room.list(admin) == []
    assert len(ours.passwords) == 1


@pytest.mark.parametrize(
    "page", ["javascript:alert(1)//", "data:text/html,<script>alert(1)</script>", "//evil.example"]
)
def test_a_site_that_names_no_page_of_the_web_sends_nobody_there(begin, sites, page):
    (theirs, origin), _ = sites
    theirs.page = page
    with pytest.raises(HubError, match="names no page on which to say yes"):
        begin(origin)


@pytest.mark.parametrize(
    ("typed", "came_from", "fits"),
    [
        ("https://x.org", "https://x.org", True),
        ("https://x.org", "https://x.org/wordpress/", True),
        ("https://X.org/blog", "https://x.org/blog", True),
        ("https://x.org/blog", "https://x.org", False),
        ("https://x.org", "https://x.org.evil.example", False),
        ("https://x.org/a", "https://x.org/ab", False),
        ("https://x.org", "http://x.org", False),
        ("https://x.org", "", False),
    ],
)
def test_a_password_goes_only_to_where_it_came_from(typed, came_from, fits):
    query = {"site_url": came_from, "user_login": "ada", "password": "abc"}
    if fits:
        assert take(Site(site_url=typed), query) == {"username": "ada", "password": "abc"}
    else:
        with pytest.raises(Misconfigured):
            take(Site(site_url=typed), query)


def test_a_site_without_application_passwords_says_what_to_do(begin, sites):
    (sandbox, origin), _ = sites
    sandbox.passwords_on = False
    with pytest.raises(Invalid, match="makes no application passwords"):
        begin(origin)


def test_a_connection_is_given_a_new_password_and_no_other_account(room, admin, begin, sites):
    (sandbox, origin), _ = sites
    made = room.finish_oauth(SESSION, admin, press(begin(origin)))
    sandbox.passwords.clear()
    assert room.test(admin, made.id).state == "needs_person"
    again = press(room.start_reconnect(admin, SESSION, made.id, {}))
    assert room.finish_oauth(SESSION, admin, again).id == made.id
    assert room.view(admin, made.id).state == "live"


def test_this_way_in_is_not_taken_for_one_that_is_typed(room, admin, sites):
    with pytest.raises(Invalid) as refused:
        room.connect(admin, "wordpress", auth="authorize", settings={"site_url": sites[0][1]}, secrets={})
    assert refused.value.code == "oauth_required"


def test_the_site_forgets_the_password_when_it_is_disconnected(room, admin, begin, sites):
    (sandbox, origin), _ = sites
    made = room.finish_oauth(SESSION, admin, press(begin(origin)))
    assert len(sandbox.passwords) == 1
    room.disconnect(admin, made.id)
    assert sandbox.passwords == set()
    assert room.view(admin, made.id).problem == "Disconnected."


def test_a_password_that_cannot_be_given_back_is_told(room, admin, begin, sites):
    (sandbox, origin), _ = sites
    made = room.finish_oauth(SESSION, admin, press(begin(origin, protocol="xmlrpc")))
    room.disconnect(admin, made.id)
    assert len(sandbox.passwords) == 1
    assert "remove the hub there too" in room.view(admin, made.id).problem


def test_a_password_that_was_typed_in_stays_a_persons_own(room, admin, sites):
    (sandbox, origin), _ = sites
    made = room.connect(admin, "wordpress", auth="application_password", settings={"site_url": origin},
                        secrets=dict(sandbox.secrets))  # fmt: skip
    sandbox.reset_requests()
    room.disconnect(admin, made.id)
    assert sandbox.requests == []
