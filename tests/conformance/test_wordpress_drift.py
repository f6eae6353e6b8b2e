"""The sandbox answers as real WordPress does: the same calls to both, compared field by field.

What differs is listed below by name, with its reason. Anything else that differs fails, in either direction.
"""

from __future__ import annotations

import fnmatch
import hashlib
import io
import json
import re
import xmlrpc.client

import httpx
import pytest
from PIL import Image

from connectors.testing.serve import serve
from connectors.wordpress.sandbox import create
from connectors.wordpress.types import LISTED

pytestmark = pytest.mark.service("wordpress")
API = "/wp-json/wp/v2"

KNOWN = {
    "_links*": "hypermedia that no connector follows",
    "*._links*": "the same inside a listing",
    "*description.rendered": "what the theme makes of an item's own page",
    "*content.rendered": "what block filters and the theme make of a text",
    "*excerpt*": "not kept by the sandbox",
    "*.filesize": "smaller sizes are not really made by the sandbox",
    "*class_list*": "themes only",
    "*meta.*": "registered meta of the stock theme",
    "*meta": "the same",
    "filesize": "of a large picture, the size of its smaller copy, which the sandbox does not make",
    "*comment_status": "posts only",
    "*ping_status": "posts only",
    "*categories*": "not kept by the sandbox",
    "*tags*": "not kept by the sandbox",
    "*password": "not kept by the sandbox",
    "*sticky": "not kept by the sandbox",
    "*format": "not kept by the sandbox",
    "*generated_slug": "posts only",
    "*permalink_template": "posts only",
    "*parent": "pages only",
    "*menu_order": "pages only",
    "*template": "themes only",
    "*capabilities*": "an administrator has some hundred",
    "*wp_pattern_*": "blocks only",
    "name": "the sites' titles differ",
    "*wp_id": "the number of a template as a post, by which nobody asks",
    "*rendered_form": "a widget's form in the dashboard",
    "*instance.encoded": "PHP's own way of writing a widget",
    "*instance.hash": "made with the site's own secret",
    "routes*": "not listed by the sandbox",
    "namespaces*": "plugins' own",
    "email": "not told by the sandbox",
    "*first_name": "not told by the sandbox",
    "*last_name": "not told by the sandbox",
    "*nickname": "not told by the sandbox",
    "*locale": "not told by the sandbox",
    "*registered_date": "not told by the sandbox",
    "*extra_capabilities*": "not told by the sandbox",
}


def picture(width, height, kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 60)).save(out, kind)
    return out.getvalue()


SMALL, LARGE = picture(400, 300), picture(3200, 2100, "JPEG")
HTML = '<p>words</p>\n<img class="wp-image-{0}" src="x">'


class Server:
    """One of the two, and what it answered."""

    def __init__(self, url, password):
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=60)
        self._auth = ("admin", password)
        self._numbers: dict[int, str] = {}
        self.answers: dict[str, tuple] = {}

    def say(self, name, method, path, *, signed=True, **more):
        auth = more.pop("auth", self._auth if signed else None)
        answer = self._client.request(method, path, auth=auth, **more)
        told = {key: answer.headers.get(key) for key in ("x-wp-total", "x-wp-totalpages")}
        body = answer.json()
        if isinstance(body, dict) and isinstance(body.get("id"), int):
            self._numbers.setdefault(body["id"], f"#{len(self._numbers) + 1}")
        self.answers[name] = (answer.status_code, told, dict(self._flat(body, "")), answer.headers.get("location", ""))
        return body

    def _flat(self, value, path):
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                yield from self._flat(inner, f"{path}.{key}" if path else key)
        elif isinstance(value, list) and value:
            for at, inner in enumerate(value):
                yield from self._flat(inner, f"{path}.{at}" if path else str(at))
        else:
            yield path, self._plain(value)

    def _plain(self, value):
        if isinstance(value, int) and not isinstance(value, bool):
            return self._numbers.get(value, value)
        if not isinstance(value, str):
            return "DATE" if isinstance(value, xmlrpc.client.DateTime) else json.dumps(value)
        if value.isdecimal() and int(value) in self._numbers:
            return self._numbers[int(value)]
        value = value.replace(self.url, "SITE")
        value = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "DATE", re.sub(r"uploads/\d{4}/\d\d/", "uploads/", value))
        value = re.sub(r"^\d{4}/\d\d/", "", value)
        for number, known in self._numbers.items():
            value = re.sub(rf"(?<=[=/-]){number}\b", known, value)
        return value

    def call(self, name, method, *arguments):
        """One XML-RPC call, told by its kinds of values."""
        body = xmlrpc.client.dumps((0, *self._auth, *arguments), method)
        answer = self._client.post("/xmlrpc.php", content=body, headers={"Content-Type": "text/xml"})
        try:
            (told,), _ = xmlrpc.client.loads(answer.content)
        except xmlrpc.client.Fault as fault:
            told = {"fault": fault.faultCode}
        if isinstance(told, dict) and "attachment_id" in told:
            self._numbers.setdefault(int(told["attachment_id"]), f"#{len(self._numbers) + 1}")
        self.answers[name] = (answer.status_code, {}, dict(self._flat(told, "")), "")
        return told


