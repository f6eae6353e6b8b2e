"""LinkedIn's posts: what one says and shows, composed before anything is sent, and read back.

The marker and the content key stand in the title of what a post shows; of several pictures, in that of the first.
https://learn.microsoft.com/linkedin/marketing/community-management/shares/multiimage-post-api
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.linkedin.calls import DOCUMENTS, IMAGES, VIDEOS
from connectors.linkedin.little_text import escape, plain
from connectors.linkedin.types import NO_REPOSTS, ONLY_CONNECTIONS, Post
from connectors.sdk.errors import Rejected
from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.types import Copy, Fields, Outgoing, Part, PartKind, PartState

SHOWN = "https://www.linkedin.com/feed/update/"
LONGEST_TITLE = 200
MOST_PICTURES = 20
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


def media_of(outgoing: Outgoing) -> list[dict[str, str]]:
    """Return what is said of each medium of a post, in order; how LinkedIn calls it is filled in later.

    Raises:
        Rejected: LinkedIn would not show this, or a picture has no alternative text.
    """
    kinds = [_kind(picture.media_type, picture.size) for picture in outgoing.pictures]
    if len(kinds) > 1 and set(kinds) != {IMAGES}:
        raise Rejected(
            "LinkedIn shows several pictures in one post, and no video or document among them. Post those alone.",
            code="kinds_mixed",
        )
    if len(kinds) > MOST_PICTURES:
        raise Rejected(f"LinkedIn shows at most {MOST_PICTURES} pictures in one post.", code="too_many_pictures")
    title = (_text(outgoing.fields, "title") or outgoing.filename)[:LONGEST_TITLE]
    first = {"title": f"{title} ({outgoing.marker}-{outgoing.content_key})"}
    if kinds[0] == IMAGES:
        first["altText"] = _alternative(outgoing.fields, _text(outgoing.fields, "commentary"))
    return [first, *({"altText": _alternative(picture.fields, "")} for picture in outgoing.companions)]


def body_of(author: str, outgoing: Outgoing, media: Sequence[Mapping[str, str]], shown_to: str) -> dict[str, Any]:
    """Return a post as it is sent, once each medium has a name (`id`); `shown_to` is of `Settings.shown_to`."""
    content = {"media": media[0]} if len(media) == 1 else {"multiImage": {"images": list(media)}}
    return {
        "author": author,
        "commentary": escape(_text(outgoing.fields, "commentary")),
        "visibility": "CONNECTIONS" if ONLY_CONNECTIONS in shown_to else "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "content": content,
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": NO_REPOSTS in shown_to,
    }


def copy_of(post: Post) -> Copy:
    """Return the copy that a post is."""
    title = post.content.title
    marker = marker_in(title)
    fields: Mapping[str, Any] = {"commentary": plain(post.commentary)}
    parts = (Part(PartKind.MEDIA, post.id, STATES.get(post.lifecycle, PartState.UNKNOWN)),)
    return Copy(post.id, marker, key_in(title, marker) if marker else None, fields, parts, url=SHOWN + post.id)


def _kind(media_type: str, size: int) -> str:
    kind = KINDS.get(media_type)
    if kind is None:
        raise Rejected(f"LinkedIn shows no {media_type}. Approve a JPEG, PNG, GIF, MP4, PDF, Word or PowerPoint.")
    if not size:
        raise Rejected("The file is empty, so LinkedIn has nothing to show. Approve another file.")
    return kind


def _alternative(fields: Fields, text: str) -> str:
    """Return the alternative text; where none was mapped at all, the post's own text stands in."""
    alternative = _text(fields, "alt_text").strip() if "alt_text" in fields else text.strip()
    if not alternative:
        raise Rejected(
            "Pictures on LinkedIn need an alternative text. Write one on the asset.", code="alt_text_missing"
        )
    return alternative


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
