"""A tiny connector for a tiny vendor, complete enough to connect, list, subscribe and send webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import BaseModel

from connectors.sdk.http import Api
from connectors.sdk.manifest import Ability, Auth, AuthField, Capability, Carries, Manifest, OAuth
from connectors.sdk.types import Account, Hint, Page, Target
from webhooks import SignatureError

KEY = "typed-in-api-key-1234567890"
APP_SECRET = "typed-in-app-secret-0987654321"
ORIGIN = "https://api.tiny.example"


class TinySettings(BaseModel):
    site: str = ORIGIN
    label: str = ""
    token_site: str = ""


class Tiny:
    """One connected account of the tiny vendor."""

    def __init__(self, api: Api, settings: Any) -> None:
        self._api = api

    def identify(self) -> Account:
        me = self._api.get("/me", dict[str, str])
        return Account(me["id"], me["name"], me["user"], ("read",), me.get("plan", ""))

    def targets(self, cursor: str | None) -> Page[Target]:
        page = self._api.get("/boards", dict[str, Any], query={"after": cursor})
        return Page(tuple(Target("page", one["id"], one["name"]) for one in page["items"]), page["next"])

    def subscribe(self, target: Target, callback_url: str) -> str:
        made = self._api.post("/hooks", dict[str, str], json={"board": target.ref, "url": callback_url})
        return made["id"]

    def unsubscribe(self, ref: str) -> None:
        self._api.delete(f"/hooks/{ref}")


class TinyInbound:
    """Signs with a plain HMAC over body and address."""

    def greet(self, method, headers, body):
        return (200, {"X-Hello": "yes"}, b"") if method == "HEAD" else None

    def verify(self, *, secret, url, headers, body):
        expected = hmac.new(secret.encode(), body + url.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), headers.get("x-tiny-signature", "").encode()):
            raise SignatureError("the signature does not fit")

    def read(self, headers, body):
        said = json.loads(body)
        refs = tuple(said["refs"]) if said["kind"] in {"changed", "removed"} else ()
        return Hint(said["id"], said["kind"], refs, ours=said.get("ours", False))


def sign(secret: str, url: str, body: bytes) -> dict[str, str]:
    return {"x-tiny-signature": hmac.new(secret.encode(), body + url.encode(), hashlib.sha256).hexdigest()}


@dataclass
class TinyVendor:
    """The vendor's side: what it answers, and everything that it was asked."""

    account: dict[str, str] = field(default_factory=lambda: {"id": "acct-1", "name": "Acme", "user": "robin"})
    keys: set[str] = field(default_factory=lambda: {KEY})
    people: dict[str, str] = field(default_factory=dict)  # whose key it is, where it is not the account's first user
    boards: list[dict[str, str]] = field(
        default_factory=lambda: [{"id": f"b{number}", "name": f"Board {number}"} for number in range(5)]
    )
    hooks: dict[str, str] = field(default_factory=dict)
    answer: httpx.Response | Exception | None = None
    endless: bool = False
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        if request.headers.get("X-Key") not in self.keys:
            return httpx.Response(401, text="invalid key")
        if request.url.path == "/me":
            user = self.people.get(request.headers["X-Key"], self.account["user"])
            return httpx.Response(200, json={**self.account, "user": user})
        if request.url.path == "/boards":
            return self._page(int(request.url.params.get("after", 0)))
        wanted = json.loads(request.content)
        ref = self.hooks.setdefault(wanted["url"], f"hook-{len(self.hooks) + 1}")
        return httpx.Response(200, json={"id": ref})

    def _page(self, start: int) -> httpx.Response:
        after = start + 2
        following = "2" if self.endless else (str(after) if after < len(self.boards) else None)
        return httpx.Response(200, json={"items": self.boards[start:after], "next": following})


def tiny_manifest(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "name": "tiny",
        "title": "Tiny",
        "summary": "A vendor for tests.",
        "settings": TinySettings,
        "origin": lambda settings: settings.site,
        "auths": (
            Auth(
                "key",
                "API key",
                lambda secrets: {"X-Key": secrets["key"]},
                (
                    AuthField("key", "API key", secret=True),
                    AuthField("app_secret", "App secret", secret=True, optional=True, signs=True),
                ),
            ),
        ),
        "abilities": {Capability.TARGETS: Ability(), Capability.SUBSCRIBE: Ability()},
        "carries": Carries.LINK,
        "connect": Tiny,
        "sandbox": "tests.unit.connections.fakevendor:TinyVendor",
        "inbound": TinyInbound(),
        "gaps": {"replace": "Tiny keeps bytes for ever."},
    }
    return Manifest(**(values | changes))


def oauth_manifest(oauth: OAuth, origin: str) -> Manifest:
    """The same vendor, connected by signing in."""
    auth = Auth(
        "oauth",
        "Sign in",
        lambda secrets: {"Authorization": f"Bearer {secrets['access_token']}"},
        (AuthField("client_id", "Client id"), AuthField("client_secret", "Client secret", secret=True)),
        oauth,
    )
    return tiny_manifest(name="tinyoauth", auths=(auth,), origin=lambda _settings: origin, abilities={}, inbound=None)