def upload(server, name, filename, content, *, headers=None, **fields):
    return server.say(name, "POST", f"{API}/media", files={"file": (filename, content)}, data=fields,
                      headers={"Content-MD5": hashlib.md5(content).hexdigest(), **(headers or {})})  # fmt: skip


def play(server):
    """The same calls to either server, in the same order."""
    say = server.say
    say("index", "GET", "/wp-json/", signed=False)
    say("me", "GET", f"{API}/users/me", params={"context": "edit"})
    say("nobody", "GET", f"{API}/users/me", signed=False)
    say("wrong password", "GET", f"{API}/users/me", auth=("admin", "wrong"))
    small = upload(server, "upload", "Hero Shot.png", SMALL, title="Hero &amp; Shot", caption="Seen by <b>all</b>",
                   alt_text="a &lt; b 50%20x <i>c</i>", description="")["id"]  # fmt: skip
    large = upload(server, "upload large", "big.jpg", LARGE, title="", caption="c")["id"]
    upload(server, "upload same name", "Hero Shot.png", SMALL, title="Hero &amp; Shot")
    say("upload raw", "POST", f"{API}/media", content=SMALL,
        headers={"Content-Type": "image/png", "Content-Disposition": 'attachment; filename="raw.png"'})  # fmt: skip
    say("upload nobody", "POST", f"{API}/media", signed=False, files={"file": ("x.png", SMALL)})
    upload(server, "upload wrong hash", "x.png", SMALL, headers={"Content-MD5": "0" * 32})
    upload(server, "upload wrong type", "x.exe", b"MZ")
    upload(server, "upload wrong bytes", "x.png", b"no picture")
    say("upload raw wrong type", "POST", f"{API}/media", content=b"<svg/>",
        headers={"Content-Type": "image/svg+xml", "Content-Disposition": "attachment; filename=x.svg"})  # fmt: skip
    say("upload no disposition", "POST", f"{API}/media", content=SMALL, headers={"Content-Type": "image/png"})
    say("upload bad disposition", "POST", f"{API}/media", content=SMALL,
        headers={"Content-Type": "image/png", "Content-Disposition": "attachment; filename*=UTF-8''x.png"})  # fmt: skip
    say("upload nothing", "POST", f"{API}/media")
    for context in ("edit", "view"):
        say(f"read {context}", "GET", f"{API}/media/{small}", params={"context": context})
    say("read nobody", "GET", f"{API}/media/{small}", params={"context": "edit"}, signed=False)
    say("read missing", "GET", f"{API}/media/999999")
    say("no such route", "GET", f"{API}/nonsense")
    say("update", "POST", f"{API}/media/{small}", params={"context": "edit"}, json={"title": "New", "alt_text": "new"})
    say("update nobody", "POST", f"{API}/media/{small}", json={"title": "New"}, signed=False)
    say("update bytes", "POST", f"{API}/media/{small}", content=SMALL, headers={"Content-Type": "image/png"})
    say("sizes anew", "POST", f"{API}/media/{small}/post-process", json={"action": "create-image-subsizes"})
    say("sizes of nothing", "POST", f"{API}/media/999999/post-process", json={"action": "create-image-subsizes"})
    say("sizes nobody", "POST", f"{API}/media/{small}/post-process", json={"action": "create-image-subsizes"},
        signed=False)  # fmt: skip
    lists = {
        "all": {}, "search": {"search": "hero-shot"}, "search title": {"search": "New"},
        "search none": {"search": "zz"},
        "page": {"per_page": 2, "page": 2}, "past the end": {"page": 99}, "too long": {"per_page": 101},
        "include": {"include": f"{small},{large}"}, "include missing": {"include": "999999"},
        "states": {"status": "inherit,private,trash"}, "past nothing": {"search": "zz", "page": 3},
        "offset": {"offset": 1, "per_page": 2}, "offset at the end": {"offset": 4}, "offset past it": {"offset": 99},
        "changed": {"modified_after": "2001-01-01T00:00:00Z"}, "no date": {"modified_after": "yesterday"},
        "not changed": {"modified_after": "2999-01-01T00:00:00Z"},
        "changed here": {"modified_after": "2999-01-01T00:00:00+05:00"},
        "as imported": {"_fields": LISTED, "status": "inherit,private,trash"},
        "as dated": {"_fields": "id,modified_gmt"},
    }  # fmt: skip
    for name, query in lists.items():
        shown = {"context": "edit", "orderby": "id", "order": "asc", "_fields": "id,title,source_url"}
        say(f"list {name}", "GET", f"{API}/media", params={**shown, **query})
    say("list nobody", "GET", f"{API}/media", params={"context": "edit"}, signed=False)
    _posts(server, small)
    _layout(server, small)
    shows = {"_fields": "site_logo,site_icon"}
    for name in ("site_logo", "site_icon"):
        say(f"show as {name}", "POST", f"{API}/settings", params=shows, json={name: small})
    say("show nobody", "POST", f"{API}/settings", json={"site_logo": small}, signed=False)
    say("index showing", "GET", "/wp-json/", params=shows, signed=False)
    say("delete without force", "DELETE", f"{API}/media/{small}")
    say("delete nobody", "DELETE", f"{API}/media/{small}", params={"force": "true"}, signed=False)
    say("delete", "DELETE", f"{API}/media/{small}", params={"force": "true"})
    say("delete again", "DELETE", f"{API}/media/{small}", params={"force": "true"})
    say("index after delete", "GET", "/wp-json/", params=shows, signed=False)
    for name in ("post", "page"):
        say(f"{name} after delete", "GET", f"{API}/{name}s/{server.made[name]}",
            params={"context": "edit", "_fields": "id,content,featured_media"})  # fmt: skip
    _xmlrpc(server, large)


