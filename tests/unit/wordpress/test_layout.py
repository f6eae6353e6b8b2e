"""Templates, parts, widgets and menus that show an item are found, follow a new version, and let go of it."""

from __future__ import annotations

import json

import pytest

from connectors.sdk.errors import BadAnswer, LeftBehind, Misconfigured
from connectors.sdk.paging import every
from connectors.sdk.types import Target
from connectors.testing.faults import Fault, Rule
from connectors.testing.serve import serve
from connectors.wordpress.sandbox import create
from connectors.wordpress.sandbox_layout import Template, Widget
from connectors.wordpress.sandbox_library import Entry
from connectors.wordpress.types import LIBRARY
from tests.unit.wordpress.kit import connected, outgoing, picture

TARGET = Target(LIBRARY, LIBRARY, "Library")


@pytest.fixture
def site():
    sandbox = create()
    with serve(sandbox) as origin:
        yield sandbox, connected(origin, sandbox.secrets)


def two(connector):
    return [connector.publish(TARGET, outgoing(picture(side, side))).ref for side in (8, 9)]


def address(sandbox, ref):
    return f"{sandbox.origin}/wp-content/uploads/2026/11/{sandbox.items[int(ref)].file.name}"


def block(sandbox, ref):
    return (f'<!-- wp:image {{"id":{ref}}} --><figure><img class="wp-image-{ref}" src="{address(sandbox, ref)}"/>'
            "</figure><!-- /wp:image -->")  # fmt: skip


def template(sandbox, kind, slug, content, *, file=False):
    one = Template(kind, slug, content, slug.title(), "theme" if file else "custom", from_theme=file)
    sandbox.templates[kind][slug] = one
    return one


def widget(sandbox, base, raw, sidebar="sidebar-1"):
    one = Widget(f"{base}-{len(sandbox.widgets) + 2}", base, raw, sidebar)
    sandbox.widgets[one.id] = one
    return one


def uses(connector, ref):
    return sorted((use.label, use.public) for use in every(lambda cursor: connector.uses(TARGET, ref, cursor)))


def furnished(sandbox, ref, other):
    """A site whose layout shows an item in every way, and another one beside it."""
    shown = f"<p>words</p>{block(sandbox, ref)}"
    menu = Entry(sandbox.next_id(), "navigation")
    link = f'<!-- wp:navigation-link {{"label":"x","url":"{address(sandbox, ref)}"}} /-->'
    sandbox.write(menu, {"title": "Menu", "content": link, "status": "publish"})
    return {
        "home": template(sandbox, "templates", "home", shown),
        "plain": template(sandbox, "templates", "plain", block(sandbox, other), file=True),
        "header": template(sandbox, "template-parts", "header", shown, file=True),
        "html": widget(sandbox, "custom_html", {"title": "t", "content": shown}),
        "image": widget(sandbox, "media_image", {
            "attachment_id": int(ref), "url": address(sandbox, ref), "caption": "kept"}),
        "gallery": widget(sandbox, "media_gallery", {"ids": [int(other), int(ref)]}, "wp_inactive_widgets"),
        "menu": menu,
    }  # fmt: skip


FOUND = [
    ("Header (image)", True), ("Home (image)", True), ("Menu (text)", True), ("Widget custom_html-2 (image)", True),
    ("Widget media_gallery-4 (gallery)", False), ("Widget media_image-3 (picture or file, text)", True),
]  # fmt: skip


def test_the_layout_is_found_and_follows_a_new_version(site):
    sandbox, connector = site
    old, new = two(connector)
    other = connector.publish(TARGET, outgoing(picture(7, 7))).ref
    there = furnished(sandbox, old, other)
    assert uses(connector, old) == FOUND
    receipt = connector.repoint(TARGET, old, new)
    assert "/wp/v2/template-parts/twentytwentyfive/header" in {part.ref for part in receipt.parts}
    assert (uses(connector, old), uses(connector, new)) == ([], FOUND)
    assert there["image"].raw == {"attachment_id": int(new), "url": address(sandbox, new), "caption": "kept"}
    assert there["gallery"].raw == {"ids": [int(other), int(new)]}
    assert there["home"].content == f"<p>words</p>{block(sandbox, new)}"


def test_a_file_of_the_theme_stays_one_until_it_really_shows_the_item(site):
    sandbox, connector = site
    old, new = two(connector)
    there = furnished(sandbox, old, connector.publish(TARGET, outgoing(picture(7, 7))).ref)
    connector.repoint(TARGET, old, new)
    assert (there["header"].source, there["plain"].source) == ("custom", "theme")


def test_a_withdrawn_item_is_taken_out_and_words_stay(site):
    sandbox, connector = site
    ref, other = two(connector)
    there = furnished(sandbox, ref, other)
    connector.withdraw(TARGET, ref)
    assert [there[name].content for name in ("home", "header")] == ["<p>words</p>", "<p>words</p>"]
    assert there["html"].raw == {"title": "t", "content": "<p>words</p>"}
    assert there["image"].raw == {"attachment_id": 0, "url": "", "caption": "kept"}
    assert there["gallery"].raw == {"ids": [int(other)]}
    assert there["plain"].content == block(sandbox, other)
    assert int(ref) not in sandbox.items


def test_an_editor_is_told_which_template_follows_no_new_version(site):
    sandbox, connector = site
    old, new = two(connector)
    template(sandbox, "template-parts", "header", block(sandbox, old))
    sandbox.use(LIBRARY, old)
    sandbox.administers = False
    with pytest.raises(Misconfigured, match=r"Header \(template-parts\).*only an administrator"):
        connector.repoint(TARGET, old, new)
    assert sandbox.uses(LIBRARY, old) == 0  # what the account may change was changed before


def test_an_item_goes_though_an_editor_may_not_change_the_template_and_is_told(site):
    sandbox, connector = site
    ref, _ = two(connector)
    template(sandbox, "templates", "home", block(sandbox, ref))
    widget(sandbox, "custom_html", {"content": block(sandbox, ref)})
    sandbox.administers, sandbox.closed = False, {"navigation"}
    with pytest.raises(LeftBehind, match=r"Home \(templates\)"):
        connector.withdraw(TARGET, ref)
    assert int(ref) not in sandbox.items


@pytest.mark.parametrize(
    ("path", "lie"),
    [("/templates/", {"id": "x//y", "content": {"raw": ""}}), ("/widgets/", {"id": "custom_html-2"})],
    ids=["template", "widget"],
)
def test_an_item_is_kept_while_a_change_was_only_claimed(site, path, lie):
    sandbox, connector = site
    ref, _ = two(connector)
    if path == "/templates/":
        template(sandbox, "templates", "home", block(sandbox, ref))
    else:
        widget(sandbox, "custom_html", {"content": block(sandbox, ref)})
    sandbox.faults.add(Rule(fault=Fault.LIE, on="write", path=path, body=json.dumps(lie)))
    with pytest.raises(BadAnswer, match="did not keep the change"):
        connector.withdraw(TARGET, ref)
    assert int(ref) in sandbox.items
    connector.withdraw(TARGET, ref)
    assert int(ref) not in sandbox.items


def test_a_site_without_widgets_holds_up_nothing(site):
    sandbox, connector = site
    ref, _ = two(connector)
    body = json.dumps({"code": "rest_no_route", "message": "No route was found.", "data": {"status": 404}})
    sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, on="read", path="/widgets", status=404, body=body))
    connector.withdraw(TARGET, ref)
    assert int(ref) not in sandbox.items
