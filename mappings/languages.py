"""Languages of texts, named by BCP 47 tags: a language, with a script or a country where that matters.

Which tags there are is known from the Unicode Common Locale Data Repository, as the library Babel holds it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError

DEFAULT: Final = "en"
"""The language of a catalogue of which nothing else is said."""
_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?", re.ASCII)


def canonical(tag: str) -> str:
    """Return a tag in its usual writing, such as `de`, `pt-BR` or `zh-Hant`.

    Raises:
        ValueError: no language is called so.
    """
    found = _TAG.fullmatch(tag)
    if found is not None:
        language, script, region = found[1].lower(), (found[2] or "").title(), (found[3] or "").upper()
        kept = "-".join(filter(None, (language, script, region)))
        if (locale := _locale(kept)) is not None and locale.language == language:
            return kept
    raise ValueError(f"`{tag[:40]}` is no known language: use a tag such as de, pt-BR or zh-Hant")


def called(text: str) -> str:
    """Return the tag of the language that a person names, by tag or English name; what is neither, as it is."""
    named = text.strip()
    try:
        return canonical(named)
    except ValueError:
        names = Locale.parse("en").languages
    found = next((tag for tag in names if str(names[tag]).casefold() == named.casefold()), None)
    return str(found).replace("_", "-") if found else named


def with_parents(tag: str) -> tuple[str, ...]:
    """Return a tag and what it is a kind of, nearest first: pt-BR, pt (RFC 4647, 3.4)."""
    pieces = tag.split("-")
    return tuple("-".join(pieces[:count]) for count in range(len(pieces), 0, -1))


def name_of(tag: str) -> str:
    """Return what a language is called in English, such as Portuguese (Brazil); of what is none, the tag itself."""
    locale = _locale(tag)
    return (locale.get_display_name("en") if locale else None) or tag


def reads_right_to_left(tag: str) -> bool:
    """Tell whether texts in this language run from right to left."""
    locale = _locale(tag)
    return locale is not None and locale.character_order == "right-to-left"


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