def _posts(server, small):
    server.made = {}
    for base, name in (("posts", "post"), ("pages", "page"), ("blocks", "block"), ("navigation", "menu")):
        sent = {"title": name, "content": HTML.format(small), "status": "publish"}
        if base in {"posts", "pages"}:
            sent["featured_media"] = small
        server.made[name] = number = server.say(f"make {name}", "POST", f"{API}/{base}", json=sent,
                                                params={"context": "edit"})["id"]  # fmt: skip
        server.say(f"update {name}", "POST", f"{API}/{base}/{number}", json={"content": f"<p>{small}</p>"})
        server.say(f"read {name}", "GET", f"{API}/{base}/{number}", params={"context": "edit"})
        for query in (
            {"search": "words"},
            {"search": f"<p>{small}"},
            {"status": "any"},
            {"_fields": "id,featured_media"},
            {"_fields": "id,featured_media,title,link,status", "status": "any"},
            {"offset": "1", "status": "any"},
            {"offset": "0", "status": "any", "search": f"<p>{small}"},
        ):
            server.say(f"list {base} {'-'.join(query.values()).replace(str(small), '')}", "GET", f"{API}/{base}",
                       params={"context": "edit", "_fields": "id,content", **query})  # fmt: skip
    server.say("make bad featured", "POST", f"{API}/posts", json={"title": "x", "featured_media": 999999})
    server.say("keep featured", "POST", f"{API}/posts/{server.made['post']}", json={"featured_media": 999999})
    server.say("make nobody", "POST", f"{API}/posts", json={"title": "x"}, signed=False)
    server.say("wrong kind", "GET", f"{API}/pages/{server.made['post']}")


def _layout(server, small):
    say, edit = server.say, {"context": "edit"}
    for kind in ("templates", "template-parts"):
        sent = {"slug": "mine", "title": "Mine", "content": HTML.format(small)}
        ref = say(f"make {kind}", "POST", f"{API}/{kind}", json=sent, params=edit)["id"].replace("//", "/")
        say(f"read {kind}", "GET", f"{API}/{kind}/{ref}", params=edit)
        say(f"read fields of {kind}", "GET", f"{API}/{kind}/{ref}", params={**edit, "_fields": "id,title,content"})
        say(f"change {kind}", "POST", f"{API}/{kind}/{ref}", params=edit, json={"content": "<p>none</p>"})
        say(f"read {kind} nobody", "GET", f"{API}/{kind}/{ref}", params=edit, signed=False)
        say(f"change {kind} nobody", "POST", f"{API}/{kind}/{ref}", json={"content": "x"}, signed=False)
        say(f"list {kind} nobody", "GET", f"{API}/{kind}", params=edit, signed=False)
        say(f"read missing {kind}", "GET", f"{API}/{kind}/none/none", params=edit)
    for base, raw in (
        ("custom_html", {"title": "t", "content": HTML.format(small)}),
        ("media_image", {"attachment_id": small, "url": "https://example.org/x.png", "caption": "c", "alt": "a"}),
        ("media_gallery", {"ids": [small]}),
    ):
        made = {"id_base": base, "sidebar": "wp_inactive_widgets", "instance": {"raw": raw}}
        ref = say(f"make {base}", "POST", f"{API}/widgets", json=made, params=edit)["id"]
        emptied = {**raw, **({"content": ""} if "content" in raw else {"ids": []} if "ids" in raw
                   else {"attachment_id": 0, "url": ""})}  # fmt: skip
        say(f"change {base}", "POST", f"{API}/widgets/{ref}", json={"instance": {"raw": emptied}}, params=edit)
        say(f"read {base}", "GET", f"{API}/widgets/{ref}", params=edit)
    say("list widgets nobody", "GET", f"{API}/widgets", params=edit, signed=False)
    say("read missing widget", "GET", f"{API}/widgets/none-9", params=edit)
    say("change widget nobody", "POST", f"{API}/widgets/{ref}", json={"instance": {"raw": {}}}, signed=False)


