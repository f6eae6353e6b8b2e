"""Real sites, old and new, in folders, with plain addresses, in a network: what the connector does, in each place.

A copy's whole life is led once on each version, and once in a network; elsewhere only what the place changes.
"""

from __future__ import annotations

import io
import re

import httpx
import pytest

from connectors.sdk.errors import LeftBehind, Missing, Rejected
from connectors.sdk.paging import every
from connectors.wordpress.types import LIBRARY
from tests.unit.wordpress.kit import connected, outgoing, picture

pytestmark = pytest.mark.service("wordpress")
API = "/wp-json/wp/v2"


def told(connector, cursor):
    found = connector.changes(cursor)
    assert not found.more
    return {one.ref: one.gone for one in found.items}


def walk(connector, target, site, address):
    """A copy's life in one library: made, used, changed, listed, followed by a new version, gone."""
    marker = f"dhplaces-{'abcdefghijklmnopqrst' if target.ref == LIBRARY else 'tsrqponmlkjihgfedcba'}"
    sent = outgoing(marker=marker)
    old = connector.publish(target, sent).ref
    ref = old if target.ref == LIBRARY else f"{old}@{target.ref}"
    look = connector.look(target, old)
    assert (look.marker, look.sha256) == (marker, sent.sha256)
    cursor = connector.changes(None).cursor
    content = f'<!-- wp:image {{"id":{old}}} --><img class="wp-image-{old}" src="x"><!-- /wp:image -->'
    written = {"title": "Shown", "content": content, "status": "publish", "featured_media": int(old)}
    post = httpx.post(f"{address}{API}/posts", auth=site.admin, timeout=60, json=written)
    assert post.status_code == 201, post.text
    (use,) = every(lambda at: connector.uses(target, old, at))
    assert (use.label, use.public, use.url) == ("Shown (image, featured image)", True, post.json()["link"])
    connector.update(target, old, {"title": "Changed"})
    assert told(connector, cursor) == {ref: False}
    assert ref in {item.ref for item in every(connector.inventory)}
    into = io.BytesIO()
    connector.fetch(ref, into)
    assert into.getvalue() == picture()
    new = connector.publish(target, outgoing(picture(colour=(200, 10, 10)), marker=marker)).ref
    connector.repoint(target, old, new)
    assert list(every(lambda at: connector.uses(target, old, at))) == []
    assert [one.label for one in every(lambda at: connector.uses(target, new, at))] == [use.label]
    connector.withdraw(target, old)
    assert [copy.ref for copy in connector.find(target, marker)] == [new]
    assert told(connector, cursor) == {ref: True, ref.replace(old, new, 1): False}
    connector.withdraw(target, new)
    with pytest.raises(Missing):
        connector.look(target, new)


def glance(connector, target):
    """What depends on addresses alone: made, found, seen, fetched, gone."""
    sent = outgoing(marker="dhglance-abcdefghijklmnopqrst")
    ref = connector.publish(target, sent).ref
    assert [copy.ref for copy in connector.find(target, sent.marker)] == [ref]
    assert connector.look(target, ref).sha256 == sent.sha256
    into = io.BytesIO()
    connector.fetch(ref if target.ref == LIBRARY else f"{ref}@{target.ref}", into)
    assert into.getvalue() == picture()
    connector.withdraw(target, ref)
    with pytest.raises(Missing):
        connector.look(target, ref)


def test_a_site_with_readable_addresses(wordpress):
    connector = connected(wordpress.url, wordpress.secrets())
    (target,) = every(connector.targets)
    walk(connector, target, wordpress, wordpress.url)


def test_a_site_with_plain_addresses(wordpress):
    connector = connected(wordpress.url, wordpress.secrets(), rest_root="?rest_route=", content_types=("posts",))
    assert connector.identify().key == wordpress.url
    (target,) = every(connector.targets)
    glance(connector, target)


def test_an_old_site(wordpress_oldest):
    assert wordpress_oldest.version.startswith(("6.1", "6.2"))
    connector = connected(wordpress_oldest.url, wordpress_oldest.secrets())
    assert connector.page_for_us("https://hub.example/back").startswith(
        f"{wordpress_oldest.url}/wp-admin/authorize-application.php?app_name=damhub&"
    )
    (target,) = every(connector.targets)
    walk(connector, target, wordpress_oldest, wordpress_oldest.url)


@pytest.fixture(params=["wordpress", "wordpress_oldest"])
def either(request):
    return request.getfixturevalue(request.param)


def shown_at(connector, target, ref):
    return sorted(one.label for one in every(lambda at: connector.uses(target, ref, at)))


def test_the_logo_and_the_icon_of_a_site_follow(either):
    connector = connected(either.url, either.secrets(), content_types=("posts",))
    (target,) = every(connector.targets)
    old, new = (connector.publish(target, outgoing(picture(colour=(shade, 10, 10)))).ref for shade in (20, 200))
    shown = httpx.post(f"{either.url}{API}/settings", auth=either.admin, timeout=60,
                       json={"site_logo": int(old), "site_icon": int(old)})  # fmt: skip
    assert shown.status_code == 200
    connector.repoint(target, old, new)
    assert shown_at(connector, target, old) == []
    assert shown_at(connector, target, new) == ["Site icon", "Site logo"]
    for ref in (old, new):
        connector.withdraw(target, ref)
    assert httpx.get(either.url, timeout=60).status_code == 200


