"""WordPress over XML-RPC, for sites whose REST interface is closed, through python-wordpress-xmlrpc.

It knows less: no search (the library and all posts are read through), no alternative texts, no checksum at upload, and
the whole file is held in memory. The library is asked for plain answers (`results_class=None`): since Python 3.10 it
cannot turn lists into its own classes.
Manual: https://developer.wordpress.org/apis/xml-rpc/
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# (the library has no types; every answer is checked by pydantic before it is used)

from __future__ import annotations

import base64
import html
import json
import xmlrpc.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import IO, Any, NotRequired, TypeVar

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict
from wordpress_xmlrpc import Client
from wordpress_xmlrpc.methods.media import GetMediaItem, GetMediaLibrary, UploadFile
from wordpress_xmlrpc.methods.options import GetOptions
from wordpress_xmlrpc.methods.posts import DeletePost, EditPost, GetPost, GetPosts
from wordpress_xmlrpc.methods.users import GetProfile

from connectors.sdk.errors import BadAnswer, Misconfigured, Missing, Rejected, Unreachable
from connectors.sdk.http import Api
from connectors.sdk.types import (
    Account,
    Change,
    Changes,
    Copy,
    Fetched,
    Fields,
    ItemKind,
    JsonValue,
    Outgoing,
    Page,
    Part,
    PartKind,
    Receipt,
    Target,
    Use,
)
from connectors.sdk.types import Item as Listed
from connectors.sdk.xmlrpc import XmlRpcTransport
from connectors.wordpress import feed, handing_over, usage
from connectors.wordpress.content import Item, file_name, repointed, uses, without
from connectors.wordpress.files import fetched, hash_of
from connectors.wordpress.marker import marked_name, read_marker
from connectors.wordpress.types import LIBRARY, Settings, parts_of

T = TypeVar("T")
Wanted = Mapping[str, Any]
PAGE_SIZE = 100
LARGEST = 32 * 1024 * 1024  # the file is in memory three times: as bytes, as base64, as XML
NAMES = {"title": "post_title", "caption": "post_excerpt", "description": "post_content"}
KINDS = {"posts": "post", "pages": "page", "blocks": "wp_block"}
READ = ("post_content", "post_thumbnail", "post_title", "post_type", "post_status", "link")
METHODS = ("wp.getOptions", "wp.getProfile", "wp.uploadFile", "wp.getMediaItem", "wp.getMediaLibrary", "wp.getPosts",
           "wp.getPost", "wp.editPost", "wp.deletePost")  # fmt: skip
_KNOWN = TypeAdapter(dict[str, str])


class File(TypedDict):
    """One size of a picture."""

    file: str


class Details(TypedDict):
    """What WordPress knows of a file."""

    original_image: NotRequired[str]
    sizes: NotRequired[dict[str, File] | list[Any]]


class MediaItem(TypedDict):
    """A media library item."""

    attachment_id: str
    link: str
    title: str
    caption: str
    description: str
    metadata: Details | list[Any] | str
    type: NotRequired[str]


class Post(TypedDict):
    """A post as far as it shows media."""

    post_id: str
    post_content: str
    post_title: NotRequired[str]
    post_type: NotRequired[str]
    post_status: NotRequired[str]
    link: NotRequired[str]
    post_thumbnail: NotRequired[dict[str, Any] | list[Any]]


class Option(TypedDict):
    """A setting of the site."""

    value: str


class Profile(TypedDict):
    """The user whose password it is."""

    display_name: str
    roles: NotRequired[list[str]]


class _Client(Client):
    """The library's client, over the guarded transport, and without the call that it makes when it is made."""

    def __init__(self, api: Api, site_url: str) -> None:
        self.url = f"{site_url}/xmlrpc.php"
        self.blog_id = 0
        self.username, self.password = _pair(api.credentials())
        self.server = xmlrpc.client.ServerProxy(self.url, allow_none=True, transport=XmlRpcTransport(api))
        self.supported_methods = METHODS


def _pair(headers: Mapping[str, str]) -> tuple[str, str]:
    """Take user name and password out of the header: XML-RPC carries them in its body."""
    kind, _, encoded = headers.get("Authorization", "").partition(" ")
    if kind != "Basic":
        raise Misconfigured("XML-RPC knows user names and passwords only. Connect with an application password.")
    username, _, password = base64.b64decode(encoded).decode().partition(":")
    return username, password


