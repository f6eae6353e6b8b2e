"""Posts that Postiz made by itself: in the place of one that somebody deleted while the hub was writing to it.

`POST /posts` with the id of a post that is not there makes a new one, under another id. Nothing that the hub sends can
forbid that. So what is written names the post that it is meant for: a post whose note names another is a stray. The
writer sees at once that the id is another one; if it is killed before, whoever looks next finds the stray by marker.
"""

from __future__ import annotations

from connectors.postiz.calls import Calls
from connectors.postiz.copies import DRAFT, OUT, is_stray, still_in
from connectors.postiz.types import Post
from connectors.sdk.errors import ConnectorError, Missing, OutcomeUnknown


def ours(calls: Calls, ref: str) -> Post:
    """Return a post that is not out and that was asked for; see `no_stray`."""
    return no_stray(calls, still_in(calls.one(ref)))


def no_stray(calls: Calls, post: Post) -> Post:
    """Return a post; a stray is taken away instead, and is missing.

    Raises:
        Missing: the post that was meant is not there, and the stray is not any more.
        OutcomeUnknown: as `undone` says.
    """
    if is_stray(post):
        raise undone(calls, post.id)
    return post


def undone(calls: Calls, stray: str) -> Missing:
    """Take a stray away; return what is to be said of the post that it stands for.

    Raises:
        OutcomeUnknown: it may stand there still. It is found by its marker, and the next write to it takes it away.
        Rejected: it is out.
    """
    try:
        calls.park(stray)  # before it is looked at: it may wait for its time
        calls.delete(still_in(calls.one(stray)).id)
    except ConnectorError as error:  # a listing that lacks it may be too early: that proves nothing either
        if error.code == OUT:
            raise
        what = "Somebody deleted this post in Postiz, which made another in its place. The hub takes that one away."
        raise OutcomeUnknown(what, detail=error.detail) from error
    return Missing("Somebody deleted this post in Postiz while the hub was writing to it.")


def take_away(calls: Calls, ref: str) -> None:
    """Delete a post that is not out. One that waits is parked first, and looked at again: it may have gone out.

    Raises:
        Missing: it is gone already.
        Rejected: it is out.
    """
    post = still_in(calls.one(ref))
    if post.state != DRAFT:
        calls.park(ref)
        still_in(calls.one(ref))
    calls.delete(ref)
