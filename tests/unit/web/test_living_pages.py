"""A card's link opens a page for people and programs that show what an address is about, and bytes for all others."""

from __future__ import annotations

import re

import pytest

from hub.clock import DAY
from hub.placements.links import placement_link
from tests.web_hub import picture

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PICTURE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
SLACK = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"


@pytest.fixture
def asset(hub):
    made = hub.approved(picture(1), title="Winter <lake>", alt_text='A "frozen" lake', credit="Ada Adler")
    made.copy = hub.copy(made, hub.target("trello", "Card"))
    made.link = placement_link(made.copy.marker, base_url="", keyring=hub.keyring)
    return made


@pytest.fixture
def anybody(hub):
    """Somebody without an account."""
    return hub.app.test_client()


def read(client, link, accept=CHROME):
    answer = client.get(link, headers={"Accept": accept})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Accept": CHROME}, "text/html"),
        ({"Accept": "*/*", "User-Agent": SLACK}, "text/html"),
        ({"Accept": PICTURE}, "image/jpeg"),
        ({"Accept": "*/*"}, "image/jpeg"),
        ({"Accept": "text/html;q=0, image/*"}, "image/jpeg"),
        ({}, "image/jpeg"),
    ],
)
def test_who_reads_pages_gets_the_page_and_all_others_the_bytes(anybody, asset, headers, kind):
    answer = anybody.get(asset.link, headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert {"Accept", "User-Agent"} <= set(answer.vary)
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in answer.headers


def test_the_page_says_what_it_is_and_gives_programs_a_picture(hub, anybody, asset):
    shown = read(anybody, asset.link)
    assert '<h1 lang="en">Winter &lt;lake&gt;</h1>' in shown
    assert "Approved, version 1." in shown
    for said in (asset.code, "A &#34;frozen&#34; lake", "Ada Adler"):
        assert said in shown
    assert '<meta property="og:title" content="Winter &lt;lake&gt;">' in shown
    assert '<meta name="robots" content="noindex">' in shown
    assert "<script" not in shown
    [address] = re.findall(r'property="og:image" content="([^"]+)"', shown)
    assert address.startswith(f"{hub.settings.url}/p/")
    got = anybody.get(address.removeprefix(hub.settings.url))
    assert (got.status_code, got.mimetype) == (200, "image/jpeg")
    assert got.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "no-cache" in got.headers["Cache-Control"]
    [path] = re.findall(r'href="([^"]+)" download', shown)
    saved = anybody.get(path)
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert saved.data == anybody.get(asset.link).data


def test_the_last_day_of_use_is_told(hub, anybody, asset):
    ends = hub.clock.now() - hub.clock.now() % DAY + 2 * DAY
    term = hub.services.rights.add_term(hub.people["editor"], asset.id, source="licence", effect="allow", until_at=ends)
    assert "Approved, version 1. Last day of use: " in read(anybody, asset.link)
    hub.services.rights.lift_term(hub.people["editor"], term.id)
    hub.services.rights.add_term(hub.people["editor"], asset.id, source="licence", effect="allow", until_at=ends + 1)
    assert "Approved, version 1. Rights end " in read(anybody, asset.link)
    hub.clock.advance(3 * DAY)
    gone = read(anybody, asset.link)
    assert "The rights to it have ended: not to be used any more." in gone
    assert asset.code in gone
    for untold in ("Winter", "frozen", "Ada Adler", "og:image", "/file", "/preview"):
        assert untold not in gone
    for path in (asset.link, f"{asset.link}/preview", f"{asset.link}/file"):
        assert anybody.get(path).status_code == 404


def test_what_stands_in_is_said(hub, anybody, asset):
    other = hub.approved(picture(2), title="Spring lake")
    editor = hub.people["editor"]
    hub.services.placements.recall(editor, asset.id, "It must go.", other.id)
    told = read(anybody, asset.link)
    assert f"{asset.code} is not to be used any more: {other.code} stands in for it." in told
    assert "Winter" not in told


def test_an_address_that_nobody_made_has_a_page_that_tells_nothing(anybody):
    answer = anybody.get("/p/forged", headers={"Accept": CHROME})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is nothing at this address." in answer.get_data(as_text=True)
    assert 'property="og:' not in answer.get_data(as_text=True)
