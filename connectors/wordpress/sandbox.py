"""A made-up WordPress 7.1 site: what it keeps and does, whichever way it is asked, and what is true there, for tests.

Compared with a real server answer by answer in `tests/conformance/test_wordpress_drift.py`.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.types import ItemKind
from connectors.testing.authorization_server import AuthorizationServer
from connectors.testing.contract import Contract
from connectors.testing.hooks import Delivery
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing, Stock
from connectors.wordpress import events, sandbox_xmlrpc
from connectors.wordpress.content import uses
from connectors.wordpress.sandbox_http import raw
from connectors.wordpress.sandbox_layout import TEMPLATES, Template, Widget
from connectors.wordpress.sandbox_library import (
    Attachment,
    Entry,
    File,
    alt_text_of,
    facts,
    fields,
    file_name_of,
    free,
    media_json,
    now,
    slug_of,
    take_file,
    type_of,
)
from connectors.wordpress.sandbox_oauth import Plugin
from connectors.wordpress.sandbox_routes import Routes
from connectors.wordpress.types import LIBRARY, Media, item_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REDIRECT = "https://hub.example/oauth/callback"
WRITABLE = ("title", "caption", "description", "alt_text", "status")
IN_POST = (
    '<!-- wp:image {{"id":{0}}} --><figure class="wp-block-image"><img src="{1}" class="wp-image-{0}"/></figure>'
    "<!-- /wp:image -->"
)
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class WordPressSandbox(Sandbox):
    """One site with one administrator."""

    name = "wordpress"
    auth = "application_password"
    unsure_of_bytes = "what it says of a file's size was so at the upload: optimizers and delivery networks send others"
    text_fields = ("title", "alt_text", "caption", "description")
    secrets: Mapping[str, str]
    known_as = ""  # at WordPress.com; empty: by its own address
    contract = Contract.load(Path(__file__).parent / "fixtures" / "contract.json")

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {"username": "admin", "password": secrets.token_hex(12)}
        self.hook_secret = secrets.token_hex(16)
        self.items: dict[int, Attachment] = {}
        self.entries: dict[int, Entry] = {}
        self.passwords: set[str] = set()  # that people made for programs on the site's own page
        self.plugin = Plugin(REDIRECT)
        self.authorization = AuthorizationServer(  # another plugin's, and WordPress.com's
            client_id="damhub", client_secret=secrets.token_hex(12), redirect_uris=(REDIRECT,)
        )
        self.passwords_on = True
        self.page = ""  # where people are sent to make them, instead of the site's own page
        self.brand = {"site_logo": 0, "site_icon": 0}
        self.closed: set[str] = set()  # types of content that this account may not edit
        self.hidden: set[int] = set()  # items that this account may not edit, and is not shown
        self.templates: dict[str, dict[str, Template]] = {kind: {} for kind in TEMPLATES}
        self.widgets: dict[str, Widget] = {}
        self.administers = True  # whether this account may change templates and widgets
        self.breaks_off = 0  # how often the server still dies of making smaller sizes
        self.below: dict[str, WordPressSandbox] = {}
        self._last_id = 3
        Routes(self)

    def add_site(self, path: str) -> WordPressSandbox:
        """Put another site of the same network below this one, such as `/second`: same accounts, own library."""
        site = type(self)()
        site.secrets, site.origin, site.contract = self.secrets, self.origin + path, self.contract
        site.passwords = self.passwords
        self.below[path] = site
        return site

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the site that the address names; routes may be named in the query, too (plain permalinks)."""
        path = environ["PATH_INFO"]
        for prefix, site in self.below.items():
            if path.startswith(f"{prefix}/"):
                moved = {"SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + prefix, "PATH_INFO": path[len(prefix) :]}
                return site.wsgi({**environ, **moved}, start_response)
        for below in ("/oauth", "/oauth2"):
            if path.startswith(f"{below}/"):
                return self.authorization.app({**environ, "PATH_INFO": path.removeprefix(below)}, start_response)
        environ = {**environ, "PATH_INFO": self._from_dot_com(path)}
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        if path == "/" and (route := query.pop("rest_route", "")):
            environ = {**environ, "PATH_INFO": f"/wp-json{route}", "QUERY_STRING": urlencode(query)}
        return super().wsgi(environ, start_response)

    @property
    def at_dot_com(self) -> str:
        """The name by which WordPress.com has this site in its addresses."""
        return self.known_as or urlsplit(self.origin).netloc

    def _from_dot_com(self, path: str) -> str:
        """Return the site's own path for one of WordPress.com's."""
        return path.replace(f"/wp/v2/sites/{self.at_dot_com}/", "/wp-json/wp/v2/", 1)

    def writes(self, environ: Mapping[str, Any]) -> bool:
        """XML-RPC is always POST; its method's name tells."""
        if environ["PATH_INFO"] == "/xmlrpc.php":
            return sandbox_xmlrpc.writes(environ)
        return environ["REQUEST_METHOD"] not in {"GET", "HEAD", "OPTIONS"}

    def take(self, name: str, content: bytes, sent: Mapping[str, Any]) -> Attachment | None:
        """Keep an upload; None where its type is not allowed."""
        name = self._free_name(file_name_of(name))
        file = take_file(name, content)
        if file is None:
            return None
        title = str(sent.get("title") or "") or name.rsplit(".", 1)[0]
        item = Attachment(self.next_id(), file, title, self._free_slug(slug_of(title)))
        with self.lock:
            self.items[item.id] = item
            self._set(item, {**sent, "title": title})
            self.ledger.add(What.MADE, str(item.id), LIBRARY, **facts(item))
        return item

    def make_sizes(self, item: Attachment) -> bool:
        """Make an item's smaller sizes; tell whether the server lived through it."""
        with self.lock:
            item.sized = self.breaks_off == 0
            self.breaks_off -= not item.sized
            return item.sized

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
            if self.brand["site_logo"] == item.id:
                self.brand["site_logo"] = 0  # the icon keeps its number, and shows nothing
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
            entry.modified = now()
            self.entries[entry.id] = entry

    def _set(self, item: Attachment, sent: Mapping[str, Any]) -> None:
        for name in WRITABLE:
            if name in sent:
                value = raw(sent[name])
                setattr(item, name, alt_text_of(value) if name == "alt_text" else value)
        item.modified = now()

    def knows(self, username: str, password: str) -> bool:
        """Tell whether these are the administrator's user name and one of the application passwords."""
        fits = [secrets.compare_digest(password.encode(), one.encode()) for one in self._passwords()]
        return secrets.compare_digest(username.encode(), self.secrets["username"].encode()) and any(fits)

    def _passwords(self) -> tuple[str, ...]:
        return (self.secrets["password"], *self.passwords)

    def next_id(self) -> int:
        """Count on: items, posts and everything else share one row of numbers."""
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

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Return the settings of a connection to this site."""
        return {"site_url": origin}

    def targets(self) -> tuple[str, ...]:
        """A site has one target."""
        return (LIBRARY,)

    def copies(self, target: str) -> tuple[Standing, ...]:
        """Return everything in the library."""
        return tuple(self._standing(item) for item in tuple(self.items.values()) if target == LIBRARY)

    def everything(self) -> tuple[Stock, ...]:
        """Return the whole library, under the titles that people see."""
        return tuple(
            Stock(str(item.id), ItemKind.FILE, item.title, len(item.file.content), item.sha256)
            for item in tuple(self.items.values())
        )

    def stock(self, name: str, data: bytes) -> str:
        """Put any file there, as a plugin could."""
        file = File(self._free_name(file_name_of(name)), data, type_of(name))
        item = Attachment(self.next_id(), file, name, self._free_slug(slug_of(name)))
        with self.lock:
            self.items[item.id] = item
        return str(item.id)

    def unstock(self, ref: str) -> None:
        """Delete an item by hand."""
        self.remove(self.items[int(ref)])

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

    def relocate(self, target: str, ref: str) -> bool:
        """Give the item's page another address by hand: files cannot be moved or renamed."""
        del target
        item = self.items[int(ref)]
        item.slug = self._free_slug("our-own-word-for-it")
        self.change(item, {})
        return True

    def use(self, target: str, ref: str) -> str | None:
        """Show an item in a new post."""
        del target
        url = media_json(self.items[int(ref)], self.origin, edit=True)["source_url"]
        entry = Entry(self.next_id(), "posts")
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
