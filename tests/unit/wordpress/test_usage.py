"""Uses are listed with what they are: in which post, as what, and whether anybody can see it."""

from __future__ import annotations

import pytest

from connectors.sdk.errors import BadAnswer, Misconfigured
from connectors.sdk.paging import every
from connectors.sdk.types import Target
from connectors.testing.faults import Fault, Rule
from connectors.testing.serve import serve
from connectors.wordpress.sandbox import create
from connectors.wordpress.sandbox_library import Entry
from connectors.wordpress.types import LIBRARY
from tests.unit.wordpress.kit import connected, outgoing, picture

TARGET = Target(LIBRARY, LIBRARY, "Library")


@pytest.fixture(params=["rest", "xmlrpc"])
def site(request):
    sandbox = create()
    with serve(sandbox) as origin:
        yield sandbox, connected(origin, sandbox.secrets, protocol=request.param)


def put(sandbox, base, **sent):
    entry = Entry(sandbox.next_id(), base)
    sandbox.write(entry, sent)
    return entry


def uses(connector, ref):
    return sorted((use.label, use.public) for use in every(lambda cursor: connector.uses(TARGET, ref, cursor)))


def test_posts_pages_and_blocks_are_listed_with_what_they_show_it_as(site):
    sandbox, connector = site
    ref, other = connector.publish(TARGET, outgoing()).ref, connector.publish(TARGET, outgoing(picture(9, 9))).ref
    url = f"{sandbox.origin}/wp-content/uploads/2026/11/{sandbox.items[int(ref)].file.name}"
    put(sandbox, "posts", title="Both", status="publish", featured_media=ref,
        content=f'<!-- wp:image {{"id":{ref}}} --><img class="wp-image-{ref}"><!-- /wp:image -->')  # fmt: skip
    put(sandbox, "posts", title="Leading", status="draft", featured_media=ref, content="words")
    put(sandbox, "pages", title="Gallery", status="private", content=f'[gallery ids="{other},{ref}"]')
    put(sandbox, "blocks", title="Link", status="publish", content=f'<a href="{url}">x</a>')
    put(sandbox, "posts", title="Other", status="publish", featured_media=other, content=f"wp-image-{ref}0")
    assert uses(connector, ref) == [
        ("Both (image, featured image)", True), ("Gallery (gallery)", False), ("Leading (featured image)", False),
        ("Link (text)", True),
    ]  # fmt: skip


def test_a_featured_image_follows_a_new_version_and_goes_with_the_item(site):
    sandbox, connector = site
    old, new = connector.publish(TARGET, outgoing()).ref, connector.publish(TARGET, outgoing(picture(9, 9))).ref
    post = put(sandbox, "posts", title="Leading", status="publish", featured_media=old, content="words")
    receipt = connector.repoint(TARGET, old, new)
    assert [part.ref.rpartition("/")[2] for part in receipt.parts] == [str(post.id)]
    assert (post.featured_media, post.content) == (int(new), "words")
    connector.withdraw(TARGET, old)
    assert post.featured_media == int(new)
    connector.withdraw(TARGET, new)
    assert (post.featured_media, post.content) == (0, "words")
    assert sandbox.copies(LIBRARY) == ()


def test_a_use_leads_to_the_post(site):
    sandbox, connector = site
    ref = connector.publish(TARGET, outgoing()).ref
    put(sandbox, "posts", title="A post", status="publish", featured_media=ref, content="")
    (use,) = every(lambda cursor: connector.uses(TARGET, ref, cursor))
    assert use.url == f"{sandbox.origin}/a-post/"


def test_nothing_is_searched_where_no_type_of_content_is_named():
    sandbox = create()
    with serve(sandbox) as origin:
        connector = connected(origin, sandbox.secrets, content_types=())
        ref = connector.publish(TARGET, outgoing()).ref
        assert uses(connector, ref) == []


def test_the_logo_and_the_icon_of_the_site_are_uses_and_follow_a_new_version():
    sandbox = create()
    with serve(sandbox) as origin:
        connector = connected(origin, sandbox.secrets)
        old, new = connector.publish(TARGET, outgoing()).ref, connector.publish(TARGET, outgoing(picture(9, 9))).ref
        assert (uses(connector, old), uses(connector, new)) == ([], [])
        sandbox.brand = {"site_logo": int(old), "site_icon": int(old)}
        assert uses(connector, old) == [("Site icon", True), ("Site logo", True)]
        receipt = connector.repoint(TARGET, old, new)
        assert {part.ref for part in receipt.parts} == {"/wp/v2/settings#site_logo", "/wp/v2/settings#site_icon"}
        assert sandbox.brand == {"site_logo": int(new), "site_icon": int(new)}
        sandbox.faults.add(Rule(fault=Fault.LIE, on="write", path="/settings", body='{"site_logo": 1, "site_icon": 1}'))
        with pytest.raises(BadAnswer, match="did not take the new logo"):
            connector.repoint(TARGET, new, old)
        connector.withdraw(TARGET, new)
        assert sandbox.brand["site_logo"] == 0


def test_content_that_this_account_may_not_edit_holds_up_nothing():
    sandbox = create()
    with serve(sandbox) as origin:
        connector = connected(origin, sandbox.secrets)
        ref = connector.publish(TARGET, outgoing()).ref
        put(sandbox, "posts", title="Mine", status="publish", content=f'<img class="wp-image-{ref}">')
        sandbox.closed = {"pages"}
        assert uses(connector, ref) == [("Mine (text)", True)]
        assert connector.look(TARGET, ref).ref == ref
        connector.withdraw(TARGET, ref)
        assert sandbox.copies(LIBRARY) == ()


def test_a_type_of_content_that_there_is_not_is_told():
    sandbox = create()
    with serve(sandbox) as origin:
        ref = connected(origin, sandbox.secrets).publish(TARGET, outgoing()).ref
        sandbox.contract = None  # what a faulty setting asks for is not in it
        with pytest.raises(Misconfigured):
            connected(origin, sandbox.secrets, content_types=("posts", "prodcuts")).look(TARGET, ref)