def _xmlrpc(server, large):
    told = server.call("xmlrpc upload", "wp.uploadFile",
                       {"name": "rpc.png", "type": "image/png", "bits": xmlrpc.client.Binary(SMALL)})  # fmt: skip
    number = int(told["id"])
    server.call("xmlrpc upload wrong", "wp.uploadFile",
                {"name": "x.exe", "type": "x/x", "bits": xmlrpc.client.Binary(b"MZ")})  # fmt: skip
    server.call("xmlrpc edit", "wp.editPost", number, {"post_title": "T", "post_excerpt": "C", "post_content": "D"})
    server.call("xmlrpc item", "wp.getMediaItem", number)
    server.call("xmlrpc library", "wp.getMediaLibrary", {"number": 2, "offset": 1})
    server.call("xmlrpc missing", "wp.getMediaItem", 999999)
    server.call("xmlrpc delete", "wp.deletePost", number)
    server.call("xmlrpc delete again", "wp.deletePost", number)
    server.call("xmlrpc large", "wp.getMediaItem", large)
    server.call("xmlrpc posts", "wp.getPosts", {"post_type": "post", "number": 100, "offset": 0},
                ["post_content", "post_thumbnail", "post_title", "post_type", "post_status", "link"])  # fmt: skip
    server.call("xmlrpc post", "wp.getPost", server.made["post"], ["post_content", "post_thumbnail", "post_title"])
    server.call("xmlrpc post missing", "wp.getPost", 999999)
    server.call("xmlrpc profile", "wp.getProfile", ["display_name"])


@pytest.fixture(scope="module")
def both(wordpress_server, request):
    from tests import services

    services.need(request, "wordpress")
    sandbox = create()
    with serve(sandbox) as origin:
        servers = (
            Server(wordpress_server.url, wordpress_server.passwords["admin"]),
            Server(origin, sandbox.secrets["password"]),
        )
        sandbox.contract = None  # faulty calls are the point here
        for server in servers:
            play(server)
        yield tuple(server.answers for server in servers)


def known(path):
    return any(fnmatch.fnmatch(path, pattern) for pattern in KNOWN)


def test_both_were_asked_the_same(both):
    real, ours = both
    assert list(real) == list(ours)
    assert len(real) > 60


def test_every_status_is_the_same(both):
    real, ours = both
    assert {name: answer[0] for name, answer in ours.items()} == {name: answer[0] for name, answer in real.items()}


def test_counts_and_locations_are_the_same(both):
    real, ours = both
    assert {name: answer[1] for name, answer in ours.items()} == {name: answer[1] for name, answer in real.items()}
    assert {name: bool(answer[3]) for name, answer in ours.items()} == {n: bool(a[3]) for n, a in real.items()}


def test_every_field_is_the_same(both):
    real, ours = both
    nothing = "(none)"
    differing = [
        f"{name}: {path}: real {theirs.get(path, nothing)!r}, sandbox {mine.get(path, nothing)!r}"
        for name, theirs, mine in ((name, real[name][2], ours[name][2]) for name in real)
        for path in sorted({*theirs, *mine})
        if not known(path) and theirs.get(path, nothing) != mine.get(path, nothing)
    ]
    assert not differing, "\n".join(differing)


def test_every_listed_difference_still_exists(both):
    """A difference that is gone must leave the list, or the list hides the next one."""
    real, ours = both
    differing = {
        path
        for name in real
        for path in {*real[name][2], *ours[name][2]}
        if real[name][2].get(path, "(none)") != ours[name][2].get(path, "(none)")
    }
    unused = [pattern for pattern in KNOWN if not any(fnmatch.fnmatch(path, pattern) for path in differing)]
    assert not unused
