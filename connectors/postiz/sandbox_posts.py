"""What the real Postiz says of a body of `POST /posts` (measured at 74b01ad, 2026-11-23), word by word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4")
NEEDS = {"wordpress": ("title", "type")}  # kind of channel -> settings that it needs
KNOWN_KINDS = ("draft", "schedule", "now", "update")
_TOP = {"type", "date", "shortLink", "tags", "posts", "order", "inter", "republish", "creationMethod"}
_POST = {"integration", "value", "settings", "group"}
_VALUE = {"content", "id", "delay", "image"}
_IMAGE = {"id", "path", "alt", "thumbnail"}


def first_refusal(body: Mapping[str, Any], channels: Mapping[str, str]) -> str:
    """Return what is said before anything else is looked at: a single sentence; empty when there is nothing."""
    posts = body.get("posts")
    ids = [_channel(post) for post in cast("list[Any]", posts)] if isinstance(posts, list) else [""]
    if not all(ids):
        return "All posts must have an integration id"
    unknown = next((one for one in ids if one not in channels), "")
    return f"Integration with id {unknown} not found" if unknown else ""


def refusals(body: Mapping[str, Any], channels: Mapping[str, str], *, only_domain: str = "") -> list[str]:
    """Return every line of a refusal; empty when the body is taken."""
    lines = [
        *_defined(body, "shortLink", bool, "shortLink must be a boolean value"),
        *_defined(body, "date", str, "date must be a valid ISO 8601 date string"),
        *_defined(body, "tags", list, "tags must be an array"),
    ]
    tags = body.get("tags")
    if isinstance(tags, list) and not all(isinstance(one, dict) for one in cast("list[Any]", tags)):
        lines.append("tags.each value in nested property tags must be either object or array")
    posts: list[Any] = body.get("posts") or []
    if not posts:
        lines.append("posts must contain at least 1 elements")
    for number, post in enumerate(posts):
        lines.extend(_of_post(f"posts.{number}", post, channels[_channel(post)], only_domain))
    return lines


def strangers(body: Mapping[str, Any]) -> list[str]:
    """Name what the real thing lets pass without a word, and a connector must never send."""
    posts = _members(body, "posts")
    values = [value for post in posts for value in _members(post, "value")]
    images = [image for value in values for image in _members(value, "image")]
    levels = ((_TOP, [body]), (_POST, posts), (_VALUE, values), (_IMAGE, images))
    found = [name for names, many in levels for one in many for name in one if name not in names]
    said = [f"POST /posts knows no {name}" for name in found]
    if body.get("type") not in KNOWN_KINDS:
        said.append(f"POST /posts publishes a post of the unknown type {body.get('type')!r}")
    return said + ["POST /posts deletes the group that a post names" for post in posts if post.get("group")]


def _of_post(where: str, post: Mapping[str, Any], kind: str, only_domain: str) -> list[str]:
    settings: Mapping[str, Any] = post.get("settings") or {}
    lines = [
        f"{where}.settings.{name} should not be null or undefined"
        for name in NEEDS.get(kind, ())
        if not settings.get(name)
    ]
    if "value" not in post:
        lines.append(f"{where}.value should not be null or undefined")
    values: Any = post.get("value")
    if not isinstance(values, list):
        lines.append(f"{where}.value must be an array")
    if not values or not isinstance(values, list):
        return [*lines, f"{where}.value must contain at least 1 elements"]
    for number, value in enumerate(cast("list[Any]", values)):
        lines.extend(_of_value(f"{where}.value.{number}", value, only_domain))
    return lines


def _of_value(where: str, value: Mapping[str, Any], only_domain: str) -> list[str]:
    images: Any = value.get("image")
    if not isinstance(images, list):
        return [f"{where}.image must be an array"]
    lines: list[str] = []
    for number, image in enumerate(cast("Sequence[Mapping[str, Any]]", images)):
        lines.extend(_of_image(f"{where}.image.{number}", image, only_domain))
    if not images and not value.get("content"):
        lines.append(f"{where}. If images do not exist, content must be a non-empty string.")
    return lines


def _of_image(where: str, image: Mapping[str, Any], only_domain: str) -> list[str]:
    lines = [f"{where}.{name} should not be null or undefined" for name in ("id", "path") if not image.get(name)]
    path = str(image.get("path") or "")
    if path and not path.partition("?")[0].endswith(ENDINGS):
        lines.append(f"{where}.File must have a valid extension: .png, .jpg, .jpeg, .gif, .webp, or .mp4")
    if path and only_domain and only_domain not in path:
        lines.append(
            f"{where}.URL must contain the domain: {only_domain} Make sure you first use the upload API route."
        )
    return lines


def _defined(body: Mapping[str, Any], name: str, kind: type, line: str) -> list[str]:
    missing = [f"{name} should not be null or undefined"] if body.get(name) is None else []
    return [*missing, *([] if isinstance(body.get(name), kind) else [line])]


def _members(of: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found: Any = of.get(name)
    listed = cast("list[Any]", found) if isinstance(found, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _channel(post: Any) -> str:
    integration = cast("dict[str, Any]", post).get("integration") if isinstance(post, dict) else None
    return str(cast("dict[str, Any]", integration).get("id") or "") if isinstance(integration, dict) else ""
