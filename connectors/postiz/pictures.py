"""The pictures of a post: how many stand together, how a post names them, and what is said of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any

from connectors.sdk.errors import Rejected
from connectors.sdk.types import COMPANIONS, Fields, Outgoing

ALT = "alt"
NOTHING: Fields = {}
PICTURES_AT: Mapping[str, int] = {
    "linkedin": 20, "linkedin-page": 20, "threads": 20, "instagram": 10, "instagram-standalone": 10, "x": 4,
    "bluesky": 4, "mastodon": 4, "mastodon-custom": 4, "facebook": 10, "telegram": 10, "discord": 10, "vk": 10,
    "slack": 20, "tiktok": 35,
}  # fmt: skip
"""Kind of channel -> how many pictures stand in one post there.

Postiz hands all of a post's pictures to these, and tells no number: the networks name them, and fail when it is due. To
Telegram it sends more than 10 as further messages. Facebook and Slack (50 blocks) name none: those two are the hub's.
https://github.com/gitroomhq/postiz-app/tree/main/libraries/nestjs-libraries/src/integrations/social
"""


def stand_together(kind: str, outgoing: Outgoing) -> None:
    """Refuse what the network would not show in one post: of a draft Postiz would notice only when it is due."""
    pictures, most = outgoing.pictures, PICTURES_AT.get(kind, 1)
    if len(pictures) > most:
        raise Rejected(
            f"A post of this channel shows at most {most} of {len(pictures)} pictures.", code="too_many_pictures"
        )
    if len(pictures) > 1 and not all(picture.media_type.startswith("image/") for picture in pictures):
        raise Rejected(
            "Pictures stand together in one post, and no video among them. Post that alone.", code="kinds_mixed"
        )


def note_for(copy: str, made_as: str, images: Sequence[Mapping[str, str]], *, of: str = "") -> dict[str, Any]:
    """Return what the hub keeps in a post's settings: which copy it is, how it was made, and its pictures.

    `of` is the post that it is written into, where there is one already.
    """
    first, *more = (dict(image) for image in images)
    said = {"copy": copy, "type": made_as, "image": first, "of": of, "more": more}
    return {name: value for name, value in said.items() if value}


def alt_of(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the alternative text among what is said of a picture; none where there is none."""
    text = said.get(ALT)
    return {ALT: text} if isinstance(text, str) and text else {}


def reworded(images: Sequence[Mapping[str, str]], fields: Fields) -> list[dict[str, str]]:
    """Return pictures with other alternative texts: the leading one's and the further ones', as far as told."""
    told = fields.get(COMPANIONS)
    further = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    words = chain([fields], further, repeat(NOTHING))
    return [_with(image, said) for image, said in zip(images, words, strict=False)]


def words_of(images: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return what was said of each picture, as a copy's fields tell it."""
    first, *more = ({ALT: image.get(ALT, "")} for image in images)
    return {**first, **({COMPANIONS: more} if more else {})}


def _with(image: Mapping[str, str], said: Mapping[str, Any]) -> dict[str, str]:
    if ALT not in said:
        return dict(image)
    return {**{name: value for name, value in image.items() if name != ALT}, **alt_of(said)}
