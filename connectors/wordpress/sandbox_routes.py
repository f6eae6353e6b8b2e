"""The routes of the made-up WordPress: media, posts, pages and blocks, the files, and XML-RPC."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, request

from connectors.wordpress import sandbox_layout, sandbox_oauth, sandbox_people, sandbox_xmlrpc
from connectors.wordpress.sandbox_http import answer, broken_off, edits, matches, page, refuse, sent, uploaded
from connectors.wordpress.sandbox_library import (
    BASES,
    FOLDER,
    INVALID_ID,
    NO_ROUTE,
    Attachment,
    Entry,
    Refusal,
    entry_json,
    media_json,
)

if TYPE_CHECKING:
    from connectors.wordpress.sandbox import WordPressSandbox

API = "/wp-json/wp/v2"
TITLE = "Sandbox site"


class Routes:
    """How one site answers."""

    def __init__(self, site: WordPressSandbox) -> None:
        self.site = site
        add = site.app.add_url_rule
        site.app.register_error_handler(Refusal, refuse)
        site.app.register_error_handler(HTTPStatus.NOT_FOUND, lambda _: refuse(NO_ROUTE))
        add("/wp-json/", "index", self._index)
        add(f"{API}/users/me", "me", self._me)
        own = f"{API}/users/me/application-passwords"
        add(f"{own}/introspect", "introspect", lambda: self._as_ourselves(sandbox_people.introspect))
        add(f"{own}/<uuid>", "forget", self._forget, methods=["DELETE"])
        add(f"{API}/types", "types", self._types)
        add(f"{API}/settings", "settings", self._settings, methods=["GET", "POST"])
        add(f"{API}/media", "media", self._list_media)
        add(f"{API}/media", "upload", self._upload, methods=["POST"])
        add(f"{API}/media/<int:number>", "item", self._item)
        add(f"{API}/media/<int:number>", "change", self._change, methods=["POST", "PUT", "PATCH"])
        add(f"{API}/media/<int:number>", "remove", self._remove, methods=["DELETE"])
        add(f"{API}/media/<int:number>/post-process", "sizes", self._sizes, methods=["POST"])
        add(f"{API}/<any({', '.join(BASES)}):base>", "entries", self._list_entries)
        add(f"{API}/<any({', '.join(BASES)}):base>", "write", self._write_entry, methods=["POST"])
        add(f"{API}/<any({', '.join(BASES)}):base>/<int:number>", "entry", self._entry)
        add(f"{API}/<any({', '.join(BASES)}):base>/<int:number>", "rewrite", self._write_entry,
            methods=["POST", "PUT", "PATCH"])  # fmt: skip
        sandbox_layout.add(self)
        add(f"/wp-content/uploads/{FOLDER}/<name>", "file", self._file)
        add(sandbox_people.PAGE, "authorize", lambda: sandbox_people.authorize(site), methods=["GET", "POST"])
        site.app.before_request(site.plugin.check)
        add(sandbox_oauth.PAGE, "oauth2_page", site.plugin.page, methods=["GET", "POST"])
        add(sandbox_oauth.EXCHANGE, "oauth2_token", site.plugin.exchange, methods=["POST"])
        add("/rest/v1.1/sites/<name>", "dot_com", self._for_dot_com)
        add("/xmlrpc.php", "xmlrpc", lambda: sandbox_xmlrpc.answer(site, request.get_data()), methods=["POST"])

    def _index(self) -> Response:
        origin = self.origin()
        sign_in = {"authorization": self.site.page or f"{origin}{sandbox_people.PAGE}"}
        ways = {"application-passwords": {"endpoints": sign_in}} if self.site.passwords_on else {}
        return answer({
            "name": self.site.title or TITLE, "description": "", "url": origin, "home": origin, "gmt_offset": "0",
            "timezone_string": "", "page_for_posts": 0, "page_on_front": 0, "show_on_front": "posts",
            "namespaces": ["oembed/1.0", "wp/v2"],
            "authentication": {**ways, **self.site.plugin.said(origin)} or [],
            **self.site.brand, "site_icon_url": "",
        })  # fmt: skip

    def _for_dot_com(self, name: str) -> Response:
        """Say of the site what WordPress.com says: https://developer.wordpress.com/docs/api/1.1/get/sites/%24site/."""
        if not self._granted():
            return answer({"error": "authorization_required", "message": "User or Token does not have access to "
                           "specified site."}, HTTPStatus.FORBIDDEN)  # fmt: skip
        if name != self.site.at_dot_com:
            return answer({"error": "unknown_blog", "message": "Unknown blog"}, HTTPStatus.NOT_FOUND)
        brand = self.site.brand
        return answer({"ID": 1, "name": self.site.title or TITLE, "URL": self.origin(),
                       "logo": {"id": brand["site_logo"], "sizes": [], "url": ""},
                       "icon": {"img": "", "ico": "", "media_id": brand["site_icon"]}})  # fmt: skip

    def _me(self) -> Response:
        if not self._signed_in():
            raise Refusal("rest_not_logged_in", "You are not currently logged in.", HTTPStatus.UNAUTHORIZED)
        origin = self.origin()
        return answer({
            "id": 1, "name": "admin", "url": origin, "description": "", "link": f"{origin}/author/admin/",
            "slug": "admin", "meta": [], "username": "admin", "roles": ["administrator"],
            "capabilities": {"upload_files": True, "edit_posts": True, "unfiltered_html": True},
        })  # fmt: skip

    def _types(self) -> Response:
        self._may_list()
        known = {kind: {"slug": kind, "rest_base": base, "rest_namespace": "wp/v2"} for base, kind in BASES.items()
                 if not (edits() and base in self.site.closed)}  # fmt: skip
        return answer({**known, "attachment": {"slug": "attachment", "rest_base": "media", "rest_namespace": "wp/v2"}})

    def _settings(self) -> Response:
        self.must_sign_in("rest_forbidden", "Sorry, you are not allowed to do that.")
        self.site.brand |= {name: int(value) for name, value in sent().items() if name in self.site.brand}
        return answer({"title": self.site.title or TITLE, "url": self.origin(), **self.site.brand})

    def _list_media(self) -> Response:
        self._may_list()
        states = (request.args.get("status") or "inherit").split(",")
        found = [
            item
            for item in tuple(self.site.items.values())
            if item.status in states and matches((item.title, item.caption, item.description, item.file.served))
        ]
        return page(found, lambda item: self._say_item(item, edit=edits()), hidden=self.site.hidden)

    def _upload(self) -> Response:
        self.must_sign_in("rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")
        name, content = uploaded()
        expected = request.headers.get("Content-MD5")
        if expected and expected != hashlib.md5(content, usedforsecurity=False).hexdigest():
            raise Refusal("rest_upload_hash_mismatch", "Content hash did not match expected.",
                          HTTPStatus.PRECONDITION_FAILED)  # fmt: skip
        item = self.site.take(name, content, {**request.args, **request.form})
        if item is None:
            code = "rest_upload_unknown_error" if request.files else "rest_upload_sideload_error"
            raise Refusal(code, "Sorry, you are not allowed to upload this file type.",
                          HTTPStatus.INTERNAL_SERVER_ERROR)  # fmt: skip
        whole = self.site.make_sizes(item)
        said = answer(self._say_item(item, edit=True), HTTPStatus.CREATED) if whole else broken_off()
        said.headers["X-WP-Upload-Attachment-ID"] = str(item.id)
        said.headers["Location"] = f"{request.url_root}wp-json/wp/v2/media/{item.id}"
        return said

    def _sizes(self, number: int) -> Response:
        item = self.site.items.get(number)
        if item is None:
            raise INVALID_ID
        self.must_sign_in("rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
        return answer(self._say_item(item, edit=True)) if self.site.make_sizes(item) else broken_off()

    def _item(self, number: int) -> Response:
        item = self.site.items.get(number)
        if item is None:
            raise INVALID_ID
        if edits():
            self.must_sign_in("rest_forbidden_context", "Sorry, you are not allowed to edit this post.")
        return answer(self._say_item(item, edit=edits()))

    def _change(self, number: int) -> Response:
        item = self.site.items.get(number)
        if item is None:
            raise INVALID_ID
        self.must_sign_in("rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
        self.site.change(item, sent())
        return answer(self._say_item(item, edit=True))

    def _remove(self, number: int) -> Response:
        item = self.site.items.get(number)
        if item is None:
            raise INVALID_ID
        self.must_sign_in("rest_cannot_delete", "Sorry, you are not allowed to delete this post.")
        if request.args.get("force") not in {"true", "1"}:
            raise Refusal("rest_trash_not_supported", "The post does not support trashing. Set 'force=true' to delete.",
                          HTTPStatus.NOT_IMPLEMENTED)  # fmt: skip
        previous = self._say_item(item, edit=True)
        previous.pop("_links")
        self.site.remove(item)
        return answer({"deleted": True, "previous": previous})

    def _list_entries(self, base: str) -> Response:
        self._may_list()
        status = request.args.get("status") or "publish"
        if base in self.site.closed and status == "any":
            raise Refusal("rest_invalid_param", "Invalid parameter(s): status", HTTPStatus.BAD_REQUEST,
                          params={"status": "Status is forbidden."})  # fmt: skip
        found = [
            entry
            for entry in tuple(self.site.entries.values())
            if entry.base == base and status in {"any", entry.status} and matches((entry.title, entry.content))
        ]
        return page(found, lambda entry: entry_json(entry, self.origin(), edit=edits()))

    def _entry(self, base: str, number: int) -> Response:
        entry = self.site.entries.get(number)
        if entry is None or entry.base != base:
            raise INVALID_ID
        if edits():
            self.must_sign_in("rest_forbidden_context", "Sorry, you are not allowed to edit this post.")
        return answer(entry_json(entry, self.origin(), edit=edits()))

    def _write_entry(self, base: str, number: int | None = None) -> Response:
        if number is None:
            self.must_sign_in("rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")
            entry = Entry(self.site.next_id(), base)
        elif (found := self.site.entries.get(number)) is None or found.base != base:
            raise INVALID_ID
        else:
            self.must_sign_in("rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
            entry = found
        self.site.write(entry, sent())
        status = HTTPStatus.OK if number else HTTPStatus.CREATED
        said = answer(entry_json(entry, self.origin(), edit=True), status)
        if number is None:
            said.headers["Location"] = f"{request.url_root}wp-json/wp/v2/{base}/{entry.id}"
        return said

    def _file(self, name: str) -> Response:
        for item in tuple(self.site.items.values()):
            if name in item.file.names():
                return Response(item.file.content, content_type=item.file.media_type)
        return Response("Not found", HTTPStatus.NOT_FOUND, content_type="text/html; charset=utf-8")

    def _forget(self, uuid: str) -> Response:
        return self._as_ourselves(lambda site, _: sandbox_people.forget(site, uuid))

    def _as_ourselves(self, act: Callable[[WordPressSandbox, str], Response]) -> Response:
        self.must_sign_in("rest_not_logged_in", "You are not currently logged in.")
        return act(self.site, self._pair()[1])

    def _signed_in(self) -> bool:
        return self._granted() or self.site.knows(*self._pair())

    def _granted(self) -> bool:
        token = request.headers.get("Authorization", "").partition("Bearer ")[2]
        return self.site.authorization.valid(token) or token in self.site.plugin.tokens

    def _pair(self) -> tuple[str, str]:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return "", ""
        username, _, password = base64.b64decode(value).decode("utf-8", "replace").partition(":")
        return username, password

    def must_sign_in(self, code: str, message: str) -> None:
        """Refuse a call that nobody is signed in for."""
        if not self._signed_in():
            raise Refusal(code, message, HTTPStatus.UNAUTHORIZED)

    def _may_list(self) -> None:
        if edits():
            self.must_sign_in(
                "rest_forbidden_context",
                "Sorry, you are not allowed to edit posts in this post type.",
            )

    def _say_item(self, item: Attachment, *, edit: bool) -> dict[str, Any]:
        return media_json(item, self.origin(), edit=edit)

    def origin(self) -> str:
        """Return the site's own address."""
        return request.url_root.rstrip("/")
