"""Metadata values: checked, kept with who said them, and never taken from a person by a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.catalogue.assets import get_asset, touch
from hub.catalogue.models import FieldValue
from hub.errors import Invalid, TooLarge
from hub.events.log import emit
from mappings.document import CORE_FIELDS, TRANSLATED_FIELDS

Value = str | list[str]

LONGEST: Final[Mapping[str, int]] = {
    "title": 300,
    "description": 10_000,
    "alt_text": 1_000,
    "keywords": 100,
    "creator": 300,
    "credit": 300,
    "copyright": 1_000,
    "campaign": 200,
    "project": 200,
}
"""How many characters a value may have; for keywords, each single one."""

MOST_KEYWORDS: Final = 100
WITH_LINES: Final = frozenset({"description", "alt_text", "copyright"})
"""Fields that may hold line breaks."""

REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that make text read in another order than it is stored: they disguise names and links."""


class Author(StrEnum):
    """Who said a value."""

    PERSON = "person"
    RULE = "rule"
    CHANNEL = "channel"
    FILE = "file"
    MODEL = "model"


def fields_of(session: Session, asset_id: str) -> dict[str, Value]:
    """Return an asset's values in the catalogue's own language by field; a field without a value is left out."""
    return all_fields_of(session, asset_id).get("", {})


def all_fields_of(session: Session, asset_id: str) -> dict[str, dict[str, Value]]:
    """Return an asset's values by locale, then by field; the catalogue's own language is the empty locale."""
    found: dict[str, dict[str, Value]] = {}
    for row in session.scalars(select(FieldValue).where(FieldValue.asset_id == asset_id).order_by(FieldValue.locale)):
        if row.value:
            found.setdefault(row.locale, {})[row.field] = cast("Value", row.value)
    return {locale: {name: said[name] for name in CORE_FIELDS if name in said} for locale, said in found.items()}


def set_fields(
    session: Session,
    asset_id: str,
    values: Mapping[str, object],
    *,
    author: str,
    author_ref: str,
    at: int,
    actor_id: str,
    locale: str = "",
) -> tuple[str, ...]:
    """Set an asset's values in one language and return the fields that changed, in the catalogue's order.

    A value from a file is cleaned instead of refused, and only fills what nobody else has said or emptied. `locale` is
    a tag as `mappings.languages.canonical` writes it; empty: the catalogue's own language.

    Raises:
        Invalid, TooLarge: a value cannot be kept as it stands; nothing was changed.
    """
    by_file = author == Author.FILE
    wanted = {field: (tidy if by_file else checked)(field, value) for field, value in values.items()}
    if locale:
        _refuse_untranslated(wanted)
    asset = get_asset(session, asset_id, lock=True)
    here = (FieldValue.asset_id == asset_id, FieldValue.locale == locale)
    rows = {row.field: row for row in session.scalars(select(FieldValue).where(*here))}
    changed: list[str] = []
    for field, value in wanted.items():
        row = rows.get(field)
        if by_file and (not value or (row is not None and row.author != Author.FILE)):
            continue
        if row is None:
            if not value:
                continue
            row = FieldValue(asset_id=asset_id, field=field, locale=locale, value=value, author=author)
            session.add(row)
        elif row.value == value:
            # Saying again what a file said makes it the person's own word.
            if row.author == author or author != Author.PERSON:
                continue
            row.author, row.author_ref, row.at = author, author_ref, at
            continue
        row.value, row.author, row.author_ref, row.at = value, author, author_ref, at
        changed.append(field)
    if not changed:
        return ()
    touch(asset, at)
    ordered = tuple(field for field in CORE_FIELDS if field in changed)
    said = {"language": locale} if locale else {}
    body = {"fields": list(ordered), "author": author, **said}
    emit(session, "asset.metadata_changed", asset_id, actor=actor_id, body=body)
    return ordered


