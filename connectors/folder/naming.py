"""Names of files: readable to people, taken by every disk, and never the same for two copies.

A name is the title, the marker and the ending: `Grüße aus Köln dhxxxxxx-....jpg`. The marker is in lower case, so two
copies differ on disks that hold capitals and small letters for the same, too.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from connectors.sdk.types import Outgoing

MOST = 80
"""Bytes of the readable part: with marker, ending and manifest a name stays under 143, the least that disks take."""
_NOT_TAKEN = re.compile(r'[<>:"/\\|?*]+')
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""Names that Windows takes for devices, whatever follows after a dot."""


def name_for(outgoing: Outgoing, *, keyed: bool = False) -> str:
    """Return the file's name; `keyed` with the content key in it, where the plain one holds other bytes."""
    given = PurePosixPath(outgoing.filename)
    title = readable(str(outgoing.fields.get("title") or "")) or readable(given.stem) or "file"
    key = f"-{outgoing.content_key}" if keyed else ""
    return f"{title} {outgoing.marker}{key}{given.suffix.lower()[:12]}"


def readable(text: str) -> str:
    """Return a text as part of a file name, empty where nothing of it can be one."""
    kept = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in text if _is_seen(one))
    composed = unicodedata.normalize("NFC", _NOT_TAKEN.sub("-", kept))
    cut = composed.encode()[:MOST].decode(errors="ignore")
    name = " ".join(cut.split()).strip(". ")
    return f"_{name}" if name.partition(".")[0].strip().lower() in _DEVICES else name


def _is_seen(one: str) -> bool:
    """Tell whether people see a character: marks that turn the direction of writing hide what a name ends in."""
    return unicodedata.category(one) not in ("Cf", "Cs", "Co", "Cn")
