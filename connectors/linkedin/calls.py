"""LinkedIn's calls: each with the version and the protocol that it needs, bytes to the addresses that it names.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from connectors.linkedin.types import (
    Begun,
    Organization,
    Post,
    Posts,
    Profile,
    Roles,
    Started,
    Statistics,
    Subscription,
    Told,
    UserInfo,
    Video,
)
from connectors.sdk.answer import Answer
from connectors.sdk.http import Api
from connectors.sdk.source import CHUNK, SourceBroken
from connectors.sdk.types import Source

PAGE_SIZE = 100
IMAGES, VIDEOS, DOCUMENTS = "images", "videos", "documents"
POSTS, SUBSCRIPTIONS = "/rest/posts", "/rest/eventSubscriptions"
_UNKNOWN_TYPE = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class Calls:
    """What is asked of LinkedIn."""

    api: Api
    version: str

    @property
    def _headers(self) -> dict[str, str]:
        return {"LinkedIn-Version": self.version, "X-Restli-Protocol-Version": "2.0.0"}

    def member(self) -> UserInfo:
        """Read who signed in."""
        return self.api.get("/v2/userinfo", UserInfo)

    def profile(self) -> Profile:
        """Read who signed in to an app that has no OpenID Connect."""
        return self.api.get("/v2/me", Profile)

    def roles(self, start: int) -> Roles:
        """Read part of the list of pages where the member has a role."""
        query = {"q": "roleAssignee", "state": "APPROVED", "start": start, "count": PAGE_SIZE}
        return self.api.get("/rest/organizationAcls", Roles, query=query, headers=self._headers)

    def organization(self, ref: str) -> Organization:
        """Read a page's name."""
        return self.api.get(f"/rest/organizations/{quote(ref, safe='')}", Organization, headers=self._headers)

    def posts(self, author: str, start: int) -> Posts:
        """Read part of an author's posts."""
        query = {"q": "author", "author": author, "start": start, "count": PAGE_SIZE, "sortBy": "CREATED"}
        return self.api.get(POSTS, Posts, query=query, headers=self._headers)

    def post(self, ref: str) -> Post:
        """Read one post as its author sees it."""
        return self.api.get(_path(ref), Post, query={"viewContext": "AUTHOR"}, headers=self._headers)

    def statistics(self, author: str, ref: str) -> Statistics:
        """Read what is counted of one post of a page. Encoded brackets would be text to LinkedIn, and no list."""
        kind = "ugcPosts" if ref.startswith("urn:li:ugcPost:") else "shares"
        query = (
            f"q=organizationalEntity&organizationalEntity={quote(author, safe='')}&{kind}=List({quote(ref, safe='')})"
        )
        return self.api.get(f"/rest/organizationalEntityShareStatistics?{query}", Statistics, headers=self._headers)

    def video_statistics(self, ref: str, name: str) -> Told:
        """Read one thing that is counted of a page's video since it was posted, by LinkedIn's name for it."""
        query = {"q": "entity", "entity": ref, "type": name, "aggregation": "ALL"}
        return self.api.get("/rest/videoAnalytics", Told, query=query, headers=self._headers)

    def member_statistics(self, ref: str, name: str) -> Told:
        """Read one thing that is counted of a post of the member who signed in."""
        return self._of_member("memberCreatorPostAnalytics", ref, name)

    def member_video_statistics(self, ref: str, name: str) -> Told:
        """Read one thing that is counted of the video in a post of the member who signed in."""
        return self._of_member("memberCreatorVideoAnalytics", ref, name)

    def _of_member(self, what: str, ref: str, name: str) -> Told:
        kind = "ugc" if ref.startswith("urn:li:ugcPost:") else "share"  # a union; its brackets must not be encoded
        query = f"q=entity&entity=({kind}:{quote(ref, safe='')})&queryType={name}&aggregation=TOTAL"
        return self.api.get(f"/rest/{what}?{query}", Told, headers=self._headers)

    def subscribe(self, key: str, webhook: str) -> None:
        """Have news sent to an address."""
        self.api.ask("PUT", f"{SUBSCRIPTIONS}/{key}", json={"webhook": webhook}, headers=self._headers)

    def subscription(self, key: str) -> Subscription:
        """Read where news are sent to."""
        return self.api.get(f"{SUBSCRIPTIONS}/{key}", Subscription, headers=self._headers)

    def unsubscribe(self, key: str) -> None:
        """Have no news sent any more."""
        self.api.delete(f"{SUBSCRIPTIONS}/{key}", headers=self._headers)

    def create(self, post: Mapping[str, Any]) -> Answer:
        """Post: the answer has no body, the new reference stands in a header."""
        return self.api.ask("POST", POSTS, json=post, headers=self._headers)

    def change(self, ref: str, values: Mapping[str, Any]) -> None:
        """Change a post; its media stay what they are."""
        headers = {**self._headers, "X-RestLi-Method": "PARTIAL_UPDATE"}
        _nothing(self.api.ask("POST", _path(ref), json={"patch": {"$set": dict(values)}}, headers=headers))

    def delete(self, ref: str) -> None:
        """Delete a post; one that is gone is deleted all the same."""
        _nothing(self.api.delete(_path(ref), headers={**self._headers, "X-RestLi-Method": "DELETE"}))

    def video(self, ref: str) -> Video:
        """Ask how far LinkedIn is with a video."""
        return self.api.get(f"/rest/{VIDEOS}/{quote(ref, safe='')}", Video, headers=self._headers)

    def upload(self, kind: str, owner: str, outgoing: Source) -> str:
        """Send the bytes; nobody sees them before a post names them. Return what they are called."""
        wish: dict[str, Any] = {"owner": owner}
        if kind == VIDEOS:
            wish |= {"fileSizeBytes": outgoing.size, "uploadCaptions": False, "uploadThumbnail": False}
        begun = self._begin(kind, wish)
        if kind == VIDEOS:
            self._pieces(begun, outgoing)
        else:
            where, query = _split(begun.url)
            self.api.upload(where, outgoing, method="PUT", query=query, headers=self._headers)
        return {IMAGES: begun.image, VIDEOS: begun.video, DOCUMENTS: begun.document}[kind]

    def _begin(self, kind: str, wish: Mapping[str, Any]) -> Begun:
        answer = self.api.ask(
            "POST",
            f"/rest/{kind}",
            query={"action": "initializeUpload"},
            json={"initializeUploadRequest": wish},
            headers=self._headers,
        )
        begun = answer.parse(Started).value
        named = {IMAGES: begun.image, VIDEOS: begun.video, DOCUMENTS: begun.document}[kind]
        if not named or not (begun.url or begun.parts):
            raise answer.call.senseless("nowhere to send the bytes to", status=answer.status)
        return begun

    def _pieces(self, begun: Begun, outgoing: Source) -> None:
        """Send exactly the bytes that each address is for, and say in which order what was kept belongs together."""
        kept: list[str] = []
        for part in begun.parts:
            size = part.last - part.first + 1
            where, query = _split(part.url)
            sent = self.api.stream(
                "PUT",
                where,
                lambda first=part.first, size=size: _part(outgoing, first, size),
                size,
                query=query,
                headers={**self._headers, **_UNKNOWN_TYPE},
            )
            etag = sent.headers.get("etag", "").removeprefix("W/").strip('"')
            if not etag:
                raise sent.call.senseless("no ETag for a part of a video", status=sent.status)
            kept.append(etag)
        ends = {"video": begun.video, "uploadToken": begun.token, "uploadedPartIds": kept}
        query = {"action": "finalizeUpload"}
        self.api.ask(
            "POST", f"/rest/{VIDEOS}", query=query, json={"finalizeUploadRequest": ends}, headers=self._headers
        )


