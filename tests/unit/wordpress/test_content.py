from __future__ import annotations

import io

import pytest

from connectors.sdk.types import Outgoing
from connectors.wordpress.content import Item, repointed, stem_of, uses, without
from connectors.wordpress.marker import marked_name, read_marker
from connectors.wordpress.types import Settings, item_of

SITE = "https://site.test/wp-content/uploads/2026/11"
OLD = Item(12, {"full": f"{SITE}/old-scaled.jpg", "original": f"{SITE}/old.jpg", "medium": f"{SITE}/old-300x225.jpg"})
NEW = Item(34, {"full": f"{SITE}/new.png", "medium": f"{SITE}/new-300x200.png"})


@pytest.mark.parametrize(
    "html",
    [
        '<img class="wp-image-12" src="x">',
        f'<img src="{SITE}/old-300x225.jpg">',
        f'<a href="{SITE}/old.jpg">x</a>',
        '<img src="/wp-content/uploads/2026/11/old-1024x768.jpg">',
        '<img src="//cdn.test/wp-content/uploads/2026/11/old-scaled.webp">',
        "[gallery ids=12]",
        '[gallery columns="2" ids="1, 12,3"]',
        '<!-- wp:cover {"url":"x","id":12} --><!-- /wp:cover -->',
        '<!-- wp:gallery {"ids":[1,12]} --><!-- /wp:gallery -->',
        '<!-- wp:media-text {"mediaId":12} --><!-- /wp:media-text -->',
    ],
)
def test_a_use_is_found_pointed_elsewhere_and_taken_out(html):
    assert uses(html, OLD)
    moved = repointed(html, OLD, NEW)
    assert not uses(moved, OLD)
    assert uses(moved, NEW)
    assert repointed(moved, OLD, NEW) == moved
    gone = without(html, OLD)
    assert not uses(gone, OLD)
    assert without(gone, OLD) == gone


@pytest.mark.parametrize(
    "html",
    [
        '<img class="wp-image-123" src="x">',
        f'<img src="{SITE}/older.jpg">',
        f'<img src="{SITE}/old.jpg.exe">',
        f'<img src="{SITE}/very-old.jpg">',
        '<img src="/wp-content/uploads/2025/11/old.jpg">',
        '[gallery ids="1,123"]',
        '<!-- wp:cover {"id":123} --><!-- /wp:cover -->',
        '<!-- wp:latest-posts {"id":12} /-->',
        "12",
    ],
)
def test_what_only_looks_like_a_use_is_left_alone(html):
    assert not uses(html, OLD)
    assert repointed(html, OLD, NEW) == html
    assert without(html, OLD) == html


def test_a_size_is_replaced_by_the_same_size_and_an_unknown_one_by_the_whole():
    assert repointed(f"{SITE}/old-300x225.jpg", OLD, NEW) == f"{SITE}/new-300x200.png"
    assert repointed(f"{SITE}/old-77x55.jpg", OLD, NEW) == f"{SITE}/new.png"
    assert repointed(f"{SITE}/old.jpg", OLD, Item(1, {"only": "u"})) == "u"


def test_taking_out_leaves_the_words_and_the_other_pictures():
    image = '<figure class="wp-block-image"><img src="{0}/{1}" class="wp-image-{2}"/></figure>'
    block = '<!-- wp:image {{"id":{2}}} -->' + image + "<!-- /wp:image -->\n"
    html = (
        "<p>before</p>" + block.format(SITE, "old.jpg", 12) + block.format(SITE, "new.png", 34) + "<p>after</p>"
        '[caption id="attachment_12"]<img class="wp-image-12"> words[/caption]'
        f'<a href="{SITE}/old.jpg"><img src="{SITE}/old-300x225.jpg"></a><p>text <img class="wp-image-12"></p>'
        f'<a href="{SITE}/old.jpg">download</a>'
    )
    expected = "<p>before</p>" + block.format(SITE, "new.png", 34) + '<p>after</p><p>text </p><a href="#">download</a>'
    assert without(html, OLD) == expected


