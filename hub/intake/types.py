"""Which types of file are taken, and why the others are not."""

from __future__ import annotations

from typing import Final

from hub.errors import Unsupported
from hub.media.sniff import UNKNOWN

_TAKEN: Final = frozenset(
    {
        "application/pdf",
        "application/postscript",
        "application/zip",
        "text/plain",
        "text/csv",
    }
)
_TAKEN_FAMILIES: Final = ("image/", "video/", "audio/", "font/")
_TAKEN_DOCUMENTS: Final = (
    "application/vnd.openxmlformats-officedocument.",
    "application/vnd.oasis.opendocument.",
)

_POINTS_ELSEWHERE: Final = "it is a list that points at other files and holds no media itself"
_RUNS: Final = "it is a program or a page that runs where it is opened"
_PACKED: Final = "it is a packed archive; only zip files are kept as they are"
_REASONS: Final = {
    "text/html": _RUNS,
    "text/x-script": _RUNS,
    "application/x-executable": _RUNS,
    "application/x-dosexec": _RUNS,
    "application/vnd.apple.mpegurl": _POINTS_ELSEWHERE,
    "application/x-ffconcat": _POINTS_ELSEWHERE,
    "audio/x-scpls": _POINTS_ELSEWHERE,
    "video/x-ms-asf-playlist": _POINTS_ELSEWHERE,
    "application/dash+xml": _POINTS_ELSEWHERE,
    "application/smil+xml": _POINTS_ELSEWHERE,
    "application/xspf+xml": _POINTS_ELSEWHERE,
    "application/gzip": _PACKED,
    "application/x-bzip2": _PACKED,
    "application/x-xz": _PACKED,
    "application/x-7z-compressed": _PACKED,
    "application/vnd.rar": _PACKED,
    UNKNOWN: "its bytes are of no type that is known here",
}


def refuse_untaken(media_type: str, filename: str) -> None:
    """Let types pass that the catalogue keeps.

    Raises:
        Unsupported: `type_not_taken`, with the reason.
    """
    known = media_type in _TAKEN or media_type.startswith((*_TAKEN_FAMILIES, *_TAKEN_DOCUMENTS))
    if known and media_type not in _REASONS:
        return
    reason = _REASONS.get(media_type, f"files of the type {media_type} are no media")
    raise Unsupported(
        "type_not_taken",
        f"The file was not taken: {reason}. Nothing was kept.",
        where=filename,
        next_step="Send a picture, video, sound, PDF, office document, font or zip file.",
    )
