"""What a listed post tells: which copy it is, how it stands, and what may still be done with it."""

from __future__ import annotations

from connectors.postiz.calls import Kind, note_of, settings_of
from connectors.postiz.pictures import words_of
from connectors.postiz.types import Note, Post, Rules
from connectors.postiz.wording import as_text, milliseconds
from connectors.sdk.errors import Rejected
from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.types import Copy, Fields, Part, PartKind, PartState

CONTENT, TITLE = "content", "title"
OUT = "already_published"
DRAFT, QUEUED, FAILED = "DRAFT", "QUEUE", "ERROR"


def fits(text: str, rules: Rules) -> None:
    """Refuse what is too long: of a draft Postiz would notice only when it is due."""
    if 0 < rules.longest < len(text):
        raise Rejected(
            f"The text has {len(text)} characters, and this channel takes {rules.longest}. Shorten it, then try again.",
            code="text_too_long",
        )


def still_in(post: Post) -> Post:
    """Return a post that was not published; nobody's hand is guided to what is out."""
    if post.is_out:
        raise Rejected(
            "This post is out already, and Postiz cannot change or take back what is out. "
            "Do it at the network itself: the post's address stands with the copy.",
            code=OUT,
        )
    return post


def not_failed(post: Post) -> Post:
    """Return a post that Postiz did not give up: whether such a one went out all the same, only a person can see."""
    if post.state == FAILED:
        raise Rejected(
            "Postiz gave this post up. See at the network whether it went out, then let it go again in Postiz.",
            code="post_failed",
        )
    return post


def is_stray(post: Post) -> bool:
    """Tell whether Postiz made this post by itself, in the place of one that somebody deleted while we wrote to it.

    Then its note names the other one. What is out is no stray any more: it counts like any other copy.
    """
    note = note_of(post)
    return note is not None and note.of not in {"", post.id} and not post.is_out


def noted(post: Post) -> Note:
    """Return the hub's note; without it the hub does not know the post's picture, and would take it away."""
    note = note_of(post)
    if note is None or not note.image:
        raise Rejected(
            "Somebody saved this post in Postiz so that the hub does not know its picture any more. Change it there, "
            "or delete it there and let the hub make a new one.",
            code="note_lost",
        )
    return note


def copy_of(post: Post, *, texts: bool) -> Copy:
    """Return the copy that a post is; `texts` says whether its texts are told, or are people's there.

    A stray shows nothing that was asked for, whatever stands in it: so nobody takes it for the copy that was deleted,
    and the next write to it takes it away.
    """
    note, stray = note_of(post), is_stray(post)
    marker = marker_in(note.copy_) if note else None
    settings = settings_of(post)
    title = {TITLE: settings[TITLE]} if isinstance(settings.get(TITLE), str) else {}
    told: Fields = {CONTENT: as_text(post.content or ""), **title} if texts else {}
    # Of what is out nothing can be changed: what its pictures were said to show is no matter any more.
    words = words_of(note.images) if note and note.image and not post.is_out else {}
    return Copy(
        ref=post.id,
        marker=marker,
        content_key="" if stray else key_in(note.copy_, marker) if note and marker else None,
        fields={**told, **words},
        parts=parts_of(post),
        url=url_of(post),
        publish_at=milliseconds(post.at) if post.state == QUEUED and not post.is_out else None,
    )


def parts_of(post: Post) -> tuple[Part, ...]:
    """Return what a post consists of: itself, and its public address once it is out."""
    public = (Part(PartKind.PUBLIC_URL, url),) if (url := url_of(post)) else ()
    return (Part(PartKind.MEDIA, post.id, _state(post)), *public)


def _state(post: Post) -> PartState:
    if post.is_out:
        return PartState.SHOWING
    if post.state == DRAFT:
        # A draft that was asked for stands as it should; one that should be waiting for its time is held.
        note = note_of(post)
        standing = PartState.SHOWING if note is None or note.made_as == Kind.DRAFT else PartState.HELD
        return PartState.QUEUED if is_stray(post) else standing
    return {QUEUED: PartState.QUEUED, FAILED: PartState.FAILED}.get(post.state, PartState.UNKNOWN)


def url_of(post: Post) -> str | None:
    """Return where anybody sees a published post; of a thread Postiz names several, with commas."""
    url = (post.release_url or "").split(",")[0].strip()
    return url if url.startswith(("https://", "http://")) else None