def test_a_block_with_text_in_it_loses_only_the_picture():
    html = (
        f'<!-- wp:cover {{"url":"{SITE}/old.jpg","id":12,"dimRatio":50}} --><div><img class="wp-image-12" '
        f'src="{SITE}/old.jpg"/><p>words</p></div><!-- /wp:cover -->'
        '<!-- wp:gallery {"ids":[12,34]} --><figure class="gallery">words</figure><!-- /wp:gallery -->'
    )
    expected = (
        '<!-- wp:cover {"dimRatio":50} --><div><p>words</p></div><!-- /wp:cover -->'
        '<!-- wp:gallery {"ids":[34]} --><figure class="gallery">words</figure><!-- /wp:gallery -->'
    )
    assert without(html, OLD) == expected


def test_a_gallery_keeps_its_other_pictures_and_goes_when_it_is_empty():
    assert without('[gallery ids="12,5"] [gallery ids=12] [playlist ids="7"]', OLD) == (
        '[gallery ids="5"]  [playlist ids="7"]'
    )


def outgoing(filename):
    return Outgoing("dhabc123-abcdefghij0123456789", "0123456789ab", filename, "image/png", 1, "0" * 64,
                    lambda: io.BytesIO(b"x"), "", {})  # fmt: skip


@pytest.mark.parametrize(
    ("filename", "stored"),
    [
        ("Hero shot.PNG", "hero-shot-dhabc123-abcdefghij0123456789-0123456789ab.png"),
        ("../../x.png", "x-dhabc123-abcdefghij0123456789-0123456789ab.png"),
        ("&&.png", "asset-dhabc123-abcdefghij0123456789-0123456789ab.png"),
        ("n" * 300 + ".jpg", "n" * 48 + "-dhabc123-abcdefghij0123456789-0123456789ab.jpg"),
    ],
)
def test_a_copys_file_name_is_plain_and_carries_the_marker(filename, stored):
    assert marked_name(outgoing(filename)) == stored
    assert read_marker(f"{SITE}/{stored}") == ("dhabc123-abcdefghij0123456789", "0123456789ab")


@pytest.mark.parametrize("tail", ["-scaled.jpg", "-rotated.jpg", "-1.jpg", "-300x200.jpg", ".jpg?v=2"])
def test_the_marker_is_read_whatever_wordpress_appends(tail):
    url = f"{SITE}/x-dhabc123-abcdefghij0123456789-0123456789ab{tail}"
    assert read_marker(url) == ("dhabc123-abcdefghij0123456789", "0123456789ab")


@pytest.mark.parametrize("name", ["photo.jpg", "dhabc123-abcdefghij01234567890-0123456789ab.jpg"])
def test_other_peoples_files_have_no_marker(name):
    assert read_marker(f"{SITE}/{name}") == (None, None)


def test_all_addresses_of_an_item_are_known():
    media = {
        "id": 5, "source_url": f"{SITE}/big-scaled.jpg", "title": {"raw": ""}, "caption": {"raw": ""},
        "description": {"raw": ""}, "alt_text": "",
        "media_details": {"original_image": "big.jpg", "sizes": {"full": {"source_url": f"{SITE}/big-scaled.jpg"},
                                                                "medium": {"source_url": f"{SITE}/big-300x200.jpg"}}},
    }  # fmt: skip
    assert dict(item_of(media).urls) == {
        "full": f"{SITE}/big-scaled.jpg", "original": f"{SITE}/big.jpg", "medium": f"{SITE}/big-300x200.jpg",
    }  # fmt: skip
    assert stem_of(f"{SITE}/big-300x200.jpg") == stem_of(f"{SITE}/big-scaled.jpg") == "big"


@pytest.mark.parametrize("details", [[], {}, {"sizes": []}])
def test_a_file_without_sizes_has_one_address(details):
    media = {"id": 5, "source_url": f"{SITE}/a.pdf", "media_details": details}
    assert dict(item_of(media).urls) == {"full": f"{SITE}/a.pdf"}


@pytest.mark.parametrize("url", ["site.test", "ftp://site.test", "https://a:b@site.test", "https://x?y", "https://"])
def test_an_address_that_is_no_home_page_is_refused(url):
    with pytest.raises(ValueError, match="home page"):
        Settings(site_url=url)


def test_content_types_are_names():
    assert Settings(site_url="https://x.org/blog/").site_url == "https://x.org/blog"
    with pytest.raises(ValueError, match="REST names"):
        Settings(site_url="https://x.org", content_types=("../users",))