def checked(field: str, value: object) -> Value:
    """Return a value as it will be kept, or refuse it.

    Raises:
        Invalid: `unknown_field`, `field_not_text`, `keywords_not_a_list`, `forbidden_characters`.
        TooLarge: `field_too_long`, `too_many_keywords`.
    """
    if field not in LONGEST:
        raise Invalid("unknown_field", f"There is no field called {_shown(field)}.", next_step=_KNOWN)
    if field != "keywords":
        return _checked_text(field, "" if value is None else value)
    if not isinstance(value, list | tuple):
        raise Invalid("keywords_not_a_list", "Keywords are a list of texts.", where=field, next_step="Send a list.")
    given = cast("list[object] | tuple[object, ...]", value)
    if len(given) > MOST_KEYWORDS:
        raise TooLarge(
            "too_many_keywords",
            f"An asset has at most {MOST_KEYWORDS} keywords.",
            where=field,
            next_step="Leave some out.",
        )
    return _unique(_checked_text(field, one) for one in given)


def tidy(field: str, value: object) -> Value:
    """Return a value read from a file, made fit to be kept: marks and control characters out, cut to length."""
    if field not in LONGEST:
        raise Invalid("unknown_field", f"There is no field called {_shown(field)}.", next_step=_KNOWN)
    if field != "keywords":
        return _tidy_text(field, value)
    given = cast("list[object]", value) if isinstance(value, list | tuple) else [value]
    return _unique(_tidy_text(field, one) for one in given)[:MOST_KEYWORDS]


_SPACING: Final = frozenset("\r\n\t")
_KNOWN: Final = "Use one of: " + ", ".join(CORE_FIELDS) + "."


def _checked_text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise Invalid("field_not_text", f"The field {field} takes text.", where=field, next_step="Send text.")
    # Far beyond any limit nothing is normalised: that would cost more than saying no.
    if len(value) > 4 * LONGEST[field]:
        raise _too_long(field)
    kept = _normal(field, value)
    if any(_forbidden(mark) for mark in kept):
        raise Invalid(
            "forbidden_characters",
            f"The field {field} holds control characters or marks that change the reading direction.",
            where=field,
            next_step="Type the text anew, or paste it without formatting.",
        )
    if len(kept) > LONGEST[field]:
        raise _too_long(field)
    return kept


def _tidy_text(field: str, value: object) -> str:
    plain = "".join(mark for mark in str(value)[: 4 * LONGEST[field]] if mark in _SPACING or not _forbidden(mark))
    return _normal(field, plain)[: LONGEST[field]].strip()


def _normal(field: str, value: str) -> str:
    """Return text in Unicode's composed form with plain spaces; line breaks only where the field may hold them."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    spaced = lines.replace("\t", " ")
    if field not in WITH_LINES:
        spaced = spaced.replace("\n", " ")
    return unicodedata.normalize("NFC", spaced).strip()


def _forbidden(mark: str) -> bool:
    return mark in REORDERING or (mark != "\n" and unicodedata.category(mark) in {"Cc", "Cs"})


def _unique(texts: Iterable[str]) -> list[str]:
    """Return the texts without empty ones and repetitions (in any case), in their order."""
    return list({text.casefold(): text for text in reversed(list(texts)) if text}.values())[::-1]


def _refuse_untranslated(values: Iterable[str]) -> None:
    for field in values:
        if field not in TRANSLATED_FIELDS:
            raise Invalid(
                "field_without_languages",
                f"The field {field} has one value for all languages.",
                where=field,
                next_step=f"Give it without a language; these have languages: {', '.join(TRANSLATED_FIELDS)}.",
            )


def _shown(name: object) -> str:
    return repr(str(name)[:40])


def _too_long(field: str) -> TooLarge:
    return TooLarge(
        "field_too_long",
        f"The field {field} takes at most {LONGEST[field]:,} characters.",
        where=field,
        next_step="Shorten the text.",
    )
