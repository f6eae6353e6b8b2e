"""A made-up WordPress 7.1 site: the media, posts, pages and blocks routes, the files, and XML-RPC.

Compared with a real server answer by answer in `tests/conformance/test_wordpress_drift.py`.
"""

from __future__ import annotations

import base64
import hashlib
import math
import secrets
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from flask import Response, request

from connectors.sdk.marker import key_in, marker_in
from connectors.testing.contract import Contract
from connectors.testing.hooks import Delivery
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing
from connectors.wordpress import events, sandbox_xmlrpc
from connectors.wordpress.content import uses
from connectors.wordpress.sandbox_http import answer, edits, matches, out_of_bounds, raw, refuse, sent, uploaded
from connectors.wordpress.sandbox_library import (
    BASES,
    FOLDER,
    INVALID_ID,
    NO_ROUTE,
    Attachment,
    Entry,
    Refusal,
    alt_text_of,
    entry_json,
    facts,
    fields,
    file_name_of,
    free,
    media_json,
    slug_of,
    take_file,
)
from connectors.wordpress.types import LIBRARY, Media, item_of

API = "/wp-json/wp/v2"
MOST_PER_PAGE = 100
WRITABLE = ("title", "caption", "description", "alt_text", "status")
TITLE = "Sandbox site"


