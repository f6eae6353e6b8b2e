"""What LinkedIn makes of little text, written from its description and not from the connector's code."""

from __future__ import annotations

SIGNS = "|{}@[]()<>#\\*_~"


def protect(text: str) -> str:
    """Write a text as a careful person's program does."""
    return text.translate({ord(sign): f"\\{sign}" for sign in SIGNS})


def shown(little: str) -> str:
    """Return what people get to see: an unescaped sign that begins nothing sensible ends the text without a word."""
    seen, at = "", 0
    while at < len(little):
        sign = little[at]
        if sign == "\\" and little[at + 1 : at + 2] in SIGNS and at + 1 < len(little):
            seen, at = seen + little[at + 1], at + 2
        elif sign == "@" and (end := _mention(little, at)):
            seen, at = seen + little[at + 2 : little.index("](", at)], end
        elif sign == "{" and (end := _hashtag(little, at)):
            seen, at = f"{seen}#{little[little.rindex('|', at, end) + 1 : end - 1]}", end
        elif sign in SIGNS:
            return seen
        else:
            seen, at = seen + sign, at + 1
    return seen


def _mention(little: str, at: int) -> int:
    middle, end = little.find("](urn:li:", at), little.find(")", at)
    return end + 1 if little[at + 1 : at + 2] == "[" and at < middle < end else 0


def _hashtag(little: str, at: int) -> int:
    end = little.find("}", at)
    return end + 1 if little.startswith("{hashtag|\\#|", at) and end > at else 0
