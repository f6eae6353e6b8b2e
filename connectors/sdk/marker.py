"""Markers and content keys inside names and addresses.

A marker is `dh`, six letters or digits that name the hub's installation, `-`, and twenty that name the placement. In a
file name it is followed by `-` and the content key (twelve hexadecimal digits): of one file the beginning of its hash,
of several pictures in one copy a digest of all their hashes in their order.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

_MARKER = re.compile(r"(?<![a-z0-9])dh[a-z0-9]{6}-[a-z0-9]{20}(?![a-z0-9])")
_KEYED = re.compile(r"(?<![a-z0-9])(dh[a-z0-9]{6}-[a-z0-9]{20})-([0-9a-f]{12})(?![a-z0-9])")


def content_key(hashes: Sequence[str]) -> str:
    """Return the name of the bytes that a copy is made from, by the SHA-256 of each file in the copy's order."""
    whole = hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    return whole[:12]


def marker_in(text: str) -> str | None:
    """Return the one marker in a file name or address; None where there is none, or where several differ."""
    found = set(_MARKER.findall(text.lower()))
    return found.pop() if len(found) == 1 else None


def key_in(text: str, marker: str) -> str | None:
    """Return the content key that stands behind this marker, or None."""
    for found, key in _KEYED.findall(text.lower()):
        if found == marker:
            return key
    return None
