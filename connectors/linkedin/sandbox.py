"""A made-up LinkedIn: one member, 30 pages, uploads, posts in little text, duplicates. Posts are in the ledger."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, request

from connectors.linkedin.events import KIND, SIGNATURE, sign
from connectors.linkedin.sandbox_answers import (
    Days,
    answer,
    as_object,
    asked_page,
    body_of_request,
    denied,
    duplicate,
    empty,
    page,
    refuse,
    shown_in,
    throttled,
    told,
)
from connectors.linkedin.sandbox_numbers import Numbers
from connectors.linkedin.sandbox_scopes import scopes
from connectors.linkedin.sandbox_text import protect, shown
from connectors.linkedin.sandbox_uploads import Uploads
from connectors.sdk.marker import key_in, marker_in
from connectors.testing.contract import Contract
from connectors.testing.hooks import Delivery
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Shown, Standing

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

KNOWN = Contract.load(Path(__file__).parent / "fixtures" / "contract.json")
ACTIVE = frozenset(f"2026{month:02}" for month in range(1, 11))
MEMBER = "urn:li:person:782bbtaQ"
LIKED = frozenset({"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER"})
LONGEST_TEXT, LONGEST_ALT, LONGEST_TITLE = 3000, 4086, 400
LEAST_IMAGES, MOST_IMAGES = 2, 20  # in a multiImage
SAID = {"media": "id", "title": "title", "alt": "altText"}
PAGES = 30
CALLS_OF_MEMBER, CALLS_OF_APP = 150, 100_000  # of "Share on LinkedIn"; there are no numbers for pages
APP, CALLBACK = "4992581", "https://hub.example/hooks/subscription"
SUBSCRIBED = (
    rf"\(developerApplication:urn:li:developerApplication:{APP},user:{MEMBER},entity:urn:li:organization:\d+,"
    rf"eventType:{KIND}\)"
)


def create(*, ledger: Ledger | None = None) -> LinkedInSandbox:
    """Make a member who posts for 30 pages."""
    return LinkedInSandbox(ledger=ledger)


def create_member(*, ledger: Ledger | None = None) -> LinkedInSandbox:
    """Make a member whose app may post for the member alone, and read nothing."""
    return LinkedInSandbox(ledger=ledger, pages=False)


def create_counted(*, ledger: Ledger | None = None) -> LinkedInSandbox:
    """Make a member whose app was reviewed: it is told numbers of the member's posts, and has no OpenID Connect."""
    return LinkedInSandbox(ledger=ledger, pages=False, reviewed=True)