class WordPressXmlRpc:
    """One WordPress site over XML-RPC."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def identify(self) -> Account:
        """Read the site's address and the own user."""
        options = self._options()
        profile = self._call(GetProfile(results_class=None), Profile)
        key, label = options["home_url"]["value"].rstrip("/"), options["blog_title"]["value"]
        return Account(key, label, profile["display_name"], tuple(profile.get("roles", [])))

    def targets(self, cursor: str | None) -> Page[Target]:
        """The media library is the one target of a site."""
        del cursor
        label = f"{self._options()['blog_title']['value']}: media library"
        return Page((Target(LIBRARY, LIBRARY, label, f"{self._settings.site_url}/wp-admin/upload.php"),), None)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Upload, then set the fields: XML-RPC has no call for both."""
        if outgoing.size > LARGEST:
            raise Rejected(f"XML-RPC takes files up to {LARGEST // 1024**2} MiB. Connect the site over REST instead.")
        with closing(outgoing.open()) as stream:
            bits = xmlrpc.client.Binary(stream.read())
        sent = {"name": marked_name(outgoing), "type": outgoing.media_type, "bits": bits}
        media = self._call(UploadFile(sent), MediaItem)
        return self.update(target, media["attachment_id"], outgoing.fields)

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Set these fields, the alternative text excepted."""
        del target
        self._edit(ref, {NAMES[name]: "" if value is None else str(value) for name, value in fields.items()
                         if name in NAMES})  # fmt: skip
        return Receipt(ref, parts_of(_item(self._media(ref))))

    def repoint(self, target: Target, old_ref: str, new_ref: str) -> Receipt:
        """Rewrite every post, page and block that shows the old item."""
        del target
        old, new = _item(self._media(old_ref)), _item(self._media(new_ref))
        parts: list[Part] = []
        for post in self._posts():
            changes: dict[str, Any] = {}
            if uses(post["post_content"], old):
                changes["post_content"] = repointed(post["post_content"], old, new)
            if _thumbnail(post) == old_ref:
                changes["post_thumbnail"] = new.id
            if changes:
                self._rewrite(post, changes, old)
                parts.append(Part(PartKind.EMBED, post["post_id"]))
        return Receipt(new_ref, tuple(parts))

    def withdraw(self, target: Target, ref: str) -> None:
        """Take the item out of all content, then delete it and its files."""
        del target
        try:
            item = _item(self._media(ref))
        except Missing:
            return
        for post in self._posts():
            if uses(post["post_content"], item):
                self._rewrite(post, {"post_content": without(post["post_content"], item)}, item)
        try:
            self._call(DeletePost(ref), bool)
        except Missing:
            self._surely_there()

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Read the whole library: XML-RPC has no search."""
        del target
        return tuple(_copy(media) for media in self._library() if read_marker(media["link"])[0] == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read the item, fetch the file that was uploaded, and read all content that may show it."""
        del target
        media = self._media(ref)
        item = _item(media)
        embeds = tuple(
            Part(PartKind.EMBED, post["post_id"])
            for post in self._posts()
            if uses(post["post_content"], item) or _thumbnail(post) == ref
        )
        copy = _copy(media)
        return replace(copy, parts=copy.parts + embeds, sha256=hash_of(self._api, item))

    def inventory(self, cursor: str | None) -> Page[Listed]:
        """List the whole library at once."""
        del cursor
        return Page(tuple(_listed(media) for media in self._library()), None)

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read the bytes of the file that was uploaded."""
        media = self._media(ref)
        return fetched(
            self._api, _item(media), into, media_type=media.get("type", ""), revision=_listed(media).revision
        )

    def changes(self, cursor: str | None) -> Changes:
        """Compare the whole library with what it was: XML-RPC does not tell when an item changed."""
        there = {media["attachment_id"]: media for media in self._library()}
        known = {ref: feed.fingerprint(media) for ref, media in there.items()}
        try:
            before = _KNOWN.validate_json(cursor) if cursor else known
        except ValidationError:
            return Changes((), json.dumps(known), lost=True)
        gone = [Change(ref, gone=True) for ref in before if ref not in there]
        told = [Change(ref, item=_listed(there[ref])) for ref, now in known.items() if before.get(ref) != now]
        return Changes((*gone, *told), json.dumps(known))

    def uses(self, target: Target, ref: str, cursor: str | None) -> Page[Use]:
        """Read through all content at once."""
        del target, cursor
        item = _item(self._media(ref))
        shown = ((post, usage.shown_as(post["post_content"], item, featured=_thumbnail(post) == ref))
                 for post in self._posts())  # fmt: skip
        return Page(tuple(_use(post, ways) for post, ways in shown if ways), None)

    def page_for_us(self, back: str) -> str:
        """Return the page of the site where a person makes an application password for us: XML-RPC names none."""
        return handing_over.address(self._settings.site_url + handing_over.PAGE, back)

    def give_back(self) -> None:
        """Have a person take the application password back: XML-RPC cannot."""
        raise Misconfigured("Take the password back on the site, under Users, Profile: XML-RPC cannot.")

    def _library(self) -> list[MediaItem]:
        return self._all(_library_page, {}, MediaItem, "attachment_id")

    def _media(self, ref: str) -> MediaItem:
        try:
            return self._call(GetMediaItem(ref, results_class=None), MediaItem)
        except Missing:
            self._surely_there()
            raise

    def _surely_there(self) -> None:
        """Make sure that it is WordPress which says that a thing is gone: a closed interface answers 404 to all."""
        try:
            self._options()
        except Missing as error:
            raise Misconfigured(
                "The site answers 404 to everything: XML-RPC is off or has moved. Check the site's plugins.",
                detail=error.detail, status=error.status,
            ) from error  # fmt: skip

    def _options(self) -> dict[str, Option]:
        return self._call(_Options(["home_url", "blog_title"]), dict[str, Option])

    def _edit(self, ref: str, changes: Mapping[str, Any]) -> None:
        # A struct of our own: the library's WordPressPost would rename the post to "Untitled".
        self._call(EditPost(ref, dict(changes)), bool)

    def _rewrite(self, post: Post, changes: Mapping[str, Any], old: Item) -> None:
        """Change a post and read it back: after this the old item is deleted, and nothing could be put right."""
        number = post["post_id"]
        self._edit(number, changes)
        kept = self._call(GetPost(number, list(READ), results_class=None), Post)
        if uses(kept["post_content"], old) and not uses(changes.get("post_content", ""), old):
            raise BadAnswer(f"WordPress did not keep the change of post {number}, which still shows the old item.")
        if "post_thumbnail" in changes and _thumbnail(kept) != str(changes["post_thumbnail"]):
            raise BadAnswer(f"WordPress did not take the new featured image of post {number}. Look at that post.")

    def _posts(self) -> Iterator[Post]:
        for name in self._settings.content_types:
            yield from self._all(_posts_page, {"post_type": KINDS.get(name, name)}, Post, "post_id")

    def _all(self, page: Callable[[Wanted], Any], wanted: Wanted, shape: type[T], key: str) -> list[T]:
        """Read a listing to its end. Pages overlap by one, so that nothing is missed when something is deleted."""
        found: list[Any] = []
        while True:
            start = max(len(found) - 1, 0)
            listed: list[Any] = self._call(page({**wanted, "number": PAGE_SIZE, "offset": start}), list[shape])
            if found and (not listed or listed[0][key] != found[-1][key]):
                raise Unreachable("The site's content changed while it was read. The hub tries again by itself.")
            found += listed[1:] if found else listed
            if len(listed) < PAGE_SIZE:
                return found

    def _call(self, method: Any, shape: type[T]) -> T:
        answer: Any = _Client(self._api, self._settings.site_url).call(method)
        try:
            return TypeAdapter(shape).validate_python(answer)
        except ValidationError as error:
            raise BadAnswer(
                "WordPress' XML-RPC answer makes no sense. Look at the site's plugins.",
                detail=f"{method.method_name}: {error.error_count()} fields",
            ) from None


class _Options(GetOptions):
    """Options as they come."""

    def process_result(self, options_dict: Any) -> Any:
        """Leave them alone."""
        return options_dict


def _library_page(wanted: Wanted) -> Any:
    return GetMediaLibrary(wanted, results_class=None)


def _posts_page(wanted: Wanted) -> Any:
    return GetPosts(wanted, list(READ), results_class=None)


def _thumbnail(post: Post) -> str | None:
    shown = post.get("post_thumbnail", [])
    return None if isinstance(shown, list) else str(shown.get("attachment_id"))


def _item(media: MediaItem) -> Item:
    urls, details = {"full": media["link"]}, media["metadata"]
    if isinstance(details, dict):
        folder = media["link"].rsplit("/", 1)[0]
        if original := details.get("original_image"):
            urls["original"] = f"{folder}/{original}"
        sizes = details.get("sizes", [])
        if isinstance(sizes, dict):
            urls |= {name: f"{folder}/{size['file']}" for name, size in sizes.items()}
    return Item(int(media["attachment_id"]), urls)


def _listed(media: MediaItem) -> Listed:
    name = file_name(_item(media).uploaded)
    return Listed(
        media["attachment_id"], ItemKind.FILE, html.unescape(media["title"]) or name, media_type=media.get("type", ""),
        revision=name, facts={**_fields(media), "file_name": name}, url=media["link"],
        marker=read_marker(media["link"])[0] or "", place=LIBRARY,
    )  # fmt: skip


def _use(post: Post, ways: str) -> Use:
    label = f"{post.get('post_title') or post['post_id']} ({ways})"
    public = post.get("post_status") == "publish"
    return Use(post.get("post_type", ""), post["post_id"], label, post.get("link") or None, public)


def _fields(media: MediaItem) -> dict[str, JsonValue]:
    return {"title": media["title"], "caption": media["caption"], "description": media["description"]}


def _copy(media: MediaItem) -> Copy:
    marker, key = read_marker(media["link"])
    return Copy(media["attachment_id"], marker, key, _fields(media), parts_of(_item(media)), url=media["link"])
