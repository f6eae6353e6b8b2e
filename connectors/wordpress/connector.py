"""WordPress over its REST interface, signed in with an application password.

WordPress cannot replace the bytes of a media library item: a new version is a new item, and posts are pointed to it.
Manual: https://developer.wordpress.org/rest-api/reference/media/
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from connectors.sdk.errors import BadAnswer, Misconfigured, Missing
from connectors.sdk.http import Answer, Api
from connectors.sdk.paging import next_number
from connectors.sdk.types import Account, Copy, Fields, Outgoing, Page, Part, PartKind, Receipt, Target
from connectors.wordpress.content import Item, repointed, stem_of, uses, without
from connectors.wordpress.marker import marked_name, read_marker
from connectors.wordpress.types import (
    LIBRARY,
    Index,
    Media,
    Post,
    Settings,
    User,
    fields_of,
    form_of,
    hash_of,
    item_of,
    parts_of,
)

T = TypeVar("T")

PAGE_SIZE = 100  # WordPress refuses more with 400 rest_invalid_param
MEDIA = "media"
STATES = "inherit,private,trash"  # a copy in the bin is still a file that anybody can open
CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Use:
    """A post, page or block that shows an item."""

    path: str
    content: str
    featured: bool


class WordPress:
    """One connected WordPress site."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def identify(self) -> Account:
        """Read the index (which site) and the own user (whose password); both must fit."""
        index = self._read("/", Index)
        if "wp/v2" not in index["namespaces"]:
            raise Misconfigured("This WordPress does not offer its content interface. Switch wp/v2 on, or use XML-RPC.")
        user = self._read("/wp/v2/users/me", User, context="edit")
        if not user["capabilities"].get("upload_files", False):
            raise Misconfigured(f"{user['name']} may not upload files. Connect as an author, editor or administrator.")
        return Account(index["home"].rstrip("/"), index["name"], user["name"], tuple(user["roles"]))

    def targets(self, cursor: str | None) -> Page[Target]:
        """The media library is the one target of a site."""
        del cursor
        index = self._read("/", Index)
        url = f"{self._settings.site_url}/wp-admin/upload.php"
        return Page((Target(LIBRARY, LIBRARY, f"{index['name']}: media library", url),), None)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Upload with all fields in one call; a second call only where WordPress filled an empty field by itself."""
        del target
        named = replace(outgoing, filename=marked_name(outgoing))
        path, query = self._where(f"/wp/v2/{MEDIA}", {"context": "edit"})
        # WordPress compares with lower-case hexadecimal digits, not with base64 as the header's RFC has it.
        answer = self._api.upload_form(
            path, named, fields=form_of(outgoing.fields), query=query, headers={"Content-MD5": _md5(outgoing)}
        )
        media = answer.parse(Media)
        left_empty = {name: "" for name, value in form_of(outgoing.fields).items() if not value}
        if any(fields_of(media).get(name) for name in left_empty):
            media = self._write(f"/wp/v2/{MEDIA}/{media['id']}", left_empty).parse(Media)
        return _receipt(media)

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Set these fields. Posts keep the alternative texts that were copied into them."""
        del target
        return _receipt(self._write(f"/wp/v2/{MEDIA}/{ref}", form_of(fields)).parse(Media))

    def repoint(self, target: Target, old_ref: str, new_ref: str) -> Receipt:
        """Rewrite every post, page and block that shows the old item, featured images included."""
        del target
        old, new = item_of(self._media(old_ref)), item_of(self._media(new_ref))
        parts: list[Part] = []
        for use in self._uses(old, featured=True):
            changes: dict[str, Any] = {}
            if uses(use.content, old):
                changes["content"] = repointed(use.content, old, new)
            if use.featured:
                changes["featured_media"] = new.id
            post = self._rewrite(use, changes, old)
            if use.featured and post.get("featured_media") != new.id:  # WordPress ignores what it does not like
                raise BadAnswer(f"WordPress did not take the new featured image of {use.path}. Look at that post.")
            parts.append(Part(PartKind.EMBED, use.path))
        return Receipt(new_ref, tuple(parts))

    def withdraw(self, target: Target, ref: str) -> None:
        """Take the item out of all content, then delete it and its files. WordPress itself unsets featured images."""
        del target
        try:
            item = item_of(self._media(ref))
        except Missing:
            return
        for use in self._uses(item):
            self._rewrite(use, {"content": without(use.content, item)}, item)
        path, query = self._where(f"/wp/v2/{MEDIA}/{ref}", {"force": "true"})
        try:
            self._api.delete(path, query=query)
        except Missing:
            self._surely_missing(ref)

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Search the library for the file name's marker; WordPress matches substrings, so each hit is checked."""
        del target
        found = self._pages(f"/wp/v2/{MEDIA}", Media, search=marker, status=STATES)
        return tuple(_copy(media) for media in found if read_marker(media["source_url"])[0] == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read the item, fetch the file that was uploaded, and search the content that shows it."""
        del target
        media = self._media(ref)
        item = item_of(media)
        embeds = tuple(Part(PartKind.EMBED, use.path) for use in self._uses(item))
        copy = _copy(media)
        return replace(copy, parts=copy.parts + embeds, sha256=hash_of(self._api, item))

    def _uses(self, item: Item, *, featured: bool = False) -> Iterator[Use]:
        """Find content that shows the item: by number, by file name, and on request as featured image.

        WordPress has no search by featured image: that one reads through all content, a hundred at a time.
        """
        for kind in self._settings.content_types:
            base = f"/wp/v2/{kind}"
            posts: dict[int, Post] = {}
            for text in (f"wp-image-{item.id}", stem_of(item.urls["full"]), "ids="):
                posts |= {post["id"]: post for post in self._posts(base, search=text)}
            leading = {post["id"] for post in self._posts(base, fields="id,featured_media")
                       if post.get("featured_media") == item.id} if featured else set[int]()  # fmt: skip
            for number in sorted({*posts, *leading}):
                content = _html(posts[number]) if number in posts else ""
                if number in leading or uses(content, item):
                    yield Use(f"{base}/{number}", content, number in leading)

    def _rewrite(self, use: Use, changes: Mapping[str, Any], old: Item) -> Post:
        """Change a post and read it back: after this the old item is deleted, and nothing could be put right."""
        self._write(use.path, changes)
        post = self._read(use.path, Post, context="edit")
        if uses(_html(post), old) and not uses(changes.get("content", ""), old):
            raise BadAnswer(f"WordPress did not keep the change of {use.path}, which still shows the old item.")
        return post

    def _posts(
        self, base: str, *, search: str | None = None, fields: str = "id,content,featured_media"
    ) -> Iterator[Post]:
        return self._pages(base, Post, search=search, status="any", _fields=fields)

    def _media(self, ref: str) -> Media:
        try:
            return self._read(f"/wp/v2/{MEDIA}/{ref}", Media, context="edit")
        except Missing:
            self._surely_missing(ref)
            raise

    def _surely_missing(self, ref: str) -> None:
        """Ask in a second way before a thing counts as gone: a closed or moved interface answers 404 to everything."""
        try:
            listed = self._read(f"/wp/v2/{MEDIA}", list[Media], include=ref, status=STATES, context="edit")
        except Missing as error:
            raise Misconfigured(
                "The site answers 404 to everything: its REST interface is off or has moved. Check the address.",
                detail=error.detail, status=error.status,
            ) from error  # fmt: skip
        if listed:
            raise BadAnswer(f"WordPress lists item {ref} and says that it is gone. Look at the site's plugins.")

    def _where(self, route: str, query: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return path and query of a route, for pretty and for plain permalinks."""
        root = self._settings.rest_root
        if root.startswith("?"):
            return f"{self._settings.site_url}/", {"rest_route": route, **query}
        return f"{self._settings.site_url}{root}{route}", dict(query)

    def _read(self, route: str, shape: type[T], **query: Any) -> T:
        path, parameters = self._where(route, query)
        return self._api.get(path, shape, query=parameters)

    def _write(self, route: str, changes: Mapping[str, Any]) -> Answer:
        path, query = self._where(route, {"context": "edit"})
        return self._api.ask("POST", path, query=query, json=changes)

    def _pages(self, route: str, shape: type[T], **query: Any) -> Iterator[T]:
        """Yield a listing whole, oldest first, so that what is added meanwhile comes last."""
        page: str | None = "1"
        while page is not None:
            order = {"orderby": "id", "order": "asc", "context": "edit", "per_page": PAGE_SIZE, "page": page}
            path, parameters = self._where(route, {**order, **query})
            answer = self._api.ask("GET", path, query=parameters)
            yield from answer.parse(list[shape])
            page = next_number(answer, int(page), total_header="X-WP-TotalPages")


def _md5(outgoing: Outgoing) -> str:
    digest = hashlib.md5(usedforsecurity=False)  # WordPress knows no other
    with closing(outgoing.open()) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _html(post: Post) -> str:
    return cast("dict[str, str]", post.get("content", {"raw": ""})).get("raw", "")


def _receipt(media: Media) -> Receipt:
    return Receipt(str(media["id"]), parts_of(item_of(media)), media.get("link"))


def _copy(media: Media) -> Copy:
    marker, key = read_marker(media["source_url"])
    return Copy(str(media["id"]), marker, key, fields_of(media), parts_of(item_of(media)), url=media.get("link"))