def subscription_key(app: str, person: str, page: str, kind: str) -> str:
    """Name a subscription: brackets, colons and commas of its own, and references whose colons are encoded."""
    refs = {"developerApplication": f"urn:li:developerApplication:{app}", "user": person, "entity": page}
    named = ",".join(f"{name}:{quote(ref, safe='')}" for name, ref in refs.items())
    return f"({named},eventType:{kind})"


def _path(ref: str) -> str:
    return f"{POSTS}/{quote(ref, safe='')}"


def _nothing(answer: Answer) -> None:
    """Believe only the empty answer that is due: a page tells nothing of what was done."""
    if answer.body.strip():
        raise answer.call.senseless("an answer where none was due", status=answer.status)


def _split(url: str) -> tuple[str, dict[str, str]]:
    """Take an address apart: whoever knows all of it can upload, and paths are named in errors."""
    where = urlsplit(url)
    return f"{where.scheme}://{where.netloc}{where.path}", dict(parse_qsl(where.query, keep_blank_values=True))


def _part(outgoing: Source, start: int, size: int) -> Iterator[bytes]:
    """Yield exactly this part of the bytes."""
    with closing(outgoing.open()) as stream:
        if start and stream.seekable():
            stream.seek(start)
        else:
            for at in range(0, start, CHUNK):
                stream.read(min(CHUNK, start - at))
        while size and (chunk := stream.read(min(CHUNK, size))):
            size -= len(chunk)
            yield chunk
        if size:
            raise SourceBroken(f"fewer bytes than the {outgoing.size} announced")
