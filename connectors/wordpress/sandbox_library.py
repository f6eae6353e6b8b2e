"""What the made-up WordPress keeps, and how it says it: items with their sizes, posts, answers."""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from posixpath import splitext
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from connectors.sdk.marker import key_in, marker_in

TYPES: Final = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp",
    ".avif": "image/avif", ".heic": "image/heic", ".bmp": "image/bmp", ".tiff": "image/tiff", ".pdf": "application/pdf",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime", ".mp3": "audio/mpeg", ".txt": "text/plain", ".zip": "application/zip",
}  # fmt: skip
"""What a stock site takes. No SVG, no HTML."""
SIZES: Final = {
    "thumbnail": (150, 150, True), "medium": (300, 300, False), "medium_large": (768, 0, False),
    "large": (1024, 1024, False), "1536x1536": (1536, 1536, False), "2048x2048": (2048, 2048, False),
}  # fmt: skip
BIG: Final = 2560
FOLDER: Final = "2026/11"
DATE: Final = "2026-11-25T04:00:00"
BASES: Final = {"posts": "post", "pages": "page", "blocks": "wp_block", "navigation": "wp_navigation"}
LEADING: Final = frozenset({"posts", "pages"})
"""Those that have a featured image."""


class Refusal(Exception):
    """An error as WordPress answers it."""

    def __init__(self, code: str, message: str, status: int, /, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body: dict[str, Any] = {"code": code, "message": message, "data": {"status": status, **more}}


def now() -> datetime:
    """Tell the time as WordPress keeps it: in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(slots=True)
class File:
    """An uploaded file: its bytes and, of a picture, how wide and high it is."""

    name: str
    content: bytes = field(repr=False)
    media_type: str
    width: int = 0
    height: int = 0

    @property
    def scaled(self) -> tuple[int, int] | None:
        """The size of the copy that WordPress serves in a large picture's place."""
        if max(self.width, self.height) <= BIG or self.media_type not in {"image/jpeg", "image/webp", "image/png"}:
            return None
        return constrain(self.width, self.height, BIG, BIG)

    @property
    def served(self) -> str:
        """The name of the file that `source_url` leads to."""
        stem, end = splitext(self.name)
        return f"{stem}-scaled{end}" if self.scaled else self.name

    def sizes(self) -> dict[str, tuple[str, int, int]]:
        """Every smaller size: its file's name, width and height."""
        stem, end = splitext(self.name)
        made: dict[str, tuple[str, int, int]] = {}
        for name, (most_wide, most_high, crop) in SIZES.items():
            if crop:
                wide, high = min(most_wide, self.width), min(most_high, self.height)
            else:
                wide, high = constrain(self.width, self.height, most_wide, most_high)
            if self.width and (wide, high) != (self.width, self.height):
                made[name] = (f"{stem}-{wide}x{high}{end}", wide, high)
        return made

    def names(self) -> set[str]:
        """The names of all files that stand on the disk because of this one."""
        return {self.name, self.served, *(name for name, _, _ in self.sizes().values())}


@dataclass(slots=True)
class Attachment:
    """A media library item."""

    id: int
    file: File
    title: str
    slug: str
    caption: str = ""
    description: str = ""
    alt_text: str = ""
    status: str = "inherit"
    sized: bool = True  # whether the site came to an end with the smaller sizes
    modified: datetime = field(default_factory=now)

    @property
    def sha256(self) -> str:
        """The hash of the bytes that were uploaded."""
        return hashlib.sha256(self.file.content).hexdigest()


@dataclass(slots=True)
class Entry:
    """A post, page or block."""

    id: int
    base: str
    title: str = ""
    content: str = ""
    status: str = "draft"
    slug: str = ""
    featured_media: int = 0
    modified: datetime = field(default_factory=now)


def constrain(width: int, height: int, most_wide: int, most_high: int) -> tuple[int, int]:
    """Return the size that fits, rounded as WordPress rounds."""
    if not width or not height:
        return width, height
    ratios = [most / size for most, size in ((most_wide, width), (most_high, height)) if most and most < size]
    ratio = min(ratios, default=1.0)
    wide, high = max(1, round(width * ratio)), max(1, round(height * ratio))
    if most_wide and wide == most_wide - 1:
        wide = most_wide
    if most_high and high == most_high - 1:
        high = most_high
    return wide, high


def type_of(name: str) -> str:
    """Tell a file's type by its ending."""
    return TYPES.get(splitext(name)[1].lower(), "application/octet-stream")


def take_file(name: str, content: bytes) -> File | None:
    """Check a file as WordPress does, by its ending and its bytes; None where it may not be uploaded."""
    media_type = TYPES.get(splitext(name)[1].lower())
    if media_type is None:
        return None
    if not media_type.startswith("image/"):
        return File(name, content, media_type)
    try:
        with Image.open(io.BytesIO(content)) as picture:
            found, (width, height) = Image.MIME.get(picture.format or "", ""), picture.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return File(name, content, media_type, width, height) if found == media_type else None


def file_name_of(text: str) -> str:
    """Reduce a file name as WordPress does."""
    plain = re.sub(r"[^\w.-]+", "-", text.replace("'", "").replace('"', "").strip(), flags=re.ASCII)
    return re.sub(r"-+", "-", plain).strip(".-_") or "unnamed-file"


def slug_of(title: str) -> str:
    """Make a slug of a title."""
    plain = re.sub(r"&[^;\s]+;", "", re.sub(r"<[^>]*>", "", title)).lower()
    return re.sub(r"[\s-]+", "-", re.sub(r"[^a-z0-9\s_-]", "", plain)).strip("-")


def alt_text_of(text: str) -> str:
    """Reduce an alternative text to a line without tags, as WordPress does."""
    text = re.sub(r"<(?![a-zA-Z/!])", "&lt;", text)
    text = re.sub(r"<[^>]*>", "", text)
    return " ".join(re.sub(r"%[a-fA-F0-9]{2}", "", text).split())


def rendered(text: str) -> str:
    """Say a text as visitors get it."""
    return re.sub(r"&(?!#?\w+;)", "&#038;", text)


def paragraph(text: str) -> str:
    """Say a text as a paragraph."""
    return f"<p>{rendered(text)}</p>\n" if text else ""


def details_of(item: Attachment, folder: str) -> dict[str, Any]:
    """Say what is known of an item's file."""
    file = item.file
    if not file.width:
        return {"filesize": len(file.content), **({} if file.media_type == "text/plain" else {"sizes": {}})}
    width, height = file.scaled or (file.width, file.height)
    kind = {"mime_type": file.media_type}
    sizes: dict[str, Any] = {
        name: {"file": own, "width": wide, "height": high, "filesize": len(file.content), **kind,
               "source_url": f"{folder}/{own}"}
        for name, (own, wide, high) in (file.sizes() if item.sized else {}).items()
    }  # fmt: skip
    sizes["full"] = {"file": file.served, "width": width, "height": height, **kind,
                     "source_url": f"{folder}/{file.served}"}  # fmt: skip
    meta: dict[str, Any] = {}
    meta |= dict.fromkeys(
        ("aperture", "created_timestamp", "focal_length", "iso", "orientation", "shutter_speed"), "0"
    ) | dict.fromkeys(("alt", "camera", "caption", "copyright", "credit", "title"), "")
    details: dict[str, Any] = {
        "width": width, "height": height, "file": f"{FOLDER}/{file.served}", "filesize": len(file.content),
        "sizes": sizes, "image_meta": meta | {"keywords": []},
    }  # fmt: skip
    return details | ({"original_image": file.name} if file.scaled else {})


def media_json(item: Attachment, origin: str, *, edit: bool) -> dict[str, Any]:
    """Say an item."""
    folder = f"{origin}/wp-content/uploads/{FOLDER}"
    kind = item.file.media_type.split("/")[0] if item.file.media_type.startswith("image/") else "file"
    url = f"{folder}/{item.file.served}"
    texts = {
        "title": (item.title, rendered(item.title)),
        "caption": (item.caption, paragraph(item.caption)),
        "description": (item.description, f'<p class="attachment"><a href=\'{url}\'></a></p>\n'
                        + paragraph(item.description)),
    }  # fmt: skip
    body: dict[str, Any] = {
        **_common(item, edit=edit, guid=f"{folder}/{item.file.name}"),
        "status": item.status, "type": "attachment", "comment_status": "open", "featured_media": 0, "author": 1,
        "ping_status": "closed", "template": "", "meta": [], "link": f"{origin}/{item.slug}/",
        "class_list": [f"post-{item.id}", "attachment", "type-attachment", "status-inherit", "hentry"],
        **{name: {"rendered": seen, **({"raw": raw} if edit else {})} for name, (raw, seen) in texts.items()},
        "alt_text": item.alt_text, "media_type": kind, "mime_type": item.file.media_type,
        "media_details": details_of(item, folder), "post": None, "source_url": url,
        "filename": item.file.name, "filesize": len(item.file.content),
        "_links": _links(f"{origin}/wp-json/wp/v2/media/{item.id}"),
    }  # fmt: skip
    if edit:
        body |= {
            "permalink_template": f"{origin}/?attachment_id={item.id}", "generated_slug": slug_of(item.title),
            "missing_image_sizes": [] if item.sized else list(item.file.sizes()),
            "exif_orientation": 1, "image_output_format": None, "image_save_progressive": False,
            "image_quality": {"default": 82, "sizes": []},
        }  # fmt: skip
    return body


def entry_json(entry: Entry, origin: str, *, edit: bool) -> dict[str, Any]:
    """Say a post, page or block."""
    link = (
        f"{origin}/{entry.slug}/"
        if entry.slug
        else f"{origin}/?{'page_id' if entry.base == 'pages' else 'p'}={entry.id}"
    )
    title = {"raw": entry.title} if edit else {}
    if entry.base != "blocks":
        title["rendered"] = rendered(entry.title)
    raw_content = {"raw": entry.content} if edit else {}
    content = {**raw_content, "protected": False, **({"block_version": 0} if edit else {})}
    body: dict[str, Any] = {
        **_common(entry, edit=edit, guid=link), "link": link, "status": entry.status,
        "type": BASES[entry.base], "title": title,
        "content": {**content, "rendered": paragraph(html.unescape(entry.content))}, "template": "",
        "_links": _links(f"{origin}/wp-json/wp/v2/{entry.base}/{entry.id}"),
    }  # fmt: skip
    if entry.base in LEADING:
        body |= {"author": 1, "featured_media": entry.featured_media}
    return body


def _common(kept: Attachment | Entry, *, edit: bool, guid: str) -> dict[str, Any]:
    modified = kept.modified.strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "id": kept.id, "date": DATE, "date_gmt": DATE, "modified": modified, "modified_gmt": modified,
        "slug": kept.slug, "guid": {"rendered": guid, **({"raw": guid} if edit else {})},
    }  # fmt: skip


def _links(own: str) -> dict[str, Any]:
    return {"self": [{"href": own}], "collection": [{"href": own.rsplit("/", 1)[0]}]}


INVALID_ID: Final = Refusal("rest_post_invalid_id", "Invalid post ID.", HTTPStatus.NOT_FOUND)
NO_ROUTE: Final = Refusal(
    "rest_no_route", "No route was found matching the URL and request method.", HTTPStatus.NOT_FOUND
)


def free(name: str, taken: set[str], numbered: Callable[[int], str], *, first: int) -> str:
    """Return the name, numbered where it is taken."""
    number, free = first, name
    while free in taken:
        number, free = number + 1, numbered(number)
    return free


def fields(item: Attachment) -> dict[str, str]:
    """Return the fields that a connector maps."""
    return {name: getattr(item, name) for name in ("title", "alt_text", "caption", "description")}


def facts(item: Attachment) -> dict[str, Any]:
    """Return what the ledger keeps of an item."""
    marker = marker_in(item.file.name)
    return {"marker": marker, "content_key": key_in(item.file.name, marker) if marker else None,
            "sha256": item.sha256, "fields": fields(item)}  # fmt: skip
