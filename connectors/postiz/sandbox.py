"""A made-up Postiz: channels, uploads, drafts and schedules, which answers what a real one was seen to answer.

State of posts is what the ledger adds up to; `publications` are the posts that went out, and can never be taken back.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Response, request

from connectors.postiz.events import WORD
from connectors.postiz.sandbox_answers import Throttle, said, told
from connectors.postiz.sandbox_media import Uploads
from connectors.postiz.sandbox_oauth import PATH, SignIn
from connectors.postiz.sandbox_posts import first_refusal, refusals, strangers
from connectors.postiz.wording import as_html, as_text, milliseconds, written
from connectors.sdk.types import PartState
from connectors.testing.contract import Contract
from connectors.testing.hooks import Delivery
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Shown, Standing

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CONTRACT = Path(__file__).parent / "fixtures" / "contract.json"
CALLBACK = "https://hub.example/hooks/subscription"
HOOK_SECRET = "c0ffee5ec2e7f00d5ec2e7"
HOOK_HEADERS = {"Content-Type": "application/json", "User-Agent": "node"}
MARKER = re.compile(r"(?<![a-z0-9])(dh[a-z0-9]{6}-[a-z0-9]{20})-([0-9a-f]{12})(?![a-z0-9])")
LARGEST_BODY = 100 * 1024
LONGEST = {"linkedin-page": 3000, "wordpress": 100_000, "x": 280}
SCHEMAS = {"wordpress": {
    "type": "object",
    "properties": {"title": {"type": "string", "minLength": 2}, "type": {"type": "string"}},
    "required": ["title", "type"],
}}  # fmt: skip
NO_SETTINGS = "No additional settings required"
OFF = "chan-switched-off"
PAGES = {
    "chan-linkedin-page": ("linkedin-page", "Müller & Söhne"), "chan-wordpress": ("wordpress", "Press site"),
    "chan-x": ("x", "Press desk"), OFF: ("facebook", "Old page"),
    **{f"chan-shop-{number:03}": ("linkedin-page", f"Shop {number}") for number in range(1, 41)},
}  # fmt: skip
SHOWN = (
    "content", "publishDate", "releaseURL", "releaseId", "state", "intervalInDays", "group", "creationMethod",
    "settings",
)  # fmt: skip
LEAST_CAROUSEL = 2


def create(*, ledger: Ledger | None = None) -> PostizSandbox:
    """Make a sandbox with 43 channels that work and one that does not."""
    return PostizSandbox(ledger=ledger)


class PostizSandbox(Sandbox):
    """One organisation with an API key."""

    name = "postiz"
    auth = "key"
    text_fields = ("content",)
    contract = Contract.load(CONTRACT)

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {"key": "5f1c0ffee5ec2e7f00d"}
        self.tokens = {"pos_granted5ec2e7"}
        self.kinds = {ref: kind for ref, (kind, _) in PAGES.items()}
        self.media: dict[str, str] = {}  # path -> hash of the bytes
        self.uploads = Uploads(self.media, lambda: self.origin)
        self.tags = ("damhub",)
        self.only_domain = ""
        self.throttle = Throttle()
        self.stuck = False  # whether networks do not answer, so that posts wait on
        self.publications: list[str] = []
        self.hooks: list[str] = []
        self.clock = lambda: datetime.now(UTC)
        for method, path, act in (
            ("GET", "/is-connected", self._connected), ("GET", "/integrations", self._channels),
            ("GET", "/groups", lambda: said([], 200)), ("GET", "/integration-settings/<ref>", self._rules),
            ("POST", "/upload", self.uploads.by_form), ("POST", "/upload-from-url", self.uploads.by_address),
            ("GET", "/posts", self._posts), ("POST", "/posts", self._make), ("DELETE", "/posts/<ref>", self._delete),
            ("DELETE", "/posts/group/<group>", self._delete_group), ("PUT", "/posts/<ref>/status", self._status),
            ("PUT", "/posts/<ref>/settings", self._settings), ("GET", "/analytics/post/<ref>", self._numbers),
            ("GET", "/notifications", self._notifications),
        ):  # fmt: skip
            self.app.add_url_rule(f"/public/v1{path}", endpoint=f"{method} {path}", view_func=act, methods=[method])
        self.authorization = SignIn(self.app, self.tokens)
        self.app.before_request(self._sign_in)
        self.app.before_request(self._publish_due)

    def writes(self, environ: WSGIEnvironment) -> bool:
        """An upload shows nothing to anybody: faults of writes are those of posts."""
        return super().writes(environ) and not environ.get("PATH_INFO", "").endswith("/upload")

    def refusal(self, text: str) -> Response:
        """Answer what has no route as Postiz does, before it asks for a key."""
        if "is not in the contract" in text:
            return told(404, f"Cannot {request.method} {request.path}", "Not Found")
        return told(400, text)

    def _sign_in(self) -> Response | None:
        key = request.headers.get("Authorization", "")
        if request.path.startswith(PATH):
            return None
        if not key:
            return said({"msg": "No API Key found"}, 401)
        if key.startswith("pos_"):
            return None if key in self.tokens else said({"msg": "Invalid OAuth token"}, 401)
        return None if key == self.secrets["key"] else said({"msg": "Invalid API key"}, 401)

    def _connected(self) -> Response:
        return said({"connected": True}, 200)

    def _channels(self) -> Response:
        return said([
            {"id": ref, "name": name, "identifier": kind, "picture": "", "disabled": ref == OFF, "profile": ref}
            for ref, (kind, name) in PAGES.items()
        ], 200)  # fmt: skip

    def _rules(self, ref: str) -> Response:
        if ref not in self.kinds:
            return said({"msg": "Integration not found"}, 404)
        kind = self.kinds[ref]
        longest, settings = LONGEST.get(kind, 3000), SCHEMAS.get(kind, NO_SETTINGS)
        return said({"output": {"rules": "", "maxLength": longest, "settings": settings, "tools": []}}, 200)

    def _posts(self) -> Response:
        span = [_time(request.args.get(name, "")) for name in ("startDate", "endDate")]
        wrong = [f"{name} must be a valid ISO 8601 date string"
                 for name, at in zip(("startDate", "endDate"), span, strict=True) if at is None]  # fmt: skip
        start, end = span
        if start is None or end is None:
            return told(400, wrong)
        shapes: list[dict[str, Any]] = []
        for ref, facts in self.ledger.living().items():
            first = cast("datetime", _time(facts["publishDate"]))
            days = facts["intervalInDays"]
            if days is None and start <= first <= end:
                shapes.append(self._shape(ref, facts))
            while days is not None and first <= end:
                shapes.append({**self._shape(ref, facts), "publishDate": written(first)})
                first += timedelta(days=days)
        return said({"posts": shapes}, 200)

    def _shape(self, ref: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        kind, name = PAGES[facts["target"]]
        channel = {"id": facts["target"], "providerIdentifier": kind, "name": name, "picture": ""}
        tags = [{"tag": {"id": f"tag-{name}", "name": name}} for name in facts["tags"]]
        return {"id": ref, **{one: facts[one] for one in SHOWN}, "tags": tags, "integration": channel}

    def _make(self) -> Response:
        if (request.content_length or 0) > LARGEST_BODY:
            return said({"statusCode": 413, "message": "request entity too large"}, 413)
        try:
            body: dict[str, Any] = json.loads(request.get_data())
        except ValueError:
            return told(400, "Unexpected end of JSON input")
        blocked, headers = self.throttle.turn()
        answer = blocked or self._checked(body)
        answer.headers.update(headers)
        return answer

    def _checked(self, body: dict[str, Any]) -> Response:
        self.violations.extend(strangers(body))
        wrong = first_refusal(body, self.kinds) or refusals(body, self.kinds, only_domain=self.only_domain)
        if wrong:
            return told(400, wrong)
        made: list[dict[str, str]] = []
        for post in body["posts"]:
            channel = post["integration"]["id"]
            refused = None if body.get("type") in ("draft", "update") else self._rule(body, post, channel)
            if refused is not None:
                return refused
            with self.lock:
                made.append({"postId": self._write(body, post, channel), "integration": channel})
        self._publish_due()
        return said(made, 201)

    def _rule(self, body: Mapping[str, Any], post: Mapping[str, Any], channel: str) -> Response | None:
        """Hold what is to be published to the channel's rules; a draft is not."""
        kind, name = PAGES[channel]
        value = post["value"][0]
        standing = self.ledger.living().get(value.get("id") or "")
        if standing and standing["state"] == "PUBLISHED" and not body.get("republish"):
            return told(400, "This post was already published. To intentionally publish again, pass republish: true.")
        refused = "post is too long, please fix it" if len(as_text(value["content"])) > LONGEST.get(kind, 3000) else ""
        settings: dict[str, Any] = post.get("settings") or {}
        if settings.get("post_as_images_carousel") and len(value["image"]) < LEAST_CAROUSEL:
            refused = "Carousel can only be created with 2 or more images and no videos."
        return said({"statusCode": 400, "provider": kind, "name": name, "message": refused}, 400) if refused else None

    def _write(self, body: Mapping[str, Any], post: Mapping[str, Any], channel: str) -> str:
        """Make a post or write one anew. An id that never was makes a new post under another id."""
        value, standing = post["value"][0], self.ledger.living()
        for ref in [ref for ref, facts in standing.items() if post.get("group") and facts["group"] == post["group"]]:
            self.ledger.add(What.REMOVED, ref, channel)
        kind = body.get("type")
        at = self.clock() if kind == "now" else _time(body["date"]) or self.clock()
        known = {one["label"] for one in body["tags"]}
        facts = {
            "content": value["content"], "image": value["image"], "publishDate": written(at), "intervalInDays":
            body.get("inter"), "group": uuid.uuid4().hex, "tags": [name for name in self.tags if name in known],
            "settings": json.dumps({**(post.get("settings") or {}), "__type": self.kinds[channel]}),
        }  # fmt: skip
        if kind != "update":
            facts["state"] = "DRAFT" if kind == "draft" else "QUEUE"
        if value.get("id") in standing:
            self.ledger.add(What.CHANGED, value["id"], channel, **facts)
            return str(value["id"])
        ref = self._next()
        new = {"state": "QUEUE", "releaseURL": None, "releaseId": None, "creationMethod": "API", "views": 0}
        self.ledger.add(What.MADE, ref, channel, **new | facts)
        return ref

    def _next(self) -> str:
        return f"cmw{len(self.ledger.effects()) + 1:022}"

    def _publish_due(self) -> None:
        """Publish what waits and is due, at once; whoever queues a post again publishes it again."""
        if self.stuck:
            return
        with self.lock:
            for ref, facts in self.ledger.living().items():
                if facts["state"] == "QUEUE" and (_time(facts["publishDate"]) or self.clock()) <= self.clock():
                    self.release(ref, facts["target"])

    def release(self, ref: str, target: str) -> str:
        """Publish a post; return its address. Postiz tells the hook of it with an empty list."""
        self.publications.append(ref)
        url = f"https://network.example/{target}/{len(self.publications)}"
        self.ledger.add(What.CHANGED, ref, target, state="PUBLISHED", releaseURL=url, releaseId=str(len(url)))
        for hook in self.hooks:
            self.outbox.add(Delivery(hook, HOOK_HEADERS, b"[]", signed=False))
        return url

    def _delete(self, ref: str) -> Response:
        facts = self.ledger.living().get(ref)
        if facts is None:
            return said({"statusCode": 500, "message": "Internal server error"}, 500)
        return self._delete_group(facts["group"])

    def _delete_group(self, group: str) -> Response:
        with self.lock:
            for ref, facts in self.ledger.living().items():
                if facts["group"] == group:
                    self.ledger.add(What.REMOVED, ref, facts["target"])
        return said({"error": True}, 200)

    def _status(self, ref: str) -> Response:
        status = _body().get("status")
        if status not in ("draft", "schedule"):
            return told(400, ["status must be one of the following values: draft, schedule"])
        facts = self.ledger.living().get(ref)
        if facts is None:
            return told(400, "Post not found")
        state = "DRAFT" if status == "draft" else "QUEUE"
        self.ledger.add(What.CHANGED, ref, facts["target"], state=state)
        return said({"id": ref, "state": state}, 200)

    def _settings(self, ref: str) -> Response:
        facts = self.ledger.living().get(ref)
        if facts is None:
            return told(404, "Post not found", "Not Found")
        merged: dict[str, Any] = {**json.loads(facts["settings"]), **_body().get("settings", {})}
        self.ledger.add(What.CHANGED, ref, facts["target"], settings=json.dumps(merged))
        return said({"postId": ref, "publishDate": facts["publishDate"][:19]}, 200)

    def _numbers(self, ref: str) -> Response:
        facts = self.ledger.living().get(ref)
        if facts is None or not facts["releaseId"]:
            return said([], 200)
        points = [{"total": "0", "date": "2026-11-22"}, {"total": str(facts["views"]), "date": "2026-11-23"}]
        return said([{"label": "Impressions", "data": points, "percentageChange": 0}], 200)

    def _notifications(self) -> Response:
        out = [effect.facts for effect in self.ledger.effects(What.CHANGED) if effect.facts.get("state") == "PUBLISHED"]
        news = [
            {"id": f"n{number}", "content": f"Your post was published: {facts['releaseURL']}", "link": None,
             "createdAt": written(self.clock())}
            for number, facts in enumerate(out)
        ]  # fmt: skip
        return said({"notifications": news, "total": len(news), "page": 0, "limit": 100, "hasMore": False}, 200)

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here; the suite changes texts, and sends things to the year 2096."""
        return {"address": origin, "texts": "followed", "years_ahead": 100}

    def targets(self) -> tuple[str, ...]:
        """All channels that work."""
        return tuple(ref for ref in PAGES if ref != OFF)

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All posts of a channel."""
        return tuple(self._standing(ref, target, facts) for ref, facts in self.ledger.living(target).items())

    def _standing(self, ref: str, target: str, facts: Mapping[str, Any]) -> Standing:
        found = MARKER.search(facts["settings"])
        marker, key = found.groups() if found else (None, None)
        note: dict[str, Any] = json.loads(facts["settings"]).get("damhub") or {}
        wanted = note.get("type", "draft")
        drafted = PartState.SHOWING if wanted == "draft" else PartState.HELD
        state = {"DRAFT": drafted, "QUEUE": PartState.QUEUED, "ERROR": PartState.FAILED}.get(facts["state"])
        return Standing(
            ref, target, marker, key, {"content": as_text(facts["content"])},
            sha256=next((self.media.get(image["path"]) for image in facts["image"]), None),
            parts=2 if facts["releaseURL"] else 1, state=state or PartState.SHOWING,
            publish_at=milliseconds(cast("datetime", _time(facts["publishDate"]))),
            pictures=tuple(
                Shown(self.media.get(image["path"], ""), {"alt": image.get("alt", "")}) for image in facts["image"]
            ),
        )  # fmt: skip

    def intrude(self, target: str, text: str) -> str:
        """Somebody drafts another post."""
        value: dict[str, Any] = {"content": as_html(text), "image": []}
        post: dict[str, Any] = {"value": [value], "settings": {"title": text, "type": "post"}}
        return self._write({"type": "draft", "date": written(self.clock()), "tags": []}, post, target)

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes a post."""
        self.ledger.add(What.REMOVED, ref, target, by="somebody")

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody writes something else."""
        self.ledger.add(What.CHANGED, ref, target, content=as_html(fields["content"]))

    def use(self, target: str, ref: str) -> str:
        """Somebody publishes a draft."""
        return self.release(ref, target)

    def uses(self, target: str, ref: str) -> int:
        """Count where a post stands."""
        return 1 if self.ledger.living(target)[ref]["releaseURL"] else 0

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery:
        """Postiz tells that a post went out, as its documents and its test button show it. A real one is `[]`."""
        del ours
        channel = {"id": target, "name": PAGES[target][1], "providerIdentifier": self.kinds[target], "type": "social"}
        post = {"id": ref, "content": "x", "publishDate": written(self.clock()), "releaseURL": "", "state": "PUBLISHED"}
        body = json.dumps({"event": kind} if kind else [{**post, "integration": channel}]).encode()
        return Delivery(f"{CALLBACK}?{WORD}={HOOK_SECRET}", HOOK_HEADERS, body, secret=HOOK_SECRET, tells_whose=False,
                        signed=False)  # fmt: skip

    def view(self, target: str, ref: str) -> Mapping[str, int]:
        """Somebody publishes a draft, and somebody sees it."""
        facts = self.ledger.living(target)[ref]
        if not facts["releaseURL"]:
            self.release(ref, target)
        self.ledger.add(What.CHANGED, ref, target, views=facts["views"] + 1)
        return {"Impressions": facts["views"] + 1}


def _body() -> dict[str, Any]:
    body: Any = request.get_json(silent=True)
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _time(text: str) -> datetime | None:
    """Read a time; one without a zone is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
