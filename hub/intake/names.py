"""File names as they may be shown and written anywhere: one segment, no marks that disguise, no reserved words."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST_BYTES: Final = 255
LONGEST_ENDING_BYTES: Final = 32
UNNAMED: Final = "file"

_RESERVED: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
_HOSTILE: Final = re.compile(r'[<>:"|?*]')
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})


def clean_filename(name: str) -> str:
    """Return a name that is safe in every file system, header and page; the ending survives cutting.

    Folders before the name are dropped, so `../../logo.png` becomes `logo.png`.
    """
    last = re.split(r"[/\\]", name[-4 * LONGEST_BYTES :].rstrip("/\\"))[-1]
    kept = "".join(mark for mark in unicodedata.normalize("NFC", last) if unicodedata.category(mark) not in _DROPPED)
    kept = " ".join(_HOSTILE.sub("_", kept).split())
    kept = _cut(kept.strip(". ")) or UNNAMED
    return f"_{kept}" if _RESERVED.fullmatch(kept) else kept


def _cut(name: str) -> str:
    """Shorten a name to `LONGEST_BYTES` (one kept back for the mark before reserved words), ending last."""
    room = LONGEST_BYTES - 1
    if len(name.encode()) <= room:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > LONGEST_ENDING_BYTES:
        stem, dot, ending = name, "", ""
    tail = dot + ending
    return stem.encode()[: room - len(tail.encode())].decode(errors="ignore").rstrip(". ") + tail
