"""LinkedIn: posts of a member or of company pages, each with one picture, video or document.

The marker and the content key stand in the title of what a post shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.linkedin.calls import DOCUMENTS, IMAGES, PAGE_SIZE, VIDEOS, Calls, subscription_key
from connectors.linkedin.events import KIND
from connectors.linkedin.little_text import escape, plain
from connectors.linkedin.types import MAY_POST, MEMBER, ORGANIZATION, PAGE, Post, Roles, Settings, duplicate_in
from connectors.sdk.answer import Answer
from connectors.sdk.errors import ConnectorError, GiveUp, Misconfigured, Missing, OutcomeUnknown, RateLimited, Rejected
from connectors.sdk.http import Api
from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.paging import every
from connectors.sdk.types import (
    Account,
    Copy,
    Fields,
    Outgoing,
    Page,
    Part,
    PartKind,
    PartState,
    Receipt,
    Target,
)

SHOWN = "https://www.linkedin.com/feed/update/"
REF = "x-restli-id"
ASKED = " asked"
"""Noted before a post is asked for: a duplicate of a post that nobody knows the outcome of is that post."""
NAMED_AT_ONCE = 20
LONGEST_TITLE = 200
WORKED_ON_S = 30.0
KINDS = {
    "image/jpeg": IMAGES, "image/png": IMAGES, "image/gif": IMAGES, "video/mp4": VIDEOS, "application/pdf": DOCUMENTS,
    "application/msword": DOCUMENTS, "application/vnd.ms-powerpoint": DOCUMENTS,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": DOCUMENTS,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": DOCUMENTS,
}  # fmt: skip
STATES = {
    "PUBLISHED": PartState.SHOWING,
    "PUBLISH_REQUESTED": PartState.QUEUED,
    "PUBLISH_FAILED": PartState.FAILED,
}


class LinkedIn:
    """One member, or the pages of one."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._calls = Calls(api, settings.version)
        self._pages = settings.pages
        self._app = settings.app

    def identify(self) -> Account:
        """Read who signed in; the pages of a member are another account than the member."""
        if self._pages:
            me = self._calls.profile()
            name = f"{me.first} {me.last}".strip() or me.id
            return Account(f"pages of urn:li:person:{me.id}", f"Pages of {name}", name)
        one = self._calls.member()
        return Account(f"urn:li:person:{one.sub}", one.name or one.sub, one.name)

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the member, or every page that the member may post for, in the order of their numbers."""
        if not self._pages:
            one = self._calls.member()
            return Page((Target(MEMBER, f"urn:li:person:{one.sub}", one.name or one.sub),), None)
        refs = sorted(
            {role.organization for role in every(self._roles) if _may_post(role.state, role.role)}, key=_number
        )
        start = int(cursor or 0)
        end = start + NAMED_AT_ONCE
        return Page(tuple(self._page(ref) for ref in refs[start:end]), str(end) if end < len(refs) else None)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Send the bytes, unless an earlier try did, then post."""
        body = _body(target, outgoing)
        media, _, asked = outgoing.kept.partition(" ")
        media = self._ready(target, outgoing, media)
        body["content"]["media"]["id"] = media
        outgoing.keep(media + ASKED)
        try:
            answer = self._calls.create(body)
        except OutcomeUnknown:
            raise
        except ConnectorError as refused:
            # This try is refused for certain: what is a duplicate next time is none of ours, unless an earlier try is
            # in doubt still. What was uploaded earlier and is refused now may have ended there.
            ended = isinstance(refused, GiveUp) and bool(outgoing.kept) and not asked
            outgoing.keep("" if ended else f"{media} {asked}".strip())
            raise
        made = answer.headers.get(REF, "")
        ref = made or self._made_before(target, outgoing, answer, asked=bool(asked))
        return Receipt(ref, (Part(PartKind.MEDIA, ref),), SHOWN + ref, again=not made)

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Change the text: LinkedIn lets nothing else of a post be changed."""
        del target
        text = fields.get("commentary")
        if isinstance(text, str):
            self._calls.change(ref, {"commentary": escape(text)})
        return Receipt(ref, (), SHOWN + ref)

    def withdraw(self, target: Target, ref: str) -> None:
        """Delete the post."""
        del target
        try:
            self._calls.delete(ref)
        except Missing:
            return

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Read all posts of a page: LinkedIn has no search."""

        def page(cursor: str | None) -> Page[Post]:
            start = int(cursor or 0)
            posts = self._calls.posts(target.ref, start)
            more = len(posts.elements) >= PAGE_SIZE or any(link.rel == "next" for link in posts.paging.links)
            return Page(tuple(posts.elements), str(start + PAGE_SIZE) if more else None)

        return tuple(copy for copy in (_copy(post) for post in every(page)) if copy.marker == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read one post."""
        del target
        return _copy(self._calls.post(ref))

    def subscribe(self, target: Target, callback_url: str) -> str:
        """Have news of a page sent; there is one address for each app, person and page."""
        if not self._app:
            raise Misconfigured("LinkedIn wants to know which app asks. Enter the app's number in the settings.")
        person = f"urn:li:person:{self._calls.profile().id}"
        key = subscription_key(self._app, person, target.ref, KIND)
        self._calls.subscribe(key, callback_url)
        return f"{key} {callback_url}"

    def unsubscribe(self, ref: str) -> None:
        """End a subscription, unless another address has taken its place."""
        key, _, callback_url = ref.partition(" ")
        try:
            if self._calls.subscription(key).webhook == callback_url:
                self._calls.unsubscribe(key)
        except Missing:
            return

    def numbers(self, target: Target, ref: str) -> Mapping[str, int]:
        """Read what LinkedIn counts of a page's post, of the last twelve months."""
        found = self._calls.statistics(target.ref, ref).elements
        counts = found[0].counts if found else {}
        return {name: int(count) for name, count in counts.items() if name.endswith("Count")}

    def _roles(self, cursor: str | None) -> Page[Any]:
        start = int(cursor or 0)
        roles: Roles = self._calls.roles(start)
        more = len(roles.elements) >= PAGE_SIZE or any(link.rel == "next" for link in roles.paging.links)
        return Page(tuple(roles.elements), str(start + PAGE_SIZE) if more else None)

    def _page(self, ref: str) -> Target:
        about = self._calls.organization(ref.removeprefix(ORGANIZATION))
        url = f"https://www.linkedin.com/company/{about.vanity}" if about.vanity else None
        return Target(PAGE, ref, about.name or ref, url)

    def _ready(self, target: Target, outgoing: Outgoing, media: str) -> str:
        """Return the name of bytes that a post can show; a video that LinkedIn still works on is waited for outside."""
        kind = KINDS[outgoing.media_type]
        if not media:
            media = self._calls.upload(kind, target.ref, outgoing)
            outgoing.keep(media)
        if kind != VIDEOS:
            return media
        try:
            video = self._calls.video(media)
        except Missing:
            outgoing.keep("")
            raise
        if video.status == "PROCESSING_FAILED":
            outgoing.keep("")
            raise Rejected(f"LinkedIn cannot show this video ({video.why or 'it says not why'}). Approve another file.")
        if video.status != "AVAILABLE":
            raise RateLimited("LinkedIn still works on this video.", after_s=WORKED_ON_S, status=None)
        return media

    def _made_before(self, target: Target, outgoing: Outgoing, answer: Answer, *, asked: bool) -> str:
        """Settle a create without a reference: a duplicate of what an earlier try asked for is that."""
        ref = duplicate_in(answer.json)
        if not ref:
            raise answer.call.senseless("no reference of a post", status=answer.status)
        if asked and self._is_ours(target, outgoing, ref):
            return ref
        outgoing.keep("")
        raise Rejected(
            "LinkedIn takes this for the repetition of a post that is there, or was deleted a short time ago. "
            "Change its text, or wait for two days.",
            code="duplicate_post",
            status=answer.status,
        )

    def _is_ours(self, target: Target, outgoing: Outgoing, ref: str) -> bool:
        """Look, where we may: after a deletion LinkedIn names posts that never were."""
        if target.kind == MEMBER:
            return True
        try:
            return self.look(target, ref).marker == outgoing.marker
        except Missing:
            return False


def _may_post(state: str, role: str) -> bool:
    return state == "APPROVED" and role in MAY_POST


def _number(ref: str) -> tuple[int, str]:
    return len(ref), ref


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _body(target: Target, outgoing: Outgoing) -> dict[str, Any]:
    """Compose a post; what it shows is named later."""
    kind = KINDS.get(outgoing.media_type)
    if kind is None:
        raise Rejected(
            f"LinkedIn shows no {outgoing.media_type}. Approve a JPEG, PNG, GIF, MP4, PDF, Word or PowerPoint."
        )
    if not outgoing.size:
        raise Rejected("The file is empty, so LinkedIn has nothing to show. Approve another file.")
    text = _text(outgoing.fields, "commentary")
    title = (_text(outgoing.fields, "title") or outgoing.filename)[:LONGEST_TITLE]
    media = {"title": f"{title} ({outgoing.marker}-{outgoing.content_key})"}
    if kind == IMAGES:
        media["altText"] = _alternative(outgoing.fields, text)
    return {
        "author": target.ref,
        "commentary": escape(text),
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "content": {"media": media},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }


def _alternative(fields: Fields, text: str) -> str:
    """Return the alternative text; where none was mapped at all, the post's own text stands in."""
    alternative = _text(fields, "alt_text").strip() if "alt_text" in fields else text.strip()
    if not alternative:
        raise Rejected(
            "Pictures on LinkedIn need an alternative text. Write one on the asset.", code="alt_text_missing"
        )
    return alternative


def _copy(post: Post) -> Copy:
    title = post.content.media.title
    marker = marker_in(title)
    fields: Mapping[str, Any] = {"commentary": plain(post.commentary)}
    parts = (Part(PartKind.MEDIA, post.id, STATES.get(post.lifecycle, PartState.UNKNOWN)),)
    return Copy(post.id, marker, key_in(title, marker) if marker else None, fields, parts, url=SHOWN + post.id)
