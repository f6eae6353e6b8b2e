"""The story on a real WordPress: published, replaced with its posts, withdrawn when the licence ends, with proof."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack

import httpx
import pytest

from hub.clock import SystemClock
from tests.stories.story import ADA, Story

API = "/wp-json/wp/v2"


class Shifted:
    """The wall clock, moved on by as much as a test wants: a real server's own clock does not stand still."""

    def __init__(self):
        self._clock, self._by = SystemClock(), 0

    def now(self):
        return self._clock.now() + self._by

    def advance(self, by_ms):
        self._by += by_ms
        return self.now()


@pytest.fixture
def told(tmp_path, sqlite_url, wordpress):
    with ExitStack() as stack:
        yield Story(stack, tmp_path / "home", sqlite_url, Shifted(), trusted=[wordpress.url])


@pytest.mark.parametrize("protocol", ["rest", "xmlrpc"])
def test_an_asset_lives_on_a_real_site_until_its_licence_ends(told, wordpress, protocol):
    story = told
    connection = story.rooms.connections.connect(
        ADA, "wordpress", auth="application_password", settings={"site_url": wordpress.url, "protocol": protocol},
        secrets=wordpress.secrets(),
    )  # fmt: skip
    target = story.place_in(connection, "library")
    asset = story.asset("navy", alt_text="Deep blue")
    placement = story.rooms.placements.place(ADA, asset, target.id).id
    story.run()
    copy = story.rooms.placements.copy(ADA, placement)
    assert (copy.phase, copy.proof.claim, copy.proof.level) == ("live", "in_place", "seen")
    with httpx.Client(base_url=wordpress.url, auth=tuple(wordpress.secrets().values()), timeout=60) as site:
        first = item(site, copy)
        assert hashlib.sha256(site.get(first["source_url"]).content).hexdigest() == story.sent(asset)
        assert first["title"]["raw"] == "A navy picture"
        post = in_a_post(site, first)

        story.version(asset, "teal")
        story.run()
        story.approve(asset)
        story.run()
        copy = story.rooms.placements.copy(ADA, placement)
        assert (copy.phase, copy.proof.level, copy.shown_version) == ("live", "seen", 2)
        second = item(site, copy)
        assert second["id"] != first["id"]
        assert site.get(first["source_url"]).status_code == 404
        assert f"wp-image-{second['id']}" in content(site, post)

        end = story.clock.now() + 60_000
        story.rooms.rights.add_term(ADA, asset, source="licence", effect="allow", until_at=end)
        story.run()
        story.clock.advance(60_000)
        story.run()
        copy = story.rooms.placements.copy(ADA, placement)
        assert (copy.phase, copy.proof.claim, copy.proof.level) == ("withdrawn", "withdrawn", "seen")
        assert copy.proof.looks
        assert site.get(second["source_url"]).status_code == 404
        assert "wp-image" not in content(site, post)
        site.delete(f"{API}/posts/{post}", params={"force": "true"}).raise_for_status()


def item(site, copy):
    """Return the one item that carries a copy's marker."""
    found = site.get(f"{API}/media", params={"search": copy.marker, "context": "edit"}).json()
    [only] = [each for each in found if copy.marker in each["source_url"]]
    return only


def in_a_post(site, media):
    picture = f'<!-- wp:image {{"id":{media["id"]}}} --><figure class="wp-block-image"><img src="{media["source_url"]}"'
    picture += f' alt="" class="wp-image-{media["id"]}"/></figure><!-- /wp:image -->'
    sent = {"title": "A use", "content": picture, "status": "publish"}
    return site.post(f"{API}/posts", json=sent).json()["id"]


def content(site, post):
    return site.get(f"{API}/posts/{post}", params={"context": "edit"}).json()["content"]["raw"]