def test_a_site_that_dies_of_smaller_sizes_completes_the_item_or_gives_it_back(either):
    connector = connected(either.url, either.secrets(), content_types=())
    (target,) = every(connector.targets)
    sent = outgoing(marker="dhsmalls-abcdefghijklmnopqrst")
    either.options(tests_die_of_sizes=2)
    ref = connector.publish(target, sent).ref
    (copy,) = connector.find(target, sent.marker)
    assert (copy.ref, copy.fields) == (ref, sent.fields)
    media = httpx.get(f"{either.url}{API}/media/{ref}", params={"context": "edit"}, auth=either.admin, timeout=60)
    assert media.json()["missing_image_sizes"] == []
    assert "medium" in media.json()["media_details"]["sizes"]
    connector.withdraw(target, ref)
    either.options(tests_die_of_sizes=99)
    try:
        with pytest.raises(Rejected, match="broke off each time"):
            connector.publish(target, sent)
        assert connector.find(target, sent.marker) == ()
    finally:
        either.options(tests_die_of_sizes=0)


def layout_of(site, ref):
    """Show an item in a part of the theme that was only a file, and in two widgets."""
    admin, edit = {"auth": site.admin, "timeout": 60}, {"context": "edit"}
    block = f'<!-- wp:image {{"id":{ref}}} --><img class="wp-image-{ref}" src="x"><!-- /wp:image -->'
    parts = httpx.get(f"{site.url}{API}/template-parts", params=edit, **admin).raise_for_status().json()
    path = f"/template-parts/{parts[-1]['id'].replace('//', '/')}"
    paths = {path: {"content": f"<p>words</p>{block}"}}
    for base, raw in (("custom_html", {"title": "t", "content": block}), ("media_image", {"attachment_id": int(ref)})):
        made = {"id_base": base, "sidebar": "wp_inactive_widgets", "instance": {"raw": {"url": "", **raw}}}
        widget = httpx.post(f"{site.url}{API}/widgets", params=edit, json=made, **admin).raise_for_status().json()
        paths[f"/widgets/{widget['id']}"] = None
    httpx.post(f"{site.url}{API}{path}", json=paths[path], **admin).raise_for_status()
    return paths


def told_of(site, path):
    """What a template or widget holds, as one text."""
    edit = {"context": "edit"}
    said = httpx.get(f"{site.url}{API}{path}", params=edit, auth=site.admin, timeout=60).raise_for_status().json()
    return str(said.get("instance", {}).get("raw") or said.get("content", {}).get("raw"))


def test_templates_and_widgets_of_a_site_follow_and_let_go(either):
    connector = connected(either.url, either.secrets(), content_types=("posts",))
    (target,) = every(connector.targets)
    old, new = (connector.publish(target, outgoing(picture(colour=(shade, 90, 10)))).ref for shade in (20, 200))
    paths = layout_of(either, old)
    assert len(shown_at(connector, target, old)) == len(paths)
    receipt = connector.repoint(target, old, new)
    assert {part.ref.removeprefix("/wp/v2") for part in receipt.parts} == set(paths)
    assert shown_at(connector, target, old) == []
    assert len(shown_at(connector, target, new)) == len(paths)
    connector.withdraw(target, old)
    connector.withdraw(target, new)
    for path in paths:
        assert new not in re.findall(r"\d+", told_of(either, path)), path
    assert told_of(either, next(iter(paths))) == "<p>words</p>"


def test_an_author_is_told_what_a_template_still_shows(wordpress):
    connector = connected(wordpress.url, wordpress.secrets("author"), content_types=("posts",))
    (target,) = every(connector.targets)
    ref = connector.publish(target, outgoing(picture(colour=(30, 90, 10)))).ref
    layout_of(wordpress, ref)
    with pytest.raises(LeftBehind, match="only an administrator may take it out"):
        connector.withdraw(target, ref)
    with pytest.raises(Missing):
        connector.look(target, ref)


@pytest.mark.parametrize("more", [{}, {"protocol": "xmlrpc"}], ids=["rest", "xmlrpc"])
def test_an_author_uploads_looks_and_withdraws(either, more):
    kinds = ("posts",) if more else ("posts", "pages")  # over REST what an author may not edit is left out by itself
    connector = connected(either.url, either.secrets("author"), content_types=kinds, **more)
    (target,) = every(connector.targets)
    ref = connector.publish(target, outgoing()).ref
    assert connector.look(target, ref).sha256 == outgoing().sha256
    assert [copy.ref for copy in connector.find(target, outgoing().marker)] == [ref]
    cursor = connector.changes(None).cursor
    assert ref in {item.ref for item in every(connector.inventory)}
    connector.withdraw(target, ref)
    assert ref in {one.ref for one in connector.changes(cursor).items if one.gone}


def test_a_network_in_a_folder(wordpress_network):
    home, second = wordpress_network.url, f"{wordpress_network.url}/second"
    connector = connected(home, wordpress_network.secrets(), sites=(second,), content_types=("posts",))
    assert connector.identify().key == home
    main, other = every(connector.targets)
    assert (main.ref, other.ref, other.label) == (LIBRARY, second, "Second site: media library")
    glance(connector, main)
    walk(connector, other, wordpress_network, second)


def test_a_network_with_plain_addresses(wordpress_network):
    home, second = wordpress_network.url, f"{wordpress_network.url}/second"
    plain = {"rest_root": "?rest_route=", "content_types": ("posts",)}
    connector = connected(home, wordpress_network.secrets(), sites=(second,), **plain)
    assert connector.identify().key == home
    for target in every(connector.targets):
        glance(connector, target)


def test_a_site_of_a_network_by_itself_over_either_protocol(wordpress_network):
    second = f"{wordpress_network.url}/second"
    for protocol in ("rest", "xmlrpc"):
        connector = connected(second, wordpress_network.secrets(), protocol=protocol, content_types=("posts",))
        assert connector.identify().key == second
        (target,) = every(connector.targets)
        ref = connector.publish(target, outgoing()).ref
        assert connector.look(target, ref).sha256 == outgoing().sha256
        connector.withdraw(target, ref)
