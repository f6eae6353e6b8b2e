"""Where an item is used: found in posts, pages, blocks and as featured image, and changed there.

WordPress keeps no list of uses. Content is searched by the item's number and by its file's name; for featured images
there is no search, so that everything is read, a hundred at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sdk.errors import BadAnswer
from connectors.sdk.types import Use
from connectors.wordpress.calls import Site
from connectors.wordpress.content import Item, places, repointed, stem_of, uses, without
from connectors.wordpress.types import Post, raw_of

LEADING = "id,featured_media,title,link,status"
FOUND = f"content,{LEADING}"
FEATURED = "featured image"


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


def shown_as(content: str, item: Item, *, featured: bool) -> str:
    """Say as what a text shows an item; nothing where it does not."""
    return ", ".join([*places(content, item), *([FEATURED] if featured else [])])


def found_in(site: Site, kind: str, item: Item, *, featured: bool = False) -> Iterator[Place]:
    """Find content of one kind that shows the item; on request also what has it as its featured image."""
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
