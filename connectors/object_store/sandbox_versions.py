"""What a bucket keeps that keeps versions: every object that ever stood under a name, and marks of deletions.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

PAGE = 2
Facts = Mapping[str, Any] | None
"""Of an object; None: a mark that it was deleted."""


@dataclass(frozen=True, slots=True)
class Version:
    """One of them."""

    id: str
    facts: Facts


class Versions:
    """All versions of a bucket's objects, once it keeps them."""

    def __init__(self) -> None:
        self.on = False
        self.of: dict[str, list[Version]] = {}  # newest last

    def add(self, key: str, facts: Facts) -> str:
        """Keep one more; return what it is called."""
        made = Version(secrets.token_urlsafe(16), facts)
        self.of.setdefault(key, []).append(made)
        return made.id

    def forget(self, key: str, name: str) -> tuple[bool, Facts]:
        """Delete one; tell whether it was the newest, and what is the newest now."""
        kept = self.of.get(key, [])
        newest = bool(kept) and kept[-1].id == name
        self.of[key] = [one for one in kept if one.id != name]
        return newest, self.of[key][-1].facts if self.of[key] else None

    def listed(self, prefix: str, after: tuple[str, str]) -> str:
        """List by key, and within a key the newest first."""
        found = [
            (key, one, one is kept[-1])
            for key, kept in sorted(self.of.items())
            if key.startswith(prefix)
            for one in reversed(kept)
        ]
        names = [(key, one.id) for key, one, _ in found]
        rest = found[names.index(after) + 1 :] if after[0] else found
        page = rest[:PAGE]
        end = ""
        if len(rest) > len(page):
            key, one, _ = page[-1]
            end = f"<NextKeyMarker>{_named(key)}</NextKeyMarker><NextVersionIdMarker>{one.id}</NextVersionIdMarker>"
        told = "".join(_told(key, one, newest=newest) for key, one, newest in page)
        return f"<IsTruncated>{'true' if end else 'false'}</IsTruncated>{end}{told}"


def _told(key: str, one: Version, *, newest: bool) -> str:
    kind = "DeleteMarker" if one.facts is None else "Version"
    return (
        f"<{kind}><Key>{_named(key)}</Key><VersionId>{one.id}</VersionId>"
        f"<IsLatest>{'true' if newest else 'false'}</IsLatest></{kind}>"
    )


def _named(text: str) -> str:
    return escape(quote_plus(text, safe="/"))
