"""Where an item is used: found in posts, pages, blocks and as featured image, and changed there.

WordPress keeps no list of uses. Content is searched by the item's number and by its file's name; for featured images
there is no search, so that everything is read, a hundred at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sdk.errors import BadAnswer, Misconfigured, Rejected
from connectors.sdk.types import Use
from connectors.wordpress.calls import Site
from connectors.wordpress.content import Item, places, repointed, stem_of, uses, without
from connectors.wordpress.types import Kind, Post, raw_of

LEADING = "id,featured_media,title,link,status"
FOUND = f"content,{LEADING}"
FEATURED = "featured image"
SETTINGS = "/wp/v2/settings"
TYPES = "/wp/v2/types"
NAVIGATION = "navigation"
"""Menus of the site: content like any other, which only administrators may edit."""


@dataclass(frozen=True, slots=True)
class Place:
    """A post, page or block that shows an item."""

    kind: str
    path: str
    content: str
    featured: bool
    post: Post

    def use(self, item: Item) -> Use:
        """Say it for a person, with what it is used as."""
        shown = shown_as(self.content, item, featured=self.featured)
        label = f"{raw_of(self.post.get('title')) or self.path} ({shown})"
        public = self.post.get("status") == "publish"
        return Use(self.kind, self.path, label, self.post.get("link") or None, public)


def of_site(site: Site, item: Item) -> list[str]:
    """Return as what the site itself shows an item: settings that name it."""
    index = site.index()
    return [name for name in ("site_logo", "site_icon") if index.get(name) == item.id]


def use_of_site(site: Site, name: str) -> Use:
    """Say such a use for a person."""
    return Use("site", f"{SETTINGS}#{name}", name.replace("_", " ").capitalize(), site.address, public=True)


def repoint_site(site: Site, names: Collection[str], new: Item) -> None:
    """Let the site itself show another item; only administrators may."""
    kept = site.write(SETTINGS, dict.fromkeys(names, new.id)).parse(dict[str, Any])
    if any(kept.get(name) != new.id for name in names):
        raise BadAnswer("WordPress did not take the new logo or icon of the site. Look at its settings.")


def shown_as(content: str, item: Item, *, featured: bool) -> str:
    """Say as what a text shows an item; nothing where it does not."""
    return ", ".join([*places(content, item), *([FEATURED] if featured else [])])


def found_in(site: Site, kind: str, item: Item, *, featured: bool = False) -> list[Place]:
    """Find content of one kind that shows the item; on request also what has it as its featured image.

    Of kinds that this account may not edit, such as pages for an author, nothing is found: nothing could be changed.
    """
    try:
        return list(_found(site, kind, item, featured=featured))
    except (Rejected, Misconfigured):
        if not _closed(site, kind):
            raise
        return []


def _closed(site: Site, kind: str) -> bool:
    """Tell whether there is such a kind of content, and we may not edit it."""
    every_kind, ours = site.read(TYPES, dict[str, Kind]), site.read(TYPES, dict[str, Kind], context="edit")
    known, editable = ({one["rest_base"] for one in kinds.values()} for kinds in (every_kind, ours))
    return (kind in known or kind == NAVIGATION) and kind not in editable


def _found(site: Site, kind: str, item: Item, *, featured: bool) -> Iterator[Place]:
    base = f"/wp/v2/{kind}"
    posts: dict[int, Post] = {}
    for text in (f"wp-image-{item.id}", stem_of(item.urls["full"]), "ids="):
        posts |= {post["id"]: post for post in site.every(base, Post, search=text, status="any", _fields=FOUND)}
    if featured:
        for post in site.every(base, Post, status="any", _fields=LEADING):
            if post.get("featured_media") == item.id:
                posts.setdefault(post["id"], post)
    for number, post in sorted(posts.items()):
        content, leads = raw_of(post.get("content")), featured and post.get("featured_media") == item.id
        if leads or uses(content, item):
            yield Place(kind, f"{base}/{number}", content, leads, post)


def repoint(site: Site, place: Place, old: Item, new: Item) -> None:
    """Let a place show another item."""
    changes: dict[str, Any] = {}
    if uses(place.content, old):
        changes["content"] = repointed(place.content, old, new)
    if place.featured:
        changes["featured_media"] = new.id
    post = _rewrite(site, place, changes, old)
    if place.featured and post.get("featured_media") != new.id:  # WordPress ignores what it does not like
        raise BadAnswer(f"WordPress did not take the new featured image of {place.path}. Look at that post.")


def take_out(site: Site, place: Place, item: Item) -> None:
    """Take an item out of a place's text. Featured images WordPress unsets itself when the item goes."""
    _rewrite(site, place, {"content": without(place.content, item)}, item)


def _rewrite(site: Site, place: Place, changes: Mapping[str, Any], old: Item) -> Post:
    """Change a post and read it back: after this the old item is deleted, and nothing could be put right."""
    site.write(place.path, changes)
    post = site.read(place.path, Post, context="edit")
    if uses(raw_of(post.get("content")), old) and not uses(changes.get("content", ""), old):
        raise BadAnswer(f"WordPress did not keep the change of {place.path}, which still shows the old item.")
    return post
