"""LinkedIn's "little text": the text of a post, in which fifteen signs mean something unless a backslash precedes them.

An unescaped one does not fail: LinkedIn cuts the text there without a word.
https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
"""

from __future__ import annotations

import re

RESERVED = frozenset("|{}@[]()<>#\\*_~")
_ELEMENTS = re.compile(
    r"\\(?P<sign>.)"
    r"|@\[(?P<name>(?:\\.|[^\]\\])*)\]\(urn:li:[^)]*\)"
    r"|\{hashtag\|(?:\\?[#\uff03])\|(?P<tag>(?:\\.|[^}\\])*)\}",
    re.DOTALL,
)


def escape(text: str) -> str:
    """Write a text so that every sign of it is shown as it is."""
    return "".join(f"\\{sign}" if sign in RESERVED else sign for sign in text)


def plain(little: str) -> str:
    """Read what people see: a mention by its name, a hashtag with its sign."""
    return _ELEMENTS.sub(_shown, little)


def _shown(found: re.Match[str]) -> str:
    sign, name, tag = found.group("sign"), found.group("name"), found.group("tag")
    if sign is not None:
        return sign if sign in RESERVED else f"\\{sign}"
    return plain(name) if name is not None else f"#{plain(tag or '')}"
