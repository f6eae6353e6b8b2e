"""What the made-up LinkedIn counts of posts, and to whom it tells what: three resources, each with a finder of its own.

The answers' form is that of versions from 202605 on, in which `metricType` is text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from flask import Response, request

from connectors.linkedin.sandbox_answers import answer, denied, refuse

LISTED = re.compile(r"&(?:shares=List\((urn%3Ali%3Ashare%3A\d+)\)|ugcPosts=List\((urn%3Ali%3AugcPost%3A\d+)\))$")
ENTITY = re.compile(r"&entity=\((?:share:(urn%3Ali%3Ashare%3A\d+)|ugc:(urn%3Ali%3AugcPost%3A\d+))\)(?:&|$)")
VERSION = "20260801"
LONG_MS = 7_500  # how long somebody watches a video
NONE: dict[str, Any] = {"start": 0, "count": 10, "links": []}


class Numbers:
    """What people did with posts. `posts` are those that stand; `pages`: of pages, else of the member."""

    def __init__(self, posts: Callable[[], Mapping[str, Mapping[str, Any]]], *, pages: bool, reviewed: bool) -> None:
        self.seen: Counter[str] = Counter()
        self.posts_sponsored = True  # a role that may read of videos
        self._posts, self._pages, self._reviewed = posts, pages, reviewed

    def view(self, ref: str) -> Mapping[str, int]:
        """Somebody sees a post, and clicks every second time; return what is counted, in the connector's names."""
        self.seen[ref] += 1
        seen, video = self.seen[ref], self._is_video(ref)
        watched = {"viewerCount": 1, "secondsWatched": seen * LONG_MS // 1000}
        if self._pages:
            return self._of_page(ref) | ({"videoViewCount": seen, **watched} if video else {})
        none = dict.fromkeys(("reactionCount", "commentCount", "reshareCount"), 0)
        return {"impressionCount": seen, "membersReached": 1, **none} | (
            {"videoPlayCount": seen, **watched} if video else {}
        )

    def statistics(self) -> Response:
        """Tell of a page's post."""
        if not self._pages:
            return denied(f"organizationalEntityShareStatistics.FINDER-organizationalEntity.{VERSION}")
        found = LISTED.search(str(request.environ["QUERY_STRING"]))
        if found is None:
            return _wrong("shares or ugcPosts")
        ref = unquote(found.group(1) or found.group(2))
        kind = "ugcPost" if ":ugcPost:" in ref else "share"
        about = {
            "organizationalEntity": request.args["organizationalEntity"],
            kind: ref,
            "totalShareStatistics": {**self._of_page(ref), "engagement": 0.25},
        }
        return answer({"elements": [about] if ref in self.seen else [], "paging": NONE})

    def of_video(self) -> Response:
        """Tell of a page's video."""
        ref = request.args.get("entity", "")
        if not self._pages or not self.posts_sponsored:
            return denied(f"videoAnalytics.FINDER-entity.{VERSION}")
        if not self._is_video(ref):
            return refuse(HTTPStatus.BAD_REQUEST, "INVALID_URN_TYPE", f"entity {ref}")
        seen = self.seen[ref]
        values = {"VIDEO_VIEW": seen, "VIEWER": min(seen, 1), "TIME_WATCHED": seen * LONG_MS}
        name = request.args["type"]
        told = {"entity": ref, "statisticsType": name, "value": values.get(name, seen * LONG_MS)}
        return answer({"elements": [told] if seen else [], "paging": NONE})

    def of_member(self) -> Response:
        """Tell of a post of the member."""
        return self._told("partnerApiMemberCreatorPostAnalytics", _seen)

    def of_members_video(self) -> Response:
        """Tell of the video in a post of the member; of a post without one, nothing."""
        return self._told("partnerApiMemberCreatorVideoAnalytics", _watched, video=True)

    def _told(self, what: str, count: Callable[[str, int], int], *, video: bool = False) -> Response:
        if self._pages or not self._reviewed:
            return denied(f"{what}.FINDER-entity.{VERSION}")
        found = ENTITY.search(str(request.environ["QUERY_STRING"]))
        if found is None:
            return _wrong("entity")
        kind, ref = ("share", found.group(1)) if found.group(1) else ("ugc", found.group(2))
        ref = unquote(ref)
        if ref not in self._posts():
            return refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "Post not found")
        name = request.args["queryType"]
        told = {"count": count(name, self.seen[ref]), "metricType": name, "targetEntity": {kind: ref}}
        knows = ref in self.seen and (self._is_video(ref) or not video)
        return answer({"elements": [told] if knows else [], "paging": NONE})

    def _of_page(self, ref: str) -> dict[str, int]:
        names = ("shareCount", "likeCount", "commentCount")
        seen = self.seen[ref]
        counted = {"impressionCount": seen, "uniqueImpressionsCount": 1, "clickCount": seen // 2}
        return {**dict.fromkeys(names, 0), **counted}

    def _is_video(self, ref: str) -> bool:
        return ":video:" in str(self._posts().get(ref, {}).get("media", ""))


def _seen(name: str, seen: int) -> int:
    return {"IMPRESSION": seen, "MEMBERS_REACHED": min(seen, 1)}.get(name, 0)


def _watched(name: str, seen: int) -> int:
    return {"VIDEO_PLAY": seen, "VIDEO_VIEWER": min(seen, 1), "VIDEO_WATCH_TIME": seen * LONG_MS}[name]


def _wrong(what: str) -> Response:
    return refuse(HTTPStatus.BAD_REQUEST, "INVALID_VALUE_FOR_FIELD", what)
