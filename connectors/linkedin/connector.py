"""LinkedIn: posts of a member or of company pages, each with pictures, a video or a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.linkedin.calls import PAGE_SIZE, VIDEOS, Calls, subscription_key
from connectors.linkedin.events import KIND
from connectors.linkedin.little_text import escape
from connectors.linkedin.numbers import of_member, of_page
from connectors.linkedin.posts import KINDS, SHOWN, body_of, copy_of, media_of
from connectors.linkedin.types import MAY_POST, MEMBER, ORGANIZATION, PAGE, Post, Roles, Settings, duplicate_in
from connectors.sdk.answer import Answer
from connectors.sdk.errors import ConnectorError, GiveUp, Misconfigured, Missing, OutcomeUnknown, RateLimited, Rejected
from connectors.sdk.http import Api
from connectors.sdk.paging import every
from connectors.sdk.types import (
    Account,
    Copy,
    Fields,
    Outgoing,
    Page,
    Part,
    PartKind,
    Receipt,
    Target,
)

REF = "x-restli-id"
ASKED = " asked"
"""Noted before a post is asked for, with whom it is shown to: a duplicate of a post that nobody knows the outcome of is
that post, and what is asked for again must be the very same, whatever the settings say by now."""
NAMED_AT_ONCE = 20
WORKED_ON_S = 30.0


class LinkedIn:
    """One member, or the pages of one."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._calls = Calls(api, settings.version)
        self._pages, self._insights = settings.pages, settings.insights
        self._app, self._shown_to = settings.app, settings.shown_to()

    def identify(self) -> Account:
        """Read who signed in; the pages of a member are another account than the member."""
        if self._pages:
            me = self._calls.profile()
            name = me.name or me.id
            return Account(f"pages of urn:li:person:{me.id}", f"Pages of {name}", name)
        ref, name = self._member()
        return Account(ref, name or ref.rpartition(":")[2], name)

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the member, or every page that the member may post for, in the order of their numbers."""
        if not self._pages:
            ref, name = self._member()
            return Page((Target(MEMBER, ref, name or ref.rpartition(":")[2]),), None)
        refs = sorted(
            {role.organization for role in every(self._roles) if _may_post(role.state, role.role)}, key=_number
        )
        start = int(cursor or 0)
        end = start + NAMED_AT_ONCE
        return Page(tuple(self._page(ref) for ref in refs[start:end]), str(end) if end < len(refs) else None)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Send the bytes, unless an earlier try did, then post."""
        said = media_of(outgoing)
        kept, _, asked = outgoing.kept.partition(" ")
        names = self._ready(target, outgoing, [name for name in kept.split(",") if name])
        media = ",".join(names)
        shown_to = asked.partition(":")[2] if asked else self._shown_to
        outgoing.keep(f"{media}{ASKED}:{shown_to}" if shown_to else media + ASKED)
        try:
            shown = [{"id": name, **about} for name, about in zip(names, said, strict=True)]
            answer = self._calls.create(body_of(target.ref, outgoing, shown, shown_to))
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

        return tuple(copy for copy in (copy_of(post) for post in every(page)) if copy.marker == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read one post."""
        del target
        return copy_of(self._calls.post(ref))

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
        """Read what LinkedIn counts of a post: of a page's over the last twelve months, of a member's since it stands.

        Raises:
            Misconfigured: nobody asked for it, so the sign-in does not allow it.
        """
        if not self._insights:
            raise Misconfigured(
                "Numbers are switched off here. Tick views, reactions and news in the connection's settings, then "
                "connect again.",
                code="numbers_off",
            )
        return of_member(self._calls, ref) if target.kind == MEMBER else of_page(self._calls, target.ref, ref)

    def _member(self) -> tuple[str, str]:
        """Return who signed in, and their name: a reviewed app has no OpenID Connect, a self-serve one nothing else.

        Which of them a sign-in was made by is not known for certain while somebody changes the settings.
        """
        ways = (self._by_profile, self._by_openid) if self._insights else (self._by_openid, self._by_profile)
        try:
            return ways[0]()
        except Misconfigured:
            return ways[1]()

    def _by_profile(self) -> tuple[str, str]:
        me = self._calls.profile()
        return f"urn:li:person:{me.id}", me.name

    def _by_openid(self) -> tuple[str, str]:
        one = self._calls.member()
        return f"urn:li:person:{one.sub}", one.name

    def _roles(self, cursor: str | None) -> Page[Any]:
        start = int(cursor or 0)
        roles: Roles = self._calls.roles(start)
        more = len(roles.elements) >= PAGE_SIZE or any(link.rel == "next" for link in roles.paging.links)
        return Page(tuple(roles.elements), str(start + PAGE_SIZE) if more else None)

    def _page(self, ref: str) -> Target:
        about = self._calls.organization(ref.removeprefix(ORGANIZATION))
        url = f"https://www.linkedin.com/company/{about.vanity}" if about.vanity else None
        return Target(PAGE, ref, about.name or ref, url)

    def _ready(self, target: Target, outgoing: Outgoing, sent: list[str]) -> list[str]:
        """Return the names of all that a post shows, of which the first were `sent` by an earlier try."""
        names = list(sent)
        for picture in outgoing.pictures[len(sent) :]:
            names.append(self._calls.upload(KINDS[picture.media_type], target.ref, picture))
            outgoing.keep(",".join(names))
        if KINDS[outgoing.media_type] == VIDEOS:
            self._await(names[0], outgoing)
        return names

    def _await(self, media: str, outgoing: Outgoing) -> None:
        """Make sure that LinkedIn can show a video; one that it still works on is waited for outside."""
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