class LinkedInSandbox(Sandbox):
    """Answers as LinkedIn does."""

    name = "linkedin"
    auth = "access_token"
    text_fields = ("commentary",)
    contract = KNOWN

    def __init__(self, *, ledger: Ledger | None = None, pages: bool = True, reviewed: bool = False) -> None:
        super().__init__(ledger=ledger)
        self.pages, self.reviewed = pages, pages or reviewed
        self.secrets = {"access_token": "AQXsandbox-7fe0e1dd0c5b2-token", "client_secret": "WPL-AP1-sandbox-secret"}
        self.hooks: dict[str, str] = {}
        self.scopes = scopes()
        self.uploads = Uploads()
        self.numbers = Numbers(self.ledger.living, pages=pages, reviewed=reviewed)
        self.calls_left: int | None = None  # of the day's budget, where a test says so
        self.days = Days({"app": CALLS_OF_APP} if pages else {"app": CALLS_OF_APP, "member": CALLS_OF_MEMBER})
        self.deleted: set[str] = set()  # fingerprints of posts that were deleted: not forgotten for a day or two
        self._numbers = itertools.count(7141138937766391808)
        self.app.before_request(self._admit)
        route = self.app.add_url_rule
        route("/v2/userinfo", view_func=self._userinfo)
        route("/v2/me", view_func=self._me)
        route("/rest/organizationAcls", view_func=self._roles)
        route("/rest/organizations/<number>", view_func=self._organization)
        route("/rest/organizationalEntityShareStatistics", view_func=self.numbers.statistics)
        route("/rest/videoAnalytics", view_func=self.numbers.of_video)
        route("/rest/memberCreatorPostAnalytics", view_func=self.numbers.of_member)
        route("/rest/memberCreatorVideoAnalytics", view_func=self.numbers.of_members_video)
        route("/rest/posts", view_func=self._list)
        route("/rest/posts", view_func=self._create, methods=["POST"])
        route("/rest/posts/<ref>", view_func=self._read)
        route("/rest/posts/<ref>", view_func=self._patch, methods=["POST"])
        route("/rest/posts/<ref>", view_func=self._delete, methods=["DELETE"])
        route("/rest/eventSubscriptions/<key>", view_func=self._subscription, methods=["GET", "PUT", "DELETE"])
        route("/rest/<any(images, videos, documents):kind>", view_func=self._upload, methods=["POST"])
        route("/rest/<any(images, videos, documents):kind>/<ref>", view_func=self._medium)
        route("/dms-uploads/<ref>/<int:at>", view_func=self.uploads.take, methods=["PUT"])

    def writes(self, environ: WSGIEnvironment) -> bool:
        """Signing in writes nothing."""
        return environ["REQUEST_METHOD"] != "GET" and environ["PATH_INFO"].startswith(("/rest/", "/dms-uploads/"))

    def shows(self, environ: WSGIEnvironment) -> bool:
        """Uploads show nobody anything."""
        return self.writes(environ) and environ["PATH_INFO"].startswith(("/rest/posts", "/rest/eventSubscriptions"))

    def subscriptions(self) -> int:
        """Count them."""
        return len(self.hooks)

    def refusal(self, text: str) -> Response:
        """LinkedIn names what it does not know."""
        return refuse(HTTPStatus.BAD_REQUEST, "INVALID_VALUE_FOR_FIELD", text)

    def _admit(self) -> Response | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token != self.secrets["access_token"]:
            code = "INVALID_ACCESS_TOKEN" if token else "EMPTY_ACCESS_TOKEN"
            return refuse(HTTPStatus.UNAUTHORIZED, code, "Invalid access token", serviceErrorCode=65600)
        if self.calls_left is not None:
            if self.calls_left <= 0:
                return throttled()
            self.calls_left -= 1
        if not self.days.spend():
            return throttled()
        return self.scopes.refusal() or (self._version() if request.path.startswith("/rest/") else None)

    def _version(self) -> Response | None:
        version = request.headers.get("LinkedIn-Version", "")
        if not version:
            return refuse(HTTPStatus.BAD_REQUEST, "VERSION_MISSING", "A version must be present.")
        if version not in ACTIVE:
            return refuse(426, "NONEXISTENT_VERSION", f"Requested version {version}01 is not active")
        if request.headers.get("X-Restli-Protocol-Version") != "2.0.0":
            return refuse(HTTPStatus.BAD_REQUEST, "INVALID_VALUE_FOR_FIELD", "X-Restli-Protocol-Version")
        keyed = request.path.startswith("/rest/eventSubscriptions/")  # colons of its own stand in such a key
        if not keyed and ":" in str(request.environ.get("REQUEST_URI", "")).partition("?")[0]:
            return refuse(HTTPStatus.BAD_REQUEST, "ILLEGAL_ARGUMENT", "Syntax exception in path variables")
        return None

    def _userinfo(self) -> Response:
        if self.reviewed:
            return denied("userinfo.GET.NO_VERSION")
        name = {"name": "Dana Editor", "given_name": "Dana", "family_name": "Editor"}
        return answer({"sub": MEMBER.rpartition(":")[2], **name, "locale": {"country": "US", "language": "en"}})

    def _me(self) -> Response:
        if not self.reviewed:
            return denied("me.GET.NO_VERSION")
        ref = MEMBER.rpartition(":")[2]
        return answer({"id": ref, "localizedFirstName": "Dana", "localizedLastName": "Editor", "vanityName": "dana"})

    def _roles(self) -> Response:
        if not self.pages:
            return denied("organizationAcls.FINDER-roleAssignee.20260801")
        roles = ("ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER", "ANALYST")
        found = [
            {
                "organization": f"urn:li:organization:{9 + number}",
                "role": role,
                "roleAssignee": MEMBER,
                "state": "APPROVED",
            }
            for number in range(PAGES + 1)
            for role in ((roles[number % 3], roles[(number + 1) % 3], "ANALYST") if number < PAGES else ("ANALYST",))
        ]
        wanted = [one for one in found if request.args.get("role") in (None, one["role"])]
        return answer(page(wanted, *asked_page(100, 10)))

    def _organization(self, number: str) -> Response:
        if not self.pages:
            return denied("organizations.GET.20260801")
        if f"urn:li:organization:{number}" not in self.targets():
            return refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "Organization not found")
        name = f"Company {number} & Söhne"
        return answer({"id": int(number), "localizedName": name, "vanityName": f"company-{number}"})

    def _subscription(self, key: str) -> Response:
        if not self.pages or re.fullmatch(SUBSCRIBED, key) is None:
            return denied("eventSubscriptions.20260801") if self.pages else self.refusal(key)
        if request.method == "PUT":
            self.hooks[key] = str(body_of_request()["webhook"])
            return empty(HTTPStatus.NO_CONTENT)
        if key not in self.hooks:
            return refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "no such subscription")
        if request.method == "DELETE":
            del self.hooks[key]
            return empty(HTTPStatus.NO_CONTENT)
        return answer({"webhook": self.hooks[key], "expiresAt": 1792678400000})

    def _upload(self, kind: str) -> Response:
        if request.args.get("action") == "finalizeUpload" and kind == "videos":
            return self.uploads.finish()
        if request.args.get("action") != "initializeUpload":
            return self.refusal("action")
        return self.uploads.begin(kind, self.origin or request.host_url.rstrip("/"), self.targets())

    def _medium(self, kind: str, ref: str) -> Response:
        if not self.pages and kind != "videos":
            return denied("partnerApiImagesExternal.GET.20260801")
        return self.uploads.tell(ref)

    def _create(self) -> Response:
        sent = body_of_request()
        if sent["author"] not in self.targets():
            return denied("partnerApiPostsExternal.CREATE.20260801")
        media = shown_in(sent)
        wrong = self._wrong(sent, media)
        if wrong is not None:
            return wrong
        first, *more = ({one: each.get(name, "") for one, name in SAID.items()} for each in media)
        seen_by = {"visibility": sent["visibility"], "final": bool(sent.get("isReshareDisabledByAuthor"))}
        facts: dict[str, Any] = {"commentary": sent["commentary"], **first, "more": more, **seen_by}
        with self.lock:
            mark = _fingerprint({**facts, "author": sent["author"]})
            for ref, other in self.ledger.living(sent["author"]).items():
                if other["fingerprint"] == mark:
                    return duplicate(ref)
            if mark in self.deleted:
                return duplicate(f"urn:li:share:{next(self._numbers)}")  # it never was
            return empty(HTTPStatus.CREATED, x_restli_id=self._lay(sent["author"], **facts, fingerprint=mark))

    def _wrong(self, sent: Mapping[str, Any], media: list[dict[str, Any]]) -> Response | None:
        if not media or any(set(each) - {"id", "title", "altText"} for each in media):
            return self.refusal(f"content {sorted(as_object(sent.get('content')))}")
        if "multiImage" in sent["content"] and not LEAST_IMAGES <= len(media) <= MOST_IMAGES:
            return self.refusal(f"multiImage.images {len(media)}")
        if sent["lifecycleState"] != "PUBLISHED" or sent["visibility"] not in ("PUBLIC", "CONNECTIONS", "LOGGED_IN"):
            return self.refusal("lifecycleState or visibility")
        if self.pages and sent["visibility"] == "CONNECTIONS":  # a page has followers
            return self.refusal("visibility")
        wrong = (self._wrong_medium(sent, each, alone=len(media) == 1) for each in media)
        return next((answer for answer in wrong if answer is not None), None)

    def _wrong_medium(self, sent: Mapping[str, Any], media: Mapping[str, Any], *, alone: bool) -> Response | None:
        kind = str(media.get("id", "")).split(":")[2:3]
        if kind == ["document"] and not media.get("title"):
            return refuse(HTTPStatus.BAD_REQUEST, "MISSING_FIELD", "content.media.title")
        if ("altText" in media or not alone) and kind != ["image"]:
            return self.refusal("altText")
        lengths = (
            (shown(sent["commentary"]), LONGEST_TEXT), (media.get("altText", ""), LONGEST_ALT),
            (media.get("title", ""), LONGEST_TITLE),
        )  # fmt: skip
        if any(len(text) > most for text, most in lengths):
            return refuse(HTTPStatus.BAD_REQUEST, "FIELD_LENGTH_TOO_LONG", "a text is too long")
        return self.uploads.wrong(str(media.get("id", "")), sent["author"])

    def _list(self) -> Response:
        author = request.args["author"]
        if not self.pages or author not in self.targets():
            return denied("partnerApiPostsExternal.FINDER-author.20260801")
        standing = [told(ref, facts) for ref, facts in reversed(self.ledger.living(author).items())]
        return answer(page(standing, *asked_page(100, 10)))

    def _read(self, ref: str) -> Response:
        if not self.pages:
            return denied("partnerApiPostsExternal.GET.20260801")
        facts = self.ledger.living().get(ref)
        if facts is None:
            return refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "Post not found")
        return answer(told(ref, facts))

    def _patch(self, ref: str) -> Response:
        if request.headers.get("X-RestLi-Method") != "PARTIAL_UPDATE":
            return self.refusal("X-RestLi-Method")
        values = as_object(as_object(body_of_request().get("patch")).get("$set"))
        if not values or set(values) - {"commentary", "contentCallToActionLabel", "contentLandingPage"}:
            return self.refusal(f"patch {sorted(values)}")
        if ref not in self.ledger.living():
            return refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "Post not found")
        self._change(ref, commentary=values["commentary"])
        return empty(HTTPStatus.NO_CONTENT)

    def _delete(self, ref: str) -> Response:
        facts = self.ledger.living().get(ref)
        if facts is not None:
            self.deleted.add(facts["fingerprint"])
            self._remove(ref)
        return empty(HTTPStatus.NO_CONTENT)

    def _lay(self, target: str, *, media: str, **facts: Any) -> str:
        kind = "ugcPost" if ":video:" in media else "share"
        ref = f"urn:li:{kind}:{next(self._numbers)}"
        known = self.uploads.media.get(media)
        self.ledger.add(
            What.MADE, ref, target, **facts, media=media, edited=False, lifecycle="PUBLISHED",
            sha256=known.sha256 if known else None,
        )  # fmt: skip
        return ref

    def _change(self, ref: str, **facts: Any) -> None:
        self.ledger.add(What.CHANGED, ref, self.ledger.living()[ref]["target"], edited=True, **facts)

    def _remove(self, ref: str) -> None:
        self.ledger.add(What.REMOVED, ref, self.ledger.living()[ref]["target"])

    # What is true here.

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"origin": origin, "pages": self.pages, "insights": self.reviewed, "app": APP if self.pages else ""}

    def targets(self) -> tuple[str, ...]:
        """The pages, or the member."""
        return tuple(f"urn:li:organization:{9 + number}" for number in range(PAGES)) if self.pages else (MEMBER,)

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All posts of an author."""
        return tuple(self._standing(target, ref, facts) for ref, facts in self.ledger.living(target).items())

    def _standing(self, target: str, ref: str, facts: Mapping[str, Any]) -> Standing:
        marker = marker_in(facts["title"])
        key = key_in(facts["title"], marker) if marker else None
        fields = {"commentary": shown(facts["commentary"])}
        pictures = tuple(
            Shown(known.sha256, {"alt_text": each["alt"]})
            for each in (facts, *facts["more"])
            if (known := self.uploads.media.get(each["media"]))
        )
        return Standing(ref, target, marker, key, fields, facts["sha256"], pictures=pictures)

    def intrude(self, target: str, text: str) -> str:
        """Somebody else posts there."""
        return self._lay(
            target, commentary=protect(f"About {text}"), media="urn:li:image:C4ELSEWHERE", title=text, alt="",
            more=[], visibility="PUBLIC", final=False, fingerprint=secrets.token_hex(8),
        )  # fmt: skip

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes a post."""
        del target
        self._remove(ref)

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody edits a post's text."""
        del target
        self._change(ref, commentary=protect(str(fields["commentary"])))

    def view(self, target: str, ref: str) -> Mapping[str, int]:
        """Somebody sees a post in the feed."""
        del target
        return self.numbers.view(ref)

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery:
        """Somebody likes a post of a page. Whose post it is, LinkedIn does not say."""
        del ours
        about = {
            "notificationId": next(self._numbers), "organizationalEntity": target, "action": "LIKE", "sourcePost": ref,
            "lastModifiedAt": 1790000000000, "generatedActivity": "urn:li:activity:1",
        }  # fmt: skip
        body = json.dumps({"type": kind or KIND, "notifications": [about]}).encode()
        secret = self.secrets["client_secret"]
        return Delivery(CALLBACK, {SIGNATURE: sign(secret, body)}, body, secret=secret, tells_whose=False)

    def edit_little(self, ref: str, little: str) -> None:
        """Somebody edits a post there, with mentions and hashtags."""
        self._change(ref, commentary=little)


def _fingerprint(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
