"""The catalogue's own language, and how texts in others are kept beside it.

A value's locale is the tag of its language, and empty for the catalogue's own: who uses one language never meets
another.
"""

from __future__ import annotations

from hub.errors import Invalid
from mappings.languages import canonical


def known(tag: str) -> str:
    """Return a language's tag in its usual writing.

    Raises:
        Invalid: `unknown_language`.
    """
    try:
        return canonical(tag)
    except ValueError:
        raise Invalid(
            "unknown_language",
            f"There is no language with the tag {tag[:40]!r}.",
            where="language",
            next_step="Use a tag such as de, pt-BR or zh-Hant.",
        ) from None


def locale_of(tag: str, own: str) -> str:
    """Return the locale under which texts in a language are kept, where `own` is the catalogue's; empty means it, too.

    Raises:
        Invalid: `unknown_language`.
    """
    locale = known(tag) if tag else ""
    return "" if locale == own else locale