class WordPressSandbox(Sandbox):
    """One site with one administrator."""

    name = "wordpress"
    auth = "application_password"
    text_fields = ("title", "alt_text", "caption", "description")
    secrets: Mapping[str, str]
    contract = Contract.load(Path(__file__).parent / "fixtures" / "contract.json")

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {"username": "admin", "password": secrets.token_hex(12)}
        self.hook_secret = secrets.token_hex(16)
        self.items: dict[int, Attachment] = {}
        self.entries: dict[int, Entry] = {}
        self._last_id = 3
        add = self.app.add_url_rule
        self.app.register_error_handler(Refusal, refuse)
        self.app.register_error_handler(HTTPStatus.NOT_FOUND, lambda _: refuse(NO_ROUTE))
        add("/wp-json/", "index", self._index)
        add(f"{API}/users/me", "me", self._me)
        add(f"{API}/media", "media", self._list_media)
        add(f"{API}/media", "upload", self._upload, methods=["POST"])
        add(f"{API}/media/<int:number>", "item", self._item)
        add(f"{API}/media/<int:number>", "change", self._change, methods=["POST", "PUT", "PATCH"])
        add(f"{API}/media/<int:number>", "remove", self._remove, methods=["DELETE"])
        add(f"{API}/media/<int:number>/post-process", "sizes", self._item, methods=["POST"])
        add(f"{API}/<any({', '.join(BASES)}):base>", "entries", self._list_entries)
        add(f"{API}/<any({', '.join(BASES)}):base>", "write", self._write_entry, methods=["POST"])
        add(f"{API}/<any({', '.join(BASES)}):base>/<int:number>", "entry", self._entry)
        add(f"{API}/<any({', '.join(BASES)}):base>/<int:number>", "rewrite", self._write_entry,
            methods=["POST", "PUT", "PATCH"])  # fmt: skip
        add(f"/wp-content/uploads/{FOLDER}/<name>", "file", self._file)
        add("/xmlrpc.php", "xmlrpc", lambda: sandbox_xmlrpc.answer(self, request.get_data()), methods=["POST"])

    # Routes

    def _index(self) -> Response:
        origin = request.host_url.rstrip("/")
        sign_in = {"authorization": f"{origin}/wp-admin/authorize-application.php"}
        return answer({
            "name": TITLE, "description": "", "url": origin, "home": origin, "gmt_offset": "0", "timezone_string": "",
            "page_for_posts": 0, "page_on_front": 0, "show_on_front": "posts", "namespaces": ["oembed/1.0", "wp/v2"],
            "authentication": {"application-passwords": {"endpoints": sign_in}}, "site_logo": 0, "site_icon": 0,
            "site_icon_url": "",
        })  # fmt: skip

    def _me(self) -> Response:
        if not self._signed_in():
            raise Refusal("rest_not_logged_in", "You are not currently logged in.", HTTPStatus.UNAUTHORIZED)
        origin = request.host_url.rstrip("/")
        return answer({
            "id": 1, "name": "admin", "url": origin, "description": "", "link": f"{origin}/author/admin/",
            "slug": "admin", "meta": [], "username": "admin", "roles": ["administrator"],
            "capabilities": {"upload_files": True, "edit_posts": True, "unfiltered_html": True},
        })  # fmt: skip

    def _list_media(self) -> Response:
        self._may_list()
        states = (request.args.get("status") or "inherit").split(",")
        found = [
            item
            for item in tuple(self.items.values())
            if item.status in states and matches((item.title, item.caption, item.description, item.file.served))
        ]
        return self._page(found, lambda item: self._say_item(item, edit=edits()))

    def _upload(self) -> Response:
        self._must_sign_in("rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")
        name, content = uploaded()
        expected = request.headers.get("Content-MD5")
        if expected and expected != hashlib.md5(content, usedforsecurity=False).hexdigest():
            raise Refusal("rest_upload_hash_mismatch", "Content hash did not match expected.",
                          HTTPStatus.PRECONDITION_FAILED)  # fmt: skip
        item = self.take(name, content, {**request.args, **request.form})
        if item is None:
            code = "rest_upload_unknown_error" if request.files else "rest_upload_sideload_error"
            raise Refusal(code, "Sorry, you are not allowed to upload this file type.",
                          HTTPStatus.INTERNAL_SERVER_ERROR)  # fmt: skip
        said = answer(self._say_item(item, edit=True), HTTPStatus.CREATED)
        said.headers["X-WP-Upload-Attachment-ID"] = str(item.id)
        said.headers["Location"] = f"{request.host_url}wp-json/wp/v2/media/{item.id}"
        return said

    def _item(self, number: int) -> Response:
        item = self.items.get(number)
        if item is None:
            raise INVALID_ID
        if edits() or request.method == "POST":
            self._must_sign_in("rest_forbidden_context", "Sorry, you are not allowed to edit this post.")
        return answer(self._say_item(item, edit=edits()))

    def _change(self, number: int) -> Response:
        item = self.items.get(number)
        if item is None:
            raise INVALID_ID
        self._must_sign_in("rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
        self.change(item, sent())
        return answer(self._say_item(item, edit=True))

    def _remove(self, number: int) -> Response:
        item = self.items.get(number)
        if item is None:
            raise INVALID_ID
        self._must_sign_in("rest_cannot_delete", "Sorry, you are not allowed to delete this post.")
        if request.args.get("force") not in {"true", "1"}:
            raise Refusal("rest_trash_not_supported", "The post does not support trashing. Set 'force=true' to delete.",
                          HTTPStatus.NOT_IMPLEMENTED)  # fmt: skip
        previous = self._say_item(item, edit=True)
        previous.pop("_links")
        self.remove(item)
        return answer({"deleted": True, "previous": previous})

    def _list_entries(self, base: str) -> Response:
        self._may_list()
        status = request.args.get("status") or "publish"
        found = [
            entry
            for entry in tuple(self.entries.values())
            if entry.base == base and status in {"any", entry.status} and matches((entry.title, entry.content))
        ]
        return self._page(found, lambda entry: entry_json(entry, self._origin(), edit=edits()))

    def _entry(self, base: str, number: int) -> Response:
        entry = self.entries.get(number)
        if entry is None or entry.base != base:
            raise INVALID_ID
        if edits():
            self._must_sign_in("rest_forbidden_context", "Sorry, you are not allowed to edit this post.")
        return answer(entry_json(entry, self._origin(), edit=edits()))

    def _write_entry(self, base: str, number: int | None = None) -> Response:
        if number is None:
            self._must_sign_in("rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")
            entry = Entry(self._next_id(), base)
        elif (found := self.entries.get(number)) is None or found.base != base:
            raise INVALID_ID
        else:
            self._must_sign_in("rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
            entry = found
        self.write(entry, sent())
        status = HTTPStatus.OK if number else HTTPStatus.CREATED
        said = answer(entry_json(entry, self._origin(), edit=True), status)
        if number is None:
            said.headers["Location"] = f"{request.host_url}wp-json/wp/v2/{base}/{entry.id}"
        return said

    def _file(self, name: str) -> Response:
        for item in tuple(self.items.values()):
            if name in item.file.names():
                return Response(item.file.content, content_type=item.file.media_type)
        return Response("Not found", HTTPStatus.NOT_FOUND, content_type="text/html; charset=utf-8")

    # What the routes and XML-RPC do

    def take(self, name: str, content: bytes, sent: Mapping[str, Any]) -> Attachment | None:
        """Keep an upload; None where its type is not allowed."""
        name = self._free_name(file_name_of(name))
        file = take_file(name, content)
        if file is None:
            return None
        title = str(sent.get("title") or "") or name.rsplit(".", 1)[0]
        item = Attachment(self._next_id(), file, title, self._free_slug(slug_of(title)))
        with self.lock:
            self.items[item.id] = item
            self._set(item, {**sent, "title": title})
            self.ledger.add(What.MADE, str(item.id), LIBRARY, **facts(item))
        return item

    def change(self, item: Attachment, sent: Mapping[str, Any]) -> None:
        """Change an item's fields."""
        with self.lock:
            self._set(item, sent)
            self.ledger.add(What.CHANGED, str(item.id), LIBRARY, **facts(item))

    def remove(self, item: Attachment) -> None:
        """Delete an item and its files; featured images go with it, texts stay as they are."""
        with self.lock:
            self.items.pop(item.id, None)
            for entry in tuple(self.entries.values()):
                if entry.featured_media == item.id:
                    entry.featured_media = 0
            self.ledger.add(What.REMOVED, str(item.id), LIBRARY)

    def write(self, entry: Entry, sent: Mapping[str, Any]) -> None:
        """Make or change a post."""
        with self.lock:
            for name in ("title", "content", "status"):
                if name in sent:
                    setattr(entry, name, raw(sent[name]))
            featured = sent.get("featured_media")
            if featured is not None and (int(featured) in self.items or int(featured) == 0):
                entry.featured_media = int(featured)  # an item that does not exist is ignored without a word
            if entry.status != "draft" and not entry.slug:
                entry.slug = self._free_slug(slug_of(entry.title))
            self.entries[entry.id] = entry

    def _set(self, item: Attachment, sent: Mapping[str, Any]) -> None:
        for name in WRITABLE:
            if name in sent:
                value = raw(sent[name])
                setattr(item, name, alt_text_of(value) if name == "alt_text" else value)

    def knows(self, username: str, password: str) -> bool:
        """Tell whether these are the administrator's user name and application password."""
        pair, known = f"{username}:{password}", f"{self.secrets['username']}:{self.secrets['password']}"
        return secrets.compare_digest(pair.encode(), known.encode())

    def _signed_in(self) -> bool:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        username, _, password = base64.b64decode(value).decode("utf-8", "replace").partition(":")
        return self.knows(username, password)

    def _must_sign_in(self, code: str, message: str) -> None:
        if not self._signed_in():
            raise Refusal(code, message, HTTPStatus.UNAUTHORIZED)

    def _may_list(self) -> None:
        if edits():
            self._must_sign_in(
                "rest_forbidden_context",
                "Sorry, you are not allowed to edit posts in this post type.",
            )

    def _page(self, found: Iterable[Any], say: Callable[[Any], dict[str, Any]]) -> Response:
        per_page, page = int(request.args.get("per_page", 10)), int(request.args.get("page", 1))
        if not 1 <= per_page <= MOST_PER_PAGE:
            raise out_of_bounds()
        if include := request.args.get("include"):
            wanted = {int(number) for number in include.split(",")}
            found = [each for each in found if each.id in wanted]
        newest_first = request.args.get("order", "desc") == "desc"
        listed = sorted(found, key=lambda each: each.id, reverse=newest_first)
        pages = math.ceil(len(listed) / per_page)
        if page > pages and listed:
            raise Refusal("rest_post_invalid_page_number",
                          "The page number requested is larger than the number of pages available.",
                          HTTPStatus.BAD_REQUEST)  # fmt: skip
        said = answer([say(each) for each in listed[(page - 1) * per_page : page * per_page]])
        said.headers["X-WP-Total"], said.headers["X-WP-TotalPages"] = str(len(listed)), str(pages)
        return said

    def _say_item(self, item: Attachment, *, edit: bool) -> dict[str, Any]:
        return media_json(item, self._origin(), edit=edit)

    def _origin(self) -> str:
        return request.host_url.rstrip("/")

    def _next_id(self) -> int:
        with self.lock:
            self._last_id += 1
            return self._last_id

    def _free_name(self, name: str) -> str:
        taken = {each for item in tuple(self.items.values()) for each in item.file.names()}
        stem, dot, end = name.rpartition(".")
        return free(name, taken, lambda number: f"{stem}-{number}{dot}{end}", first=1)

    def _free_slug(self, slug: str) -> str:
        taken = {each.slug for each in (*self.items.values(), *self.entries.values())}
        return free(slug, taken, lambda number: f"{slug}-{number}", first=2)

    # What is true here, for tests

    def writes(self, environ: Mapping[str, Any]) -> bool:
        """XML-RPC is always POST; its method's name tells."""
        if environ["PATH_INFO"] == "/xmlrpc.php":
            return sandbox_xmlrpc.writes(environ)
        return environ["REQUEST_METHOD"] not in {"GET", "HEAD", "OPTIONS"}

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Return the settings of a connection to this site."""
        return {"site_url": origin}

    def targets(self) -> tuple[str, ...]:
        """A site has one target."""
        return (LIBRARY,)

    def copies(self, target: str) -> tuple[Standing, ...]:
        """Return everything in the library."""
        return tuple(self._standing(item) for item in tuple(self.items.values()) if target == LIBRARY)

    def intrude(self, target: str, text: str) -> str:
        """Upload a picture whose name holds `text`."""
        del target
        item = self.take(f"{text}.png", PIXEL, {"title": text})
        return str(item.id if item else "")

    def vanish(self, target: str, ref: str) -> None:
        """Delete an item by hand."""
        del target
        self.remove(self.items[int(ref)])

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Change an item by hand."""
        del target
        self.change(self.items[int(ref)], fields)

    def use(self, target: str, ref: str) -> str | None:
        """Show an item in a new post."""
        del target
        url = media_json(self.items[int(ref)], self.origin, edit=True)["source_url"]
        entry = Entry(self._next_id(), "posts")
        self.write(entry, {"title": "A use", "content": IN_POST.format(ref, url), "status": "publish"})
        return str(entry.id)

    def uses(self, target: str, ref: str) -> int:
        """Count the posts that show an item."""
        del target
        return self._uses(self.items[int(ref)]) if int(ref) in self.items else 0

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery | None:
        """Make what the companion plugin sends."""
        del target
        body = events.body(kind or "attachment.updated", int(ref), LIBRARY, ours=ours)
        headers = events.headers(self.hook_secret, body, delivery_key=secrets.token_hex(8), at=1_790_000_000)
        return Delivery("", headers, body, secret=self.hook_secret)

    def _uses(self, item: Attachment) -> int:
        shown = item_of(cast("Media", media_json(item, self.origin, edit=True)))
        return sum(uses(entry.content, shown) for entry in tuple(self.entries.values()))

    def _standing(self, item: Attachment) -> Standing:
        marker = marker_in(item.file.name)
        shown = item_of(cast("Media", media_json(item, self.origin, edit=True)))
        return Standing(
            str(item.id), LIBRARY, marker, key_in(item.file.name, marker) if marker else None, fields(item),
            item.sha256, 1 + len(set(shown.urls.values())) + self._uses(item),
        )  # fmt: skip


def create(*, ledger: Ledger | None = None) -> WordPressSandbox:
    """Make an empty site."""
    return WordPressSandbox(ledger=ledger)


IN_POST = (
    '<!-- wp:image {{"id":{0}}} --><figure class="wp-block-image"><img src="{1}" class="wp-image-{0}"/></figure>'
    "<!-- /wp:image -->"
)
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
