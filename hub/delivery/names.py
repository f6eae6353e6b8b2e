"""File names as they may be shown to a browser or written into an archive."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

LONGEST = 120
LONGEST_SUFFIX = 10
_FORBIDDEN = frozenset('/\\:*?"<>|;%')
_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/avif": ".avif",
    "image/tiff": ".tif",
    "application/pdf": ".pdf",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
}


def clean(name: str) -> str:
    """Return a name without paths, control characters or marks that turn the reading direction; never empty."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    kept = "".join("_" if c in _FORBIDDEN else c for c in kept).strip(" .")
    stem, suffix = _split(kept)
    return (stem[: LONGEST - len(suffix)] + suffix) or "file"


def for_rendition(name: str, code: str, preset: str, media_type: str) -> str:
    """Return the name under which a rendition is saved: it says which asset and which preset it is."""
    stem, suffix = _split(clean(name))
    if preset == "original":
        return f"{code}_{stem}{suffix}"
    return f"{code}_{stem}_{preset}{_EXTENSIONS.get(media_type, suffix)}"


def disposition(name: str, *, inline: bool) -> str:
    """Return a Content-Disposition header that cannot be broken out of, by RFC 6266."""
    safe = clean(name)
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode() or "file"
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _split(name: str) -> tuple[str, str]:
    suffix = PurePosixPath(name).suffix
    return (name[: -len(suffix)], suffix) if suffix and len(suffix) <= LONGEST_SUFFIX else (name, "")
