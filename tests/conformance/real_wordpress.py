"""Real WordPress in the place of its sandbox: a proxy before it brings faults and keeps the ledger of what was done."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import httpx
from flask import Response, request

from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.types import ItemKind
from connectors.testing.ledger import What
from connectors.testing.sandbox import Sandbox, Standing, Stock
from connectors.wordpress.sandbox import IN_POST, PIXEL, WordPressSandbox
from connectors.wordpress.types import LIBRARY, Media, fields_of, item_of

API = "/wp-json/wp/v2"
HOP = {"host", "connection", "content-length", "transfer-encoding", "date", "server"}
site = None  # the running server, set by the suite


class RealWordPress(WordPressSandbox):
    """The routes lead to the real server; what is true is read from it past the proxy."""

    contract = WordPressSandbox.contract

    def __init__(self, *, ledger=None):
        Sandbox.__init__(self, ledger=ledger)
        self.secrets = site.secrets()
        self.hook_secret = "0123456789abcdef"
        self.below = {}
        # Making ready for TLS would take longer than most answers here.
        self._direct = httpx.Client(base_url=site.url, auth=site.admin, timeout=60, verify=False)
        self._onward = httpx.Client(base_url=site.url, timeout=60, verify=False)
        self.app.add_url_rule("/", "home", self._pass, methods=["GET", "HEAD", "POST"])
        self.app.add_url_rule("/<path:_>", "any", self._pass, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        self._direct.delete("/wp-json/tests/v1/all").raise_for_status()

    def sent(self):
        """Return the parameters; the body is kept, for it goes on to the real server."""
        request.get_data()
        return super().sent()

    def _pass(self, _=""):
        sent = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        answer = self._onward.request(request.method, request.full_path.removesuffix("?"), headers=sent,
                                      content=request.get_data())  # fmt: skip
        self._account(answer)
        body = answer.content
        if re.search("json|xml", answer.headers.get("content-type", "")):
            for real, own in ((site.url, self.origin), (site.url.replace("/", "\\/"), self.origin.replace("/", "\\/"))):
                body = body.replace(real.encode(), own.encode())
        kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP]
        return Response(body, answer.status_code, kept)

    def _account(self, answer):
        done = re.fullmatch(rf"{API}/media(?:/(\d+))?", request.path)
        if not done or not answer.is_success or request.method in {"GET", "HEAD"}:
            return
        if request.method == "DELETE":
            self.ledger.add(What.REMOVED, done[1], LIBRARY)
        else:
            self.ledger.add(What.CHANGED if done[1] else What.MADE, str(answer.json()["id"]), LIBRARY)

    def _list(self, kind):
        found, page, pages = [], 1, 1
        while page <= pages:
            answer = self._direct.get(f"{API}/{kind}", params={
                "context": "edit", "per_page": 100, "page": page, "status": "any" if kind == "posts" else "inherit",
            })  # fmt: skip
            found += answer.json()
            page, pages = page + 1, int(answer.headers["x-wp-totalpages"])
        return found

    def copies(self, target):
        return tuple(self._standing_of(media) for media in self._list("media") if target == LIBRARY)

    def _standing_of(self, media: Media):
        name = media["source_url"]
        marker = marker_in(name)
        shown = item_of(media)
        stored = self._direct.get(shown.urls.get("original", name)).content
        parts = 1 + len(set(shown.urls.values())) + self.uses(LIBRARY, str(media["id"]))
        return Standing(str(media["id"]), LIBRARY, marker, key_in(name, marker) if marker else None, fields_of(media),
                        _sha256(stored), parts)  # fmt: skip

    def everything(self):
        return tuple(self._stock_of(media) for media in self._list("media"))

    def _stock_of(self, media: Media):
        size = media["media_details"].get("filesize") if isinstance(media["media_details"], dict) else None
        return Stock(str(media["id"]), ItemKind.FILE, media["title"]["raw"], size)

    def stock(self, name, data):
        answer = self._direct.post("/wp-json/tests/v1/stock", params={"title": name}, content=data,
                                   headers={"Content-Type": "application/octet-stream"})  # fmt: skip
        return str(answer.json()["id"])

    def unstock(self, ref):
        self.vanish(LIBRARY, ref)

    def intrude(self, target, text):
        answer = self._direct.post(f"{API}/media", files={"file": (f"{text}.png", PIXEL)}, data={"title": text})
        return str(answer.json()["id"])

    def vanish(self, target, ref):
        self._direct.delete(f"{API}/media/{ref}", params={"force": "true"}).raise_for_status()

    def edit(self, target, ref, fields: Mapping):
        self._direct.post(f"{API}/media/{ref}", json=dict(fields)).raise_for_status()

    def use(self, target, ref):
        media = self._direct.get(f"{API}/media/{ref}").json()
        content = IN_POST.format(ref, media["source_url"])
        sent = {"title": "A use", "content": content, "status": "publish"}
        return str(self._direct.post(f"{API}/posts", json=sent).json()["id"])

    def uses(self, target, ref):
        return sum(f"wp-image-{ref}" + '"' in post["content"]["raw"] for post in self._list("posts"))


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


def create(*, ledger=None):
    return RealWordPress(ledger=ledger)
