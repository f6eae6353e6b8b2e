"""What LinkedIn counts of posts: of a page's in one answer, of a member's and of videos one thing at a time.

https://learn.microsoft.com/linkedin/marketing/community-management/members/post-statistics
https://learn.microsoft.com/linkedin/marketing/community-management/members/video-statistics
https://learn.microsoft.com/linkedin/marketing/community-management/shares/video-analytics-api
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from connectors.linkedin.calls import Calls
from connectors.linkedin.types import Told
from connectors.sdk.errors import Misconfigured, Rejected

OF_MEMBER = {
    "IMPRESSION": "impressionCount", "MEMBERS_REACHED": "membersReached", "REACTION": "reactionCount",
    "COMMENT": "commentCount", "RESHARE": "reshareCount",
}  # fmt: skip
"""There is more since 202604 (saves, sends, clicks on links), but each thing takes a call of a member's 150 a day."""
VIDEO_OF_MEMBER = {"VIDEO_PLAY": "videoPlayCount", "VIDEO_VIEWER": "viewerCount", "VIDEO_WATCH_TIME": "secondsWatched"}
VIDEO_OF_PAGE = {"VIDEO_VIEW": "videoViewCount", "VIEWER": "viewerCount", "TIME_WATCHED": "secondsWatched"}
NOT_TOLD = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN})
IN_MS = frozenset({"VIDEO_WATCH_TIME", "TIME_WATCHED"})


def of_page(calls: Calls, author: str, ref: str) -> Mapping[str, int]:
    """Return what is counted of a page's post."""
    found = calls.statistics(author, ref).elements
    counts = found[0].counts if found else {}
    told = {name: int(count) for name, count in counts.items() if name.endswith("Count")}
    return told | _of_video(ref, VIDEO_OF_PAGE, lambda name: calls.video_statistics(ref, name))


def of_member(calls: Calls, ref: str) -> Mapping[str, int]:
    """Return what is counted of the post of the member who signed in."""
    told = _each(OF_MEMBER, lambda name: calls.member_statistics(ref, name))
    return told | _of_video(ref, VIDEO_OF_MEMBER, lambda name: calls.member_video_statistics(ref, name))


def _of_video(ref: str, names: Mapping[str, str], ask: Callable[[str], Told]) -> dict[str, int]:
    """Return what is counted of the video in a post; nothing where there is none, or the role may not read it.

    Of a page's videos only its admins and the posters of sponsored content are told.
    """
    if not ref.startswith("urn:li:ugcPost:"):  # posts with videos are called so, and others are, too
        return {}
    try:
        return _each(names, ask)
    except (Misconfigured, Rejected) as refused:
        if refused.status not in NOT_TOLD:
            raise
        return {}


def _each(names: Mapping[str, str], ask: Callable[[str], Told]) -> dict[str, int]:
    """Ask for one thing after the other; what LinkedIn does not tell is no zero, it is not there."""
    told: dict[str, int] = {}
    for theirs, ours in names.items():
        value = ask(theirs).value
        if value is not None:
            told[ours] = value // 1000 if theirs in IN_MS else value
    return told
